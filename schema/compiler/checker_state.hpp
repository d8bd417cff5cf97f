// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/loader.hpp"
#include "schema/compiler/model.hpp"

/// The parts of the checker. They run in this order: every definition gets its name and place in the schema, then its
/// content, then what needs the content of others (bases, branches, clashes), then the documentation.
namespace guestd::schema::checking {

struct State {
  const LoadedSchema& loaded;
  Diagnostics& diagnostics;
  Schema schema;

  void error(Position position, std::string text) const { diagnostics.error(position, std::move(text)); }
};

/// A definition with the expression it comes from. Exactly one of `type` and `command` is set.
struct Definition {
  const Value* value = nullptr;
  std::string_view kind;  // 'struct', 'enum', ...
  Type* type = nullptr;
  Command* command = nullptr;
};

// Shapes of expressions (check_shapes.cpp).
/// Reports keys that are neither mandatory nor optional, and mandatory ones that are missing.
bool check_keys(State& state, const Value& value, std::string_view what, std::initializer_list<std::string_view> needed,
                std::initializer_list<std::string_view> optional);
bool read_flag(State& state, const Value& definition, std::string_view key, bool default_value);
std::vector<Feature> read_features(State& state, const Value& definition);
std::vector<Member> read_members(State& state, const Value& members, std::string_view definition);
std::optional<TypeUse> read_type(State& state, const Value& value);

// Names (check_names.cpp).
enum class NameStyle : std::uint8_t { kLower, kCamel, kEnumValue };
bool check_name(State& state, Position position, std::string_view name, std::string_view what, NameStyle style,
                bool any_case = false);

// Content of definitions (check_types.cpp, check_commands.cpp).
void fill_type(State& state, const Definition& definition);
void fill_command(State& state, const Definition& definition);

// What needs the content of others (check_relations.cpp).
void check_relations(State& state);

// Documentation (check_docs.cpp).
void check_docs(State& state);

inline std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace guestd::schema::checking
