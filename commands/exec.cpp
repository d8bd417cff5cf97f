// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <variant>

#include "commands/context.hpp"
#include "commands/exec_arguments.hpp"
#include "commands/exec_policy.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "platform/environment.hpp"

namespace guestd::commands {
namespace {

using Mode = GuestExecCaptureOutputMode;

Mode capture_mode(const std::optional<GuestExecCaptureOutput>& capture) {
  if (!capture) return Mode::kNone;
  if (const bool* flag = std::get_if<bool>(&*capture)) return *flag ? Mode::kSeparated : Mode::kNone;
  return std::get<Mode>(*capture);
}

std::array<ChildSink, 2> sinks_for(Mode mode) {
  const auto kept = [](bool is_kept) { return is_kept ? ChildSink::kCapture : ChildSink::kNone; };
  if (mode == Mode::kMerged) return {ChildSink::kCapture, ChildSink::kMerge};
  return {kept(mode == Mode::kStdout || mode == Mode::kSeparated),
          kept(mode == Mode::kStderr || mode == Mode::kSeparated)};
}

}  // namespace

Result<ExecResult> exec(Context& context, const ExecArgs& args) {
  ExecStart start;
  if (args.input_data) {
    const auto input = args.input_data->decode();
    if (!input) return input.error();
    start.input.assign(reinterpret_cast<const char*>(input->data()), input->size());
    start.input_is_given = true;
  }
  if (args.env) {
    if (auto checked = check_variables(*args.env); !checked) return std::move(checked).error();
  }
  start.process.path = args.path;
  if (args.arg) start.process.arguments = *args.arg;
  start.process.environment = args.env ? *args.env : platform::child_environment({});
  start.process.search = search_path(start.process.environment);
  start.sinks = sinks_for(capture_mode(args.capture_output));
  start.when_full = WhenFull::kDropNewest;
  const auto allowed = ask_policy(context, std::nullopt, args.env.value_or(std::vector<std::string>{}), start);
  if (!allowed) return allowed.error();
  const auto pid = context.processes.start(std::move(start));
  if (!pid) return pid.error();
  ExecResult result;
  result.pid = *pid;
  return result;
}

}  // namespace guestd::commands
