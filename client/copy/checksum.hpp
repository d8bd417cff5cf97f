// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"

namespace guestd::copy {

enum class Sums { kSame, kDifferent, kUnknown };

/// Compares the SHA-256 sums of the first `length` bytes of a file of the guest and of one of the host, which both
/// compute at once. kUnknown where one of them cannot (platform/sha256.hpp).
Result<Sums> compare_sums(GuestFile& theirs, int ours, std::int64_t length);

}  // namespace guestd::copy
