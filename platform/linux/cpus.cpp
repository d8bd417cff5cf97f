// SPDX-License-Identifier: Apache-2.0
#include "platform/cpus.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "platform/linux/fields.hpp"
#include "platform/linux/sysfs_folder.hpp"

namespace guestd::platform {
namespace {

constexpr const char* kCpusFolder = "/sys/devices/system/cpu";

std::optional<CpuRange> parse_range(std::string_view text) {
  CpuRange range;
  const std::size_t dash = text.find('-');
  if (!parse_number(text.substr(0, dash), range.first)) return std::nullopt;
  range.last = range.first;
  if (dash != std::string_view::npos && !parse_number(text.substr(dash + 1), range.last)) return std::nullopt;
  return range.first <= range.last ? std::optional(range) : std::nullopt;
}

bool contains(const std::vector<CpuRange>& ranges, std::uint64_t number) {
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), number,
                       [](std::uint64_t wanted, const CpuRange& range) { return wanted < range.first; });
  return behind != ranges.begin() && number <= std::prev(behind)->last;
}

Result<bool> is_online(const SysfsFolder& folder, const std::string& name) {
  const auto state = folder.read(name + "/online");
  if (state) return !state->starts_with('0');
  return Error::from_errno("pread(\"" + std::string(kCpusFolder) + "/" + name + "/online\")",
                           state.error().errno_value);
}

/// Nothing if the CPU has gone in the meantime. `online`: what the kernel's own list says, if it can be had.
Result<std::optional<Cpu>> find(const SysfsFolder& folder, std::uint64_t number,
                                const std::optional<std::vector<CpuRange>>& online) {
  const std::string name = "cpu" + std::to_string(number);
  Cpu found{static_cast<std::int64_t>(number), true, folder.has(name + "/online")};
  if (!found.can_offline) return folder.has(name) ? std::optional(found) : std::nullopt;
  if (online) {
    found.online = contains(*online, number);
    return std::optional(found);
  }
  const auto state = is_online(folder, name);
  if (!state) return state.error().errno_value == ENOENT ? Result<std::optional<Cpu>>(std::nullopt) : state.error();
  found.online = *state;
  return std::optional(found);
}

}  // namespace

std::optional<std::vector<CpuRange>> parse_cpu_list(std::string_view text) {
  std::vector<CpuRange> ranges;
  text = text.substr(0, text.find('\n'));
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const auto range = parse_range(text.substr(0, comma));
    if (!range || (!ranges.empty() && range->first <= ranges.back().last)) return std::nullopt;
    ranges.push_back(*range);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return ranges;
}

// Which CPUs are online is in one file, so that of each CPU only the presence of its switch has to be asked for.
Result<std::vector<Cpu>> cpus(const Root& root) {
  const std::string failed = std::string("failed to list entries: ") + kCpusFolder;
  const auto folder = SysfsFolder::open(root, kCpusFolder);
  if (!folder) return Error::from_errno(failed, folder.error().errno_value);
  const auto numbers = folder->numbers("cpu");
  if (!numbers) return Error::from_errno(failed, numbers.error().errno_value);
  const auto list = root.read_file(std::string(kCpusFolder) + "/online");
  const auto online = list ? parse_cpu_list(*list) : std::nullopt;
  std::vector<Cpu> all;
  all.reserve(numbers->size());
  for (const std::uint64_t number : *numbers) {
    if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) break;
    auto found = find(*folder, number, online);
    if (!found) return std::move(found).error();
    if (*found) all.push_back(**found);
  }
  return all;
}

Result<Cpu> cpu(const Root& root, std::int64_t number) {
  const std::string name = "cpu" + std::to_string(number);
  const std::string path = std::string(kCpusFolder) + "/" + name;
  const auto folder = SysfsFolder::open(root, path);
  if (!folder) return Error::from_errno("open(\"" + path + "/\")", folder.error().errno_value);
  const auto state = folder->read("online");
  if (state) return Cpu{number, !state->starts_with('0'), true};
  if (state.error().errno_value == ENOENT) return Cpu{number, true, false};
  return Error::from_errno("pread(\"" + path + "//online\")", state.error().errno_value);
}

}  // namespace guestd::platform
