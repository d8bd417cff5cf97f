// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "schema/compiler/parser.hpp"
#include "schema/compiler/source.hpp"

namespace guestd::schema {

/// What `{ 'pragma': ... }` switches. A pragma holds for the whole schema, wherever it stands.
struct Pragmas {
  using Names = std::set<std::string, std::less<>>;

  bool doc_required = false;
  Names command_name_exceptions;
  Names command_returns_exceptions;
  Names documentation_exceptions;
  Names member_name_exceptions;
};

/// Definitions and free text of a main file and everything that it includes, in order: an included file stands where
/// its first include stands.
struct LoadedSchema {
  std::vector<Expression> expressions;
  Pragmas pragmas;
};

/// Reads from the file `main`, which is already in `sources`.
LoadedSchema load(Sources& sources, std::uint32_t main, Dialect dialect, Diagnostics& diagnostics);

}  // namespace guestd::schema
