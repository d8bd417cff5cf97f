// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/compat_flow.hpp"

#include <algorithm>

namespace guestd::schema::compat {
namespace {

/// What a value looks like in JSON, as far as alternates go by it.
enum class Look : std::uint8_t { kString, kNumber, kBool, kNull, kObject, kArray, kAnything };

Look look_of(const TypeUse& use) {
  if (use.list) return Look::kArray;
  if (use.type == nullptr || use.type->object() != nullptr) return Look::kObject;
  if (use.type->enumeration() != nullptr) return Look::kString;
  switch (use.type->builtin()->json) {
    case BuiltinType::Json::kString:
      return Look::kString;
    case BuiltinType::Json::kNumber:
    case BuiltinType::Json::kInteger:
      return Look::kNumber;
    case BuiltinType::Json::kBool:
      return Look::kBool;
    case BuiltinType::Json::kNull:
      return Look::kNull;
    case BuiltinType::Json::kAny:
      break;
  }
  return Look::kAnything;
}

bool is_alternate(const TypeUse& use) { return !use.list && use.type != nullptr && use.type->alternate() != nullptr; }
bool is_unknown(const TypeUse& use) { return use.type != nullptr && use.type->unresolved; }

/// The types that a value may have: the branches of an alternate, else the type alone.
std::vector<Place> choices(const Place& place) {
  if (!is_alternate(place.use)) return {place};
  std::vector<Place> result;
  for (const auto& branch : place.use.type->alternate()->branches) result.push_back({branch.use, branch.position});
  return result;
}

const Place* find_choice(const std::vector<Place>& places, const TypeUse& use) {
  const auto found = std::find_if(places.begin(), places.end(), [&](const Place& place) {
    const auto look = look_of(place.use);
    return look == Look::kAnything || look == look_of(use);
  });
  return found == places.end() ? nullptr : &*found;
}

const EnumType* enum_of_member(const ObjectType& object, std::string_view name) {
  const Member* member = find_member(object, name);
  return member != nullptr && !member->use.list ? member->use.type->enumeration() : nullptr;
}

bool has_value(const EnumType& enumeration, std::string_view name) {
  return std::any_of(enumeration.values.begin(), enumeration.values.end(),
                     [&](const EnumType::Value& value) { return value.name == name; });
}

/// The members that a value of the object has if member `tag` has this value.
std::vector<const Member*> members_in_case(const ObjectType& object, std::string_view tag, std::string_view value) {
  auto members = all_members(object);
  if (object.discriminator != tag) return members;
  const auto* branch = find_branch(object, value);
  if (branch == nullptr || branch->type->object() == nullptr) return members;
  for (const Member* member : all_members(*branch->type->object())) members.push_back(member);
  return members;
}

const Member* find_in(const std::vector<const Member*>& members, std::string_view name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member* member) { return member->name == name; });
  return found == members.end() ? nullptr : *found;
}

bool is_whole(const std::string& path) { return path.empty() || path == "[]"; }

std::string joined(const std::string& path, const std::string& name) {
  return is_whole(path) ? name : path + "." + name;
}

}  // namespace

void Flow::compare(const Place& old_place, const Place& new_place, const std::string& path) {
  if (is_unknown(old_place.use) || is_unknown(new_place.use)) return;
  if (is_alternate(old_place.use) || is_alternate(new_place.use)) {
    return compare_alternates(old_place, new_place, path);
  }
  if (old_place.use.list && new_place.use.list) {
    return compare({{old_place.use.type, false}, old_place.position}, {{new_place.use.type, false}, new_place.position},
                   path + "[]");
  }
  if (!old_place.use.list && !new_place.use.list) return compare_types(old_place, new_place, path);
  const TypeUse& reader = sent_ ? new_place.use : old_place.use;
  if (look_of(reader) != Look::kAnything) changed_type(old_place, new_place, path);
}

void Flow::compare_types(const Place& old_place, const Place& new_place, const std::string& path) {
  const Type* old_type = old_place.use.type;
  const Type* new_type = new_place.use.type;
  if (look_of(old_place.use) == Look::kObject && look_of(new_place.use) == Look::kObject) {
    return compare_objects(old_type, new_type, path);
  }
  if (old_type == nullptr || new_type == nullptr) return changed_type(old_place, new_place, path);
  if (old_type->enumeration() != nullptr && new_type->enumeration() != nullptr) {
    return compare_enums(*old_type, *new_type, path);
  }
  if (!fits(sent_ ? *old_type : *new_type, sent_ ? *new_type : *old_type)) changed_type(old_place, new_place, path);
}

/// Whatever the writer may choose, the reader must have a choice for.
void Flow::compare_alternates(const Place& old_place, const Place& new_place, const std::string& path) {
  if (!compared_.insert({old_place.use.type, new_place.use.type}).second) return;
  const auto written = choices(sent_ ? old_place : new_place);
  const auto read = choices(sent_ ? new_place : old_place);
  for (const Place& writer : written) {
    const Place* reader = find_choice(read, writer.use);
    if (reader != nullptr) {
      compare(sent_ ? writer : *reader, sent_ ? *reader : writer, path);
    } else if (sent_) {
      add(true, true, writer.position, path, "can no longer be " + described(writer.use));
    } else {
      add(true, false, writer.position, path, "can now be " + described(writer.use));
    }
  }
}

