// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/compiler/dialect.hpp"
#include "schema/compiler/source.hpp"

namespace guestd::schema {

struct Token {
  enum class Kind : std::uint8_t { kPunctuation, kString, kWord, kDoc, kEnd };

  Kind kind = Kind::kEnd;
  Position position;
  std::string text;            // what stands there; kString: its value; kDoc: the lines between the `##`
  bool at_line_start = false;  // in the first column, where a definition begins

  [[nodiscard]] bool is(char punctuation) const {
    return kind == Kind::kPunctuation && text.size() == 1 && text[0] == punctuation;
  }
};

/// Cuts a file into tokens, one by one, so that a large file costs no more than its text. Bad characters are reported
/// and skipped. Comments vanish, except those between two `##` lines, which are documentation.
class Lexer {
 public:
  Lexer(const Sources& sources, std::uint32_t file, Dialect dialect, Diagnostics& diagnostics)
      : text_(sources.file(file).text), position_{file, 1}, dialect_(dialect), diagnostics_(diagnostics) {}

  /// After the last token: kEnd, again and again.
  Token next();

 private:
  [[nodiscard]] bool in_first_column() const { return at_ == 0 || text_[at_ - 1] == '\n'; }
  [[nodiscard]] bool at_doc() const;
  [[nodiscard]] Token token(Token::Kind kind, std::string text) const;
  void skip_blank();
  std::string_view take_line();
  Token doc();
  void doc_line(std::string_view line, Position place, std::string& text);
  void doc_error(Position place, const char* text);
  Token string(char quote);
  Token word();

  std::string_view text_;
  std::size_t at_ = 0;
  Position position_;
  Dialect dialect_;
  Diagnostics& diagnostics_;
};

}  // namespace guestd::schema
