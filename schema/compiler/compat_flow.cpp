// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/compat_flow.hpp"

#include <algorithm>
#include <unordered_map>

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

using Values = std::unordered_map<std::string_view, const EnumType::Value*>;

Values by_name(const EnumType& enumeration) {
  Values values;
  for (const auto& value : enumeration.values) values.emplace(value.name, &value);
  return values;
}

using MembersByName = std::unordered_map<std::string_view, const Member*>;

MembersByName by_name(const std::vector<const Member*>& members) {
  MembersByName result;
  for (const Member* member : members) result.emplace(member->name, member);
  return result;
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

const Type* union_branch(const ObjectType& object, std::string_view value) {
  const auto* branch = find_branch(object, value);
  return branch != nullptr && branch->type->is_union() ? branch->type : nullptr;
}

bool is_whole(const std::string& path) { return path.empty() || path == "[]"; }

/// Long paths keep their end only, so that a deep schema takes no more memory than it has types.
std::string joined(const std::string& path, const std::string& name) {
  constexpr std::size_t kLongestPath = 300;
  if (is_whole(path)) return name;
  return path.size() > kLongestPath ? "(...)." + name : path + "." + name;
}

}  // namespace

void Flow::run(const Place& old_place, const Place& new_place) {
  compare(old_place, new_place, "");
  // Not by recursion: schemas may be deep.
  for (; !pending_.empty(); pending_.pop_front()) {
    const Pair next = std::move(pending_.front());
    if (is_alternate(next.old_place.use) || is_alternate(next.new_place.use)) {
      compare_alternates(next.old_place, next.new_place, next.path);
    } else {
      compare_objects(next.old_place.use.type, next.new_place.use.type, next.path);
    }
  }
}

void Flow::compare(const Place& old_place, const Place& new_place, const std::string& path) {
  if (is_unknown(old_place.use) || is_unknown(new_place.use)) return;
  if (is_alternate(old_place.use) || is_alternate(new_place.use)) {
    return compare_later(old_place, new_place, path);
  }
  if (old_place.use.list && new_place.use.list) {
    return compare({{old_place.use.type, false}, old_place.position}, {{new_place.use.type, false}, new_place.position},
                   path + "[]");
  }
  if (!old_place.use.list && !new_place.use.list) return compare_types(old_place, new_place, path);
  const TypeUse& reader = sent_ ? new_place.use : old_place.use;
  if (look_of(reader) != Look::kAnything) changed_type(old_place, new_place, path);
}

void Flow::compare_later(const Place& old_place, const Place& new_place, const std::string& path) {
  const auto [old_type, old_list] = old_place.use;
  const auto [new_type, new_list] = new_place.use;
  if (!compared_.emplace(old_type, old_list, new_type, new_list).second) return;
  pending_.push_back({old_place, new_place, path});
}

void Flow::compare_types(const Place& old_place, const Place& new_place, const std::string& path) {
  const Type* old_type = old_place.use.type;
  const Type* new_type = new_place.use.type;
  if (look_of(old_place.use) == Look::kObject && look_of(new_place.use) == Look::kObject) {
    return compare_later(old_place, new_place, path);
  }
  if (old_type == nullptr || new_type == nullptr) return changed_type(old_place, new_place, path);
  if (old_type->enumeration() != nullptr && new_type->enumeration() != nullptr) {
    return compare_enums(*old_type, *new_type, path);
  }
  if (!fits(sent_ ? *old_type : *new_type, sent_ ? *new_type : *old_type)) changed_type(old_place, new_place, path);
}

/// Whatever the writer may choose, the reader must have a choice for.
void Flow::compare_alternates(const Place& old_place, const Place& new_place, const std::string& path) {
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
  const auto before = by_name(*old_type.enumeration());
  const auto now = by_name(*new_type.enumeration());
  for (const auto& value : old_type.enumeration()->values) {
    if (now.contains(value.name) || !sent_) continue;
    add(true, true, value.position, path, "no longer takes value '" + value.name + "'");
  }
  for (const auto& value : new_type.enumeration()->values) {
    if (before.contains(value.name) || sent_) continue;
    add(false, false, value.position, path, "has a new value '" + value.name + "'");
  }
  for (const auto& value : new_type.enumeration()->values) {
    const auto found = before.find(value.name);
    if (found == before.end()) continue;
    note({found->second->features, found->second->condition}, {value.features, value.condition}, value.position,
         subject(path) + ": value '" + value.name + "'");
  }
}

void Flow::compare_objects(const Type* old_type, const Type* new_type, const std::string& path) {
  if (old_type == nullptr || new_type == nullptr) {
    const auto members = [](const Type* type) { return type != nullptr ? all_members(*type->object()) : Members(); };
    return compare_members(members(old_type), members(new_type), path);
  }
  note({old_type->features, old_type->condition}, {new_type->features, new_type->condition}, new_type->position,
       subject(path));
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
  const auto now = by_name(*enum_of_member(new_object, tag));
  for (const auto& value : enum_of_member(old_object, tag)->values) {
    if (!now.contains(value.name)) continue;
    shared = true;
    compare_members(members_in_case(old_object, tag, value.name), members_in_case(new_object, tag, value.name), path);
    compare_nested(union_branch(old_object, value.name), union_branch(new_object, value.name), path);
  }
  if (!shared) compare_members(all_members(old_object), all_members(new_object), path);
}

/// Branches that are unions have cases of their own.
void Flow::compare_nested(const Type* old_branch, const Type* new_branch, const std::string& path) {
  if (old_branch == nullptr || new_branch == nullptr) return;
  compare_later({{old_branch, false}, old_branch->position}, {{new_branch, false}, new_branch->position}, path);
}

void Flow::compare_members(const Members& old_members, const Members& new_members, const std::string& path) {
  const auto before = by_name(old_members);
  const auto now = by_name(new_members);
  for (const Member* member : old_members) {
    const auto found = now.find(member->name);
    if (found != now.end()) {
      compare_member(*member, *found->second, joined(path, member->name));
    } else {
      lost_member(*member, joined(path, member->name));
    }
  }
  for (const Member* member : new_members) {
    if (!before.contains(member->name)) new_member(*member, joined(path, member->name));
  }
}

void Flow::compare_member(const Member& old_member, const Member& new_member, const std::string& path) {
  if (sent_ && old_member.optional && !new_member.optional) {
    add(true, false, new_member.position, path, "became mandatory");
  }
  if (!sent_ && !old_member.optional && new_member.optional) {
    add(true, false, new_member.position, path, "became optional");
  }
  note({old_member.features, old_member.condition}, {new_member.features, new_member.condition}, new_member.position,
       subject(path));
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

void Flow::note(const Marks& before, const Marks& now, Position new_position, const std::string& subject) {
  std::vector<Change> notes;
  compare_marks(before, now, new_position, subject, notes);
  for (auto& each : notes) {
    if (said_.insert(each.text).second) changes_.push_back(std::move(each));
  }
}

void Flow::add(bool breaking, bool in_old, Position position, const std::string& path, const std::string& text) {
  auto line = subject(path) + " " + text;
  if (said_.insert(line).second) changes_.push_back({breaking, in_old, position, std::move(line)});
}

}  // namespace guestd::schema::compat
