// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "platform/power.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {

/// What logind (or elogind) answers to an action.
enum class LogindAnswer {
  kBegun,
  kAbsent,      ///< it does not run, or is too old to know the action
  kImpossible,  ///< this machine cannot do it
};

/// Asks logind to act. Inhibitors are passed over; nobody is asked for a password. An error is a refusal; ETIMEDOUT
/// says that nobody knows whether it has begun.
Result<LogindAnswer> act_by_logind(const SystemBus& bus, PowerAction action);

}  // namespace guestd::platform
