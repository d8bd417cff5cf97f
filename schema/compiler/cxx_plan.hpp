// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/code_writer.hpp"
#include "schema/compiler/cxx_backend.hpp"
#include "schema/compiler/model.hpp"

/// What the parts of the C++ back end share: names, spellings, and which functions each type needs.
namespace guestd::schema::cxx {

struct Plan {
  const Schema& schema;
  std::string name_space;
  std::vector<const Type*> order;            // each type after those it holds
  std::map<const Type*, std::string> names;  // in C++
  std::set<const Type*> arguments;           // types that requests carry
  std::set<const Type*> decoded;             // those of them that an implemented command takes
  std::set<const Type*> encoded;             // types that replies of implemented commands carry
};

/// Reports what the language allows but C++ cannot tell apart, and types that are not there (--partial).
void check_clashes(const Schema& schema, Diagnostics& diagnostics);
Plan make_plan(const Schema& schema, std::string_view name_space, Diagnostics& diagnostics);

/// Members whose text on the wire is base64 carry the feature `base64`: bytes in C++.
bool is_base64(const Member& member);
/// Commands whose list never changes carry the feature `constant`: their handlers return it ready to be sent.
bool is_constant(const Command& command);
/// Whether replies with this type may stream: it holds a base64 member, and so its encoder may change it.
bool streams(const Plan& plan, const Type& type);

std::string spell(const Plan& plan, const TypeUse& use);
/// The type of a member of `owner`, std::optional included.
std::string spell_member(const Plan& plan, const Type& owner, const Member& member);
std::string result_name(const Command& command);
std::string arguments_name(const Command& command);

std::string decode_function(const Plan& plan, const Type& type);
std::string encode_function(const Plan& plan, const Type& type);
/// `const GuestUser& value`, without const for types that stream.
std::string encode_parameter(const Plan& plan, const Type& type);
/// `Result<FileOpenResult> file_open(Context& context, const FileOpenArgs& args)`
std::string handler(const Command& command);

/// The statement that writes one value, for instance `out.string(value.name);`.
std::string encode_statement(const Plan& plan, const Type& type, const std::string& expression);
/// The same for a list.
void encode_use(CodeWriter& code, const Plan& plan, const TypeUse& use, const std::string& expression);

/// `"text"` as a C++ literal; wire names need no escapes.
std::string literal(std::string_view text);

std::string types_header(const Plan& plan);
std::string types_source(const Plan& plan);
std::string commands_header(const Plan& plan);
std::string decode_header(const Plan& plan);
std::string decode_source(const Plan& plan);
std::string encode_header(const Plan& plan);
std::string encode_source(const Plan& plan);
std::string dispatch_source(const Plan& plan);

/// The first lines of every generated file.
void prologue(CodeWriter& code, bool header);
void open_namespace(CodeWriter& code, const Plan& plan);
void close_namespace(CodeWriter& code, const Plan& plan);

}  // namespace guestd::schema::cxx
