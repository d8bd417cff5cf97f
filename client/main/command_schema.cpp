// SPDX-License-Identifier: Apache-2.0
#include "client/main/command_schema.hpp"

#include <algorithm>
#include <utility>

#include "protocol/json_writer.hpp"
#include "protocol/raw_json.hpp"

namespace guestd::guestctl {
namespace {

using protocol::JsonDocument;
using protocol::JsonType;
using protocol::JsonView;
using protocol::RawJson;

std::string_view text_member(JsonView object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(JsonType::kString) ? value->as_string() : std::string_view();
}

/// An empty list where there is none; the view then has no document, so it is only to be asked this.
std::vector<JsonView> list_member(JsonView object, std::string_view name) {
  const auto value = object.find(name);
  if (!value || !value->is(JsonType::kArray)) return {};
  std::vector<JsonView> elements;
  for (const JsonView element : *value) elements.push_back(element);
  return elements;
}

std::string quoted(std::string_view text) {
  protocol::JsonWriter writer;
  writer.string(text);
  return writer.take_text();
}

bool is_json_type(JsonView value, std::string_view json_type) {
  switch (value.type()) {
    case JsonType::kNull:
      return json_type == "null" || json_type == "value";
    case JsonType::kBool:
      return json_type == "boolean" || json_type == "value";
    case JsonType::kInt:
    case JsonType::kUint:
      return json_type == "int" || json_type == "number" || json_type == "value";
    case JsonType::kDouble:
      return json_type == "number" || json_type == "value";
    case JsonType::kString:
      return json_type == "string" || json_type == "value";
    case JsonType::kArray:
    case JsonType::kObject:
      return json_type == "value";
  }
  return false;
}

std::string kind_text(std::string_view json_type) {
  if (json_type == "int") return "an integer";
  if (json_type == "boolean") return "true or false";
  if (json_type == "string") return "text";
  return "a " + std::string(json_type);
}

Error unfit(std::string_view name, std::string_view wanted) {
  return Error{(name.empty() ? "the value" : std::string(name)) + " has to be " + std::string(wanted)};
}

std::vector<std::string_view> enum_values(JsonView type) {
  std::vector<std::string_view> values;
  for (const JsonView member : list_member(type, "members")) values.push_back(text_member(member, "name"));
  // Older agents have the names alone.
  if (values.empty()) {
    for (const JsonView value : list_member(type, "values")) {
      if (value.is(JsonType::kString)) values.push_back(value.as_string());
    }
  }
  return values;
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

bool is_number(std::string_view word) {
  auto parsed = RawJson::parse(word);
  if (!parsed) return false;
  const JsonDocument document = parsed->document();
  return is_json_type(document.root(), "number");
}

Result<std::string> builtin_json(std::string_view json_type, std::string_view name, std::string_view word) {
  if (json_type == "string") return quoted(word);
  if (json_type == "boolean") {
    if (word == "true" || word == "yes" || word == "on") return std::string("true");
    if (word == "false" || word == "no" || word == "off") return std::string("false");
    return unfit(name, "true or false");
  }
  auto parsed = RawJson::parse(word);
  if (parsed) return parsed->text();
  if (json_type == "value") return quoted(word);
  return unfit(name, kind_text(json_type));
}

}  // namespace

CommandSchema::CommandSchema(JsonDocument entries) : document_(std::move(entries)) {
  if (!document_.root().is(JsonType::kArray)) return;
  for (const JsonView entry : document_.root()) {
    if (entry.is(JsonType::kObject)) entities_.emplace(text_member(entry, "name"), entry);
  }
}

std::optional<JsonView> CommandSchema::entity(std::string_view name) const {
  const auto found = entities_.find(name);
  if (found == entities_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> CommandSchema::argument_type(std::string_view command) const {
  const auto found = entity(command);
  if (!found || text_member(*found, "meta-type") != "command") return std::nullopt;
  return text_member(*found, "arg-type");
}

bool CommandSchema::has_command(std::string_view name) const { return argument_type(name).has_value(); }

std::vector<std::string_view> CommandSchema::command_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : entities_) {
    if (text_member(entry, "meta-type") == "command") names.push_back(name);
  }
  return names;
}

std::optional<JsonView> CommandSchema::member(std::string_view object_type, std::string_view name) const {
  const auto type = entity(object_type);
  if (!type) return std::nullopt;
  for (const JsonView candidate : list_member(*type, "members")) {
    if (text_member(candidate, "name") == name) return candidate;
  }
  for (const JsonView variant : list_member(*type, "variants")) {
    if (const auto found = member(text_member(variant, "type"), name)) return found;
  }
  return std::nullopt;
}

std::string CommandSchema::members_text(JsonView type) const {
  std::vector<std::string_view> names;
  for (const JsonView candidate : list_member(type, "members")) names.push_back(text_member(candidate, "name"));
  return names.empty() ? "it takes no arguments" : "it takes " + listed(names);
}

Result<void> CommandSchema::check(JsonView value, std::string_view type) const { return check_value(value, type, ""); }

Result<void> CommandSchema::check_value(JsonView value, std::string_view type, const std::string& name) const {
  const auto known = entity(type);
  if (!known) return {};  // a schema with a hole lets everything through
  const std::string_view meta = text_member(*known, "meta-type");
  if (meta == "object") return check_object(value, *known, name);
  if (meta == "builtin") {
    const std::string_view json_type = text_member(*known, "json-type");
    if (!is_json_type(value, json_type)) return unfit(name, kind_text(json_type));
  } else if (meta == "enum") {
    const auto values = enum_values(*known);
    const bool fits = value.is(JsonType::kString) && std::ranges::find(values, value.as_string()) != values.end();
    if (!fits) return unfit(name, "one of " + listed(values));
  } else if (meta == "array") {
    if (!value.is(JsonType::kArray)) return unfit(name, "a list");
    std::size_t index = 0;
    for (const JsonView element : value) {
      const std::string element_name = name + "[" + std::to_string(index++) + "]";
      if (auto checked = check_value(element, text_member(*known, "element-type"), element_name); !checked)
        return checked;
    }
  } else if (meta == "alternate") {
    for (const JsonView branch : list_member(*known, "members")) {
      if (check_value(value, text_member(branch, "type"), name)) return {};
    }
    return unfit(name, "of another type");
  }
  return {};
}

Result<void> CommandSchema::check_object(JsonView value, JsonView type, const std::string& name) const {
  if (!value.is(JsonType::kObject)) return unfit(name, "a JSON object");
  const std::string prefix = name.empty() ? "" : name + ".";
  for (const JsonView wanted : list_member(type, "members")) {
    const std::string_view key = text_member(wanted, "name");
    const auto given = value.find(key);
    if (!given) {
      if (!wanted.find("default")) return Error{prefix + std::string(key) + " is missing"};
      continue;
    }
    if (auto checked = check_value(*given, text_member(wanted, "type"), prefix + std::string(key)); !checked) {
      return checked;
    }
  }
  return check_known(value, type, prefix);
}

Result<void> CommandSchema::check_known(JsonView value, JsonView type, const std::string& prefix) const {
  for (const JsonView given : value) {
    if (member(text_member(type, "name"), given.key())) continue;
    return Error{"there is no argument " + prefix + std::string(given.key()) + "; " + members_text(type)};
  }
  return {};
}

bool CommandSchema::is_list(std::string_view object_type, std::string_view name) const {
  const auto found = member(object_type, name);
  const auto type = found ? entity(text_member(*found, "type")) : std::nullopt;
  return type && text_member(*type, "meta-type") == "array";
}

Result<std::string> CommandSchema::member_json(std::string_view object_type, std::string_view name,
                                               std::string_view word) const {
  const auto found = member(object_type, name);
  if (!found) {
    const auto type = entity(object_type);
    return Error{"there is no argument " + std::string(name) + (type ? "; " + members_text(*type) : "")};
  }
  std::string_view type = text_member(*found, "type");
  // One word of a list is an element.
  if (is_list(object_type, name) && !word.starts_with('[')) type = text_member(*entity(type), "element-type");
  return word_json(type, name, word);
}

Result<std::string> CommandSchema::word_json(std::string_view type, std::string_view name,
                                             std::string_view word) const {
  const auto known = entity(type);
  const std::string_view meta = known ? text_member(*known, "meta-type") : std::string_view("builtin");
  if (meta == "builtin") return builtin_json(known ? text_member(*known, "json-type") : "value", name, word);
  if (meta == "enum") return quoted(word);
  if (meta == "alternate") {
    const bool literal = word == "true" || word == "false" || is_number(word);
    return literal || word.starts_with('{') || word.starts_with('[') ? std::string(word) : quoted(word);
  }
  auto parsed = RawJson::parse(word);
  if (!parsed) return Error{std::string(name) + " has to be JSON: " + parsed.error().text};
  return parsed->text();
}

namespace {

struct Argument {
  std::string name;
  std::vector<std::string> values;  // JSON
  bool list = false;
};

Result<std::vector<Argument>> read_words(const std::vector<std::string>& words, const CommandSchema* schema,
                                         std::string_view type) {
  std::vector<Argument> arguments;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{"'" + word + "' is neither NAME=VALUE nor a JSON object"};
    const std::string name = word.substr(0, equals);
    const std::string_view text = std::string_view(word).substr(equals + 1);
    auto json = schema != nullptr ? schema->member_json(type, name, text) : builtin_json("value", name, text);
    if (!json) return std::move(json).error();
    auto found = std::ranges::find(arguments, name, &Argument::name);
    if (found == arguments.end()) {
      arguments.push_back({name, {}, schema != nullptr && schema->is_list(type, name) && !text.starts_with('[')});
      found = std::prev(arguments.end());
    } else {
      if (schema != nullptr && !found->list) return Error{name + " was given twice"};
      found->list = true;
    }
    found->values.push_back(*std::move(json));
  }
  return arguments;
}

std::string object_text(const std::vector<Argument>& arguments) {
  protocol::JsonWriter out;
  out.begin_object();
  for (const Argument& argument : arguments) {
    out.key(argument.name);
    if (argument.list) out.begin_array();
    for (const std::string& value : argument.values) out.json(value);
    if (argument.list) out.end_array();
  }
  out.end_object();
  return out.take_text();
}

}  // namespace

Result<std::string> arguments_json(const std::vector<std::string>& words, const CommandSchema* schema,
                                   std::string_view type) {
  std::string text;
  if (words.size() == 1 && words.front().starts_with('{')) {
    text = words.front();
  } else {
    auto arguments = read_words(words, schema, type);
    if (!arguments) return std::move(arguments).error();
    text = object_text(*arguments);
  }
  auto parsed = RawJson::parse(text);
  if (!parsed) return std::move(parsed).error();
  const JsonDocument document = parsed->document();
  if (!document.root().is(JsonType::kObject)) return Error{"the arguments have to be a JSON object"};
  if (schema != nullptr) {
    if (auto checked = schema->check(document.root(), type); !checked) return std::move(checked).error();
  }
  return document.root().size() == 0 ? std::string() : parsed->text();
}

}  // namespace guestd::guestctl
