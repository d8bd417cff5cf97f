// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace guestd {

/// `text`, or where it is longer than `limit_bytes` its beginning, cut between two characters, and three dots: for
/// error texts that repeat what a host sent, which may have been 64 MiB.
std::string excerpt(std::string_view text, std::size_t limit_bytes = 1024);

}  // namespace guestd
