// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/source.hpp"

namespace guestd::schema {

/// One value of the expression language: JSON without null and numbers, with single-quoted strings. The keys of an
/// object keep their order and their places.
struct Value {
  enum class Kind : std::uint8_t { kString, kBool, kList, kObject };
  struct Key {
    std::string name;
    Position position;
  };

  Kind kind = Kind::kObject;
  Position position;
  std::string text;          // kString
  bool truth = false;        // kBool
  std::vector<Value> items;  // kList; kObject: the values, in step with `keys`
  std::vector<Key> keys;     // kObject

  [[nodiscard]] bool is_string() const { return kind == Kind::kString; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_object() const { return kind == Kind::kObject; }

  [[nodiscard]] const Value* find(std::string_view key) const {
    for (std::size_t index = 0; index < keys.size(); ++index) {
      if (keys[index].name == key) return &items[index];
    }
    return nullptr;
  }
};

}  // namespace guestd::schema
