// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/text.hpp"

namespace guestd::protocol::decode {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

Error expects(std::string_view name, std::string_view type) {
  return Error{joined({"Parameter '", excerpt(name), "' expects ", type})};
}

}  // namespace

Error missing(std::string_view name) { return Error{joined({"Parameter '", excerpt(name), "' is missing"})}; }

Error unexpected(std::string_view name) { return Error{joined({"Parameter '", excerpt(name), "' is unexpected"})}; }

Error wrong_type(std::string_view name, std::string_view expected) {
  return Error{joined({"Invalid parameter type for '", excerpt(name), "', expected: ", expected})};
}

Error bad_value(std::string_view name, std::string_view value) {
  return Error{joined({"Parameter '", excerpt(name), "' does not accept value '", excerpt(value), "'"})};
}

Result<bool> boolean(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kBool)) return wrong_type(name, "boolean");
  return value.as_bool();
}

Result<std::int64_t> integer(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kInt)) return wrong_type(name, "integer");
  return value.as_int();
}

Result<std::int64_t> integer_in(JsonView value, std::string_view name, std::int64_t low, std::int64_t high,
                                std::string_view type) {
  auto whole = integer(value, name);
  if (whole && (*whole < low || *whole > high)) return expects(name, type);
  return whole;
}

/// Negative numbers are taken modulo 2^64, and a value of another type gets the same text as a number out of range:
/// both as in qemu-ga.
Result<std::uint64_t> uint64(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kInt) && !value.is(JsonType::kUint)) return expects(name, "uint64");
  return value.as_uint();
}

Result<double> number(JsonView value, std::string_view name) {
  const JsonType type = value.type();
  if (type != JsonType::kInt && type != JsonType::kUint && type != JsonType::kDouble) return wrong_type(name, "number");
  return value.as_double();
}

Result<std::string> string(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kString)) return wrong_type(name, "string");
  return std::string(value.as_string());
}

Result<Base64Text> base64(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kString)) return wrong_type(name, "string");
  return Base64Text(value.mutable_string());
}

Result<std::string> bytes(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kString)) return wrong_type(name, "string");
  std::string text(value.as_string());  // decoded here, so that the document stays as it is
  const auto size = base64::decode_in_place(text);
  if (!size) return Error{joined({"Parameter '", excerpt(name), "' is not base64: ", size.error().text})};
  text.resize(*size);
  return text;
}

Result<void> object(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kObject)) return wrong_type(name, "object");
  return {};
}

Result<void> array(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kArray)) return wrong_type(name, "array");
  return {};
}

std::string member_name(std::string_view parent, std::string_view member) {
  if (parent.empty()) return std::string(member);
  return joined({parent, ".", member});
}

std::string element_name(std::string_view parent, std::size_t index) {
  return joined({parent, "[", std::to_string(index), "]"});
}

JsonView empty_object() {
  static const JsonDocument kEmpty = JsonDocument::parse(Buffer(std::string_view("{}"))).value();
  return kEmpty.root();
}

Result<void> no_others(JsonView object, std::string_view name, std::initializer_list<std::string_view> known) {
  for (const JsonView member : object) {
    const std::string_view key = member.key();
    if (std::find(known.begin(), known.end(), key) == known.end()) return unexpected(member_name(name, excerpt(key)));
  }
  return {};
}

}  // namespace guestd::protocol::decode
