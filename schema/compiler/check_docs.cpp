// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

/// What a documentation comment has to speak of.
struct Subjects {
  std::vector<std::pair<std::string, Position>> members;
  std::set<std::string> features;
};

void add_features(const std::vector<Feature>& features, Subjects& subjects) {
  for (const auto& feature : features) subjects.features.insert(feature.name);
}

void add_members(const std::vector<Member>& members, Subjects& subjects) {
  for (const auto& member : members) {
    subjects.members.emplace_back(member.name, member.position);
    add_features(member.features, subjects);
  }
}

Subjects subjects_of(const Type& type) {
  Subjects subjects;
  add_features(type.features, subjects);
  if (const auto* enumeration = type.enumeration()) {
    for (const auto& value : enumeration->values) {
      subjects.members.emplace_back(value.name, value.position);
      add_features(value.features, subjects);
    }
  }
  if (const auto* object = type.object()) add_members(object->members, subjects);
  if (const auto* alternate = type.alternate()) add_members(alternate->branches, subjects);
  return subjects;
}

/// `data` of a command or event.
Subjects subjects_of(const std::vector<Feature>& features, const Type* data) {
  Subjects subjects;
  add_features(features, subjects);
  const bool inline_members = data != nullptr && data->name.empty();
  if (inline_members) add_members(data->object()->members, subjects);
  return subjects;
}

void check(State& state, const DocComment& doc, const Subjects& subjects) {
  for (const auto& [name, position] : subjects.members) {
    if (doc.member(name) == nullptr) state.error(position, "member " + quoted(name) + " is not documented");
  }
  for (const auto& entry : doc.members) {
    const bool known = std::any_of(subjects.members.begin(), subjects.members.end(),
                                   [&](const auto& member) { return member.first == entry.name; });
    if (!known) state.error(entry.position, "documented member " + quoted(entry.name) + " does not exist");
  }
  for (const auto& name : subjects.features) {
    if (doc.feature(name) == nullptr) state.error(doc.position, "feature " + quoted(name) + " is not documented");
  }
  for (const auto& entry : doc.features) {
    if (!subjects.features.contains(entry.name)) {
      state.error(entry.position, "documented feature " + quoted(entry.name) + " does not exist");
    }
  }
}

void check_sections(State& state, const DocComment& doc, bool returns, bool command) {
  using Kind = DocComment::Section::Kind;
  std::set<Kind> seen;
  for (const auto& section : doc.sections) {
    const bool once = section.kind == Kind::kReturns || section.kind == Kind::kErrors || section.kind == Kind::kSince;
    if (once && !seen.insert(section.kind).second) state.error(section.position, "section stands here twice");
    if (section.kind == Kind::kReturns && !returns) {
      state.error(section.position, "'Returns' although nothing is returned");
    }
    if (section.kind == Kind::kErrors && !command) state.error(section.position, "'Errors' is for commands only");
  }
}

}  // namespace

void check_docs(State& state) {
  for (const auto& type : state.schema.types) {
    if (!type->doc) continue;
    check(state, *type->doc, subjects_of(*type));
    check_sections(state, *type->doc, false, false);
  }
  for (const auto& command : state.schema.commands) {
    if (!command->doc) continue;
    check(state, *command->doc, subjects_of(command->features, command->arguments));
    check_sections(state, *command->doc, command->returns.has_value(), true);
  }
  for (const auto& event : state.schema.events) {
    if (!event->doc) continue;
    check(state, *event->doc, subjects_of(event->features, event->data));
    check_sections(state, *event->doc, false, false);
  }
}

}  // namespace guestd::schema::checking
