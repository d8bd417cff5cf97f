// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace guestd {

/// A glob for paths and names: `?` stands for one byte and `*` for any number of them, neither for a slash; `**` stands
/// for anything; `[a-z]` and `[!a-z]` for one byte of a set, never a slash; a backslash takes away the meaning of what
/// follows. Matching takes time in proportion to both lengths, whatever they hold. Immutable.
class Pattern {
 public:
  /// The error says what is wrong with the pattern, without repeating it.
  static Result<Pattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view text) const;
  /// As it was written.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Kind : std::uint8_t { kByte, kAnyByte, kSet, kStar, kDeepStar };
  struct Token {
    Kind kind = Kind::kByte;
    unsigned char byte = 0;
    std::uint16_t set = 0;  // index into sets_
  };

  [[nodiscard]] bool takes(const Token& token, unsigned char byte) const;
  [[nodiscard]] bool reach_over_stars(std::vector<bool>& reached) const;
  Result<std::size_t> add_set(std::string_view rest);

  std::string text_;
  std::vector<Token> tokens_;
  std::vector<std::bitset<256>> sets_;
};

/// A list of patterns of a configuration, each of which may begin with `!`: what such a one matches is taken away from
/// what the others match. If all of them begin with `!`, the rest is everything. Immutable.
class PatternList {
 public:
  /// Matches everything.
  PatternList() = default;
  /// `any` and `none` stand for everything and for nothing, and only alone. Not empty.
  static Result<PatternList> parse(const std::vector<std::string>& items);

  [[nodiscard]] bool matches(std::string_view text) const { return why_not(text).empty(); }
  /// Empty if it matches; else the reason: `'!/etc/**' takes it away`, `nothing in the list matches it`.
  [[nodiscard]] std::string why_not(std::string_view text) const;
  /// Whether everything matches, so that nobody need ask.
  [[nodiscard]] bool matches_all() const { return any_ && taken_.empty(); }
  /// As they were written.
  [[nodiscard]] const std::vector<std::string>& items() const { return items_; }

 private:
  bool any_ = true;
  std::vector<Pattern> given_;
  std::vector<Pattern> taken_;
  std::vector<std::string> items_{"any"};
};

}  // namespace guestd
