// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "schema/compiler/compat_flow.hpp"

namespace guestd::schema::compat {
namespace {

using Json = BuiltinType::Json;

/// Bits of an integer type; its lowest value is 0, or -2^(bits-1) if it is signed.
struct IntegerRange {
  std::string_view name;
  unsigned bits;
  bool is_signed;
};

constexpr std::array kIntegers{
    IntegerRange{"int", 64, true},     IntegerRange{"int8", 8, true},     IntegerRange{"int16", 16, true},
    IntegerRange{"int32", 32, true},   IntegerRange{"int64", 64, true},   IntegerRange{"uint8", 8, false},
    IntegerRange{"uint16", 16, false}, IntegerRange{"uint32", 32, false}, IntegerRange{"uint64", 64, false},
    IntegerRange{"size", 64, false},
};

const IntegerRange& range_of(const Type& type) {
  return *std::find_if(kIntegers.begin(), kIntegers.end(),
                       [&](const IntegerRange& range) { return range.name == type.name; });
}

bool range_fits(const IntegerRange& from, const IntegerRange& to) {
  if (from.is_signed == to.is_signed) return from.bits <= to.bits;
  return !from.is_signed && from.bits < to.bits;
}

bool builtin_fits(const Type& from, const Type& to) {
  const Json source = from.builtin()->json;
  const Json target = to.builtin()->json;
  if (target == Json::kAny) return true;
  if (source == Json::kInteger && target == Json::kInteger) return range_fits(range_of(from), range_of(to));
  return source == target || (source == Json::kInteger && target == Json::kNumber);
}

}  // namespace

bool fits(const Type& from, const Type& to) {
  if (from.builtin() != nullptr && to.builtin() != nullptr) return builtin_fits(from, to);
  if (from.enumeration() != nullptr && to.builtin() != nullptr) {
    return to.builtin()->json == Json::kString || to.builtin()->json == Json::kAny;
  }
  return to.builtin() != nullptr && to.builtin()->json == Json::kAny;
}

std::string described(const TypeUse& use) {
  if (use.type == nullptr) return "nothing";
  const auto name = use.type->name.empty() ? std::string("an object") : use.type->name;
  return use.list ? "list of " + name : name;
}

void compare_marks(const Marks& before, const Marks& now, Position new_position, const std::string& subject,
                   std::vector<Change>& changes) {
  for (const auto& feature : before.features) {
    if (has_feature(now.features, feature.name)) continue;
    changes.push_back({false, true, feature.position, subject + " has lost feature '" + feature.name + "'"});
  }
  for (const auto& feature : now.features) {
    if (has_feature(before.features, feature.name)) continue;
    changes.push_back({false, false, new_position, subject + " has a new feature '" + feature.name + "'"});
  }
  if (before.condition == now.condition) return;
  const bool always = now.condition.kind == Condition::Kind::kAlways;
  changes.push_back({false, false, new_position,
                     subject + (always ? " no longer depends on a condition" : " depends on another condition")});
}

}  // namespace guestd::schema::compat
