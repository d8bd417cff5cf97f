// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/docs_reference.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "schema/compiler/docs_markup.hpp"

namespace guestd::schema::docs {
namespace {

using SectionKind = DocComment::Section::Kind;

/// A chapter: its free text, and what is defined up to the next free text.
struct Chapter {
  const DocComment* text = nullptr;
  std::vector<const Command*> commands;
  std::vector<const Event*> events;
  std::vector<const Type*> types;
};

std::vector<Chapter> chapters(const Schema& schema) {
  std::vector<Chapter> result(1);
  for (const auto& item : schema.items) {
    if (const auto* text = std::get_if<const DocComment*>(&item)) {
      result.push_back({*text, {}, {}, {}});
    } else if (const auto* command = std::get_if<const Command*>(&item)) {
      result.back().commands.push_back(*command);
    } else if (const auto* event = std::get_if<const Event*>(&item)) {
      result.back().events.push_back(*event);
    } else if (const auto* type = std::get_if<const Type*>(&item)) {
      if (!(*type)->implicit) result.back().types.push_back(*type);
    }
  }
  return result;
}

Span text(std::string_view words) { return {Span::Kind::kText, std::string(words)}; }
Span code(std::string_view words) { return {Span::Kind::kCode, std::string(words)}; }
Span name(std::string_view words) { return {Span::Kind::kName, std::string(words)}; }
Inline plain(std::string_view words) { return {text(words)}; }

void append(Inline& words, Inline more) {
  for (auto& span : more) words.push_back(std::move(span));
}

void append(Blocks& blocks, Blocks more) {
  for (auto& block : more) blocks.push_back(std::move(block));
}

/// `A and (B or C)`
Inline described(const Condition& condition, bool nested = false) {
  using Kind = Condition::Kind;
  if (condition.kind == Kind::kAlways) return {};
  if (condition.kind == Kind::kMacro || condition.kind == Kind::kExpression) return {code(condition.text)};
  Inline result;
  if (condition.kind == Kind::kNot) {
    result.push_back(text("not "));
    append(result, described(condition.parts.at(0), true));
    return result;
  }
  const bool parentheses = nested && condition.parts.size() > 1;
  if (parentheses) result.push_back(text("("));
  for (const auto& part : condition.parts) {
    if (&part != condition.parts.data()) result.push_back(text(condition.kind == Kind::kAll ? " and " : " or "));
    append(result, described(part, true));
  }
  if (parentheses) result.push_back(text(")"));
  return result;
}

Inline only_if(const Condition& condition) {
  auto words = described(condition);
  if (!words.empty()) words.insert(words.begin(), text("if "));
  return words;
}

/// What a member, value or branch is besides its type.
std::vector<Inline> remarks(bool optional, const Condition& condition, const std::vector<Feature>& features) {
  std::vector<Inline> result;
  if (optional) result.push_back(plain("optional"));
  for (const auto* special : {"deprecated", "unstable"}) {
    if (has_feature(features, special)) result.push_back(plain(special));
  }
  if (auto words = only_if(condition); !words.empty()) result.push_back(std::move(words));
  return result;
}

std::string_view builtin(std::string_view name) {
  if (name == "str") return "string";
  if (name == "int") return "integer";
  if (name == "bool") return "boolean";
  return name;
}

class Reference {
 public:
  explicit Reference(const Schema& schema) : schema_(schema) {
    for (const auto& each : schema.commands) names_.insert(each->name);
    for (const auto& each : schema.events) names_.insert(each->name);
    for (const auto& each : schema.types) {
      if (each->builtin() == nullptr && !each->implicit) names_.insert(each->name);
    }
  }

