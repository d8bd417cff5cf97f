// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/copy/settings.hpp"

/// SHA-256 sums of a file of the guest and of one of the host, which both compute at once: by guestd in the guest, else
/// by programs there (guest_sum.hpp), which open the path anew and see what has been flushed or closed. Where one of
/// the sides can compute none, nothing is known of the file, and that is no error.
namespace guestd::copy {

/// What of the first `length` bytes, which both have, can stay when a copy is resumed: all if they are the same, else
/// nothing. Where that cannot be known, the settings hear of it.
Result<std::int64_t> same_beginning(GuestFile& theirs, int ours, std::int64_t length, const Settings& settings);

/// After the copy: an error that speaks of `named` if the first `length` bytes are known to differ.
Result<void> require_same(GuestFile& theirs, int ours, std::int64_t length, const std::string& named);

}  // namespace guestd::copy
