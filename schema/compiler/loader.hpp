// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/parser.hpp"
#include "schema/compiler/source.hpp"

namespace guestd::schema {

/// What `{ 'pragma': ... }` switches. A pragma holds for the whole schema, wherever it stands.
struct Pragmas {
  bool doc_required = false;
  std::vector<std::string> command_name_exceptions;
  std::vector<std::string> command_returns_exceptions;
  std::vector<std::string> member_name_exceptions;
};

bool contains(const std::vector<std::string>& list, std::string_view name);

/// Definitions and free text of a main file and everything that it includes, in order: an included file stands where
/// its first include stands.
struct LoadedSchema {
  std::vector<Expression> expressions;
  Pragmas pragmas;
};

/// Reads from the file `main`, which is already in `sources`.
LoadedSchema load(Sources& sources, std::uint32_t main, Diagnostics& diagnostics);

}  // namespace guestd::schema
