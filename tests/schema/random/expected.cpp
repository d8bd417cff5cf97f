// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "tests/schema/random/model.hpp"

namespace guestd::schema::random {
namespace {

const std::map<std::string, std::string> kBuiltins{
    {"str", "string"}, {"number", "number"}, {"bool", "boolean"}, {"null", "null"},  {"any", "value"},
    {"int", "int"},    {"int8", "int"},      {"int16", "int"},    {"int32", "int"},  {"int64", "int"},
    {"uint8", "int"},  {"uint16", "int"},    {"uint32", "int"},   {"uint64", "int"}, {"size", "int"}};

std::vector<std::string> names(const Marks& marks) {
  std::vector<std::string> result;
  for (const auto& feature : marks.features) result.push_back(feature.name);
  return result;
}

class Expectation {
 public:
  explicit Expectation(const Model& model) {
    for (const auto& definition : model.definitions) {
      std::visit([&](const auto& each) { by_name_[each.name] = &definition; }, definition);
    }
    for (const auto& definition : model.definitions) {
      if (const auto* message = std::get_if<Message>(&definition)) describe(*message);
    }
  }

  Entries take() { return std::move(entries_); }

 private:
  std::string empty() {
    entries_["q_empty"] = {.meta_type = "object"};
    return "q_empty";
  }

  void describe(const Message& message) {
    Entry entry{.meta_type = message.event ? "event" : "command", .features = names(message.marks)};
    if (!message.data.empty()) {
      entry.detail = type(message.data);
    } else if (message.members.empty()) {
      entry.detail = empty();
    } else {
      entry.detail = "q_obj_" + message.name + "-arg";
      entries_[entry.detail] = {.meta_type = "object", .parts = parts(message.members)};
    }
    if (!message.event) entry.result = message.returns ? use(*message.returns) : empty();
    entry.allow_oob = message.allow_oob;
    entries_[message.name] = entry;
  }

  std::string use(const Use& use) {
    const auto element = type(use.type);
    if (!use.list) return element;
    entries_["[" + element + "]"] = {.meta_type = "array", .detail = element};
    return "[" + element + "]";
  }

  /// The name of the type, which is described if it was not yet.
  std::string type(const std::string& name) {
    if (const auto builtin = kBuiltins.find(name); builtin != kBuiltins.end()) {
      const auto shown = builtin->second == "int" ? "int" : name;
      entries_[shown] = {.meta_type = "builtin", .detail = builtin->second};
      return shown;
    }
    if (!entries_.contains(name)) {
      entries_[name] = {};  // types may hold themselves
      auto entry = std::visit([&](const auto& each) { return describe_type(each); }, *by_name_.at(name));
      entries_[name] = std::move(entry);
    }
    return name;
  }

  std::vector<Entry::Part> parts(const std::vector<Member>& members) {
    std::vector<Entry::Part> result;
    for (const auto& member : members) {
      result.push_back({member.name, use(member.use), member.optional, names(member.marks)});
    }
    return result;
  }

  std::vector<Entry::Part> parts_with_base(const std::string& base, const std::vector<Member>& members) {
    std::vector<Entry::Part> result;
    if (!base.empty()) {
      const auto& below = std::get<Struct>(*by_name_.at(base));
      result = parts_with_base(below.base, below.members);
    }
    for (auto& part : parts(members)) result.push_back(std::move(part));
    return result;
  }

  Entry describe_type(const Enum& each) {
    Entry entry{.meta_type = "enum", .features = names(each.marks)};
    for (const auto& value : each.values) {
      entry.parts.push_back({value.name, "", false, names(value.marks)});
      entry.values.push_back(value.name);
    }
    return entry;
  }

  Entry describe_type(const Struct& each) {
    return {.meta_type = "object", .features = names(each.marks), .parts = parts_with_base(each.base, each.members)};
  }

  Entry describe_type(const Union& each) {
    Entry entry{
        .meta_type = "object", .features = names(each.marks), .parts = parts_with_base(each.base, each.members)};
    entry.tag = each.tag;
    for (const auto& branch : each.branches) entry.variants[branch.value] = type(branch.type);
    for (const auto& value : std::get<Enum>(*by_name_.at(each.enumeration)).values) {
      if (!entry.variants.contains(value.name)) entry.variants[value.name] = empty();
    }
    return entry;
  }

  Entry describe_type(const SimpleUnion& each) {
    const auto kind = each.name + "Kind";
    Entry kinds{.meta_type = "enum"};
    Entry entry{.meta_type = "object", .parts = {{"type", kind}}, .tag = "type"};
    for (const auto& branch : each.branches) {
      kinds.parts.push_back({branch.name, ""});
      kinds.values.push_back(branch.name);
      const auto wrapper = "q_obj_" + branch.use.type + (branch.use.list ? "List" : "") + "-wrapper";
      entry.variants[branch.name] = wrapper;
      entries_[wrapper] = {.meta_type = "object", .parts = {{"data", use(branch.use)}}};
    }
    entries_[kind] = kinds;
    return entry;
  }

  Entry describe_type(const Alternate& each) {
    Entry entry{.meta_type = "alternate", .features = names(each.marks)};
    for (const auto& branch : each.branches) entry.parts.push_back({"", use(branch.use)});
    return entry;
  }

  Entry describe_type(const Message&) { return {}; }

  std::map<std::string, const Definition*> by_name_;
  Entries entries_;
};

}  // namespace

Entries expected_introspection(const Model& model) { return Expectation(model).take(); }

}  // namespace guestd::schema::random