  Blocks run() {
    bool titled = false;
    for (const auto& chapter : chapters(schema_)) {
      if (chapter.text != nullptr) free_text(*chapter.text, !titled);
      if (chapter.text != nullptr && !std::exchange(titled, true)) index();
      for (const Command* each : chapter.commands) command(*each);
      for (const Event* each : chapter.events) event(*each);
      for (const Type* each : chapter.types) type(*each);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] Blocks markup(std::string_view words) const { return parse_markup(words, is_defined_); }

  void add(Block block) { out_.push_back(std::move(block)); }
  void add(Inline words) { out_.push_back(paragraph(std::move(words))); }
  void add(std::string_view words) { out_.push_back(paragraph(words)); }

  /// Text under a label: `label: text` if it begins with a paragraph.
  void labelled(Inline label, Blocks blocks) {
    if (!blocks.empty() && blocks.front().kind == Block::Kind::kParagraph) {
      label.push_back(text(": "));
      append(label, std::move(blocks.front().words));
      blocks.erase(blocks.begin());
    }
    add(std::move(label));
    append(out_, std::move(blocks));
  }

  [[nodiscard]] Span type_span(const Type& type) const {
    if (type.builtin() != nullptr) return text(builtin(type.name));
    return names_.contains(type.name) ? name(type.name) : code(type.name);
  }

  [[nodiscard]] Inline type_words(const TypeUse& use) const {
    Inline words;
    if (use.list) words.push_back(text("list of "));
    words.push_back(type_span(*use.type));
    return words;
  }

  void free_text(const DocComment& doc, bool first) {
    const int level = first ? 1 : std::clamp(doc.title_level + 1, 2, 4);
    if (!doc.title.empty()) add(heading(level, plain(doc.title)));
    texts(doc);
    sections(doc);
  }

  void index() {
    if (schema_.commands.empty()) return;
    const auto any = [this](auto has) {
      return std::any_of(schema_.commands.begin(), schema_.commands.end(),
                         [&](const auto& each) { return has(*each); });
    };
    const bool frozen = any([](const Command& each) { return has_feature(each.features, "while-frozen"); });
    const bool silent = any([](const Command& each) { return !each.success_response; });
    const bool elsewhere = any([](const Command& each) { return !each.gen; });
    Block table{Block::Kind::kTable};
    table.columns = {"Command", "Since"};
    if (frozen) table.columns.emplace_back("While frozen");
    if (silent) table.columns.emplace_back("Reply on success");
    if (elsewhere) table.columns.emplace_back("Here");
    for (const auto& each : schema_.commands) {
      const auto* since = each->doc ? each->doc->section(SectionKind::kSince) : nullptr;
      std::vector<Inline> row{{name(each->name)}, plain(since != nullptr ? since->text : "")};
      if (frozen) row.push_back(plain(has_feature(each->features, "while-frozen") ? "yes" : "no"));
      if (silent) row.push_back(plain(reply(*each)));
      if (elsewhere) row.push_back(plain(availability(*each)));
      table.rows.push_back(std::move(row));
    }
    add(std::move(table));
  }

  static std::string_view reply(const Command& command) {
    if (!command.success_response) return "none";
    return has_feature(command.features, "delimited") ? "0xFF, then the reply" : "yes";
  }

  static std::string_view availability(const Command& command) {
    if (command.gen) return "yes";
    return has_feature(command.features, "other-platform") ? "no" : "not yet";
  }

  void texts(const DocComment& doc) {
    for (const auto& section : doc.sections) {
      if (section.kind == SectionKind::kText) append(out_, markup(section.text));
    }
  }

  void members(const std::vector<Member>& members, const DocComment& doc, std::string_view column) {
    if (members.empty()) return;
    Block block{Block::Kind::kDefinitions};
    block.columns = {std::string(column), "Type", "Meaning"};
    for (const auto& member : members) {
      block.definitions.push_back({member.name, remarks(member.optional, member.condition, member.features),
                                   type_words(member.use), meaning(doc.member(member.name))});
    }
    add(std::move(block));
  }

  void values(const EnumType& enumeration, const DocComment& doc) {
    Block block{Block::Kind::kDefinitions};
    block.columns = {"Value", "Meaning"};
    for (const auto& value : enumeration.values) {
      block.definitions.push_back(
          {value.name, remarks(false, value.condition, value.features), {}, meaning(doc.member(value.name))});
    }
    add(std::move(block));
  }

  [[nodiscard]] Blocks meaning(const DocComment::Entry* entry) const {
    return entry == nullptr ? Blocks{} : markup(entry->text);
  }

  void features(const DocComment& doc) {
    if (doc.features.empty()) return;
    Block list{Block::Kind::kList};
    for (const auto& entry : doc.features) {
      auto item = markup(entry.text);
      if (item.empty() || item.front().kind != Block::Kind::kParagraph) item.insert(item.begin(), paragraph(Inline{}));
      Inline words{code(entry.name), text(": ")};
      append(words, std::move(item.front().words));
      item.front().words = std::move(words);
      list.items.push_back(std::move(item));
    }
    add("Features:");
    add(std::move(list));
  }

  /// Errors, notes, examples and `since`, in the order in which they were written.
  void sections(const DocComment& doc) {
    for (const auto& section : doc.sections) {
      switch (section.kind) {
        case SectionKind::kErrors:
          add("Errors:");
          append(out_, markup(section.text));
          break;
        case SectionKind::kNote:
          note(section);
          break;
        case SectionKind::kExample:
          add(section.title.empty() ? "Example:" : "Example: " + section.title);
          append(out_, parse_example(section, is_defined_));
          break;
        case SectionKind::kSince:
          add("Since: " + section.text);
          break;
        case SectionKind::kText:
        case SectionKind::kReturns:
        case SectionKind::kTodo:
          break;
      }
    }
  }

  void note(const DocComment::Section& section) {
    Block block{Block::Kind::kNote};
    block.title = section.title.empty() ? "Note" : section.title;
    block.items.push_back(markup(section.text));
    add(std::move(block));
  }

  void condition(const Condition& condition) {
    auto words = described(condition);
    if (words.empty()) return;
    words.insert(words.begin(), text("Exists only if "));
    words.push_back(text(" is defined."));
    if (condition.kind != Condition::Kind::kMacro) words.back().text = ".";
    add(std::move(words));
  }

  void arguments(const Type* arguments, const DocComment& doc, std::string_view label, std::string_view column) {
    if (arguments == nullptr) return;
    if (arguments->name.empty()) return members(arguments->object()->members, doc, column);
    add({text(std::string(label) + ": those of "), type_span(*arguments)});
  }

  void command(const Command& command) {
    add(heading(3, {name(command.name)}));
    const DocComment none;
    const auto& doc = command.doc ? *command.doc : none;
    texts(doc);
    arguments(command.arguments, doc, "Arguments", "Argument");
    result(command, doc);
    features(doc);
    sections(doc);
    condition(command.condition);
    if (command.allow_oob) add("May be run out of band.");
    if (command.allow_preconfig) add("Works before the machine is configured, too.");
    if (!command.gen) {
      const bool other = has_feature(command.features, "other-platform");
      add(other ? "Not available on Linux." : "Not available in this version of the agent.");
    }
  }

  void result(const Command& command, const DocComment& doc) {
    if (!command.success_response) return add("Result: nothing is sent on success.");
    if (!command.returns) return add({text("Result: "), code("{}")});
    Inline label{text("Result: ")};
    append(label, type_words(*command.returns));
    const auto* section = doc.section(SectionKind::kReturns);
    labelled(std::move(label), section != nullptr ? markup(section->text) : Blocks{});
  }

  void event(const Event& event) {
    add(heading(3, {name(event.name)}));
    add("An event.");
    const DocComment none;
    const auto& doc = event.doc ? *event.doc : none;
    texts(doc);
    arguments(event.data, doc, "Data", "Datum");
    features(doc);
    sections(doc);
    condition(event.condition);
  }

  void type(const Type& type) {
    add(heading(4, {name(type.name)}));
    const DocComment none;
    const auto& doc = type.doc ? *type.doc : none;
    texts(doc);
    if (const auto* enumeration = type.enumeration()) values(*enumeration, doc);
    if (const auto* alternate = type.alternate()) members(alternate->branches, doc, "Form");
    if (const auto* object = type.object()) this->object(*object, doc);
    features(doc);
    sections(doc);
    condition(type.condition);
  }

  void object(const ObjectType& object, const DocComment& doc) {
    if (object.base != nullptr) {
      const bool more = !object.members.empty();
      add({text("All members of "), type_span(*object.base), text(more ? ", and:" : ".")});
    }
    members(object.members, doc, "Member");
    for (const auto& branch : object.branches) add(this->branch(object, branch));
  }

  [[nodiscard]] Inline branch(const ObjectType& object, const ObjectType::Branch& branch) const {
    Inline words{text("If "), code(object.discriminator), text(" is "), code(branch.name)};
    if (auto only = only_if(branch.condition); !only.empty()) {
      words.push_back(text(" (exists "));
      append(words, std::move(only));
      words.push_back(text(")"));
    }
    const auto* members = branch.type->object();
    if (branch.type->implicit && members != nullptr && members->members.size() == 1) {
      const auto& data = members->members.front();
      words.push_back(text(": the member "));
      words.push_back(code(data.name));
      words.push_back(text(", "));
      append(words, type_words(data.use));
      words.push_back(text(", as well."));
      return words;
    }
    words.push_back(text(": the members of "));
    words.push_back(type_span(*branch.type));
    words.push_back(text(" as well."));
    return words;
  }

  const Schema& schema_;
  std::set<std::string, std::less<>> names_;
  IsDefined is_defined_ = [this](std::string_view word) { return names_.contains(word); };
  Blocks out_;
};

}  // namespace

Blocks describe(const Schema& schema) { return Reference(schema).run(); }

}  // namespace guestd::schema::docs
