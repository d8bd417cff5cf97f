// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// How many tasks ran, wanted to run or waited for a disk, on average over the last time.
struct LoadAverage {
  double one_minute = 0;
  double five_minutes = 0;
  double fifteen_minutes = 0;
};

/// Reads the text of /proc/loadavg (proc(5)); nothing if it does not begin with three numbers.
std::optional<LoadAverage> parse_load_average(std::string_view text);

/// `cannot query load average: <e>`
Result<LoadAverage> load_average(const Root& root);

}  // namespace guestd::platform
