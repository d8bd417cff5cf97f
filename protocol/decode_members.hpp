// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/decode.hpp"
#include "protocol/raw_json.hpp"

/// What generated decoders are made of: members, lists and enums, on top of the leaves of decode.hpp. A `leaf` is a
/// function `Result<T>(JsonView value, std::string_view name)`. `parent` is the full name of the object, "" at the top.
namespace guestd::protocol::decode {

template <typename Leaf, typename T>
Result<void> single(JsonView value, std::string_view name, Leaf leaf, T& out) {
  auto decoded = leaf(value, name);
  if (!decoded) return std::move(decoded).error();
  out = *std::move(decoded);
  return {};
}

template <typename Leaf, typename T>
Result<void> list(JsonView value, std::string_view name, Leaf leaf, std::vector<T>& out) {
  if (auto checked = array(value, name); !checked) return checked;
  out.reserve(value.size());
  std::size_t index = 0;
  for (const JsonView element : value) {
    auto decoded = leaf(element, element_name(name, index++));
    if (!decoded) return std::move(decoded).error();
    out.push_back(*std::move(decoded));
  }
  return {};
}

template <typename Leaf, typename T>
Result<void> required(JsonView object, std::string_view parent, std::string_view key, Leaf leaf, T& out) {
  const auto name = member_name(parent, key);
  const auto value = object.find(key);
  if (!value) return missing(name);
  return single(*value, name, leaf, out);
}

template <typename Leaf, typename T>
Result<void> required_list(JsonView object, std::string_view parent, std::string_view key, Leaf leaf,
                           std::vector<T>& out) {
  const auto name = member_name(parent, key);
  const auto value = object.find(key);
  if (!value) return missing(name);
  return list(*value, name, leaf, out);
}

template <typename Leaf, typename T>
Result<void> optional(JsonView object, std::string_view parent, std::string_view key, Leaf leaf,
                      std::optional<T>& out) {
  const auto value = object.find(key);
  if (!value) return {};
  return single(*value, member_name(parent, key), leaf, out);
}

template <typename Leaf, typename T>
Result<void> optional_list(JsonView object, std::string_view parent, std::string_view key, Leaf leaf,
                           std::optional<std::vector<T>>& out) {
  const auto value = object.find(key);
  if (!value) return {};
  return list(*value, member_name(parent, key), leaf, out.emplace());
}

/// `parse` is the generated `std::optional<E> parse_...(std::string_view)`.
template <typename E>
Result<E> enumeration(JsonView value, std::string_view name, std::optional<E> (*parse)(std::string_view)) {
  if (!value.is(JsonType::kString)) return wrong_type(name, "string");
  if (const auto parsed = parse(value.as_string())) return *parsed;
  return bad_value(name, value.as_string());
}

/// int8 to int32 and uint8 to uint32; T is std::int8_t and so on.
template <typename T>
Result<T> sized_integer(JsonView value, std::string_view name) {
  using Limits = std::numeric_limits<T>;
  const auto type = std::string(Limits::is_signed ? "int" : "uint") + std::to_string(8 * sizeof(T)) + "_t";
  auto decoded = integer_in(value, name, Limits::min(), Limits::max(), type);
  if (!decoded) return std::move(decoded).error();
  return static_cast<T>(*decoded);
}

inline Result<std::nullptr_t> null(JsonView value, std::string_view name) {
  if (!value.is(JsonType::kNull)) return wrong_type(name, "null");
  return nullptr;
}

inline Result<RawJson> any(JsonView value, std::string_view) { return RawJson(value); }

}  // namespace guestd::protocol::decode
