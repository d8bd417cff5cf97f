// SPDX-License-Identifier: Apache-2.0
#include "platform/load.hpp"

#include <cerrno>

#include "platform/linux/fields.hpp"

namespace guestd::platform {

std::optional<LoadAverage> parse_load_average(std::string_view text) {
  LoadAverage load;
  std::string_view line = take_line(text);
  for (double* value : {&load.one_minute, &load.five_minutes, &load.fifteen_minutes}) {
    if (!parse_decimal(take_word(line), *value)) return std::nullopt;
  }
  return load;
}

// getloadavg(3) reads the same file, and knows no root.
Result<LoadAverage> load_average(const Root& root) {
  constexpr std::string_view kFailed = "cannot query load average";
  const auto text = root.read_file("/proc/loadavg");
  if (!text) return Error::from_errno(kFailed, text.error().errno_value);
  const auto load = parse_load_average(*text);
  if (!load) return Error::from_errno(kFailed, EINVAL);
  return *load;
}

}  // namespace guestd::platform
