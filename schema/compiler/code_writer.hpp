// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace guestd::schema {

/// Collects source text, line by line, with two spaces of indentation per level.
class CodeWriter {
 public:
  void line(std::initializer_list<std::string_view> parts) {
    text_.append(std::size_t{2} * level_, ' ');
    for (const auto part : parts) text_ += part;
    text_ += '\n';
  }
  void line(std::string_view text) { line({text}); }
  /// A line for the preprocessor, at the left edge.
  void directive(std::string_view text) {
    text_ += text;
    text_ += '\n';
  }
  void blank() { text_ += '\n'; }

  /// A line that opens a level, such as `if (x) {`.
  void open(std::initializer_list<std::string_view> parts) {
    line(parts);
    ++level_;
  }
  void close(std::string_view text = "}") {
    --level_;
    line(text);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  unsigned level_ = 0;
};

}  // namespace guestd::schema
