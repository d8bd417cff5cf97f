// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/code_writer.hpp"
#include "schema/compiler/cxx_backend.hpp"
#include "schema/compiler/cxx_condition.hpp"
#include "schema/compiler/model.hpp"

/// What the parts of the C++ back end share: names, spellings, and which functions each type needs.
namespace guestd::schema::cxx {

/// How a schema is called in C++. Each name is unique in its scope.
struct Names {
  std::map<const Type*, std::string> types;
  std::map<const Type*, std::string> functions;  // what follows `decode_`: guest_file_read
  std::map<const Member*, std::string> members;
  std::map<const EnumType::Value*, std::string> values;
  std::map<const Type*, std::string> branches;   // the member of a union that holds the branch: branch
  std::map<const Type*, std::string> completes;  // the member `complete` of a type that streams
  std::map<const Command*, std::string> handlers;
  std::map<const Command*, std::string> arguments;
  std::map<const Command*, std::string> results;
  std::map<const Command*, std::string> calls;  // the struct in `calls`
  std::map<const Event*, std::string> events;
};

struct Plan {
  const Schema& schema;
  std::string name_space;
  CxxRole role = CxxRole::kServer;
  Names names{};
  std::vector<const Type*> order{};              // each type after those that must be complete before it
  std::map<const Type*, unsigned> cycles{};      // of types that hold themselves: which of them hold each other
  std::map<const Type*, Condition> existence{};  // under what condition a type is there
  std::set<const Type*> arguments{};             // types that requests carry
  std::set<const Type*> decoded{};               // types that are read here: arguments in servers, replies in clients
  std::set<const Type*> encoded{};               // types that are written here
  std::set<const Type*> streaming{};  // server: types that hold base64 members, which their encoder may change

  [[nodiscard]] bool client() const { return role == CxxRole::kClient; }
  [[nodiscard]] const std::string& name(const Type& type) const { return names.types.at(&type); }
  [[nodiscard]] const std::string& name(const Member& member) const { return names.members.at(&member); }
  [[nodiscard]] const std::string& name(const EnumType::Value& value) const { return names.values.at(&value); }
};

Plan make_plan(const Schema& schema, std::string_view name_space, CxxRole role, Diagnostics& diagnostics);

// The steps of make_plan, each on top of those before it.
void plan_names(Plan& plan);
void plan_order(Plan& plan);

/// The types that a value of this type holds, one step down; raw ones and built-in ones left out.
std::vector<const Type*> parts(const Type& type);
/// Adds the type and all that it holds.
void add_reachable(const Type* type, std::set<const Type*>& reached);

/// Of the shape of `any`: raw JSON.
bool is_raw(const Type& type);
/// Defined by generated code: not built in, not raw.
bool is_generated(const Type& type);
/// Members whose text on the wire is base64 carry the feature `base64`: bytes in C++.
bool is_base64(const Member& member);
/// Commands whose list never changes carry the feature `constant`: their handlers return it ready to be sent.
bool is_constant(const Command& command);
bool has_base64(const Type& type);
/// Whether `owner` must hold `use` through protocol::Boxed, because it holds the owner.
bool is_boxed(const Plan& plan, const Type& owner, const TypeUse& use);
/// A union whose discriminator is known (--partial may not know it; it is a struct then).
bool has_branches(const Type& type);

/// A branch of a union as generated code sees it.
struct Choice {
  const EnumType::Value* value;
  const ObjectType::Branch* branch;  // nullptr: this value has no members
  Condition condition;               // of the value and of the branch
};
/// One for each value of the discriminator.
std::vector<Choice> choices(const ObjectType& object);
const Type& discriminator_type(const ObjectType& object);

/// One alternative of a std::variant.
struct Alternative {
  std::string spelling;
  Condition condition;
};
/// Writes `std::variant<...>` and what follows it. A variant is never empty, whatever the conditions: if need be,
/// std::monostate stands first.
void write_variant(CodeWriter& code, std::string_view before, std::vector<Alternative> list, std::string_view after);

std::string spell(const Plan& plan, const TypeUse& use);
/// The type of a member of `owner`, without std::optional.
std::string spell_value(const Plan& plan, const Type& owner, const Member& member);
/// The same with it.
std::string spell_member(const Plan& plan, const Type& owner, const Member& member);

std::string decode_function(const Plan& plan, const Type& type);
std::string encode_function(const Plan& plan, const Type& type);
/// `const GuestUser& value`, without const for types that stream.
std::string encode_parameter(const Plan& plan, const Type& type);
/// `Result<FileOpenResult> file_open(guestd::commands::Context& context, const FileOpenArgs& args)`
std::string handler(const Plan& plan, const Command& command);
/// Commands that carry the feature `at-once` have a second handler, which never waits:
/// `std::optional<FileReadResult> file_read_at_once(guestd::commands::Context& context, const FileReadArgs& args)`
std::string handler_at_once(const Plan& plan, const Command& command);
bool is_at_once(const Command& command);
/// Commands that carry the feature `waits` have another handler, which gives nothing as long as it wants to wait:
/// `Result<std::optional<T>> x(guestd::commands::Context& context, const XArgs& args, protocol::Waiting& waiting)`
std::string handler_waiting(const Plan& plan, const Command& command);
bool is_waiting(const Command& command);
/// The function `Result<T>(JsonView, std::string_view)` that decodes one value of a type.
std::string decode_leaf(const Plan& plan, const Type& type);

/// The statement that writes one value, for instance `out.string(value.name);`.
std::string encode_statement(const Plan& plan, const Type& type, const std::string& expression);
/// The same for a list, and for what is boxed.
void encode_use(CodeWriter& code, const Plan& plan, const TypeUse& use, const std::string& expression, bool boxed);

/// `"text"` as a C++ literal; wire names need no escapes.
std::string literal(std::string_view text);
/// The first paragraph of the documentation, as a comment.
void comment(CodeWriter& code, const std::optional<DocComment>& doc);

std::string types_header(const Plan& plan);
std::string types_source(const Plan& plan);
std::string decode_header(const Plan& plan);
std::string decode_source(const Plan& plan);
std::string encode_header(const Plan& plan);
std::string encode_source(const Plan& plan);
std::string events_header(const Plan& plan);
std::string events_source(const Plan& plan);
// Of servers.
std::string commands_header(const Plan& plan);
std::string dispatch_source(const Plan& plan);
// Of clients.
std::string calls_header(const Plan& plan);
std::string calls_source(const Plan& plan);

/// The first lines of every generated file.
void prologue(CodeWriter& code, bool header);
/// From here on `protocol::`, `Result` and `Error` are known, whatever the namespace.
void open_namespace(CodeWriter& code, const Plan& plan);
void close_namespace(CodeWriter& code, const Plan& plan);

}  // namespace guestd::schema::cxx
