// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/introspection.hpp"

#include <map>
#include <set>
#include <utility>

#include "schema/compiler/introspection_text.hpp"

namespace guestd::schema {
namespace {

/// Collects entries: first commands and events, then types as long as there are some that were met and not described.
class Introspection {
 public:
  Introspection(const Schema& schema, const IntrospectionOptions& options) : schema_(schema), options_(options) {
    for (const auto& command : schema.commands) name_arguments(command->arguments, command->name);
    for (const auto& event : schema.events) name_arguments(event->data, event->name);
  }

  std::vector<std::string> run() {
    for (const auto& item : schema_.items) {
      if (const auto* const* command = std::get_if<const Command*>(&item)) describe(**command);
      if (const auto* const* event = std::get_if<const Event*>(&item)) describe(**event);
    }
    for (std::size_t next = 0; next < met_.size(); ++next) describe(Met(met_[next]));
    return std::move(entries_);
  }

 private:
  struct Met {
    TypeUse use;  // nullptr: the object without members
    std::string name;
  };

  void name_arguments(const Type* arguments, const std::string& owner) {
    if (arguments != nullptr && arguments->name.empty()) names_[arguments] = "q_obj_" + owner + "-arg";
  }

  [[nodiscard]] bool left_out(const std::vector<Feature>& features) const {
    return !options_.without.empty() && has_feature(features, options_.without);
  }

  void describe(const Command& command) {
    if (left_out(command.features)) return;
    EntryText entry(command.name, "command", command.features);
    entry.text("arg-type", name_of({command.arguments, false}));
    entry.text("ret-type", name_of(command.returns.value_or(TypeUse{})));
    if (command.allow_oob) entry.truth("allow-oob");
    entries_.push_back(entry.take());
  }

  void describe(const Event& event) {
    if (left_out(event.features)) return;
    EntryText entry(event.name, "event", event.features);
    entry.text("arg-type", name_of({event.data, false}));
    entries_.push_back(entry.take());
  }

  void describe(const Met& met) {
    const auto [type, list] = met.use;
    if (list) {
      EntryText entry(met.name, "array", {});
      entry.text("element-type", name_of({type, false}));
      entries_.push_back(entry.take());
    } else if (type == nullptr) {
      EntryText entry(met.name, "object", {});
      entry.list("members", {});
      entries_.push_back(entry.take());
    } else {
      describe_type(met.name, *type);
    }
  }

  void describe_type(const std::string& name, const Type& type) {
    if (const auto* builtin = type.builtin()) {
      EntryText entry(name, "builtin", {});
      entry.text("json-type", json_type(builtin->json));
      entries_.push_back(entry.take());
    } else if (const auto* enumeration = type.enumeration()) {
      entries_.push_back(enum_entry(name, type, *enumeration));
    } else if (const auto* object = type.object()) {
      entries_.push_back(object_entry(name, type, *object));
    } else {
      entries_.push_back(alternate_entry(name, type, *type.alternate()));
    }
  }

  static std::string enum_entry(const std::string& name, const Type& type, const EnumType& enumeration) {
    EntryText entry(name, "enum", type.features);
    std::vector<std::string> members;
    std::vector<std::string> values;
    for (const auto& value : enumeration.values) {
      ObjectText member;
      member.text("name", value.name);
      member.features(value.features);
      members.push_back(member.take());
      values.push_back(json_string(value.name));
    }
    entry.list("members", members);
    entry.list("values", values);  // as it was before members had features; clients still read it
    return entry.take();
  }

  std::string object_entry(const std::string& name, const Type& type, const ObjectType& object) {
    EntryText entry(name, "object", type.features);
    std::vector<std::string> members;
    for (const Member* each : all_members(object)) {
      ObjectText member;
      member.text("name", each->name);
      member.text("type", name_of(each->use));
      if (each->optional) member.null("default");
      member.features(each->features);
      members.push_back(member.take());
    }
    entry.list("members", members);
    if (type.is_union()) {
      entry.text("tag", object.discriminator);
      entry.list("variants", variants(object));
    }
    return entry.take();
  }

  std::vector<std::string> variants(const ObjectType& object) {
    std::vector<std::string> result;
    std::set<std::string_view> named;
    for (const auto& branch : object.branches) {
      named.insert(branch.name);
      result.push_back(variant(branch.name, {branch.type, false}));
    }
    const Member* tag = find_member(object, object.discriminator);
    const auto* values = tag != nullptr ? tag->use.type->enumeration() : nullptr;
    if (values == nullptr) return result;  // unresolved
    for (const auto& value : values->values) {
      if (!named.contains(value.name)) result.push_back(variant(value.name, {}));
    }
    return result;
  }

  std::string variant(const std::string& value, const TypeUse& use) {
    ObjectText text;
    text.text("case", value);
    text.text("type", name_of(use));
    return text.take();
  }

  std::string alternate_entry(const std::string& name, const Type& type, const AlternateType& alternate) {
    EntryText entry(name, "alternate", type.features);
    std::vector<std::string> members;
    for (const auto& branch : alternate.branches) {
      ObjectText member;
      member.text("type", name_of(branch.use));
      members.push_back(member.take());
    }
    entry.list("members", members);
    return entry.take();
  }

  /// The type that stands for this one: all integers are one, and of unresolved types nothing is known.
  [[nodiscard]] const Type* representative(const Type* type) const {
    if (type == nullptr) return nullptr;
    if (type->unresolved) return schema_.find_type("any");
    const bool integer = type->builtin() != nullptr && type->builtin()->json == BuiltinType::Json::kInteger;
    return integer ? schema_.find_type("int") : type;
  }

  /// The name under which the type is described, which it will be from now on.
  std::string name_of(TypeUse use) {
    use.type = representative(use.type);
    auto key = schema_name(use);
    const auto known = shown_.find(key);
    if (known != shown_.end()) return known->second;
    const auto place = met_.size();
    met_.push_back({use, {}});
    auto shown = use.list ? "[" + name_of({use.type, false}) + "]" : mask(use, key);
    met_[place].name = shown;
    shown_.emplace(std::move(key), shown);
    return shown;
  }

  std::string mask(const TypeUse& use, const std::string& name) {
    if (options_.unmask || (use.type != nullptr && use.type->builtin() != nullptr)) return name;
    return std::to_string(numbers_++);
  }

  [[nodiscard]] std::string schema_name(const TypeUse& use) const {
    if (use.list) return "[" + schema_name({use.type, false}) + "]";
    if (use.type == nullptr) return "q_empty";
    const auto given = names_.find(use.type);
    if (given != names_.end()) return given->second;
    return use.type->name;
  }

  const Schema& schema_;
  const IntrospectionOptions& options_;
  std::map<const Type*, std::string> names_;  // of types that the schema leaves unnamed
  std::map<std::string, std::string> shown_;  // name in the schema to name in the entries
  std::vector<Met> met_;                      // in order, described from the front
  std::size_t numbers_ = 0;
  std::vector<std::string> entries_;
};

}  // namespace

std::vector<std::string> introspect(const Schema& schema, const IntrospectionOptions& options) {
  return Introspection(schema, options).run();
}

}  // namespace guestd::schema
