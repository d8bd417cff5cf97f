// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/lexer.hpp"

namespace guestd::schema {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7f) return {c};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
}

class Lexer {
 public:
  Lexer(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics)
      : text_(sources.file(file).text), position_{file, 1}, diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) step();
    add(Token::Kind::kEnd, "", true);
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool in_first_column() const { return at_ == 0 || text_[at_ - 1] == '\n'; }

  void add(Token::Kind kind, std::string text, bool at_line_start) {
    tokens_.push_back({kind, position_, std::move(text), at_line_start});
  }

  std::string_view take_line() {
    const auto end = text_.find('\n', at_);
    auto line = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    ++position_.line;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      ++position_.line;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '#') {
      comment();
    } else if (std::string_view("{}[]:,").find(c) != std::string_view::npos) {
      add(Token::Kind::kPunctuation, {c}, in_first_column());
      ++at_;
    } else if (c == '\'') {
      string();
    } else if (is_word(c)) {
      word();
    } else {
      diagnostics_.error(position_, "stray '" + printable(c) + "'");
      ++at_;
    }
  }

  void comment() {
    const bool first_column = in_first_column();
    const Position begin = position_;
    if (!first_column || text_.substr(at_, text_.find('\n', at_) - at_).find_last_not_of(" \r") != 1 ||
        text_.substr(at_, 2) != "##") {
      take_line();
      return;
    }
    take_line();
    Token doc{Token::Kind::kDoc, begin, "", true};
    while (at_ < text_.size() && text_[at_] == '#') {
      const auto line = take_line();
      if (line.substr(0, 2) == "##") {
        if (line.find_last_not_of(' ') != 1) {
          diagnostics_.error({begin.file, position_.line - 1}, "junk after '##' at the end of documentation");
        }
        tokens_.push_back(std::move(doc));
        return;
      }
      doc_line(line, {begin.file, position_.line - 1}, doc.text);
    }
    diagnostics_.error(begin, "documentation does not end with '##'");
  }

  void doc_line(std::string_view line, Position place, std::string& text) {
    line.remove_prefix(1);
    if (!line.empty() && line.front() != ' ') diagnostics_.error(place, "missing space after '#'");
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    const auto last = line.find_last_not_of(' ');
    text.append(line.substr(0, last == std::string_view::npos ? 0 : last + 1));
    text += '\n';
  }

  void string() {
    const bool first_column = in_first_column();
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (c == '\'') {
        ++at_;
        add(Token::Kind::kString, std::move(value), first_column);
        return;
      }
      if (c == '\\' || c < ' ' || c > '~') {
        diagnostics_.error(position_, "'" + printable(c) + "' is not allowed in a string");
      }
      value += c;
    }
    diagnostics_.error(position_, "missing terminating \"'\"");
    add(Token::Kind::kString, std::move(value), first_column);
  }

  void word() {
    const bool first_column = in_first_column();
    const auto begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    add(Token::Kind::kWord, std::string(text_.substr(begin, at_ - begin)), first_column);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Position position_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  return Lexer(sources, file, diagnostics).run();
}

}  // namespace guestd::schema
