// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema {
namespace checking {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"enum", "struct", "union", "alternate", "command", "event"};

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
    schema.add_type(std::string(name)).shape = BuiltinType{json};
  }
}

/// The key that says what an expression defines; empty if there is none.
std::string_view kind_of(const Value& value, Dialect dialect) {
  for (const auto& key : value.keys) {
    const auto found = std::find(kKinds.begin(), kKinds.end(), key.name);
    if (found != kKinds.end()) return *found;
    if (dialect.legacy && key.name == "type") return "type";  // what structs were called
  }
  return {};
}

class Registration {
 public:
  explicit Registration(State& state) : state_(state) {
    for (const auto& type : state.schema.types) places_[type->name] = {};
    places_["QType"] = {};
  }

  std::vector<Definition> run() {
    for (const auto& expression : state_.loaded.expressions) {
      if (expression.value) {
        add(expression);
      } else {
        add_text(*expression.doc);
      }
    }
    return std::move(definitions_);
  }

 private:
  void add_text(DocComment text) {
    auto& added = state_.schema.texts.emplace_back(std::make_unique<DocComment>(std::move(text)));
    state_.schema.items.emplace_back(added.get());
  }

  void add(const Expression& expression) {
    const Value& value = *expression.value;
    const auto kind = kind_of(value, state_.dialect);
    if (kind.empty()) {
      return state_.error(value.position,
                          "expected one of the keys enum, struct, union, alternate, command, event, include, pragma");
    }
    const Value& name = *value.find(kind);
    if (!name.is_string()) return state_.error(name.position, quoted(kind) + " must be a string");
    check_name(state_, value.position, name.text, kind, name_rule(kind, name.text));
    if (!unique(name.text, value.position)) return;
    Definition definition{&value, kind, nullptr, nullptr, nullptr};
    if (kind == "command") {
      definition.command = state_.schema.commands.emplace_back(std::make_unique<Command>()).get();
      begin(*definition.command, name.text, expression);
      state_.no_types.insert(definition.command->name);
    } else if (kind == "event") {
      definition.event = state_.schema.events.emplace_back(std::make_unique<Event>()).get();
      begin(*definition.event, name.text, expression);
      state_.no_types.insert(definition.event->name);
    } else {
      definition.type = &state_.schema.add_type(name.text);
      begin(*definition.type, name.text, expression);
    }
    definitions_.push_back(definition);
  }

  [[nodiscard]] NameRule name_rule(std::string_view kind, const std::string& name) const {
    if (kind == "event") return {NameRule::Style::kUpper};
    if (kind != "command") return {NameRule::Style::kCamel};
    return {NameRule::Style::kLower, false, state_.loaded.pragmas.command_name_exceptions.contains(name)};
  }

  bool unique(const std::string& name, Position position) {
    const auto [entry, added] = places_.emplace(name, position);
    if (added) return true;
    const bool built_in = entry->second.line == 0;
    state_.error(position, quoted(name) + (built_in ? " is a built-in type" : " is already defined"));
    return false;
  }

  /// The documentation that stands before a definition, if it belongs to it.
  std::optional<DocComment> doc_for(const Expression& expression, const std::string& name) {
    if (!expression.doc) {
      if (state_.loaded.pragmas.doc_required && !state_.dialect.legacy) {
        state_.error(expression.value->position, quoted(name) + " is not documented");
      }
      return std::nullopt;
    }
    if (expression.doc->symbol == name) return expression.doc;
    if (state_.dialect.legacy) {
      add_text(as_free_text(*expression.doc));
    } else {
      state_.error(expression.doc->position,
                   "documentation is for " + quoted(expression.doc->symbol) + ", but " + quoted(name) + " follows");
    }
    return std::nullopt;
  }

  template <typename T>
  void begin(T& item, const std::string& name, const Expression& expression) {
    item.doc = doc_for(expression, name);
    item.name = name;
    item.position = expression.value->position;
    state_.schema.items.emplace_back(&item);
  }

  State& state_;
  std::map<std::string, Position, std::less<>> places_;
  std::vector<Definition> definitions_;
};

/// Reads the content of a definition, and takes note if that is wrong.
void fill(State& state, const Definition& definition) {
  const auto errors = state.diagnostics.errors();
  if (definition.command != nullptr) {
    fill_command(state, definition);
  } else if (definition.event != nullptr) {
    fill_event(state, definition);
  } else {
    fill_type(state, definition);
    if (state.diagnostics.errors() != errors) state.unsound.insert(definition.type);
  }
}

}  // namespace
}  // namespace checking

Schema check(const LoadedSchema& loaded, Dialect dialect, Diagnostics& diagnostics) {
  checking::State state{loaded, dialect, diagnostics, {}, {}, {}};
  checking::add_builtins(state.schema);
  for (const auto& definition : checking::Registration(state).run()) {
    if (diagnostics.full()) break;
    checking::fill(state, definition);
  }
  if (!diagnostics.full()) checking::check_relations(state);
  if (!dialect.legacy) checking::check_docs(state);
  return std::move(state.schema);
}

}  // namespace guestd::schema
