// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "generated/types.hpp"
#include "platform/freeze_plan.hpp"

/// What a freeze tells about each file system.
namespace guestd::commands {

/// Those of the order first, in it, then those that are left out.
std::vector<GuestdFreezeFilesystem> records_of(const platform::FreezePlan& plan);

/// What was asked for and is no mount point, shortened; nothing if there was no such.
std::optional<std::vector<std::string>> unknown_mountpoints(const platform::FreezePlan& plan);

/// Notes why it is not frozen. True: that is no reason for the others not to be.
bool note_failure(GuestdFreezeFilesystem& record, const Error& error);

void note_thaw(GuestdFreezeFilesystem& record, const Result<void>& thawed);

}  // namespace guestd::commands
