// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/access_rules.hpp"
#include "daemon/configuration.hpp"
#include "platform/root.hpp"

namespace guestd::daemon {

/// Patterns are matched against true paths, so one that leads over a link (`/bin/sh`, `/var/run`) matches nothing. That
/// is an error where something was to be taken away, and a warning elsewhere. Only what stands before the first
/// wildcard can be looked at. Comes back in time though a file system does not answer, and then has looked at less.
void check_paths(const platform::Root& root, const commands::AccessRules& rules, Findings& findings);

}  // namespace guestd::daemon
