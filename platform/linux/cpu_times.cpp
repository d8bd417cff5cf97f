// SPDX-License-Identifier: Apache-2.0
#include "platform/cpu_times.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "platform/linux/fields.hpp"

namespace guestd::platform {
namespace {

constexpr std::string_view kCpu = "cpu";

std::uint64_t to_ms(std::uint64_t ticks, std::uint64_t ticks_per_second) {
  constexpr std::uint64_t kMsPerSecond = 1000;
  return ticks / ticks_per_second * kMsPerSecond + ticks % ticks_per_second * kMsPerSecond / ticks_per_second;
}

std::optional<CpuTimes> parse_line(std::string_view line, std::uint64_t ticks_per_second) {
  CpuTimes times;
  std::uint64_t number = 0;
  if (!parse_number(take_word(line).substr(kCpu.size()), number)) return std::nullopt;
  if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
  times.number = static_cast<std::int64_t>(number);
  std::uint64_t ticks = 0;
  for (std::uint64_t* value : {&times.user_ms, &times.nice_ms, &times.system_ms, &times.idle_ms}) {
    if (!parse_number(take_word(line), ticks)) return std::nullopt;
    *value = to_ms(ticks, ticks_per_second);
  }
  for (auto* value :
       {&times.iowait_ms, &times.irq_ms, &times.softirq_ms, &times.steal_ms, &times.guest_ms, &times.guest_nice_ms}) {
    if (!parse_number(take_word(line), ticks)) break;
    *value = to_ms(ticks, ticks_per_second);
  }
  return times;
}

/// Larger than Root::read_file() takes: the file has a line per CPU and a number per interrupt.
Result<std::string> read_stat(const Root& root) {
  constexpr std::string_view kFailed = "open(\"/proc/stat\")";
  constexpr std::size_t kLargestBytes = 16U << 20U;
  const auto file = root.open("/proc/stat", O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return Error::from_errno(kFailed, file.error().errno_value);
  std::string text;
  std::array<char, 64U << 10U> piece;
  while (text.size() <= kLargestBytes) {
    const ssize_t count = ::read(file->get(), piece.data(), piece.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return Error::from_errno(kFailed, errno);
    }
  }
  return Error::from_errno(kFailed, EFBIG);
}

}  // namespace

std::vector<CpuTimes> parse_cpu_times(std::string_view text, std::uint64_t ticks_per_second) {
  std::vector<CpuTimes> all;
  while (text.starts_with(kCpu)) {
    if (const auto times = parse_line(take_line(text), ticks_per_second)) all.push_back(*times);
  }
  return all;
}

Result<std::vector<CpuTimes>> cpu_times(const Root& root) {
  const auto text = read_stat(root);
  if (!text) return text.error();
  // USER_HZ is 100 everywhere; the question costs nothing.
  const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
  constexpr std::uint64_t kUserHz = 100;
  return parse_cpu_times(*text, ticks_per_second > 0 ? static_cast<std::uint64_t>(ticks_per_second) : kUserHz);
}

}  // namespace guestd::platform
