// SPDX-License-Identifier: Apache-2.0
#include "platform/nvme_smart.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace guestd::platform {
namespace {

/// Every byte is its own place, counted from 0.
NvmeSmartPage numbered_page() {
  NvmeSmartPage page{};
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::byte>(i);
  return page;
}

TEST(NvmeSmartLog, IsReadAsTheSpecificationPlacesIt) {
  const NvmeSmartLog log = parse_nvme_smart_log(numbered_page());
  EXPECT_EQ(log.critical_warning, 0);
  EXPECT_EQ(log.temperature, 0x0201);
  EXPECT_EQ(log.available_spare, 3);
  EXPECT_EQ(log.available_spare_threshold, 4);
  EXPECT_EQ(log.percentage_used, 5);
  EXPECT_EQ(log.data_units_read, (WideCount{0x2726252423222120, 0x2f2e2d2c2b2a2928}));
  EXPECT_EQ(log.data_units_written.low, 0x3736353433323130);
  EXPECT_EQ(log.host_read_commands.low, 0x4746454443424140);
  EXPECT_EQ(log.host_write_commands.low, 0x5756555453525150);
  EXPECT_EQ(log.controller_busy_time.low, 0x6766656463626160);
  EXPECT_EQ(log.power_cycles.low, 0x7776757473727170);
  EXPECT_EQ(log.power_on_hours.low, 0x8786858483828180);
  EXPECT_EQ(log.unsafe_shutdowns.low, 0x9796959493929190);
  EXPECT_EQ(log.media_errors.low, 0xa7a6a5a4a3a2a1a0);
  EXPECT_EQ(log.error_log_entries, (WideCount{0xb7b6b5b4b3b2b1b0, 0xbfbebdbcbbbab9b8}));
}

TEST(SystemNvme, SaysWhichNodeIsNoNvmeDisk) {
  EXPECT_EQ(SystemNvme().smart_page("/dev/null").error().text,
            "cannot read the SMART log of /dev/null: Inappropriate ioctl for device");
  EXPECT_EQ(SystemNvme().smart_page("/no/such").error().errno_value, ENOENT);
}

}  // namespace
}  // namespace guestd::platform
