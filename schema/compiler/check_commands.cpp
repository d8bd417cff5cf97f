// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

/// What `data` of a command or event holds; nullptr if that is nothing.
const Type* read_data(State& state, const Value& definition, std::string_view name, bool boxed) {
  const Value* data = definition.find("data");
  if (data == nullptr) {
    if (boxed) state.error(definition.position, "'boxed' needs 'data'");
    return nullptr;
  }
  if (data->is_string()) {
    const auto use = read_type(state, *data);
    return use ? use->type : nullptr;
  }
  if (boxed) {
    state.error(data->position, "'boxed' needs 'data' to be the name of a type");
    return nullptr;
  }
  ObjectType object;
  object.members = read_members(state, *data, name);
  if (object.members.empty()) return nullptr;
  Type& type = state.schema.add_type("");
  type.position = data->position;
  type.shape = std::move(object);
  return &type;
}

}  // namespace

void fill_command(State& state, const Definition& definition) {
  const Value& value = *definition.value;
  Command& command = *definition.command;
  if (!check_keys(state, value, "command",
                  {{"command"},
                   {"data", "boxed", "returns", "success-response", "gen", "coroutine", "allow-oob", "allow-preconfig",
                    "if", "features"}})) {
    return;
  }
  command.features = read_features(state, value);
  command.condition = read_condition(state, value);
  command.boxed = read_flag(state, value, "boxed", false);
  command.success_response = read_flag(state, value, "success-response", true);
  command.gen = read_flag(state, value, "gen", true);
  command.coroutine = read_flag(state, value, "coroutine", false);
  command.allow_oob = read_flag(state, value, "allow-oob", false);
  command.allow_preconfig = read_flag(state, value, "allow-preconfig", false);
  if (command.allow_oob && command.coroutine) {
    state.error(value.position, "'allow-oob' and 'coroutine' exclude each other");
  }
  command.arguments = read_data(state, value, command.name, command.boxed);
  if (const Value* returns = value.find("returns")) command.returns = read_type(state, *returns);
}

void fill_event(State& state, const Definition& definition) {
  const Value& value = *definition.value;
  Event& event = *definition.event;
  if (!check_keys(state, value, "event", {{"event"}, {"data", "boxed", "if", "features"}})) return;
  event.features = read_features(state, value);
  event.condition = read_condition(state, value);
  event.boxed = read_flag(state, value, "boxed", false);
  event.data = read_data(state, value, event.name, event.boxed);
}

}  // namespace guestd::schema::checking
