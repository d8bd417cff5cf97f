// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schema/compiler/dialect.hpp"
#include "schema/compiler/loader.hpp"
#include "schema/compiler/model.hpp"

/// The parts of the checker. They run in this order: every definition gets its name and place in the schema, then its
/// content, then what needs the content of others (bases, branches, clashes), then the documentation.
namespace guestd::schema::checking {

struct State {
  const LoadedSchema& loaded;
  const Dialect dialect;
  Diagnostics& diagnostics;
  Schema schema;
  /// Types whose own content is wrong: what depends on it is not worth a second error.
  std::unordered_set<const Type*> unsound;
  /// Names of commands and events, which are no types.
  std::unordered_set<std::string_view> no_types;

  void error(Position position, std::string text) const { diagnostics.error(position, std::move(text)); }
};

/// A definition with the expression it comes from. Exactly one of `type`, `command` and `event` is set.
struct Definition {
  const Value* value = nullptr;
  std::string_view kind;  // 'struct', 'enum', ...
  Type* type = nullptr;
  Command* command = nullptr;
  Event* event = nullptr;
};

// Shapes of expressions (check_shapes.cpp).
/// The keys that an expression may have, and which of them it must have.
struct Keys {
  std::initializer_list<std::string_view> needed;
  std::initializer_list<std::string_view> optional;
};
/// Reports keys that are neither mandatory nor optional, and mandatory ones that are missing.
bool check_keys(State& state, const Value& value, std::string_view what, const Keys& keys);
bool read_flag(State& state, const Value& definition, std::string_view key, bool default_value);
std::vector<Feature> read_features(State& state, const Value& definition);
std::vector<Member> read_members(State& state, const Value& members, std::string_view definition);
/// Those of an alternate.
std::vector<Member> read_alternatives(State& state, const Value& data, std::string_view definition);
std::optional<TypeUse> read_type(State& state, const Value& value);

// Conditions (check_conditions.cpp).
/// The value of `if`, if it is there.
Condition read_condition(State& state, const Value& holder);

// Names (check_names.cpp).
struct NameRule {
  enum class Style : std::uint8_t { kLower, kUpper, kCamel, kEnumValue };
  Style style = Style::kLower;
  bool upper = false;       // upper case is taken too
  bool underscore = false;  // '_' is taken too
};
bool check_name(State& state, Position position, std::string_view name, std::string_view what, NameRule rule);
/// What QEMU's C makes of a name, but for case: names that become one in C cannot live side by side.
std::string c_name(std::string_view name);

/// Names that live side by side: reports those that stand there twice or become one in C.
class DistinctNames {
 public:
  /// `what` they are, as errors say it: "member".
  DistinctNames(State& state, std::string_view what) : state_(state), what_(what) {}
  void add(const std::string& name, Position position);

 private:
  State& state_;
  std::string_view what_;
  std::unordered_map<std::string, std::string> taken_;  // C name -> name
};

// Content of definitions (check_types.cpp, check_unions.cpp, check_commands.cpp).
void fill_type(State& state, const Definition& definition);
const Type* read_base(State& state, const Value& value);
ObjectType read_union(State& state, const Value& definition, const Type& type);
void fill_command(State& state, const Definition& definition);
void fill_event(State& state, const Definition& definition);

// What needs the content of others (check_relations.cpp).
void check_relations(State& state);

// Documentation (check_docs.cpp).
void check_docs(State& state);

inline std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace guestd::schema::checking
