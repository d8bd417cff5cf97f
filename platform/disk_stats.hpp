// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/device_number.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Requests of one kind since the device came. A sector has 512 bytes; times are in milliseconds.
struct DiskRequests {
  std::uint64_t ios = 0;
  std::uint64_t sectors = 0;
};

/// What kernels before 2.6.25 do not count for partitions.
struct DiskDetails {
  std::uint64_t read_merges = 0;
  std::uint64_t read_ms = 0;
  std::uint64_t write_merges = 0;
  std::uint64_t write_ms = 0;
  std::uint64_t in_progress = 0;
  std::uint64_t busy_ms = 0;
  std::uint64_t weighted_ms = 0;
};

/// Since Linux 4.18.
struct DiscardStats {
  DiskRequests requests;
  std::uint64_t merges = 0;
  std::uint64_t ms = 0;
};

/// Since Linux 5.5.
struct FlushStats {
  std::uint64_t ios = 0;
  std::uint64_t ms = 0;
};

/// One line of /proc/diskstats. What the kernel does not count is absent.
struct DiskStats {
  DeviceNumber number;
  std::string name;
  std::optional<DiskRequests> reads;
  std::optional<DiskRequests> writes;
  std::optional<DiskDetails> details;
  std::optional<DiscardStats> discards;
  std::optional<FlushStats> flushes;
};

/// Reads the text of /proc/diskstats (the kernel's Documentation/admin-guide/iostats.rst), newer fields at the end of
/// a line ignored. A line that is not of that form is skipped.
std::vector<DiskStats> parse_diskstats(std::string_view text);

/// In the order of the file. The error carries errno_value.
Result<std::vector<DiskStats>> disk_stats(const Root& root);

}  // namespace guestd::platform
