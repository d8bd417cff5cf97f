// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker.hpp"

#include <array>
#include <map>
#include <utility>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema {
namespace checking {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"enum", "struct", "union", "alternate", "command"};

void add_builtins(Schema& schema) {
  using Json = BuiltinType::Json;
  constexpr std::array<std::pair<std::string_view, Json>, 15> kBuiltins{{{"str", Json::kString},
                                                                         {"number", Json::kNumber},
                                                                         {"int", Json::kInteger},
                                                                         {"int8", Json::kInteger},
                                                                         {"int16", Json::kInteger},
                                                                         {"int32", Json::kInteger},
                                                                         {"int64", Json::kInteger},
                                                                         {"uint8", Json::kInteger},
                                                                         {"uint16", Json::kInteger},
                                                                         {"uint32", Json::kInteger},
                                                                         {"uint64", Json::kInteger},
                                                                         {"size", Json::kInteger},
                                                                         {"bool", Json::kBool},
                                                                         {"null", Json::kNull},
                                                                         {"any", Json::kAny}}};
  for (const auto& [name, json] : kBuiltins) {
    auto type = std::make_unique<Type>();
    type->name = name;
    type->shape = BuiltinType{json};
    schema.types.push_back(std::move(type));
  }
}

std::string_view kind_of(const Value& value) {
  for (const auto& key : value.keys) {
    for (const auto kind : kKinds) {
      if (key.name == kind) return kind;
    }
  }
  return {};
}

class Registration {
 public:
  explicit Registration(State& state) : state_(state) {
    for (const auto& type : state.schema.types) places_[type->name] = {};
  }

  std::vector<Definition> run() {
    for (const auto& expression : state_.loaded.expressions) {
      if (!expression.value) {
        auto& text = state_.schema.texts.emplace_back(std::make_unique<DocComment>(*expression.doc));
        state_.schema.items.emplace_back(text.get());
      } else {
        add(expression);
      }
    }
    return std::move(definitions_);
  }

 private:
  void add(const Expression& expression) {
    const Value& value = *expression.value;
    const auto kind = kind_of(value);
    if (kind.empty())
      return state_.error(value.position, "expected one of the keys enum, struct, union, alternate, command");
    const Value& name = *value.find(kind);
    if (!name.is_string()) return state_.error(name.position, quoted(kind) + " must be a string");
    const bool command = kind == "command";
    const bool any_case = command && contains(state_.loaded.pragmas.command_name_exceptions, name.text);
    check_name(state_, value.position, name.text, kind, command ? NameStyle::kLower : NameStyle::kCamel, any_case);
    if (!unique(name.text, value.position)) return;
    check_symbol(expression, name.text);
    Definition definition{&value, kind, nullptr, nullptr};
    if (command) {
      definition.command = add_command(expression, name.text);
    } else {
      definition.type = add_type(expression, name.text);
    }
    definitions_.push_back(definition);
  }

  bool unique(const std::string& name, Position position) {
    const auto [entry, added] = places_.emplace(name, position);
    if (added) return true;
    const bool built_in = entry->second.line == 0;
    state_.error(position, quoted(name) + (built_in ? " is a built-in type" : " is already defined"));
    return false;
  }

  void check_symbol(const Expression& expression, const std::string& name) {
    if (!expression.doc) {
      if (state_.loaded.pragmas.doc_required)
        state_.error(expression.value->position, quoted(name) + " is not documented");
    } else if (expression.doc->symbol != name) {
      state_.error(expression.doc->position,
                   "documentation is for " + quoted(expression.doc->symbol) + ", but " + quoted(name) + " follows");
    }
  }

  Type* add_type(const Expression& expression, const std::string& name) {
    auto& type = state_.schema.types.emplace_back(std::make_unique<Type>());
    type->name = name;
    type->position = expression.value->position;
    type->doc = expression.doc;
    state_.schema.items.emplace_back(type.get());
    return type.get();
  }

  Command* add_command(const Expression& expression, const std::string& name) {
    auto& command = state_.schema.commands.emplace_back(std::make_unique<Command>());
    command->name = name;
    command->position = expression.value->position;
    command->doc = expression.doc;
    state_.schema.items.emplace_back(command.get());
    return command.get();
  }

  State& state_;
  std::map<std::string, Position, std::less<>> places_;
  std::vector<Definition> definitions_;
};

}  // namespace
}  // namespace checking

Schema check(const LoadedSchema& loaded, Diagnostics& diagnostics) {
  checking::State state{loaded, diagnostics, {}};
  checking::add_builtins(state.schema);
  for (const auto& definition : checking::Registration(state).run()) {
    if (definition.command != nullptr) {
      checking::fill_command(state, definition);
    } else {
      checking::fill_type(state, definition);
    }
  }
  // Relations are meaningful only between definitions that are sound by themselves.
  if (!diagnostics.any()) checking::check_relations(state);
  checking::check_docs(state);
  return std::move(state.schema);
}

}  // namespace guestd::schema
