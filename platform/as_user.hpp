// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/result.hpp"
#include "platform/accounts.hpp"

namespace guestd::platform {

/// Does `work` with the rights that a user has to files: user, groups, and none of the capabilities that let root pass
/// over modes and owners (docs/decisions/0011). What is opened in there stays open afterwards. `work` runs on a thread
/// of its own while this one waits, or here if this process is that user. The error is that of the switch.
Result<void> as_user(const Account& account, const std::function<void()>& work);

}  // namespace guestd::platform
