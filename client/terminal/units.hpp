// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace guestd::terminal {

/// `512`, `1.5K`, `10G`: powers of 1024, three digits at most, as df -h writes them.
std::string size_text(std::uint64_t bytes);

/// `45s`, `3m20s`, `2h05m`, `3d04h`: at most two units.
std::string duration_text(std::chrono::seconds time);

/// With that many digits behind the point.
std::string decimal_text(double value, int digits);

/// `35%`; of nothing it is `-`.
std::string percent_text(std::uint64_t part, std::uint64_t whole);

}  // namespace guestd::terminal
