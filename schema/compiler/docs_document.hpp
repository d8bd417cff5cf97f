// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Documentation as a tree of blocks, which no format has a say in. docs_markup makes it of text, docs_reference of a
/// schema; docs_markdown and docs_man write it.
namespace guestd::schema::docs {

/// A run of characters of one kind. Line breaks in it are blanks.
struct Span {
  enum class Kind : std::uint8_t {
    kText,
    kCode,
    kEmphasis,
    kStrong,
    kName,  // of a command, event or type that the schema defines
    kLink,  // `text` leads to `target`
  };
  Kind kind = Kind::kText;
  std::string text;
  std::string target{};
};
using Inline = std::vector<Span>;

struct Block;
using Blocks = std::vector<Block>;

/// One of the things that make up another: a member, a value, a feature.
struct Definition {
  std::string name;
  std::vector<Inline> remarks;  // such as `optional`
  Inline type;                  // empty: it has none
  Blocks meaning;
};

struct Block {
  enum class Kind : std::uint8_t {
    kHeading,      // `level` 1 is the title of the whole, 2 a chapter, 3 a command or event, 4 a type
    kParagraph,    // `words`
    kCode,         // `code`, lines as they are
    kList,         // `items`
    kNote,         // `title` and `items[0]`
    kDefinitions,  // `columns` (name, type if there are types, meaning) and `definitions`
    kTable,        // `columns` and `rows`
  };
  Kind kind = Kind::kParagraph;
  int level = 0;
  Inline words{};
  std::string code{};
  std::string title{};
  bool numbered = false;
  std::vector<Blocks> items{};
  std::vector<std::string> columns{};
  std::vector<Definition> definitions{};
  std::vector<std::vector<Inline>> rows{};
};

inline Block paragraph(Inline words) { return {Block::Kind::kParagraph, 0, std::move(words)}; }
inline Block paragraph(std::string_view text) { return paragraph({{Span::Kind::kText, std::string(text)}}); }
inline Block code_block(std::string code) { return {Block::Kind::kCode, 0, {}, std::move(code)}; }
inline Block heading(int level, Inline words) { return {Block::Kind::kHeading, level, std::move(words)}; }

}  // namespace guestd::schema::docs
