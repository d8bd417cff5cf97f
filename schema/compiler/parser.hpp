// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/compiler/dialect.hpp"
#include "schema/compiler/doc_comment.hpp"
#include "schema/compiler/source.hpp"
#include "schema/compiler/value.hpp"

namespace guestd::schema {

/// One top-level item of a file: an object, with the documentation before it, or free text (no object).
struct Expression {
  std::optional<Value> value;
  std::optional<DocComment> doc;
};

/// Parses one file. After an error it goes on with the next object that starts in the first column.
std::vector<Expression> parse(const Sources& sources, std::uint32_t file, Dialect dialect, Diagnostics& diagnostics);
/// A comment as free text, for one that documents something else than what follows it.
DocComment as_free_text(DocComment doc);

}  // namespace guestd::schema
