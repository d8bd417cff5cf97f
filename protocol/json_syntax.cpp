// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_syntax.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace guestd::protocol {
namespace {

constexpr std::size_t kShownTokenBytes = 128;  // of a bad token in an error text

Error syntax_error(std::string text) { return Error{"JSON parse error, " + std::move(text), 0, Error::Kind::kGeneric}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

enum class Kind : std::uint8_t { kPunctuation, kString, kNumber, kKeyword };

struct Token {
  Kind kind;
  std::string_view text;  // strings with their quotes
};

// Length of the number at the start of `text` as far as the grammar goes; `complete` tells whether it may end there.
struct NumberScan {
  std::size_t length = 0;
  bool complete = false;
};

NumberScan scan_number(std::string_view text) {
  NumberScan scan;
  auto at = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  auto digits = [&] {
    const std::size_t from = scan.length;
    while (is_digit(at(scan.length))) ++scan.length;
    return scan.length > from;
  };
  if (at(0) == '-') ++scan.length;
  if (at(scan.length) == '0') {
    ++scan.length;
    if (is_digit(at(scan.length))) return scan;  // leading zero
  } else if (!digits()) {
    return scan;
  }
  if (at(scan.length) == '.') {
    ++scan.length;
    if (!digits()) return scan;
  }
  if (at(scan.length) == 'e' || at(scan.length) == 'E') {
    ++scan.length;
    if (at(scan.length) == '+' || at(scan.length) == '-') ++scan.length;
    if (!digits()) return scan;
  }
  scan.complete = true;
  return scan;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // A lexical error anywhere comes before every syntax error, since QEMU lexes a whole message before it parses.
  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (skip_blanks()) {
      auto token = next();
      if (!token) return std::move(token).error();
      position_ += token->text.size();
      tokens.push_back(*token);
    }
    return tokens;
  }

 private:
  bool skip_blanks() {
    while (position_ < text_.size() && std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
    return position_ < text_.size();
  }

  Result<Token> next() {
    const char c = text_[position_];
    if (std::string_view("{}[]:,").find(c) != std::string_view::npos) return Token{Kind::kPunctuation, span(1)};
    if (c == '"' || c == '\'') return string(c);
    if (c == '-' || is_digit(c)) return number();
    std::size_t length = 0;
    while (position_ + length < text_.size() && is_lower(text_[position_ + length])) ++length;
    if (length > 0) return Token{Kind::kKeyword, span(length)};
    return stray(1);
  }

  Result<Token> string(char quote) {
    for (std::size_t length = 1; position_ + length < text_.size(); ++length) {
      const auto c = static_cast<unsigned char>(text_[position_ + length]);
      if (c < 0x20 || c >= 0xFE) return stray(length + 1);
      if (c == static_cast<unsigned char>(quote)) return Token{Kind::kString, span(length + 1)};
      if (c == '\\') {
        ++length;
        if (position_ + length < text_.size() && static_cast<unsigned char>(text_[position_ + length]) < 0x20) {
          return stray(length + 1);
        }
      }
    }
    return stray(text_.size() - position_);
  }

  Result<Token> number() {
    const NumberScan scan = scan_number(text_.substr(position_));
    if (scan.complete) return Token{Kind::kNumber, span(scan.length)};
    return stray(scan.length + 1);
  }

  [[nodiscard]] std::string_view span(std::size_t length) const { return text_.substr(position_, length); }
  // QEMU shows a token up to its first NUL.
  [[nodiscard]] Error stray(std::size_t length) const {
    const std::string_view token = span(length);
    return syntax_error("stray '" + excerpt(token.substr(0, token.find('\0')), kShownTokenBytes) + "'");
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

// Unescapes one string token; the result is UTF-8 in which NUL is a NUL byte.
class StringReader {
 public:
  explicit StringReader(std::string_view token) : rest_(token.substr(1, token.size() - 2)) {}

  Result<std::string> run() {
    std::string out;
    while (!rest_.empty()) {
      if (rest_[0] == '\\') {
        if (auto done = escape(out); !done) return std::move(done).error();
        continue;
      }
      if (rest_.substr(0, 2) == "\xC0\x80") {
        out += '\0';
        rest_.remove_prefix(2);
        continue;
      }
      const std::size_t length = utf8::sequence_length(rest_);
      if (length == 0) return syntax_error("invalid UTF-8 sequence in string");
      out += rest_.substr(0, length);
      rest_.remove_prefix(length);
    }
    return out;
  }

 private:
  Result<void> escape(std::string& out) {
    const char kind = rest_.size() > 1 ? rest_[1] : '\0';
    if (kind == 'u') return unicode(out);
    constexpr std::string_view kNames = "\"'\\/bfnrt";
    constexpr std::string_view kValues = "\"'\\/\b\f\n\r\t";
    const std::size_t index = kind == '\0' ? std::string_view::npos : kNames.find(kind);
    if (index == std::string_view::npos) return syntax_error("invalid escape sequence in string");
    out += kValues[index];
    rest_.remove_prefix(2);
    return {};
  }

  Result<void> unicode(std::string& out) {
    const auto high = utf8::parse_escape(rest_);
    if (!high) return syntax_error("invalid escape sequence in string");
    if (!utf8::is_surrogate(*high)) {
      utf8::append(*high, out);
      rest_.remove_prefix(6);
      return {};
    }
    const auto low = utf8::parse_escape(rest_.substr(6));
    if (const auto code = low ? utf8::combine(*high, *low) : std::nullopt) {
      utf8::append(*code, out);
      rest_.remove_prefix(12);
      return {};
    }
    return syntax_error(std::string(rest_.substr(0, low ? 12 : 6)) + " is not a valid Unicode character");
  }

  std::string_view rest_;
};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Buffer> run() {
    if (auto parsed = value(); !parsed) return std::move(parsed).error();
    if (position_ < tokens_.size()) return syntax_error("expecting value");
    return Buffer(out_);
  }

 private:
  Result<void> value() {
    if (at_end()) return syntax_error("premature EOI");
    const Token token = tokens_[position_];
    switch (token.kind) {
      case Kind::kString:
        return string(token);
      case Kind::kNumber:
        copy(token);
        return {};
      case Kind::kKeyword:
        if (token.text != "true" && token.text != "false" && token.text != "null") {
          return syntax_error("invalid keyword '" + excerpt(token.text, kShownTokenBytes) + "'");
        }
        copy(token);
        return {};
      case Kind::kPunctuation:
        break;
    }
    if (token.text == "{") return object();
    if (token.text == "[") return array();
    return syntax_error("expecting value");
  }

  Result<void> object() {
    take();
    std::set<std::string> keys;
    while (!is("}")) {
      if (!keys.empty()) {
        if (auto done = separator("expected separator in dict"); !done) return done;
      }
      if (auto done = pair(keys); !done) return done;
    }
    take();
    return {};
  }

  Result<void> pair(std::set<std::string>& keys) {
    if (at_end()) return syntax_error("premature EOI");
    const Token key = tokens_[position_];
    if (auto done = value(); !done) return done;
    if (key.kind != Kind::kString) return syntax_error("key is not a string in object");
    if (at_end()) return syntax_error("premature EOI");
    if (!is(":")) return syntax_error("missing : in object pair");
    take();
    if (at_end()) return syntax_error("Missing value in dict");
    if (auto done = value(); !done) return done;
    if (!keys.insert(StringReader(key.text).run().value()).second) return syntax_error("duplicate key");
    return {};
  }

  Result<void> array() {
    take();
    for (bool first = true; !is("]"); first = false) {
      if (!first) {
        if (auto done = separator("expected separator in list"); !done) return done;
      }
      if (auto done = value(); !done) return done;
    }
    take();
    return {};
  }

  Result<void> separator(std::string_view complaint) {
    if (at_end()) return syntax_error("premature EOI");
    if (!is(",")) return syntax_error(std::string(complaint));
    take();
    return {};
  }

  Result<void> string(const Token& token) {
    auto text = StringReader(token.text).run();
    if (!text) return std::move(text).error();
    ++position_;
    out_ += '"';
    for (const char c : *text) append_escaped(c);
    out_ += '"';
    return {};
  }

  void append_escaped(char c) {
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out_ += escape;
    } else {
      out_ += c;
    }
  }

  void copy(const Token& token) {
    out_ += token.text;
    ++position_;
  }

  [[nodiscard]] bool at_end() const { return position_ >= tokens_.size(); }
  [[nodiscard]] bool is(std::string_view text) const {
    return !at_end() && tokens_[position_].kind == Kind::kPunctuation && tokens_[position_].text == text;
  }
  void take() { copy(tokens_[position_]); }

  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  std::string out_;
};

}  // namespace

bool is_json_number(std::string_view token) {
  const NumberScan scan = scan_number(token);
  return scan.complete && scan.length == token.size();
}

Result<Buffer> to_strict_json(std::string_view text) {
  auto tokens = Lexer(text).run();
  if (!tokens) return std::move(tokens).error();
  return Parser(std::move(*tokens)).run();
}

}  // namespace guestd::protocol
