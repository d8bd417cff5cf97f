// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/cxx_backend.hpp"
#include "schema/compiler/model.hpp"

/// What a client can learn of a schema over the wire: the objects that QEMU returns for query-qmp-schema, as its
/// document "How to use the QAPI code generator" describes them, section "Client JSON Protocol introspection".
///
/// - Commands and events come first, in the order of the schema, then the types that can be reached from them, in the
///   order in which they are met. Types that cannot be reached are left out.
/// - Bases are flattened into `members`. Integers of all sizes are the one type `int`. What depends on a condition is
///   there. A type that is named but defined nowhere (--partial) is `any`.
/// - Types that the schema does not name get a name: `q_empty` (an object without members), `q_obj_COMMAND-arg`,
///   `q_obj_TYPE-wrapper` (a branch of a simple union), `[T]` (a list). Clients must not read anything into it.
namespace guestd::schema {

struct IntrospectionOptions {
  /// Names of types as in the schema. Otherwise they are decimal numbers, in the order in which types are met, so that
  /// clients do not come to depend on them; only built-in types keep their names.
  bool unmask = false;
  /// Commands and events with this feature are left out, with the types that only they need. Empty: none.
  std::string without{};
};

/// Each entry is a JSON object on one line, without a line break. The order is deterministic.
std::vector<std::string> introspect(const Schema& schema, const IntrospectionOptions& options);

/// The entries as a JSON array, one per line.
std::string introspection_array(const std::vector<std::string>& entries);

/// introspection.hpp and introspection.cpp: `std::string_view introspection()` in the namespace `name_space` returns
/// the entries, each with a newline behind it.
std::vector<GeneratedFile> introspection_cxx(const std::vector<std::string>& entries, std::string_view name_space);

}  // namespace guestd::schema
