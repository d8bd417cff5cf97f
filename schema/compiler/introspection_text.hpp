// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/model.hpp"

/// How the entries of an introspection are spelled: JSON as the agent writes it, `", "` and `": "` between the parts.
namespace guestd::schema {

/// `"text"`. What is shown here are names, which need no escapes.
std::string json_string(std::string_view text);
std::string_view json_type(BuiltinType::Json json);

/// A JSON object, member by member.
class ObjectText {
 public:
  void text(std::string_view key, std::string_view value) { member(key, json_string(value)); }
  void truth(std::string_view key) { member(key, "true"); }
  void null(std::string_view key) { member(key, "null"); }
  void list(std::string_view key, const std::vector<std::string>& elements);
  /// Their names, unless there are none.
  void features(const std::vector<Feature>& features);

  [[nodiscard]] std::string take() const { return text_ + "}"; }

 private:
  void member(std::string_view key, std::string_view value);

  std::string text_{"{"};
};

/// What all entries begin with.
class EntryText : public ObjectText {
 public:
  EntryText(std::string_view name, std::string_view meta_type, const std::vector<Feature>& marks) {
    text("name", name);
    text("meta-type", meta_type);
    features(marks);
  }
};

}  // namespace guestd::schema
