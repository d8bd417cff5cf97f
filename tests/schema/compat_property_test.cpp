// SPDX-License-Identifier: Apache-2.0
// Random schemas with one random change: whether it breaks clients follows from the introspection of both, by rules
// that fit into a few lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schema/compiler/compat.hpp"
#include "tests/schema/compiled.hpp"
#include "tests/schema/random/dice.hpp"
#include "tests/schema/random/model.hpp"

namespace guestd::schema {
namespace {

using random::Entries;
using random::Entry;

constexpr std::uint32_t kModels = 300;

void reach(const Entries& entries, const std::string& name, std::set<std::string>& reached) {
  if (name.empty() || !reached.insert(name).second) return;
  const Entry& entry = entries.at(name);
  if (entry.meta_type != "builtin") reach(entries, entry.detail, reached);
  for (const auto& part : entry.parts) reach(entries, part.type, reached);
  for (const auto& [value, type] : entry.variants) reach(entries, type, reached);
}

/// The types whose values go from the client to the server, or the other way.
std::set<std::string> travelling(const Entries& entries, bool sent) {
  std::set<std::string> reached;
  for (const auto& [name, entry] : entries) {
    if (entry.meta_type == "command") reach(entries, sent ? entry.detail : entry.result, reached);
    if (entry.meta_type == "event" && !sent) reach(entries, entry.detail, reached);
  }
  return reached;
}

bool has_part(const Entries& entries, const std::set<std::string>& names, const std::string& part) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto& parts = entries.at(name).parts;
    return std::any_of(parts.begin(), parts.end(), [&](const auto& each) { return each.name == part; });
  });
}

/// Which ways the member or enum value (names are unique in a model) goes.
struct Ways {
  bool sent = false;
  bool received = false;
};

Ways ways_of(const random::Model& model, const std::string& part) {
  const auto entries = random::expected_introspection(model);
  return {has_part(entries, travelling(entries, true), part), has_part(entries, travelling(entries, false), part)};
}

/// Whether a client of `before` breaks on `now`.
bool breaks(const random::Model& before, const random::Model& now) {
  const auto old_schema = compile(random::print(before, 1), {.legacy = before.legacy});
  const auto new_schema = compile(random::print(now, 1), {.legacy = now.legacy});
  EXPECT_FALSE(old_schema.diagnostics.any()) << testing::PrintToString(old_schema.errors());
  EXPECT_FALSE(new_schema.diagnostics.any()) << testing::PrintToString(new_schema.errors());
  const auto changes = compare(old_schema.schema, new_schema.schema);
  return std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.breaking; });
}

template <typename T>
std::vector<T*> all(random::Model& model) {
  std::vector<T*> result;
  for (auto& definition : model.definitions) {
    if (auto* each = std::get_if<T>(&definition)) result.push_back(each);
  }
  return result;
}

/// The tags of unions, which have to stay as they are.
std::set<std::string> tags(random::Model& model) {
  std::set<std::string> result;
  for (const auto* each : all<random::Union>(model)) result.insert(each->tag);
  return result;
}

/// A member of a struct that may be changed, or nullptr.
random::Member* pick_member(random::Model& model, random::Dice& dice) {
  const auto fixed = tags(model);
  std::vector<random::Member*> members;
  for (auto* each : all<random::Struct>(model)) {
    for (auto& member : each->members) {
      if (!fixed.contains(member.name)) members.push_back(&member);
    }
  }
  return members.empty() ? nullptr : dice.pick(members);
}

/// Calls `check(model, dice)` for many models, until it has said often enough that there was something to check.
template <typename Check>
void for_many_models(Check check) {
  std::size_t checked = 0;
  for (std::uint32_t seed = 0; seed < kModels; ++seed) {
    SCOPED_TRACE(seed);
    random::Dice dice(seed + 7);
    if (check(random::make_model(seed), dice)) ++checked;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(checked, kModels / 4);
}

TEST(CompatProperty, ANewMandatoryMemberBreaksIfItIsSentAndANewOptionalOneNever) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    const bool optional = dice.chance(50);
    dice.pick(all<random::Struct>(now))->members.push_back({"added", {"int", false}, optional, {}});
    EXPECT_EQ(breaks(before, now), !optional && ways_of(now, "added").sent);
    return true;
  });
}

TEST(CompatProperty, TheLossOfAMemberBreaksIfItIsSentOrAClientCountsOnIt) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    const random::Member* picked = pick_member(now, dice);
    if (picked == nullptr) return false;
    const auto lost = *picked;
    for (auto* each : all<random::Struct>(now)) {
      std::erase_if(each->members, [&](const auto& member) { return member.name == lost.name; });
    }
    const auto ways = ways_of(before, lost.name);
    EXPECT_EQ(breaks(before, now), ways.sent || (ways.received && !lost.optional)) << lost.name;
    return true;
  });
}

TEST(CompatProperty, BecomingMandatoryBreaksWhatIsSentAndBecomingOptionalWhatIsReceived) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    random::Member* member = pick_member(now, dice);
    if (member == nullptr) return false;
    member->optional = !member->optional;
    const auto ways = ways_of(before, member->name);
    EXPECT_EQ(breaks(before, now), member->optional ? ways.received : ways.sent) << member->name;
    return true;
  });
}

TEST(CompatProperty, ListsAndSingleValuesBreakEachOtherBothWays) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    random::Member* member = pick_member(now, dice);
    if (member == nullptr || member->use.type == "any") return false;
    member->use.list = !member->use.list;
    const auto ways = ways_of(before, member->name);
    EXPECT_EQ(breaks(before, now), ways.sent || ways.received) << member->name;
    return true;
  });
}

TEST(CompatProperty, TheLossOfAnEnumValueBreaksIfItIsSentAndANewOneNever) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    random::Enum& picked = *dice.pick(all<random::Enum>(now));
    if (dice.chance(30)) {
      picked.values.push_back({"added", {}});
      EXPECT_FALSE(breaks(before, now));
      return true;
    }
    if (picked.values.size() < 2) return false;
    const auto lost = picked.values[dice.roll(picked.values.size())].name;
    std::erase_if(picked.values, [&](const auto& value) { return value.name == lost; });
    for (auto* each : all<random::Union>(now)) {
      std::erase_if(each->branches, [&](const auto& branch) { return branch.value == lost; });
      if (each->branches.empty()) return false;  // no union any more
    }
    EXPECT_EQ(breaks(before, now), ways_of(before, lost).sent) << lost;
    return true;
  });
}

TEST(CompatProperty, TheLossOfACommandOrEventBreaksAndItsReturnDoesNot) {
  for_many_models([](const random::Model& before, random::Dice& dice) {
    auto now = before;
    const auto lost = dice.pick(all<random::Message>(now))->name;
    std::erase_if(now.definitions, [&](const auto& definition) {
      const auto* message = std::get_if<random::Message>(&definition);
      return message != nullptr && message->name == lost;
    });
    EXPECT_TRUE(breaks(before, now)) << lost;
    EXPECT_FALSE(breaks(now, before)) << lost;
    return true;
  });
}

}  // namespace
}  // namespace guestd::schema
