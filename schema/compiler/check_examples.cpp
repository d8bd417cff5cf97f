// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "schema/compiler/examples.hpp"

namespace guestd::schema {
namespace {

using Json = ExampleJson;
using Kind = Json::Kind;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Compares values with types. `where` says which part of the message a value is, such as `arguments.path`.
class Fitting {
 public:
  Fitting(Diagnostics& diagnostics, Position position) : diagnostics_(diagnostics), position_(position) {}

  void use(const Json& value, const TypeUse& use, const std::string& where) {
    if (!use.list) return type(value, *use.type, where);
    if (value.kind == Kind::kAnything) return;
    if (value.kind != Kind::kArray) return error(quoted(where) + " should be a list");
    for (const auto& item : value.items) type(item, *use.type, where + "[]");
  }

  /// The arguments of a command; nullptr: none were given.
  void arguments(const Json* value, const Command& command) {
    const Json none{Kind::kObject};
    if (command.arguments != nullptr) return type(value == nullptr ? none : *value, *command.arguments, "arguments");
    if (value != nullptr && !value->names.empty()) error(quoted(command.name) + " takes no arguments");
  }

  void error(std::string text) { diagnostics_.error(position_, "example: " + std::move(text)); }

 private:
  void type(const Json& value, const Type& type, const std::string& where) {
    if (value.kind == Kind::kAnything || type.unresolved) return;
    if (const auto* builtin = type.builtin()) {
      if (!fits(value, builtin->json)) error(quoted(where) + " should be of type " + quoted(type.name));
    } else if (const auto* enumeration = type.enumeration()) {
      enumerated(value, *enumeration, type.name, where);
    } else if (const auto* alternate = type.alternate()) {
      this->alternate(value, *alternate, type.name, where);
    } else if (value.kind != Kind::kObject) {
      error(quoted(where) + " should be an object");
    } else {
      object(value, *type.object(), where);
    }
  }

  static bool fits(const Json& value, BuiltinType::Json json) {
    switch (json) {
      case BuiltinType::Json::kString:
        return value.kind == Kind::kString;
      case BuiltinType::Json::kNumber:
        return value.kind == Kind::kNumber;
      case BuiltinType::Json::kInteger:
        return value.is_integer();
      case BuiltinType::Json::kBool:
        return value.kind == Kind::kBool;
      case BuiltinType::Json::kNull:
        return value.kind == Kind::kNull;
      case BuiltinType::Json::kAny:
        return true;
    }
    return false;
  }

  void enumerated(const Json& value, const EnumType& enumeration, const std::string& name, const std::string& where) {
    const bool known =
        value.kind == Kind::kString && std::any_of(enumeration.values.begin(), enumeration.values.end(),
                                                   [&](const auto& each) { return each.name == value.text; });
    if (!known) error(quoted(where) + " should be one of the values of " + quoted(name));
  }

  void alternate(const Json& value, const AlternateType& alternate, const std::string& name, const std::string& where) {
    const auto branch = std::find_if(alternate.branches.begin(), alternate.branches.end(),
                                     [&](const Member& each) { return could_be(value, each.use); });
    if (branch == alternate.branches.end()) return error(quoted(where) + " is no form of " + quoted(name));
    use(value, branch->use, where);
  }

  /// By its kind of JSON alone: that is how the branches of an alternate differ.
  static bool could_be(const Json& value, const TypeUse& use) {
    if (use.list) return value.kind == Kind::kArray;
    if (const auto* builtin = use.type->builtin()) return fits(value, builtin->json);
    return value.kind == (use.type->enumeration() != nullptr ? Kind::kString : Kind::kObject);
  }

  void object(const Json& value, const ObjectType& object, const std::string& where) {
    std::vector<const Member*> members;
    const bool whole = collect(value, object, members);
    for (const auto* member : members) this->member(value, *member, where);
    if (whole) unknown(value, members, where);
  }

