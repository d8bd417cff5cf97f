// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/source.hpp"

namespace guestd::schema {

/// A documentation comment, taken apart. One that begins with `@name:` belongs to the definition `name`, which follows
/// it; any other is free text, whose title stands behind `= `.
struct DocComment {
  struct Entry {  // a member, argument, enum value or feature
    std::string name;
    Position position;
    std::string text;
  };
  struct Section {
    enum class Kind : std::uint8_t { kText, kReturns, kErrors, kSince, kNote, kExample, kTodo };
    Kind kind = Kind::kText;
    Position position;
    std::string text;  // lines with their common indentation removed, no blank line at either end
  };

  Position position;
  std::string symbol;  // empty: free text
  std::string title;   // of free text
  std::vector<Entry> members;
  std::vector<Entry> features;
  std::vector<Section> sections;  // free text before and between the others is a section too

  [[nodiscard]] const Entry* member(std::string_view name) const;
  [[nodiscard]] const Entry* feature(std::string_view name) const;
  [[nodiscard]] const Section* section(Section::Kind kind) const;
};

/// `text` as the lexer hands it over: the lines between the `##`, without `# `. `position` is the opening line.
DocComment parse_doc(std::string_view text, Position position, Diagnostics& diagnostics);

}  // namespace guestd::schema
