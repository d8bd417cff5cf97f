// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/docs_markup.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "schema/compiler/doc_text.hpp"

namespace guestd::schema::docs {
namespace {

using Lines = std::vector<std::string_view>;

/// Notes in notes in lists: no comment has a use for more.
constexpr int kMaxDepth = 8;

/// Width of `- `, `* `, `1. ` or `#. ` at the beginning; 0: no item.
std::size_t marker_width(std::string_view line) {
  std::size_t width = 0;
  if (line.starts_with("- ") || line.starts_with("* ")) {
    width = 1;
  } else {
    while (width < line.size() && std::isdigit(static_cast<unsigned char>(line[width])) != 0) ++width;
    if (width == 0 && line.starts_with("#")) width = 1;
    if (width == 0 || width > 2 || line.substr(width, 2) != ". ") return 0;
    ++width;
  }
  const auto text = line.find_first_not_of(' ', width);
  return text == std::string_view::npos ? 0 : text;
}

bool is_exchange(std::string_view line) { return line.starts_with("->") || line.starts_with("<-"); }

/// A row of one sign under (or over) a heading.
bool is_adornment(std::string_view line) {
  return line.size() >= 3 && std::string_view("=-~*^#\"").find(line.front()) != std::string_view::npos &&
         line.find_first_not_of(line.front()) == std::string_view::npos;
}

bool is_table(std::string_view line) {
  return line.starts_with("+-") || line.starts_with("+=") || line.starts_with("| ");
}

std::string joined(const Lines& lines, std::size_t indent = 0) {
  std::string text;
  for (const auto line : lines) {
    text += line.substr(std::min(indent, line.size()));
    text += '\n';
  }
  text.resize(text.find_last_not_of(" \n") + 1);
  return text;
}

class BlockParser {
 public:
  BlockParser(Lines lines, const IsDefined& is_defined, int depth)
      : lines_(std::move(lines)), is_defined_(is_defined), depth_(depth) {}

  Blocks run() {
    while (at_ < lines_.size()) {
      const auto line = lines_[at_];
      if (line.empty()) {
        ++at_;
      } else if (line.front() == ' ') {
        blocks_.push_back(code_block(indented_block()));
      } else if (line.starts_with(".. ")) {
        directive();
      } else if (is_exchange(line) || is_table(line)) {
        blocks_.push_back(code_block(joined(take_paragraph())));
      } else if (marker_width(line) != 0 && depth_ < kMaxDepth) {
        list();
      } else if (!take_heading()) {
        text();
      }
    }
    return std::move(blocks_);
  }

 private:
  [[nodiscard]] Blocks nested(Lines lines) const {
    return BlockParser(std::move(lines), is_defined_, depth_ + 1).run();
  }

  Lines take_paragraph() {
    Lines result;
    while (at_ < lines_.size() && !lines_[at_].empty()) result.push_back(lines_[at_++]);
    return result;
  }

  /// Lines up to the next that stands in the first column, blank ones at both ends dropped, without what they have in
  /// common of indentation.
  Lines take_indented() {
    Lines result;
    std::size_t common = std::string_view::npos;
    for (; at_ < lines_.size() && (lines_[at_].empty() || lines_[at_].front() == ' '); ++at_) {
      if (!lines_[at_].empty()) common = std::min(common, indentation(lines_[at_]));
      if (!lines_[at_].empty() || !result.empty()) result.push_back(lines_[at_]);
    }
    while (!result.empty() && result.back().empty()) result.pop_back();
    for (auto& line : result) line.remove_prefix(std::min(common, line.size()));
    return result;
  }

  std::string indented_block() { return joined(take_indented()); }

  /// `.. name:: text` and its indented body.
  void directive() {
    const auto line = lines_[at_++];
    const auto colons = line.find("::");
    if (colons == std::string_view::npos) {  // a comment, or a label
      take_indented();
      return;
    }
    const auto name = without_indentation(line.substr(2, colons - 2));
    const auto argument = without_indentation(line.substr(colons + 2));
    auto body = take_indented();
    if (name == "qmp-example" || name.starts_with("code") || name.ends_with("literal")) {
      return code(std::move(body));
    }
    const bool titled = name == "admonition";
    if (!titled && !argument.empty()) body.insert(body.begin(), argument);
    note(titled ? std::string(argument) : std::string(name), std::move(body));
  }

