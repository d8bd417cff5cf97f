// SPDX-License-Identifier: Apache-2.0
#include "commands/exec_policy.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "platform/accounts.hpp"
#include "platform/environment.hpp"
#include "platform/held_program.hpp"

namespace guestd::commands {
namespace {

/// A user may have several names; the policy has to be content with the one that was said, and with the one that the
/// system has for the number.
Result<std::vector<std::string>> names_of(const Context& context, const std::optional<ExecUser>& user) {
  std::vector<std::string> names;
  if (user && !user->name.empty()) names.push_back(user->name);
  const uid_t uid = user ? user->credentials.uid : ::geteuid();
  auto account = platform::find_account(context.host.root, uid);
  if (!account) return std::move(account).error();
  names.push_back(*account ? (**account).name : std::to_string(uid));
  return names;
}

Result<void> check_users(const AccessRules& access, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (auto allowed = access.check_exec_user(name); !allowed) return allowed;
  }
  return {};
}

Result<void> ask_about_user(const Context& context, const AccessRules& access, const std::optional<ExecUser>& user,
                            ExecStart& start) {
  auto names = names_of(context, user);
  if (!names) return std::move(names).error();
  if (auto allowed = check_users(access, *names); !allowed) return allowed;
  if (user && user->group_is_foreign) {
    return Error::refused("the policy forbids running programs as '" + excerpt(names->front(), 64) +
                          "' with a group that this user is not in (" + std::string(access.exec_users.key) + ")");
  }
  start.identity.users = *std::move(names);
  return {};
}

bool is_harmless(std::string_view variable) {
  constexpr std::array<std::string_view, 5> kNames{"COLUMNS", "LANG", "LANGUAGE", "LINES", "TERM"};
  const auto name = platform::variable_name(variable);
  const bool is_known = std::ranges::find(kNames, name) != kNames.end() || name.starts_with("LC_");
  // A path would name a file that the program reads.
  return is_known && variable.find_first_of("/%") == std::string_view::npos;
}

Result<void> ask_about_variables(const AccessRules& access, const std::vector<std::string>& variables) {
  const auto found = std::ranges::find_if_not(variables, is_harmless);
  if (found == variables.end()) return {};
  return Error::refused("the policy forbids giving programs the variable '" +
                        excerpt(platform::variable_name(*found), 64) + "': it restricts which programs run (" +
                        std::string(access.programs.key) + ")");
}

Result<void> ask_about_program(const Context& context, const AccessRules& access, ExecStart& start) {
  const auto check = [&](const std::string& truth) {
    start.identity.program = truth;
    return access.check_program(truth);
  };
  auto program = platform::hold_program(context.host.root, start.process, check);
  if (!program) return std::move(program).error();
  start.program = *std::move(program);
  return {};
}

Result<void> ask(const Context& context, const std::optional<ExecUser>& user, const std::vector<std::string>& variables,
                 ExecStart& start) {
  const auto settings = context.settings.now();
  const AccessRules& access = settings->access;
  if (access.restricts_exec_users()) {
    if (auto allowed = ask_about_user(context, access, user, start); !allowed) return allowed;
  }
  if (!access.restricts_programs()) return {};
  if (auto allowed = ask_about_variables(access, variables); !allowed) return allowed;
  return ask_about_program(context, access, start);
}

}  // namespace

Result<void> ask_policy(const Context& context, const std::optional<ExecUser>& user,
                        const std::vector<std::string>& variables, ExecStart& start) {
  auto allowed = ask(context, user, variables, start);
  if (allowed || allowed.error().kind != Error::Kind::kRefused) return allowed;
  return std::move(allowed).error().with_context("failed to start '" + excerpt(start.process.path) + "'");
}

Result<void> may_feed(const AccessRules& access, const Child& child) {
  const ProgramIdentity& identity = child.identity();
  const auto unknown = [&](const AccessRule& rule) {
    return Error::refused("the policy forbids input for PID " + std::to_string(child.pid()) +
                          ", which was started before there was this rule (" + std::string(rule.key) + ")");
  };
  if (access.restricts_exec_users()) {
    if (identity.users.empty()) return unknown(access.exec_users);
    if (auto allowed = check_users(access, identity.users); !allowed) return allowed;
  }
  if (!access.restricts_programs()) return {};
  if (identity.program.empty()) return unknown(access.programs);
  return access.check_program(identity.program);
}

}  // namespace guestd::commands
