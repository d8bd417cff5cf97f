// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/checked_open.hpp"
#include "platform/processes.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Takes hold (O_PATH) of the program that `start` means: of its path, or of the first executable file of that name in
/// its search folders. What is relative begins in its folder. `check` has said yes to the path at which the program
/// truly lies; who then executes this descriptor (ProcessStart::program) executes that file, whatever has become of the
/// path. Its errors come back as they are; all others are `Failed to execute child process “<path>” (<reason>)`.
///
/// What the program itself starts is not looked at, nor is the interpreter of a script.
Result<UniqueFd> hold_program(const Root& root, const ProcessStart& start, const PathCheck& check);

}  // namespace guestd::platform
