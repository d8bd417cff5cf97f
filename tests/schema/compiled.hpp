// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "schema/compiler/checker.hpp"
#include "schema/compiler/source.hpp"

namespace guestd::schema {

/// A schema compiled in memory, or from a file.
struct Compiled {
  Dialect dialect;
  Sources sources;
  Diagnostics diagnostics;
  LoadedSchema loaded;
  Schema schema;

  [[nodiscard]] std::vector<std::string> errors() const { return diagnostics.lines(sources); }
};

/// Compiles a text as `test.json`.
Compiled compile(const std::string& text, Dialect dialect = {});
Compiled compile_file(const std::string& path, Dialect dialect = {});

}  // namespace guestd::schema
