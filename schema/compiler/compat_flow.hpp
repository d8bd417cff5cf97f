// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "schema/compiler/compat.hpp"
#include "schema/compiler/model.hpp"

namespace guestd::schema::compat {

/// Which way the values of a type go.
enum class Direction : std::uint8_t {
  kSent,      // arguments: written by an old client, read by the new server
  kReceived,  // results and events: written by the new server, read by an old client
};

/// A place in a schema: a type, where it is used, and how to call that in a message.
struct Place {
  TypeUse use;  // nullptr: no value, which on the wire is an object without members
  Position position;
};

/// What may stand beside nearly everything, and is noted if it changes.
struct Marks {
  const std::vector<Feature>& features;
  const Condition& condition;
};

/// Notes on features that have come or gone, and on another condition. `subject` is what has them.
void compare_marks(const Marks& before, const Marks& now, Position new_position, const std::string& subject,
                   std::vector<Change>& changes);

/// Compares the types of one command or event, in one direction. Each pair of types is looked at once, so types may
/// hold themselves.
class Flow {
 public:
  /// `owner` is `command 'x'`; `member` what its members are called (`argument`), `whole` all of them (`the result`).
  Flow(Direction direction, std::string owner, std::string member, std::string whole, std::vector<Change>& changes)
      : sent_(direction == Direction::kSent),
        owner_(std::move(owner)),
        member_(std::move(member)),
        whole_(std::move(whole)),
        changes_(changes) {}

  void run(const Place& old_place, const Place& new_place);

 private:
  using Members = std::vector<const Member*>;
  struct Pair {
    Place old_place;
    Place new_place;
    std::string path;
  };

  /// `path` leads from the command to the place: `disk.address[]`; empty: the whole.
  void compare(const Place& old_place, const Place& new_place, const std::string& path);
  void compare_later(const Place& old_place, const Place& new_place, const std::string& path);
  void compare_types(const Place& old_place, const Place& new_place, const std::string& path);
  void compare_alternates(const Place& old_place, const Place& new_place, const std::string& path);
  void compare_enums(const Type& old_type, const Type& new_type, const std::string& path);
  void compare_objects(const Type* old_type, const Type* new_type, const std::string& path);
  void compare_cases(const ObjectType& old_object, const ObjectType& new_object, const std::string& tag,
                     const std::string& path);
  void compare_nested(const Type* old_branch, const Type* new_branch, const std::string& path);
  void compare_members(const Members& old_members, const Members& new_members, const std::string& path);
  void compare_member(const Member& old_member, const Member& new_member, const std::string& path);
  void lost_member(const Member& member, const std::string& path);
  void new_member(const Member& member, const std::string& path);
  void changed_type(const Place& old_place, const Place& new_place, const std::string& path);

  [[nodiscard]] std::string subject(const std::string& path) const;
  void note(const Marks& before, const Marks& now, Position new_position, const std::string& subject);
  void add(bool breaking, bool in_old, Position position, const std::string& path, const std::string& text);

  bool sent_;
  std::string owner_;
  std::string member_;
  std::string whole_;
  std::vector<Change>& changes_;
  std::set<std::tuple<const Type*, bool, const Type*, bool>> compared_;  // old type, list of it, new type, list of it
  std::deque<Pair> pending_;    // objects and alternates that have been met and not been compared
  std::set<std::string> said_;  // a member that all branches of a union have in common is met once per branch
};

/// `int`, `list of GuestDisk`, `nothing`.
std::string described(const TypeUse& use);

/// Whether every value of the built-in type, enum or string `from` is one of `to`. Neither is a list, object or
/// alternate.
bool fits(const Type& from, const Type& to);

}  // namespace guestd::schema::compat
