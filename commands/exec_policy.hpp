// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "commands/access_rules.hpp"
#include "commands/context.hpp"
#include "commands/exec_arguments.hpp"
#include "commands/exec_start.hpp"

namespace guestd::commands {

/// Asks the policy whether the program of `start` may be started, as this user (the agent's own if there is none) and
/// with these variables of the host. Where programs are restricted it is held afterwards, so that the file which was
/// asked about is the one that is executed. Waits for the name service where users are restricted.
///
/// Restricted programs get no variables of the host but for language and terminal: others (LD_PRELOAD, PATH, ENV) make
/// a program run what nobody has asked about.
Result<void> ask_policy(const Context& context, const std::optional<ExecUser>& user,
                        const std::vector<std::string>& variables, ExecStart& start);

/// Whether the policy would still let the host start this program: then it may also be fed. What was started when there
/// was nothing to ask, or by an earlier agent, is not known well enough.
Result<void> may_feed(const AccessRules& access, const Child& child);

}  // namespace guestd::commands
