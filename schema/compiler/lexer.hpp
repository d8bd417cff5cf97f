// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/source.hpp"

namespace guestd::schema {

struct Token {
  enum class Kind : std::uint8_t { kPunctuation, kString, kWord, kDoc, kEnd };

  Kind kind = Kind::kEnd;
  Position position;
  std::string text;            // what stands there; kString: without quotes; kDoc: the lines between the `##`
  bool at_line_start = false;  // in the first column, where a definition begins

  [[nodiscard]] bool is(char punctuation) const {
    return kind == Kind::kPunctuation && text.size() == 1 && text[0] == punctuation;
  }
};

/// Cuts a file into tokens, the last of which is kEnd. Bad characters are reported and skipped. Comments vanish, except
/// those between two `##` lines, which are documentation.
std::vector<Token> tokenize(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace guestd::schema
