// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace guestd::platform {

/// A number of 128 bits.
struct WideCount {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  bool operator==(const WideCount&) const = default;
};

/// The SMART / health log page of an NVMe disk (NVM Express base specification, log page 02h), in its own units.
struct NvmeSmartLog {
  std::uint8_t critical_warning = 0;  ///< bits
  std::uint16_t temperature = 0;      ///< kelvin
  std::uint8_t available_spare = 0;   ///< percent, as the next two
  std::uint8_t available_spare_threshold = 0;
  std::uint8_t percentage_used = 0;
  WideCount data_units_read;  ///< of 512,000 bytes
  WideCount data_units_written;
  WideCount host_read_commands;
  WideCount host_write_commands;
  WideCount controller_busy_time;  ///< minutes
  WideCount power_cycles;
  WideCount power_on_hours;
  WideCount unsafe_shutdowns;
  WideCount media_errors;
  WideCount error_log_entries;
};

inline constexpr std::size_t kNvmeSmartLogBytes = 512;
using NvmeSmartPage = std::array<std::byte, kNvmeSmartLogBytes>;

NvmeSmartLog parse_nvme_smart_log(std::span<const std::byte, kNvmeSmartLogBytes> page);

/// Asks disks for their health. Thread-safe.
class NvmeDevice {
 public:
  virtual ~NvmeDevice() = default;
  /// The log page of the disk at `node`. Waits for the disk, two seconds at most.
  [[nodiscard]] virtual Result<NvmeSmartPage> smart_page(const std::string& node) const = 0;
};

class SystemNvme final : public NvmeDevice {
 public:
  [[nodiscard]] Result<NvmeSmartPage> smart_page(const std::string& node) const override;
};

}  // namespace guestd::platform
