// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

/// What a documentation comment has to speak of.
struct Subjects {
  std::string definition;
  std::map<std::string, Position> members;
  std::set<std::string> features;
};

void add_features(const std::vector<Feature>& features, Subjects& subjects) {
  for (const auto& feature : features) subjects.features.insert(feature.name);
}

void add_members(const std::vector<Member>& members, Subjects& subjects) {
  for (const auto& member : members) {
    subjects.members.emplace(member.name, member.position);
    add_features(member.features, subjects);
  }
}

Subjects subjects_of(const Type& type) {
  Subjects subjects;
  subjects.definition = type.name;
  add_features(type.features, subjects);
  if (const auto* enumeration = type.enumeration()) {
    for (const auto& value : enumeration->values) {
      subjects.members.emplace(value.name, value.position);
      add_features(value.features, subjects);
    }
  }
  if (const auto* object = type.object()) add_members(object->members, subjects);
  if (const auto* alternate = type.alternate()) add_members(alternate->branches, subjects);
  return subjects;
}

/// Those of a command or event, whose members are its arguments if they have no type of their own.
template <typename T>
Subjects subjects_of(const T& item, const Type* arguments) {
  Subjects subjects;
  subjects.definition = item.name;
  add_features(item.features, subjects);
  const bool inline_arguments = arguments != nullptr && arguments->name.empty();
  if (inline_arguments) add_members(arguments->object()->members, subjects);
  return subjects;
}

void check_members(State& state, const DocComment& doc, const Subjects& subjects) {
  const bool exception = state.loaded.pragmas.documentation_exceptions.contains(subjects.definition);
  std::set<std::string_view> documented;
  for (const auto& entry : doc.members) {
    documented.insert(entry.name);
    if (!subjects.members.contains(entry.name)) {
      state.error(entry.position, "documented member " + quoted(entry.name) + " does not exist");
    } else if (entry.text.empty() && !exception) {
      state.error(entry.position, "'@" + entry.name + ":' has no text");
    }
  }
  for (const auto& [name, position] : subjects.members) {
    if (!exception && !documented.contains(name)) {
      state.error(position, "member " + quoted(name) + " is not documented");
    }
  }
}

void check_features(State& state, const DocComment& doc, const Subjects& subjects) {
  std::set<std::string_view> documented;
  for (const auto& entry : doc.features) {
    documented.insert(entry.name);
    if (!subjects.features.contains(entry.name)) {
      state.error(entry.position, "documented feature " + quoted(entry.name) + " does not exist");
    } else if (entry.text.empty()) {
      state.error(entry.position, "'@" + entry.name + ":' has no text");
    }
  }
  for (const auto& name : subjects.features) {
    if (!documented.contains(name)) state.error(doc.position, "feature " + quoted(name) + " is not documented");
  }
}

/// Sections that stand once at most.
void check_once(State& state, const DocComment& doc) {
  using Kind = DocComment::Section::Kind;
  std::set<Kind> seen;
  for (const auto& section : doc.sections) {
    const bool once = section.kind == Kind::kReturns || section.kind == Kind::kErrors || section.kind == Kind::kSince;
    if (once && !seen.insert(section.kind).second) {
      state.error(section.position, "second section " + quoted(tag_of(section.kind)));
    }
  }
}

void check_no_section(State& state, const DocComment& doc, DocComment::Section::Kind kind, std::string_view why) {
  const auto* section = doc.section(kind);
  if (section != nullptr) state.error(section->position, quoted(tag_of(kind)) + std::string(why));
}

void check(State& state, const DocComment& doc, const Subjects& subjects) {
  check_members(state, doc, subjects);
  check_features(state, doc, subjects);
  check_once(state, doc);
}

void check_no_command(State& state, const DocComment& doc) {
  using Kind = DocComment::Section::Kind;
  check_no_section(state, doc, Kind::kReturns, " is for commands only");
  check_no_section(state, doc, Kind::kErrors, " is for commands only");
}

}  // namespace

void check_docs(State& state) {
  for (const auto& type : state.schema.types) {
    if (!type->doc) continue;
    check(state, *type->doc, subjects_of(*type));
    check_no_command(state, *type->doc);
  }
  for (const auto& command : state.schema.commands) {
    if (!command->doc) continue;
    check(state, *command->doc, subjects_of(*command, command->arguments));
    if (!command->returns) {
      check_no_section(state, *command->doc, DocComment::Section::Kind::kReturns, " although nothing is returned");
    }
  }
  for (const auto& event : state.schema.events) {
    if (!event->doc) continue;
    check(state, *event->doc, subjects_of(*event, event->data));
    check_no_command(state, *event->doc);
  }
}

}  // namespace guestd::schema::checking
