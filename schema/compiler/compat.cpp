// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/compat.hpp"

#include <algorithm>
#include <memory>

#include "schema/compiler/compat_flow.hpp"

namespace guestd::schema {
namespace {

using compat::Direction;
using compat::Flow;

template <typename T>
const T* find(const std::vector<std::unique_ptr<T>>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each->name == name; });
  return found == all.end() ? nullptr : found->get();
}

void compare_results(const Command& before, const Command& now, const std::string& owner,
                     std::vector<Change>& changes) {
  Flow flow(Direction::kReceived, owner, "member", "the result", changes);
  flow.run({before.returns.value_or(TypeUse{}), before.position}, {now.returns.value_or(TypeUse{}), now.position});
}

void compare_command(const Command& before, const Command& now, std::vector<Change>& changes) {
  const auto owner = "command '" + before.name + "'";
  compat::compare_marks({before.features, before.condition}, {now.features, now.condition}, now.position, owner,
                        changes);
  if (before.allow_oob && !now.allow_oob) {
    changes.push_back({true, false, now.position, owner + " can no longer be executed out of band"});
  }
  if (before.allow_preconfig && !now.allow_preconfig) {
    changes.push_back({true, false, now.position, owner + " can no longer be executed before the configuration"});
  }
  Flow arguments(Direction::kSent, owner, "argument", "the arguments", changes);
  arguments.run({{before.arguments, false}, before.position}, {{now.arguments, false}, now.position});
  compare_results(before, now, owner, changes);
}

void compare_event(const Event& before, const Event& now, std::vector<Change>& changes) {
  const auto owner = "event '" + before.name + "'";
  compat::compare_marks({before.features, before.condition}, {now.features, now.condition}, now.position, owner,
                        changes);
  Flow data(Direction::kReceived, owner, "member", "the data", changes);
  data.run({{before.data, false}, before.position}, {{now.data, false}, now.position});
}

}  // namespace

std::vector<Change> compare(const Schema& old_schema, const Schema& new_schema) {
  std::vector<Change> changes;
  for (const auto& before : old_schema.commands) {
    if (const auto* now = find(new_schema.commands, before->name)) {
      compare_command(*before, *now, changes);
    } else {
      changes.push_back({true, true, before->position, "command '" + before->name + "' was removed"});
    }
  }
  for (const auto& before : old_schema.events) {
    if (const auto* now = find(new_schema.events, before->name)) {
      compare_event(*before, *now, changes);
    } else {
      changes.push_back({true, true, before->position, "event '" + before->name + "' was removed"});
    }
  }
  for (const auto& now : new_schema.commands) {
    if (find(old_schema.commands, now->name) != nullptr) continue;
    changes.push_back({false, false, now->position, "command '" + now->name + "' is new"});
  }
  for (const auto& now : new_schema.events) {
    if (find(old_schema.events, now->name) != nullptr) continue;
    changes.push_back({false, false, now->position, "event '" + now->name + "' is new"});
  }
  return changes;
}

}  // namespace guestd::schema
