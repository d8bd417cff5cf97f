// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "commands/exec_arguments.hpp"
#include "commands/exec_policy.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "platform/environment.hpp"

namespace guestd::commands {
namespace {

constexpr std::uint16_t kRows = 24;
constexpr std::uint16_t kColumns = 80;

ChildSink sink(const std::optional<GuestdExecOutput>& output) {
  switch (output.value_or(GuestdExecOutput::kCapture)) {
    case GuestdExecOutput::kNone:
      return ChildSink::kNone;
    case GuestdExecOutput::kCapture:
      return ChildSink::kCapture;
    case GuestdExecOutput::kSpool:
      return ChildSink::kSpool;
    case GuestdExecOutput::kMerge:
      break;
  }
  return ChildSink::kMerge;
}

WhenFull when_full(const std::optional<GuestdExecWhenFull>& asked) {
  switch (asked.value_or(GuestdExecWhenFull::kDropOldest)) {
    case GuestdExecWhenFull::kDropOldest:
      return WhenFull::kDropOldest;
    case GuestdExecWhenFull::kDropNewest:
      return WhenFull::kDropNewest;
    case GuestdExecWhenFull::kWait:
      break;
  }
  return WhenFull::kWait;
}

Result<void> put_outputs(const GuestdExecArgs& args, ExecStart& start) {
  if (args.pty) {
    if (args.stdout_ || args.stderr_) return Error{"with 'pty' neither 'stdout' nor 'stderr' can be said"};
    start.terminal = {args.pty->rows.value_or(kRows), args.pty->columns.value_or(kColumns)};
    start.sinks = {ChildSink::kNone, ChildSink::kNone};
  } else {
    start.sinks = {sink(args.stdout_), sink(args.stderr_)};
  }
  const auto is = [&](ChildSink which) { return std::ranges::count(start.sinks, which); };
  if (is(ChildSink::kMerge) == 2) return Error{"'stdout' and 'stderr' cannot both be 'merge'"};
  start.when_full = when_full(args.when_full);
  if (is(ChildSink::kSpool) > 0 && args.when_full && start.when_full != WhenFull::kDropOldest) {
    return Error{"with a spool 'when-full' can only be 'drop-oldest'"};
  }
  if (args.output_limit == std::uint64_t{0}) return Error{"value '0' is invalid for argument output-limit"};
  start.output_bytes = static_cast<std::size_t>(args.output_limit.value_or(0));
  return {};
}

Result<void> put_input(const GuestdExecArgs& args, ExecStart& start) {
  const auto mode = args.stdin_.value_or(args.pty          ? GuestdExecInput::kStream
                                         : args.input_data ? GuestdExecInput::kData
                                                           : GuestdExecInput::kNone);
  if (args.pty && mode != GuestdExecInput::kStream) return Error{"with 'pty' 'stdin' can only be 'stream'"};
  if (mode == GuestdExecInput::kData && !args.input_data) return Error{"Parameter 'input-data' is missing"};
  if (mode == GuestdExecInput::kNone && args.input_data) return Error{"with 'input-data' 'stdin' cannot be 'none'"};
  start.input_streams = mode == GuestdExecInput::kStream;
  start.input_is_given = mode == GuestdExecInput::kData;
  if (!args.input_data) return {};
  const auto input = args.input_data->decode();
  if (!input) return input.error();
  start.input.assign(reinterpret_cast<const char*>(input->data()), input->size());
  return {};
}

Result<void> put_user(const GuestdExecArgs& args, std::optional<ExecUser>& user, ExecStart& start) {
  std::vector<std::string> variables = args.env.value_or(std::vector<std::string>{});
  if (auto checked = check_variables(variables); !checked) return checked;
  const bool clear = args.clear_env.value_or(false);
  if (user) {
    start.process.credentials = user->credentials;
    for (std::string& own : user->variables) {
      const std::string name(platform::variable_name(own));
      if (!clear && platform::find_variable(variables, name) == nullptr) variables.push_back(std::move(own));
    }
  }
  start.process.environment = clear ? std::move(variables) : platform::child_environment(variables);
  start.process.search = search_path(start.process.environment);
  return {};
}

}  // namespace

Result<GuestdExecResult> guestd_exec(Context& context, const GuestdExecArgs& args) {
  ExecStart start;
  if (auto put = put_outputs(args, start); !put) return std::move(put).error();
  if (auto put = put_input(args, start); !put) return std::move(put).error();
  std::optional<ExecUser> user;
  if (args.user || args.group) {
    auto found = find_exec_user(context.host.root, args.user, args.group);
    if (!found) return std::move(found).error();
    user = *std::move(found);
  }
  if (auto put = put_user(args, user, start); !put) return std::move(put).error();
  start.process.path = args.path;
  if (args.args) start.process.arguments = *args.args;
  if (args.cwd) start.process.folder = *args.cwd;
  constexpr std::uint64_t kLongestMs = std::uint64_t{1000} * 60 * 60 * 24 * 365;
  start.time_limit = std::chrono::milliseconds(std::min(args.timeout_ms.value_or(0), kLongestMs));
  const auto allowed = ask_policy(context, user, args.env.value_or(std::vector<std::string>{}), start);
  if (!allowed) return allowed.error();
  const auto pid = context.processes.start(std::move(start));
  if (!pid) return pid.error();
  GuestdExecResult result;
  result.pid = *pid;
  return result;
}

}  // namespace guestd::commands
