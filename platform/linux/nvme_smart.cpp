// SPDX-License-Identifier: Apache-2.0
#include "platform/nvme_smart.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <initializer_list>

#include "base/unique_fd.hpp"

namespace guestd::platform {

namespace {

using Page = std::span<const std::byte, kNvmeSmartLogBytes>;

std::uint64_t little_endian(Page page, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8U | std::to_integer<std::uint64_t>(page[at + i - 1]);
  return number;
}

WideCount wide(Page page, std::size_t at) { return {little_endian(page, at, 8), little_endian(page, at + 8, 8)}; }

nvme_admin_cmd get_smart_page(NvmeSmartPage& page) {
  constexpr std::uint8_t kGetLogPage = 0x02;
  constexpr std::uint32_t kSmartLog = 0x02;
  constexpr std::uint32_t kRetainAsynchronousEvent = 1U << 15U;
  constexpr std::uint32_t kDwords = kNvmeSmartLogBytes / 4 - 1;  // counted from 0
  nvme_admin_cmd command{};
  command.opcode = kGetLogPage;
  command.nsid = 0xFFFFFFFF;  // the whole controller
  command.addr = reinterpret_cast<std::uintptr_t>(page.data());
  command.data_len = kNvmeSmartLogBytes;
  command.cdw10 = kSmartLog | kRetainAsynchronousEvent | kDwords << 16U;
  command.timeout_ms = 2000;
  return command;
}

}  // namespace

NvmeSmartLog parse_nvme_smart_log(Page page) {
  NvmeSmartLog log;
  log.critical_warning = std::to_integer<std::uint8_t>(page[0]);
  log.temperature = static_cast<std::uint16_t>(little_endian(page, 1, 2));
  log.available_spare = std::to_integer<std::uint8_t>(page[3]);
  log.available_spare_threshold = std::to_integer<std::uint8_t>(page[4]);
  log.percentage_used = std::to_integer<std::uint8_t>(page[5]);
  std::size_t at = 32;
  for (WideCount* count : {&log.data_units_read, &log.data_units_written, &log.host_read_commands,
                           &log.host_write_commands, &log.controller_busy_time, &log.power_cycles, &log.power_on_hours,
                           &log.unsafe_shutdowns, &log.media_errors, &log.error_log_entries}) {
    *count = wide(page, at);
    at += 16;
  }
  return log;
}

Result<NvmeSmartPage> SystemNvme::smart_page(const std::string& node) const {
  const UniqueFd disk(::open(node.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!disk.valid()) return Error::from_errno("cannot open " + node, errno);
  NvmeSmartPage page{};
  nvme_admin_cmd command = get_smart_page(page);
  const int status = ::ioctl(disk.get(), NVME_IOCTL_ADMIN_CMD, &command);
  if (status < 0) return Error::from_errno("cannot read the SMART log of " + node, errno);
  // The disk's own status; it has no errno.
  if (status > 0) return Error{node + " refuses its SMART log with status " + std::to_string(status)};
  return page;
}

}  // namespace guestd::platform
