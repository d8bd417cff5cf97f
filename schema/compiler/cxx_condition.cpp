// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_condition.hpp"

#include <algorithm>

namespace guestd::schema::cxx {
namespace {

std::string joined(const Condition& condition, std::string_view between) {
  std::string text;
  for (const auto& part : condition.parts) {
    if (!text.empty()) text += between;
    // A part that always holds is an empty list of conditions.
    const auto inner = preprocessor_text(part);
    text += inner.empty() ? "1" : "(" + inner + ")";
  }
  return text;
}

}  // namespace

std::string preprocessor_text(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::kAlways:
      return "";
    case Condition::Kind::kMacro:
      return "defined(" + condition.text + ")";
    case Condition::Kind::kExpression: {
      auto text = condition.text;
      std::replace(text.begin(), text.end(), '\n', ' ');
      return text;
    }
    case Condition::Kind::kAll:
      return joined(condition, " && ");
    case Condition::Kind::kAny:
      return joined(condition, " || ");
    case Condition::Kind::kNot:
      return "!" + joined(condition, "");
  }
  return "";
}

bool always(const Condition& condition) { return condition.kind == Condition::Kind::kAlways; }

Condition both(const Condition& left, const Condition& right) {
  if (always(left) || left == right) return right;
  if (always(right)) return left;
  return {Condition::Kind::kAll, "", {left, right}};
}

Condition either(const Condition& left, const Condition& right) {
  if (always(left) || left == right) return left;
  if (always(right)) return right;
  return {Condition::Kind::kAny, "", {left, right}};
}

Under::Under(CodeWriter& code, const Condition& condition) : code_(code), conditional_(!always(condition)) {
  if (conditional_) code_.directive("#if " + preprocessor_text(condition));
}

Under::~Under() {
  if (conditional_) code_.directive("#endif");
}

}  // namespace guestd::schema::cxx
