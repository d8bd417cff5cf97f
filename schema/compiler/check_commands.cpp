// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

const Type* read_arguments(State& state, const Value& data, Command& command) {
  if (data.is_string()) {
    const auto use = read_type(state, data);
    return use ? use->type : nullptr;
  }
  if (command.boxed) {
    state.error(data.position, "'boxed' needs 'data' to be the name of a type");
    return nullptr;
  }
  ObjectType object;
  object.members = read_members(state, data, command.name);
  if (object.members.empty()) return nullptr;
  auto& type = state.schema.types.emplace_back(std::make_unique<Type>());
  type->position = data.position;
  type->shape = std::move(object);
  return type.get();
}

}  // namespace

void fill_command(State& state, const Definition& definition) {
  const Value& value = *definition.value;
  Command& command = *definition.command;
  if (!check_keys(state, value, "command", {"command"},
                  {"data", "boxed", "returns", "success-response", "gen", "coroutine", "allow-oob", "allow-preconfig",
                   "features"})) {
    return;
  }
  command.features = read_features(state, value);
  command.boxed = read_flag(state, value, "boxed", false);
  command.success_response = read_flag(state, value, "success-response", true);
  command.gen = read_flag(state, value, "gen", true);
  command.coroutine = read_flag(state, value, "coroutine", false);
  command.allow_oob = read_flag(state, value, "allow-oob", false);
  command.allow_preconfig = read_flag(state, value, "allow-preconfig", false);
  if (command.allow_oob && command.coroutine) {
    state.error(value.position, "'allow-oob' and 'coroutine' exclude each other");
  }
  if (const Value* data = value.find("data")) command.arguments = read_arguments(state, *data, command);
  if (command.boxed && value.find("data") == nullptr) state.error(value.position, "'boxed' needs 'data'");
  if (const Value* returns = value.find("returns")) command.returns = read_type(state, *returns);
}

}  // namespace guestd::schema::checking
