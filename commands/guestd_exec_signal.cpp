// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "commands/context.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "platform/processes.hpp"

namespace guestd::commands {
namespace {

Result<int> signal_number(const GuestdExecSignal& signal) {
  const auto* number = std::get_if<std::int64_t>(&signal);
  const std::string text = number != nullptr ? std::to_string(*number) : std::get<std::string>(signal);
  const auto found = platform::parse_signal(text);
  if (!found) return Error{"'" + excerpt(text, 64) + "' is no signal"};
  return *found;
}

}  // namespace

Result<void> guestd_exec_signal(Context& context, const GuestdExecSignalArgs& args) {
  const auto number = signal_number(args.signal);
  if (!number) return number.error();
  const auto child = context.processes.find(args.pid);
  if (!child) return child.error();
  const auto target = args.target.value_or(GuestdExecTarget::kGroup);
  const auto sent = target == GuestdExecTarget::kAll       ? context.processes.signal_all(**child, *number)
                    : target == GuestdExecTarget::kProcess ? (*child)->signal(platform::SignalTarget::kProcess, *number)
                                                           : (*child)->signal(platform::SignalTarget::kGroup, *number);
  if (!sent) return sent.error();
  return {};
}

}  // namespace guestd::commands