void Flow::compare_enums(const Type& old_type, const Type& new_type, const std::string& path) {
  for (const auto& value : old_type.enumeration()->values) {
    if (has_value(*new_type.enumeration(), value.name) || !sent_) continue;
    add(true, true, value.position, path, "no longer takes value '" + value.name + "'");
  }
  for (const auto& value : new_type.enumeration()->values) {
    if (has_value(*old_type.enumeration(), value.name) || sent_) continue;
    add(false, false, value.position, path, "has a new value '" + value.name + "'");
  }
  for (const auto& value : new_type.enumeration()->values) {
    for (const auto& before : old_type.enumeration()->values) {
      if (value.name != before.name) continue;
      const auto name = subject(path) + ": value '" + value.name + "'";
      compare_features(before.features, value.features, value.position, name, changes_);
      compare_conditions(before.condition, value.condition, value.position, name, changes_);
    }
  }
}

void Flow::compare_objects(const Type* old_type, const Type* new_type, const std::string& path) {
  if (!compared_.insert({old_type, new_type}).second) return;
  if (old_type == nullptr || new_type == nullptr) {
    const auto members = [](const Type* type) { return type != nullptr ? all_members(*type->object()) : Members(); };
    return compare_members(members(old_type), members(new_type), path);
  }
  compare_features(old_type->features, new_type->features, new_type->position, subject(path), changes_);
  const ObjectType& old_object = *old_type->object();
  const ObjectType& new_object = *new_type->object();
  const auto& tag = old_type->is_union() ? old_object.discriminator : new_object.discriminator;
  const bool two_tags = old_type->is_union() && new_type->is_union() && new_object.discriminator != tag;
  if (two_tags) {
    add(true, false, new_type->position, path,
        "is now told apart by '" + new_object.discriminator + "' instead of '" + tag + "'");
  }
  const bool has_cases =
      enum_of_member(old_object, tag) != nullptr && enum_of_member(new_object, tag) != nullptr && !two_tags;
  if (has_cases) return compare_cases(old_object, new_object, tag, path);
  compare_members(all_members(old_object), all_members(new_object), path);
}

/// Member by member for each value of the tag that both know, so that it does not matter whether a member stands among
/// the common ones or in every branch.
void Flow::compare_cases(const ObjectType& old_object, const ObjectType& new_object, const std::string& tag,
                         const std::string& path) {
  bool shared = false;
  for (const auto& value : enum_of_member(old_object, tag)->values) {
    if (!has_value(*enum_of_member(new_object, tag), value.name)) continue;
    shared = true;
    compare_members(members_in_case(old_object, tag, value.name), members_in_case(new_object, tag, value.name), path);
  }
  if (!shared) compare_members(all_members(old_object), all_members(new_object), path);
}

void Flow::compare_members(const Members& old_members, const Members& new_members, const std::string& path) {
  for (const Member* before : old_members) {
    const Member* now = find_in(new_members, before->name);
    if (now != nullptr) {
      compare_member(*before, *now, joined(path, before->name));
    } else {
      lost_member(*before, joined(path, before->name));
    }
  }
  for (const Member* member : new_members) {
    if (find_in(old_members, member->name) == nullptr) new_member(*member, joined(path, member->name));
  }
}

void Flow::compare_member(const Member& old_member, const Member& new_member, const std::string& path) {
  if (sent_ && old_member.optional && !new_member.optional) {
    add(true, false, new_member.position, path, "became mandatory");
  }
  if (!sent_ && !old_member.optional && new_member.optional) {
    add(true, false, new_member.position, path, "became optional");
  }
  std::vector<Change> notes;
  compare_features(old_member.features, new_member.features, new_member.position, subject(path), notes);
  compare_conditions(old_member.condition, new_member.condition, new_member.position, subject(path), notes);
  for (auto& note : notes) {
    if (said_.insert(note.text).second) changes_.push_back(std::move(note));
  }
  compare({old_member.use, old_member.position}, {new_member.use, new_member.position}, path);
}

void Flow::lost_member(const Member& member, const std::string& path) {
  // A result that was never certain to come is not missed.
  add(sent_ || !member.optional, true, member.position, path, "was removed");
}

void Flow::new_member(const Member& member, const std::string& path) {
  if (!sent_) return add(false, false, member.position, path, "is new");
  if (!member.optional) add(true, false, member.position, path, "is new and mandatory");
}

void Flow::changed_type(const Place& old_place, const Place& new_place, const std::string& path) {
  add(true, false, new_place.position, path, "was " + described(old_place.use) + ", is " + described(new_place.use));
}

std::string Flow::subject(const std::string& path) const {
  return owner_ + ": " + (is_whole(path) ? whole_ : member_ + " '" + path + "'");
}

void Flow::add(bool breaking, bool in_old, Position position, const std::string& path, const std::string& text) {
  auto line = subject(path) + " " + text;
  if (said_.insert(line).second) changes_.push_back({breaking, in_old, position, std::move(line)});
}

}  // namespace guestd::schema::compat
