// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generated/types.hpp"
#include "platform/block_devices.hpp"

namespace guestd::commands {

/// An address in the terms of the protocol. Every number is there, because a missing one fails the whole call of
/// libvirt.
GuestDiskAddress disk_address(platform::DiskAddress address);

}  // namespace guestd::commands
