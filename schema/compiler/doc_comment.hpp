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
///
/// Notes and examples are understood in both forms of the language: `Note:` and `Example:` as sections, and the
/// directives `.. note::` (with its kin) and `.. qmp-example::`. Text keeps its own markup, see docs_markup.hpp.
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
    std::string text;          // lines with their common indentation removed, no blank line at either end
    std::string title{};       // of a note that is more than that (`Warning`), of an example that has one
    bool annotated = false;    // an example that is text with code in it, instead of code
    Position text_position{};  // of the first line of `text`
  };

  Position position;
  std::string symbol;   // empty: free text
  std::string title;    // of free text
  int title_level = 0;  // 1 for `= `, 2 for `== `
  std::vector<Entry> members;
  std::vector<Entry> features;
  std::vector<Section> sections;  // free text before and between the others is a section too

  [[nodiscard]] const Entry* member(std::string_view name) const;
  [[nodiscard]] const Entry* feature(std::string_view name) const;
  [[nodiscard]] const Section* section(Section::Kind kind) const;
};

/// `text` as the lexer hands it over: the lines between the `##`, without `# `. `position` is the opening line.
/// `legacy`: nothing is an error, and what cannot be told apart stays text: names without colon, `#optional`, text in
/// the first column that goes on with a member, members in free text.
DocComment parse_doc(std::string_view text, Position position, Diagnostics& diagnostics, bool legacy = false);

/// How a section is called in its comment.
std::string_view tag_of(DocComment::Section::Kind kind);

}  // namespace guestd::schema
