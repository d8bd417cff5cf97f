// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/doc_comment.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace guestd::schema {
namespace {

using Section = DocComment::Section;

struct Tag {
  std::string_view word;
  Section::Kind kind;
};
constexpr std::array kTags{
    Tag{"Returns:", Section::Kind::kReturns},  Tag{"Errors:", Section::Kind::kErrors},
    Tag{"Since:", Section::Kind::kSince},      Tag{"Note:", Section::Kind::kNote},
    Tag{"Notes:", Section::Kind::kNote},       Tag{"Example:", Section::Kind::kExample},
    Tag{"Examples:", Section::Kind::kExample}, Tag{"TODO:", Section::Kind::kTodo},
};

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// The first line has no indentation of its own (a tag stood before it), the others lose what they have in common.
std::string dedent(std::string_view text) {
  auto lines = split_lines(text);
  std::size_t common = std::string_view::npos;
  for (std::size_t index = 1; index < lines.size(); ++index) {
    if (!lines[index].empty()) common = std::min(common, indentation(lines[index]));
  }
  std::string result;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (index != 0 && !lines[index].empty()) lines[index].remove_prefix(common);
    result.append(lines[index]);
    result += '\n';
  }
  const auto first = result.find_first_not_of('\n');
  if (first == std::string::npos) return {};
  return result.substr(first, result.find_last_not_of("\n ") + 1 - first);
}

class DocParser {
 public:
  DocParser(std::string_view text, Position position, Diagnostics& diagnostics)
      : text_(text), place_(position), diagnostics_(diagnostics) {
    doc_.position = position;
  }

  DocComment run() {
    for (const auto line : split_lines(text_)) {
      ++place_.line;
      take(line);
    }
    for (auto* list : {&doc_.members, &doc_.features}) {
      for (auto& entry : *list) entry.text = dedent(entry.text);
    }
    for (auto& section : doc_.sections) section.text = dedent(section.text);
    std::erase_if(doc_.sections,
                  [](const Section& section) { return section.kind == Section::Kind::kText && section.text.empty(); });
    check();
    return std::move(doc_);
  }

 private:
  void take(std::string_view line) {
    if (!begun_ && line.empty()) return;
    const bool first = !std::exchange(begun_, true);
    if (first && take_symbol(line)) return;
    if (first && line.substr(0, 2) == "= ") {
      doc_.title = line.substr(2);
    } else if (line.empty() || line.front() == ' ') {
      append(line);
    } else if (doc_.symbol.empty() || !(take_entry(line) || take_tag(line))) {
      take_text(line);
    }
  }

  bool take_symbol(std::string_view line) {
    if (line.front() != '@') return false;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      diagnostics_.error(place_, "line should end with ':'");
      doc_.symbol = line.substr(1);
      return true;
    }
    doc_.symbol = line.substr(1, colon - 1);
    const auto rest = line.substr(colon + 1);
    if (!rest.empty()) diagnostics_.error(place_, "unexpected text after the name and ':'");
    if (doc_.symbol.empty()) diagnostics_.error(place_, "name required after '@'");
    return true;
  }

  /// `@member: text`
  bool take_entry(std::string_view line) {
    const auto colon = line.find(':');
    if (line.front() != '@' || colon == std::string_view::npos) return false;
    const auto name = line.substr(1, colon - 1);
    if (name.empty() || name.find(' ') != std::string_view::npos) return false;
    auto& list = in_features_ ? doc_.features : doc_.members;
    if (std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.name == name; })) {
      diagnostics_.error(place_, "'" + std::string(name) + "' is documented twice");
    }
    list.push_back({std::string(name), place_, first_line(line.substr(colon + 1))});
    target_ = in_features_ ? Target::kFeature : Target::kMember;
    return true;
  }

  bool take_tag(std::string_view line) {
    if (line == "Features:") {
      in_features_ = true;
      target_ = Target::kNothing;
      return true;
    }
    const auto tag =
        std::find_if(kTags.begin(), kTags.end(), [&](const Tag& each) { return line.starts_with(each.word); });
    if (tag == kTags.end()) return false;
    in_features_ = false;
    doc_.sections.push_back({tag->kind, place_, first_line(line.substr(tag->word.size()))});
    target_ = Target::kSection;
    return true;
  }

  void take_text(std::string_view line) {
    const bool in_text = target_ == Target::kSection && doc_.sections.back().kind == Section::Kind::kText;
    if (!in_text) {
      doc_.sections.push_back({Section::Kind::kText, place_, "\n"});
      target_ = Target::kSection;
    }
    in_features_ = false;
    append(line);
  }

  static std::string first_line(std::string_view text) { return std::string(text.substr(indentation(text))) + "\n"; }

  void append(std::string_view line) {
    std::string* text = nullptr;
    switch (target_) {
      case Target::kMember:
        text = &doc_.members.back().text;
        break;
      case Target::kFeature:
        text = &doc_.features.back().text;
        break;
      case Target::kSection:
        text = &doc_.sections.back().text;
        break;
      case Target::kNothing:
        if (!line.empty()) diagnostics_.error(place_, "unexpected indentation");
        return;
    }
    text->append(line);
    *text += '\n';
  }

  void check() {
    for (const auto* list : {&doc_.members, &doc_.features}) {
      for (const auto& entry : *list) {
        if (entry.text.empty()) diagnostics_.error(entry.position, "'@" + entry.name + ":' has no text");
      }
    }
    for (const auto& section : doc_.sections) {
      if (section.text.empty()) diagnostics_.error(section.position, "section has no text");
    }
  }

  enum class Target : std::uint8_t { kNothing, kMember, kFeature, kSection };

  std::string_view text_;
  Position place_;
  Diagnostics& diagnostics_;
  DocComment doc_;
  Target target_ = Target::kNothing;
  bool begun_ = false;
  bool in_features_ = false;
};

const DocComment::Entry* find(const std::vector<DocComment::Entry>& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const DocComment::Entry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

const DocComment::Entry* DocComment::member(std::string_view name) const { return find(members, name); }
const DocComment::Entry* DocComment::feature(std::string_view name) const { return find(features, name); }

const DocComment::Section* DocComment::section(Section::Kind kind) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Section& section) { return section.kind == kind; });
  return found == sections.end() ? nullptr : &*found;
}

DocComment parse_doc(std::string_view text, Position position, Diagnostics& diagnostics) {
  return DocParser(text, position, diagnostics).run();
}

}  // namespace guestd::schema
