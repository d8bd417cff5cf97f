// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

/// Deeper than any schema has a use for; keeps the work per type bounded.
constexpr std::size_t kMaxBases = 64;
/// Branches of unions that are branches, as often as they are looked at: keeps the work for all types bounded.
constexpr std::size_t kMaxNested = 1'000'000;

class Relations {
 public:
  explicit Relations(State& state) : state_(state) {}

  void run() {
    for (const auto& type : state_.schema.types) {
      if (state_.diagnostics.full()) return;
      if (type->object() != nullptr) object(*type);
      if (type->alternate() != nullptr) alternate(*type);
    }
    for (const auto& command : state_.schema.commands) {
      data(command->position, "arguments of " + quoted(command->name), command->arguments, command->boxed);
      returns(*command);
    }
    for (const auto& event : state_.schema.events) {
      data(event->position, "data of " + quoted(event->name), event->data, event->boxed);
    }
  }

 private:
  using Names = std::unordered_map<std::string, const Member*>;  // by their names in C

  void object(const Type& type) {
    const auto levels = levels_of(type, true);
    if (levels.empty()) return;
    base_clashes(type, levels);
    if (type.is_union()) branches(type, levels);
  }

  /// The type itself, then its base, and so on; empty if one of them is no base, or wrong by itself.
  std::vector<const Type*> levels_of(const Type& type, bool report) {
    const auto failed = [&](std::string text) {
      if (report) state_.error(type.position, std::move(text));
      return std::vector<const Type*>();
    };
    std::vector<const Type*> levels;
    for (const Type* level = &type; level != nullptr; level = level->object()->base) {
      if (state_.unsound.contains(level) || level->unresolved) return {};
      if (level != &type && (level->object() == nullptr || level->is_union())) {
        return failed("base " + quoted(level->name) + " of " + quoted(type.name) + " is not a struct");
      }
      if (level == &type && !levels.empty()) return failed(quoted(type.name) + " is its own base");
      if (std::find(levels.begin(), levels.end(), level) != levels.end()) return {};  // told at those in the circle
      if (levels.size() > kMaxBases) return failed(quoted(type.name) + " has more than 64 bases");
      levels.push_back(level);
    }
    return levels;
  }

  const Names& own_names(const Type& type) {
    const auto [entry, fresh] = names_.try_emplace(&type);
    if (fresh) {
      for (const auto& member : type.object()->members) entry->second.emplace(c_name(member.name), &member);
    }
    return entry->second;
  }

  /// The member of these levels with that name in C, or nullptr.
  const Member* find(const std::vector<const Type*>& levels, const std::string& name, std::size_t first = 0) {
    for (std::size_t index = first; index < levels.size(); ++index) {
      const auto& names = own_names(*levels[index]);
      const auto found = names.find(name);
      if (found != names.end()) return found->second;
    }
    return nullptr;
  }

  void base_clashes(const Type& type, const std::vector<const Type*>& levels) {
    for (const auto& member : type.object()->members) {
      if (const Member* other = find(levels, c_name(member.name), 1)) {
        state_.error(member.position,
                     "member " + quoted(member.name) + " clashes with " + quoted(other->name) + " of the base");
      }
    }
  }

  void branches(const Type& type, const std::vector<const Type*>& levels) {
    const ObjectType& object = *type.object();
    const Type* values = discriminator(type, levels);
    if (values == nullptr) return;
    std::unordered_set<const Type*> checked;  // branches often share their types
    for (const auto& branch : object.branches) {
      if (!enum_names(*values).contains(branch.name)) {
        state_.error(branch.position,
                     "branch " + quoted(branch.name) + " is not a value of enum " + quoted(values->name));
      }
      if (branch.type->unresolved || state_.unsound.contains(branch.type)) continue;
      if (branch.type->object() == nullptr) {
        state_.error(branch.position, "branch " + quoted(branch.name) + " must be a struct or a union");
        continue;
      }
      if (checked.insert(branch.type).second) content_clashes(type, branch, levels, checked);
    }
  }

  /// The enum that the discriminator is of; nullptr after an error.
  const Type* discriminator(const Type& type, const std::vector<const Type*>& levels) {
    const std::string& name = type.object()->discriminator;
    const Member* member = find(levels, c_name(name));
    const auto start = "discriminator " + quoted(name);
    if (member == nullptr || member->name != name) {
      state_.error(type.position, start + " is not a member of the base");
      return nullptr;
    }
    const Type* values = member->use.type;
    if (values->unresolved || state_.unsound.contains(values)) return nullptr;
    if (values->enumeration() == nullptr || member->use.list || member->optional) {
      state_.error(type.position, start + " must be a mandatory member of an enum type");
      return nullptr;
    }
    if (member->condition.kind != Condition::Kind::kAlways) {
      state_.error(type.position, start + " cannot be conditional");
    }
    return values;
  }

