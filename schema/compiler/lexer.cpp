// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/lexer.hpp"

#include <utility>

namespace guestd::schema {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool is_punctuation(char c) { return std::string_view("{}[]:,").find(c) != std::string_view::npos; }

std::string printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7f) return {c};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
}

}  // namespace

Token Lexer::next() {
  while (true) {
    skip_blank();
    if (at_ >= text_.size()) return token(Token::Kind::kEnd, "");
    const char c = text_[at_];
    if (c == '#') return doc();
    if (c == '\'' || (c == '"' && dialect_.legacy)) return string(c);
    if (is_word(c)) return word();
    if (is_punctuation(c)) {
      auto result = token(Token::Kind::kPunctuation, {c});
      ++at_;
      return result;
    }
    diagnostics_.error(position_, "stray '" + printable(c) + "'");
    ++at_;
  }
}

Token Lexer::token(Token::Kind kind, std::string text) const {
  return {kind, position_, std::move(text), in_first_column()};
}

/// Up to the next token: over blanks and comments.
void Lexer::skip_blank() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      if (at_doc()) return;
      take_line();
    } else if (c == '\n') {
      ++position_.line;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else {
      return;
    }
  }
}

bool Lexer::at_doc() const {
  if (!in_first_column() || text_.substr(at_, 2) != "##") return false;
  const auto rest = text_.find_first_not_of(" \r", at_ + 2);
  return rest == std::string_view::npos || text_[rest] == '\n';
}

std::string_view Lexer::take_line() {
  const auto end = text_.find('\n', at_);
  auto line = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
  at_ = end == std::string_view::npos ? text_.size() : end + 1;
  ++position_.line;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void Lexer::doc_error(Position place, const char* text) {
  if (!dialect_.legacy) diagnostics_.error(place, text);
}

Token Lexer::doc() {
  Token doc = token(Token::Kind::kDoc, "");
  take_line();
  while (at_ < text_.size() && text_[at_] == '#') {
    const Position place = position_;
    const auto line = take_line();
    if (line.substr(0, 2) == "##") {
      if (line.find_last_not_of(' ') != 1) doc_error(place, "junk after '##' at the end of documentation");
      return doc;
    }
    doc_line(line, place, doc.text);
  }
  doc_error(doc.position, "documentation does not end with '##'");
  return doc;
}

void Lexer::doc_line(std::string_view line, Position place, std::string& text) {
  line.remove_prefix(1);
  if (!line.empty() && line.front() != ' ') doc_error(place, "missing space after '#'");
  if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  const auto last = line.find_last_not_of(' ');
  text.append(line.substr(0, last == std::string_view::npos ? 0 : last + 1));
  text += '\n';
}

Token Lexer::string(char quote) {
  Token result = token(Token::Kind::kString, "");
  for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
    const char c = text_[at_];
    if (c == quote) {
      ++at_;
      return result;
    }
    if (c == '\\' && text_.substr(at_, 2) == "\\\\") {
      ++at_;
    } else if (c == '\\' || c < ' ' || c > '~') {
      diagnostics_.error(position_, "'" + printable(c) + "' is not allowed in a string");
    }
    result.text += c;
  }
  diagnostics_.error(position_, quote == '"' ? "missing terminating '\"'" : "missing terminating \"'\"");
  return result;
}

Token Lexer::word() {
  Token result = token(Token::Kind::kWord, "");
  const auto begin = at_;
  while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  result.text = text_.substr(begin, at_ - begin);
  return result;
}

}  // namespace guestd::schema
