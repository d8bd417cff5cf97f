// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"

namespace guestd::copy {

/// The SHA-256 sum of the first `length` bytes of a file of the guest, by the guest's own head and sha256sum. What
/// keeps the guest from computing it stands in the sum; an error is one of the connection, a signal (EINTR) or the end
/// of the time: that of a piece, and a second more for each MiB. `meanwhile` runs while the guest computes.
Result<GuestSum> sum_by_program(const Guest& guest, const std::string& path, std::int64_t length,
                                const std::function<void()>& meanwhile);

}  // namespace guestd::copy
