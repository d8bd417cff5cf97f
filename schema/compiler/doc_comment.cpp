// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/doc_comment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <unordered_set>
#include <utility>

#include "schema/compiler/doc_text.hpp"

namespace guestd::schema {
namespace {

using Entry = DocComment::Entry;
using Section = DocComment::Section;
using Kind = Section::Kind;

struct Tag {
  std::string_view word;
  Kind kind;
};
constexpr std::array kTags{
    Tag{"Returns", Kind::kReturns}, Tag{"Errors", Kind::kErrors},    Tag{"Since", Kind::kSince},
    Tag{"Note", Kind::kNote},       Tag{"Notes", Kind::kNote},       Tag{"Example", Kind::kExample},
    Tag{"TODO", Kind::kTodo},       Tag{"Examples", Kind::kExample},
};

/// Directives that are notes. The titles are those of reStructuredText; `admonition` brings its own.
struct Admonition {
  std::string_view directive;
  std::string_view title;
};
constexpr std::array kAdmonitions{
    Admonition{"note", ""},
    Admonition{"attention", "Attention"},
    Admonition{"caution", "Caution"},
    Admonition{"danger", "Danger"},
    Admonition{"error", "Error"},
    Admonition{"hint", "Hint"},
    Admonition{"important", "Important"},
    Admonition{"tip", "Tip"},
    Admonition{"warning", "Warning"},
    Admonition{"seealso", "See also"},
};

/// Takes `:name: value` off the beginning of a directive's body.
std::optional<std::string> take_option(std::string& body, std::string_view name) {
  const std::string begin = ":" + std::string(name) + ":";
  if (!body.starts_with(begin)) return std::nullopt;
  const auto end = std::min(body.find('\n'), body.size());
  std::string value(without_indentation(std::string_view(body).substr(begin.size(), end - begin.size())));
  body.erase(0, end);
  return value;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class DocParser {
 public:
  DocParser(std::string_view text, Position position, Diagnostics& diagnostics, bool legacy)
      : text_(text), place_(position), diagnostics_(diagnostics), legacy_(legacy) {
    doc_.position = position;
  }

  DocComment run() {
    for (const auto line : split_lines(text_)) {
      ++place_.line;
      // A comment that was meant to end with `# ##`.
      if (legacy_ && without_indentation(line) == "##") continue;
      take(line);
      after_blank_ = line.empty();
    }
    if (in_features_) end_features();
    finish();
    return std::move(doc_);
  }

 private:
  enum class Target : std::uint8_t { kNothing, kMember, kFeature, kSection };

  void error(Position position, std::string text) const {
    if (!legacy_) diagnostics_.error(position, std::move(text));
  }

  void take(std::string_view line) {
    if (line.empty()) {
      if (begun_) append(line);
      return;
    }
    const bool first = !std::exchange(begun_, true);
    if (first && (take_symbol(line) || take_title(line))) return;
    if (line.front() == ' ') return take_indented(line);
    if (take_directive(line)) return;
    const bool definition = !doc_.symbol.empty();
    if ((definition || legacy_) && (take_features(line) || take_entry(line) || take_tag(line))) return;
    if (!definition && !legacy_ && entry_name(line)) {
      error(place_, "description of '@" + std::string(*entry_name(line)) + ":' in free text");
    }
    if (is_title(line)) {
      error(place_, definition ? "'=' heading in the documentation of a definition"
                               : "'=' heading must come first in its comment");
    }
    take_text(line);
  }

  bool take_symbol(std::string_view line) {
    if (line.front() != '@') return false;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      if (legacy_ && line.find(' ') != std::string_view::npos) return false;  // a sentence that begins with a name
      error(place_, "line should end with ':'");
      doc_.symbol = line.substr(1);
      return true;
    }
    doc_.symbol = line.substr(1, colon - 1);
    const auto rest = without_indentation(line.substr(colon + 1));
    if (doc_.symbol.empty()) error(place_, "name required after '@'");
    if (rest.empty()) return true;
    error(place_, "unexpected text after the name and ':'");
    take_text(rest);
    return true;
  }

  /// `= Title`; a line of `=` alone belongs to a title in the manner of reStructuredText.
  static bool is_title(std::string_view line) {
    const auto signs = std::min(line.find_first_not_of('='), line.size());
    return signs > 0 && signs < line.size() && line[signs] == ' ';
  }

  bool take_title(std::string_view line) {
    if (!is_title(line)) return false;
    const auto signs = line.find_first_not_of('=');
    doc_.title = without_indentation(line.substr(signs));
    doc_.title_level = static_cast<int>(signs);
    return true;
  }

  /// The name in `@name: text`.
  static std::optional<std::string_view> entry_name(std::string_view line) {
    const auto colon = line.find(':');
    if (line.front() != '@' || colon == std::string_view::npos) return std::nullopt;
    const auto name = line.substr(1, colon - 1);
    if (name.find(' ') != std::string_view::npos) return std::nullopt;
    return name;
  }

  bool take_entry(std::string_view line) {
    const auto found = entry_name(line);
    if (!found) return false;
    const std::string name(*found);
    if (name.empty()) error(place_, "name required after '@'");
    auto& list = in_features_ ? doc_.features : doc_.members;
    if (!seen_[in_features_ ? 1 : 0].insert(name).second) error(place_, quoted(name) + " is documented twice");
    if (!in_features_ && past_members_) error(place_, "description of '@" + name + ":' follows a section");
    list.push_back({name, place_, first_line(without_optional(line.substr(name.size() + 2)))});
    begin(in_features_ ? Target::kFeature : Target::kMember);
    return true;
  }

  /// Before there were marks for it in the schema, the description said what may be left out.
  [[nodiscard]] std::string_view without_optional(std::string_view text) const {
    text = without_indentation(text);
    constexpr std::string_view kMark = "#optional";
    if (legacy_ && text.starts_with(kMark)) text.remove_prefix(kMark.size());
    return text;
  }

  bool take_features(std::string_view line) {
    if (line != "Features:") return false;
    if (had_features_) error(place_, "duplicate 'Features:'");
    leave_entries();
    past_members_ = true;
    in_features_ = true;
    had_features_ = true;
    features_place_ = place_;
    features_before_ = doc_.features.size();
    begin(Target::kNothing);
    return true;
  }

  void end_features() {
    in_features_ = false;
    if (doc_.features.size() == features_before_) {
      error(features_place_, "descriptions of features expected after 'Features:'");
    }
  }

  /// Something begins that is no entry.
  void leave_entries() {
    if (in_features_) end_features();
    past_members_ = past_members_ || !doc_.members.empty();
  }

  bool take_tag(std::string_view line) {
    const auto tag = std::find_if(kTags.begin(), kTags.end(), [&](const Tag& each) {
      const auto rest = line.substr(std::min(each.word.size(), line.size()));
      if (!line.starts_with(each.word)) return false;
      // `Example::` is a paragraph that introduces a literal block.
      if (rest.starts_with(":")) return !rest.starts_with("::");
      return legacy_ && each.kind == Kind::kSince && rest.size() > 1 && rest[0] == ' ' &&
             std::isdigit(static_cast<unsigned char>(rest[1])) != 0;
    });
    if (tag == kTags.end()) return false;
    leave_entries();
    past_members_ = true;
    begin_section(tag->kind, line.substr(tag->word.size() + 1));
    // The oldest form of an example: code in the first column, up to the next section.
    open_example_ = tag->kind == Kind::kExample && line.size() == tag->word.size() + 1;
    return true;
  }

  /// `.. name:: text` at the first column. Directives that are no notes and no examples stay text.
  bool take_directive(std::string_view line) {
    if (!line.starts_with(".. ")) return false;
    const auto colons = line.find("::");
    if (colons == std::string_view::npos) return false;
    const auto name = without_indentation(line.substr(2, colons - 2));
    const auto rest = line.substr(colons + 2);
    if (name == "qmp-example") {
      leave_entries();
      begin_section(Kind::kExample, rest);
      return true;
    }
    const auto admonition = std::find_if(kAdmonitions.begin(), kAdmonitions.end(),
                                         [&](const Admonition& each) { return each.directive == name; });
    if (admonition == kAdmonitions.end() && name != "admonition") return false;
    leave_entries();
    begin_section(Kind::kNote, name == "admonition" ? "" : rest);
    doc_.sections.back().title = name == "admonition" ? without_indentation(rest) : admonition->title;
    return true;
  }

  void begin_section(Kind kind, std::string_view text) {
    doc_.sections.push_back({kind, place_, first_line(text)});
    doc_.sections.back().text_position = place_;
    begin(Target::kSection);
  }

  void begin(Target target) {
    target_ = target;
    expected_indentation_.reset();
    open_example_ = false;
  }

  [[nodiscard]] bool in_text() const { return target_ == Target::kSection && doc_.sections.back().kind == Kind::kText; }

  void take_indented(std::string_view line) {
    if (target_ == Target::kNothing) {
      error(place_, "unexpected indentation");
      if (!legacy_) return;
      return take_text(without_indentation(line));
    }
    const auto depth = indentation(line);
    if (!in_text() && !open_example_) {
      if (!expected_indentation_) expected_indentation_ = depth;
      if (depth < *expected_indentation_ && !legacy_) {
        if (after_blank_) return take_text(line);
        error(place_, "unexpected de-indent, expected at least " + std::to_string(*expected_indentation_) + " spaces");
      }
    }
    append(line);
  }

  /// Text at the first column.
  void take_text(std::string_view line) {
    if (open_example_ || in_text()) return append(line);
    if (!after_blank_ && target_ != Target::kNothing) {
      if (legacy_) return append(line);
      error(place_, "text in the first column right after " + described_target() +
                        ": indent what belongs to it, put a blank line before what does not");
    }
    leave_entries();
    doc_.sections.push_back({Kind::kText, place_, "\n"});
    doc_.sections.back().text_position = {place_.file, place_.line - 1};  // of the line break just written
    begin(Target::kSection);
    append(line);
  }

  [[nodiscard]] std::string described_target() const {
    if (target_ == Target::kMember) return "'@" + doc_.members.back().name + ":'";
    if (target_ == Target::kFeature) return "'@" + doc_.features.back().name + ":'";
    return quoted(tag_of(doc_.sections.back().kind));
  }

  static std::string first_line(std::string_view text) { return std::string(without_indentation(text)) + "\n"; }

  void append(std::string_view line) {
    std::string* text = target_text();
    if (text == nullptr) return;
    text->append(line);
    *text += '\n';
  }

  std::string* target_text() {
    switch (target_) {
      case Target::kMember:
        return &doc_.members.back().text;
      case Target::kFeature:
        return &doc_.features.back().text;
      case Target::kSection:
        return &doc_.sections.back().text;
      case Target::kNothing:
        break;
    }
    return nullptr;
  }

  void finish() {
    for (auto* list : {&doc_.members, &doc_.features}) {
      for (auto& entry : *list) entry.text = dedent(entry.text).text;
    }
    for (auto& section : doc_.sections) finish(section);
    std::erase_if(doc_.sections, [this](const Section& section) {
      return section.text.empty() && (section.kind == Kind::kText || legacy_);
    });
  }

  void finish(Section& section) const {
    auto [text, skipped] = dedent(section.text);
    section.text = std::move(text);
    if (section.kind == Kind::kExample) {
      while (true) {
        const bool annotated = take_option(section.text, "annotated").has_value();
        const auto title = take_option(section.text, "title");
        if (!annotated && !title) break;
        section.annotated = section.annotated || annotated;
        if (title) section.title = *title;
        const auto size = section.text.size();
        section.text.erase(0, std::min(section.text.find_first_not_of('\n'), size));
        skipped += static_cast<std::uint32_t>(size - section.text.size());
      }
    }
    section.text_position.line += skipped;
    if (section.text.empty() && section.kind != Kind::kText) {
      error(section.position, "text required in section " + quoted(tag_of(section.kind)));
    }
  }

  std::string_view text_;
  Position place_;
  Diagnostics& diagnostics_;
  bool legacy_;
  DocComment doc_;
  Target target_ = Target::kNothing;
  std::optional<std::size_t> expected_indentation_;      // of the lines after the first one of an entry or a section
  std::array<std::unordered_set<std::string>, 2> seen_;  // names of members, and of features
  bool begun_ = false;
  bool after_blank_ = false;
  bool open_example_ = false;  // takes text in the first column as well
  bool past_members_ = false;
  bool in_features_ = false;
  bool had_features_ = false;
  Position features_place_;
  std::size_t features_before_ = 0;
};

const Entry* find(const std::vector<Entry>& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

const Entry* DocComment::member(std::string_view name) const { return find(members, name); }
const Entry* DocComment::feature(std::string_view name) const { return find(features, name); }

const Section* DocComment::section(Kind kind) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Section& section) { return section.kind == kind; });
  return found == sections.end() ? nullptr : &*found;
}

std::string_view tag_of(Kind kind) {
  const auto found = std::find_if(kTags.begin(), kTags.end(), [&](const Tag& tag) { return tag.kind == kind; });
  return found == kTags.end() ? "text" : found->word;
}

DocComment parse_doc(std::string_view text, Position position, Diagnostics& diagnostics, bool legacy) {
  return DocParser(text, position, diagnostics, legacy).run();
}

}  // namespace guestd::schema
