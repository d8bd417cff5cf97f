// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Where the package looks for hooks.
inline constexpr std::string_view kFreezeHookFolder = "/etc/guestd/freeze.d";

/// As the script: none. What the service of Red Hat's family passes to qemu-ga where freezing has no hook
/// (FSFREEZE_HOOK_PATHNAME in /etc/sysconfig/qemu-ga).
inline constexpr std::string_view kNoFreezeHook = "/dev/null";

/// The programs that are called before a freeze and after a thaw, in the order of freezing: `script`, if there is one
/// (and not kNoFreezeHook), then every executable file of `folder` by name. Passed over are hidden files, files that
/// are not executable, and what editors and package managers leave (`~ .bak .orig .rpmnew .rpmorig .rpmsave .sample
/// .dpkg-*`). A folder that is missing, or "", holds none.
///
/// What runs as root must be in root's hands: a hook, or the folder, that belongs to somebody else (but the running
/// user) or that others can write is an error and not passed over: a freeze without a database's hook would be a lie.
Result<std::vector<std::string>> freeze_hooks(const Root& root, const std::optional<std::string>& script,
                                              const std::string& folder);

/// Whether this file may be run as a hook: `freeze hook <path> is not run: <why>`.
Result<void> check_hook(const Root& root, const std::string& path);

}  // namespace guestd::platform
