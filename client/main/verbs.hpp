// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "client/main/context.hpp"

namespace guestd::guestctl {

/// What a verb does once its options are read; the result is the exit status. An error is printed by main().
using Action = std::function<Result<int>(Context&)>;

/// One word behind `guestctl`. Adding one: a file client/main/<name>.cpp with a function `Action
/// define_<name>(CLI::App&)` that adds the options and returns what to do, its declaration below, a line in verbs.cpp.
struct Verb {
  std::string_view name;
  std::string_view summary;  ///< half a sentence for `guestctl --help`
  Action (*define)(CLI::App& app);
  /// The first word that is no option begins a program's command line: Context::program.
  bool runs_program = false;
};

/// In the order of `guestctl --help`.
std::span<const Verb> verbs();

Action define_call(CLI::App& app);
Action define_cat(CLI::App& app);
Action define_completion(CLI::App& app);
Action define_cp(CLI::App& app);
Action define_cpu(CLI::App& app);
Action define_doctor(CLI::App& app);
Action define_exec(CLI::App& app);
Action define_freeze(CLI::App& app);
Action define_fs(CLI::App& app);
Action define_halt(CLI::App& app);
Action define_info(CLI::App& app);
Action define_keys(CLI::App& app);
Action define_list(CLI::App& app);
Action define_man(CLI::App& app);
Action define_mem(CLI::App& app);
Action define_net(CLI::App& app);
Action define_passwd(CLI::App& app);
Action define_ping(CLI::App& app);
Action define_qmp(CLI::App& app);
Action define_reboot(CLI::App& app);
Action define_shell(CLI::App& app);
Action define_shutdown(CLI::App& app);
Action define_suspend(CLI::App& app);
Action define_thaw(CLI::App& app);
Action define_time(CLI::App& app);
Action define_top(CLI::App& app);
Action define_trim(CLI::App& app);
Action define_users(CLI::App& app);
Action define_wakeup(CLI::App& app);
Action define_watch(CLI::App& app);

}  // namespace guestd::guestctl
