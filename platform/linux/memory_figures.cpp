// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_figures.hpp"

#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "platform/linux/fields.hpp"
#include "platform/linux/sysfs_folder.hpp"

namespace guestd::platform {
namespace {

constexpr std::uint64_t kKibibyte = 1024;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

struct Field {
  std::string_view name;
  std::optional<std::uint64_t> MemInfo::*member;
};

constexpr std::array kFields{
    Field{"MemTotal", &MemInfo::total_bytes},
    Field{"MemFree", &MemInfo::free_bytes},
    Field{"MemAvailable", &MemInfo::available_bytes},
    Field{"Buffers", &MemInfo::buffers_bytes},
    Field{"Cached", &MemInfo::cached_bytes},
    Field{"FilePages", &MemInfo::cached_bytes},  // what nodes call it
    Field{"SReclaimable", &MemInfo::reclaimable_bytes},
    Field{"Shmem", &MemInfo::shared_bytes},
    Field{"Dirty", &MemInfo::dirty_bytes},
    Field{"SwapTotal", &MemInfo::swap_total_bytes},
    Field{"SwapFree", &MemInfo::swap_free_bytes},
    Field{"AnonHugePages", &MemInfo::transparent_huge_bytes},
};

void parse_meminfo_line(std::string_view line, MemInfo& info) {
  std::string_view name = take_word(line);
  if (name == "Node") {
    take_word(line);
    name = take_word(line);
  }
  std::uint64_t kibibytes = 0;
  if (!parse_number(take_word(line), kibibytes) || kibibytes > kMost / kKibibyte || take_word(line) != "kB") return;
  for (const Field& field : kFields) {
    if (field.name == name) info.*field.member = kibibytes * kKibibyte;
  }
}

std::optional<std::uint64_t> number_in(const SysfsFolder& folder, const std::string& name) {
  const auto text = folder.read(name);
  std::uint64_t number = 0;
  if (!text || !parse_number(*text, number)) return std::nullopt;
  return number;
}

/// `folder` has one folder for each size: hugepages-2048kB.
std::vector<HugePages> huge_pages_in(const Root& root, const std::string& path) {
  std::vector<HugePages> all;
  const auto folder = SysfsFolder::open(root, path);
  if (!folder) return all;
  const auto sizes = folder->numbers("hugepages-", "kB");
  if (!sizes) return all;
  for (const std::uint64_t kibibytes : *sizes) {
    const std::string name = "hugepages-" + std::to_string(kibibytes) + "kB/";
    const auto total = number_in(*folder, name + "nr_hugepages");
    const auto free = number_in(*folder, name + "free_hugepages");
    if (!total || !free || kibibytes > kMost / kKibibyte) continue;
    const std::uint64_t surplus = number_in(*folder, name + "surplus_hugepages").value_or(0);
    all.push_back({kibibytes * kKibibyte, *total, *free, number_in(*folder, name + "resv_hugepages"), surplus});
  }
  return all;
}

std::optional<std::uint64_t> number_at(const Root& root, const std::string& path) {
  const auto text = root.read_file(path);
  std::uint64_t number = 0;
  if (!text || !parse_number(std::string_view(*text).substr(0, text->find('\n')), number)) return std::nullopt;
  return number;
}

}  // namespace

MemInfo parse_meminfo(std::string_view text) {
  MemInfo info;
  while (!text.empty()) parse_meminfo_line(take_line(text), info);
  return info;
}

Result<MemInfo> meminfo(const Root& root) {
  constexpr std::string_view kFailed = "cannot read /proc/meminfo";
  const auto text = root.read_file("/proc/meminfo");
  if (!text) return Error::from_errno(kFailed, text.error().errno_value);
  const MemInfo info = parse_meminfo(*text);
  if (!info.total_bytes || !info.free_bytes) return Error::from_errno(kFailed, EINVAL);
  return info;
}

std::vector<HugePages> huge_pages(const Root& root) { return huge_pages_in(root, "/sys/kernel/mm/hugepages"); }

std::vector<MemoryNode> memory_nodes(const Root& root) {
  const std::string path = "/sys/devices/system/node";
  std::vector<MemoryNode> nodes;
  const auto folder = SysfsFolder::open(root, path);
  if (!folder) return nodes;
  const auto numbers = folder->numbers("node");
  if (!numbers) return nodes;
  for (const std::uint64_t number : *numbers) {
    const std::string node = path + "/node" + std::to_string(number);
    const auto text = root.read_file(node + "/meminfo");
    if (!text) continue;
    const MemInfo info = parse_meminfo(*text);
    if (info.total_bytes && info.free_bytes) nodes.push_back({number, info, huge_pages_in(root, node + "/hugepages")});
  }
  return nodes;
}

std::optional<MemoryLimit> memory_limit(const Root& root) {
  // In version 2 the file of the topmost group says "max" where there is no limit, and is not there at all on the
  // machine itself.
  const std::string second = "/sys/fs/cgroup/";
  if (const auto limit = number_at(root, second + "memory.max")) {
    return MemoryLimit{*limit, number_at(root, second + "memory.current")};
  }
  const std::string first = "/sys/fs/cgroup/memory/";
  const auto limit = number_at(root, first + "memory.limit_in_bytes");
  // In version 1 "no limit" is the largest number of whole pages that fits into 63 bits.
  constexpr std::uint64_t kAsGoodAsNone = std::uint64_t{1} << 62U;
  if (!limit || *limit >= kAsGoodAsNone) return std::nullopt;
  return MemoryLimit{*limit, number_at(root, first + "memory.usage_in_bytes")};
}

}  // namespace guestd::platform
