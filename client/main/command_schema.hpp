// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::guestctl {

/// Commands and their arguments, as query-qmp-schema and guestd-get-schema tell them: builds the arguments of a call
/// out of words, and checks them before anything is sent. Views into the document inside, so it stays where it is.
class CommandSchema {
 public:
  /// `entries` is an array of SchemaInfo.
  explicit CommandSchema(protocol::JsonDocument entries);
  CommandSchema(const CommandSchema&) = delete;
  CommandSchema& operator=(const CommandSchema&) = delete;

  [[nodiscard]] bool has_command(std::string_view name) const;
  /// What the arguments of a command have to be; nothing if it is not known.
  [[nodiscard]] std::optional<std::string_view> argument_type(std::string_view command) const;
  [[nodiscard]] std::vector<std::string_view> command_names() const;

  /// Whether `value` has the type. Errors name the member: `handle is missing`, `count has to be an integer`.
  [[nodiscard]] Result<void> check(protocol::JsonView value, std::string_view type) const;
  /// The JSON of a `name=word` for an object of this type: a string where a string is wanted, and so on. Lists take one
  /// element per word, or all as JSON. A name that the type does not have is an error.
  [[nodiscard]] Result<std::string> member_json(std::string_view object_type, std::string_view name,
                                                std::string_view word) const;
  [[nodiscard]] bool is_list(std::string_view object_type, std::string_view name) const;

 private:
  [[nodiscard]] std::optional<protocol::JsonView> entity(std::string_view name) const;
  [[nodiscard]] std::optional<protocol::JsonView> member(std::string_view object_type, std::string_view name) const;
  [[nodiscard]] Result<void> check_value(protocol::JsonView value, std::string_view type,
                                         const std::string& name) const;
  [[nodiscard]] Result<void> check_object(protocol::JsonView value, protocol::JsonView type,
                                          const std::string& name) const;
  [[nodiscard]] Result<void> check_known(protocol::JsonView value, protocol::JsonView type,
                                         const std::string& name) const;
  [[nodiscard]] Result<std::string> word_json(std::string_view type, std::string_view name,
                                              std::string_view word) const;
  [[nodiscard]] std::string members_text(protocol::JsonView type) const;

  protocol::JsonDocument document_;
  std::map<std::string_view, protocol::JsonView> entities_;
};

/// The arguments of a call out of what the user typed: nothing, one JSON object, or `name=word` words (a name that
/// comes again makes a list). Without a schema words that are JSON are taken as JSON, others as strings. `type` is that
/// of CommandSchema::argument_type.
Result<std::string> arguments_json(const std::vector<std::string>& words, const CommandSchema* schema,
                                   std::string_view type);

}  // namespace guestd::guestctl