  void code(Lines body) {
    while (!body.empty() && (body.front().empty() || body.front().starts_with(":"))) body.erase(body.begin());
    blocks_.push_back(code_block(joined(body)));
  }

  void note(std::string title, Lines body) {
    if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    Block block{Block::Kind::kNote};
    block.title = std::move(title);
    block.items.push_back(nested(std::move(body)));
    blocks_.push_back(std::move(block));
  }

  /// Items, blank lines between them or not. What is indented further, or follows at once, belongs to the item.
  void list() {
    Block block{Block::Kind::kList};
    block.numbered = lines_[at_].front() != '-' && lines_[at_].front() != '*';
    while (at_ < lines_.size() && marker_width(lines_[at_]) != 0) {
      block.items.push_back(item(marker_width(lines_[at_])));
      auto next = at_;
      while (next < lines_.size() && lines_[next].empty()) ++next;
      if (next < lines_.size() && marker_width(lines_[next]) != 0) at_ = next;
    }
    blocks_.push_back(std::move(block));
  }

  Blocks item(std::size_t width) {
    Lines lines{lines_[at_++].substr(width)};
    bool blank = false;
    for (; at_ < lines_.size(); ++at_) {
      const auto line = lines_[at_];
      const bool belongs = line.empty() || line.front() == ' ' || (!blank && marker_width(line) == 0);
      if (!belongs) break;
      blank = line.empty();
      lines.push_back(line.substr(std::min({width, indentation(line), line.size()})));
    }
    return nested(std::move(lines));
  }

  bool take_heading() {
    const bool over = is_adornment(lines_[at_]) && at_ + 2 < lines_.size() && lines_[at_ + 2] == lines_[at_];
    const auto title = at_ + (over ? 1 : 0);
    if (!over && (title + 1 >= lines_.size() || !is_adornment(lines_[title + 1]))) return false;
    if (lines_[title + 1].size() < lines_[title].size()) return false;
    blocks_.push_back(heading(over ? 2 : 3, parse_inline(without_indentation(lines_[title]), is_defined_)));
    at_ = title + 2;
    return true;
  }

  /// A paragraph; one that ends with `::` introduces a literal block.
  void text() {
    Lines lines;
    while (at_ < lines_.size() && !lines_[at_].empty() && (lines.empty() || !starts_other(lines_[at_]))) {
      lines.push_back(without_indentation(lines_[at_++]));
    }
    auto words = joined(lines);
    const bool literal = words.ends_with("::");
    if (literal) words.pop_back();
    if (words != ":") blocks_.push_back(paragraph(parse_inline(words, is_defined_)));
    if (!literal) return;
    while (at_ < lines_.size() && lines_[at_].empty()) ++at_;
    if (at_ < lines_.size() && lines_[at_].front() == ' ') blocks_.push_back(code_block(indented_block()));
  }

  /// Lists need no blank line before them here, unlike in reStructuredText.
  static bool starts_other(std::string_view line) {
    return line.starts_with("- ") || line.starts_with("* ") || line.starts_with(".. ") || is_exchange(line);
  }

  Lines lines_;
  const IsDefined& is_defined_;
  int depth_;
  std::size_t at_ = 0;
  Blocks blocks_;
};

}  // namespace

Blocks parse_markup(std::string_view text, const IsDefined& is_defined) {
  return BlockParser(split_lines(text), is_defined, 0).run();
}

Blocks parse_example(const DocComment::Section& section, const IsDefined& is_defined) {
  const auto lines = split_lines(section.text);
  const bool exchange = std::any_of(lines.begin(), lines.end(), is_exchange);
  const bool only_code = !exchange || (!section.annotated && is_exchange(lines.front()));
  return only_code ? Blocks{code_block(section.text)} : parse_markup(section.text, is_defined);
}

}  // namespace guestd::schema::docs
