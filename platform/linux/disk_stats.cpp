// SPDX-License-Identifier: Apache-2.0
#include "platform/disk_stats.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace guestd::platform {

namespace {

// A line has less than 300 bytes.
constexpr std::size_t kLargestText = 16U << 20U;

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

template <typename Number>
bool take_number(std::string_view& line, Number& number) {
  const std::string_view word = take_word(line);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return !word.empty() && error == std::errc() && end == word.data() + word.size();
}

/// The numbers behind the name, as far as the kernel has them.
struct Counters {
  std::array<std::uint64_t, 17> at{};
  std::size_t count = 0;
};

bool take_counters(std::string_view line, Counters& counters) {
  while (counters.count < counters.at.size()) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) break;
    if (!take_number(line, counters.at[counters.count])) return false;
    ++counters.count;
  }
  return true;
}

void assign(const Counters& counters, DiskStats& stats) {
  const auto& at = counters.at;
  if (counters.count == 4) {
    stats.reads = DiskRequests{at[0], at[1]};
    stats.writes = DiskRequests{at[2], at[3]};
  }
  if (counters.count >= 11) {
    stats.reads = DiskRequests{at[0], at[2]};
    stats.writes = DiskRequests{at[4], at[6]};
    stats.details = DiskDetails{at[1], at[3], at[5], at[7], at[8], at[9], at[10]};
  }
  if (counters.count >= 15) stats.discards = DiscardStats{{at[11], at[13]}, at[12], at[14]};
  if (counters.count >= 17) stats.flushes = FlushStats{at[15], at[16]};
}

std::optional<DiskStats> parse_line(std::string_view line) {
  DiskStats stats;
  if (!take_number(line, stats.number.major) || !take_number(line, stats.number.minor)) return std::nullopt;
  stats.name = take_word(line);
  Counters counters;
  if (stats.name.empty() || !take_counters(line, counters)) return std::nullopt;
  assign(counters, stats);
  return stats;
}

}  // namespace

std::vector<DiskStats> parse_diskstats(std::string_view text) {
  std::vector<DiskStats> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto stats = parse_line(text.substr(0, end))) all.push_back(*std::move(stats));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

Result<std::vector<DiskStats>> disk_stats(const Root& root) {
  const std::string path = "/proc/diskstats";
  const auto text = root.read_file(path, kLargestText);
  // The words are those of qemu-ga.
  if (!text) return Error::from_errno("open(\"" + path + "\")", text.error().errno_value);
  return parse_diskstats(*text);
}

}  // namespace guestd::platform