  const std::unordered_set<std::string_view>& enum_names(const Type& type) {
    const auto [entry, fresh] = enum_names_.try_emplace(&type);
    if (fresh) {
      for (const auto& value : type.enumeration()->values) entry->second.insert(value.name);
    }
    return entry->second;
  }

  /// Compares with the content of a branch, and if that is a union, with the content of its branches, and so on.
  void content_clashes(const Type& type, const ObjectType::Branch& branch, const std::vector<const Type*>& levels,
                       std::unordered_set<const Type*>& checked) {
    std::vector<const Type*> pending{branch.type};
    while (!pending.empty()) {
      const Type* content = pending.back();
      pending.pop_back();
      if (content == &type) {
        return state_.error(branch.position,
                            "by branch " + quoted(branch.name) + ", " + quoted(type.name) + " is a branch of itself");
      }
      branch_clashes(branch, *content, levels);
      for (const auto& inner : content->object()->branches) {
        if (inner.type->object() == nullptr || !checked.insert(inner.type).second) continue;
        if (++nested_ > kMaxNested) return state_.error(type.position, "too many unions in branches of unions");
        pending.push_back(inner.type);
      }
    }
  }

  static std::size_t count_members(const std::vector<const Type*>& levels) {
    std::size_t count = 0;
    for (const Type* level : levels) count += level->object()->members.size();
    return count;
  }

  /// Goes through the side that has fewer members, since one large struct may be in many unions.
  void branch_clashes(const ObjectType::Branch& branch, const Type& content, const std::vector<const Type*>& outside) {
    const auto inside = levels_of(content, false);
    if (inside.empty()) return;
    const bool swap = count_members(outside) < count_members(inside);
    for (const Type* level : swap ? outside : inside) {
      for (const auto& member : level->object()->members) {
        const Member* other = find(swap ? inside : outside, c_name(member.name));
        if (other == nullptr) continue;
        state_.error(branch.position, "in branch " + quoted(branch.name) + " member " +
                                          quoted(swap ? other->name : member.name) + " clashes with " +
                                          quoted(swap ? member.name : other->name));
      }
    }
  }

  /// The JSON type that a branch of an alternate takes, as a letter; 0 if it is not of one type.
  static char json_type(const TypeUse& use) {
    if (use.list) return 'l';
    if (use.type->enumeration() != nullptr) return 's';
    if (use.type->object() != nullptr) return 'o';
    if (use.type->alternate() != nullptr) return 0;
    switch (use.type->builtin()->json) {
      case BuiltinType::Json::kString:
        return 's';
      case BuiltinType::Json::kNumber:
      case BuiltinType::Json::kInteger:
        return 'n';
      case BuiltinType::Json::kBool:
        return 'b';
      case BuiltinType::Json::kNull:
        return '0';
      case BuiltinType::Json::kAny:
        break;
    }
    return 0;
  }

  void alternate(const Type& type) {
    std::map<char, std::string> taken;
    for (const auto& branch : type.alternate()->branches) {
      const Type& content = *branch.use.type;
      if (!branch.use.list && (content.unresolved || state_.unsound.contains(&content))) continue;
      const char json = json_type(branch.use);
      if (json == 0) {
        state_.error(branch.position, "branch " + quoted(branch.name) + " cannot be told from others by its JSON type");
        continue;
      }
      const auto [entry, fresh] = taken.emplace(json, branch.name);
      if (!fresh) {
        state_.error(branch.position,
                     "branch " + quoted(branch.name) + " has the same JSON type as " + quoted(entry->second));
      }
    }
  }

  void data(Position position, const std::string& what, const Type* type, bool boxed) {
    if (type == nullptr || type->unresolved) return;
    const bool object = type->object() != nullptr;
    if (!object || (type->is_union() && !boxed)) {
      state_.error(position, what + " must be a struct" + (object ? " unless 'boxed' is set" : ""));
    }
  }

  void returns(const Command& command) {
    if (state_.dialect.legacy || !command.returns || command.returns->type->unresolved) return;
    if (state_.loaded.pragmas.command_returns_exceptions.contains(command.name)) return;
    if (command.returns->type->object() == nullptr) {
      state_.error(command.position, quoted(command.name) + " must return an object or a list of objects");
    }
  }

  State& state_;
  std::size_t nested_ = 0;
  std::unordered_map<const Type*, Names> names_;
  std::unordered_map<const Type*, std::unordered_set<std::string_view>> enum_names_;
};

}  // namespace

void check_relations(State& state) { Relations(state).run(); }

}  // namespace guestd::schema::checking
