// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guestd::schema {

/// JSON as examples have it: with `...` for any value, and for any more members or elements at the end.
struct ExampleJson {
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject, kAnything };
  Kind kind = Kind::kNull;
  std::string text{};  // a string, escapes as they stand there; a number, `true` or `false` as it stands there
  std::vector<std::string> names{};  // of the members of an object
  std::vector<ExampleJson> items{};  // elements, or the values of members
  bool open = false;                 // an array or object that ends with `...`

  [[nodiscard]] const ExampleJson* find(std::string_view name) const;
  [[nodiscard]] bool is_integer() const;

  bool operator==(const ExampleJson&) const = default;
};

/// Nothing if the whole of `text` is not one value.
std::optional<ExampleJson> parse_example_json(std::string_view text);

/// Whether `value` is what `pattern` says. Members may come in any order.
bool matches(const ExampleJson& pattern, const ExampleJson& value);

/// One line, in the spacing of replies.
std::string to_string(const ExampleJson& value);

}  // namespace guestd::schema
