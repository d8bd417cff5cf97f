// SPDX-License-Identifier: Apache-2.0
// The statistics of disks from any text: every device has a name, and counters come in whole groups.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/disk_stats.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& stats : guestd::platform::parse_diskstats(text)) {
    require(!stats.name.empty() && stats.name.find_first_of(" \t\n") == std::string::npos);
    require(stats.reads.has_value() == stats.writes.has_value());
    require(!stats.details || stats.reads);
    require(!stats.discards || stats.details);
    require(!stats.flushes || stats.discards);
  }
  return 0;
}