  /// The members that `value` may have. False if there may be others: of a branch that is left open, or of a type that
  /// is not defined.
  static bool collect(const Json& value, const ObjectType& object, std::vector<const Member*>& members) {
    const auto own = all_members(object);
    members.insert(members.end(), own.begin(), own.end());
    for (const auto* base = object.base; base != nullptr; base = base->object()->base) {
      if (base->object() == nullptr) return false;
    }
    if (object.discriminator.empty()) return true;
    const auto* choice = value.find(object.discriminator);
    if (choice == nullptr || choice->kind != Kind::kString) return false;
    const auto* branch = find_branch(object, choice->text);
    if (branch == nullptr) return true;
    return branch->type->object() != nullptr && collect(value, *branch->type->object(), members);
  }

  void member(const Json& value, const Member& member, const std::string& where) {
    const auto* item = value.find(member.name);
    if (item != nullptr) return use(*item, member.use, where + "." + member.name);
    if (!member.optional && !value.open) error(quoted(where) + " lacks " + quoted(member.name));
  }

  void unknown(const Json& value, const std::vector<const Member*>& members, const std::string& where) {
    for (const auto& name : value.names) {
      const bool known =
          std::any_of(members.begin(), members.end(), [&](const auto* each) { return each->name == name; });
      if (!known) error(quoted(where) + " has no member " + quoted(name));
    }
  }

  Diagnostics& diagnostics_;
  Position position_;
};

class ExampleChecker {
 public:
  ExampleChecker(const Schema& schema, Diagnostics& diagnostics) : schema_(schema), diagnostics_(diagnostics) {}

  void run(const Example& example) {
    const Command* asked = nullptr;
    for (const auto& message : example.messages) {
      Fitting fitting(diagnostics_, message.position);
      if (!message.json || (message.json->kind != Kind::kObject && message.json->kind != Kind::kAnything)) {
        fitting.error("not a JSON object: " + message.text);
      } else if (message.sent) {
        asked = request(*message.json, fitting);
      } else if (message.json->kind == Kind::kObject) {
        reply(*message.json, std::exchange(asked, nullptr), fitting);
      }
    }
  }

 private:
  /// The command that is asked, or nullptr.
  const Command* request(const Json& json, Fitting& fitting) {
    const auto* name = json.find("execute");
    if (name == nullptr) name = json.find("exec-oob");
    if (name == nullptr || name->kind != Kind::kString) {
      fitting.error("a request needs 'execute'");
      return nullptr;
    }
    const auto found = std::find_if(schema_.commands.begin(), schema_.commands.end(),
                                    [&](const auto& each) { return each->name == name->text; });
    if (found == schema_.commands.end()) {
      fitting.error("command " + quoted(name->text) + " does not exist");
      return nullptr;
    }
    for (const auto& key : json.names) {
      if (key != "execute" && key != "exec-oob" && key != "arguments" && key != "id") {
        fitting.error("a request has no member " + quoted(key));
      }
    }
    fitting.arguments(json.find("arguments"), **found);
    return found->get();
  }

  static void reply(const Json& json, const Command* asked, Fitting& fitting) {
    if (json.find("event") != nullptr) return;
    const auto* error = json.find("error");
    const auto* value = json.find("return");
    if (error != nullptr) {
      if (!is_error(*error)) fitting.error("an error has a 'class' and a 'desc'");
      return;
    }
    if (value == nullptr) return fitting.error("a reply needs 'return' or 'error'");
    if (asked == nullptr) return fitting.error("a reply without a request");
    if (!asked->success_response) return fitting.error(quoted(asked->name) + " sends nothing on success");
    if (asked->returns) return fitting.use(*value, *asked->returns, "return");
    if (*value != Json{Kind::kObject}) fitting.error(quoted(asked->name) + " returns {}");
  }

  static bool is_error(const Json& error) {
    return error.kind == Kind::kAnything || (error.find("class") != nullptr && error.find("desc") != nullptr);
  }

  const Schema& schema_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_examples(const Schema& schema, Diagnostics& diagnostics) {
  ExampleChecker checker(schema, diagnostics);
  for (const auto& example : examples(schema)) checker.run(example);
}

}  // namespace guestd::schema
