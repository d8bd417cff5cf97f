// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/units.hpp"

#include <cstdio>
#include <string_view>

namespace guestd::terminal {
namespace {

std::string two_units(long long large, char large_name, long long small, char small_name) {
  char text[48];
  std::snprintf(text, sizeof text, "%lld%c%02lld%c", large, large_name, small, small_name);
  return text;
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "BKMGTPE";
  if (bytes < 1024) return std::to_string(bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be written as 1024 is one of the next unit.
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return decimal_text(value, value < 9.95 ? 1 : 0) + kUnits[unit];
}

std::string decimal_text(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string duration_text(std::chrono::seconds time) {
  const long long seconds = time.count();
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return two_units(seconds / 60, 'm', seconds % 60, 's');
  if (seconds < 86400) return two_units(seconds / 3600, 'h', seconds / 60 % 60, 'm');
  return two_units(seconds / 86400, 'd', seconds / 3600 % 24, 'h');
}

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const double share = static_cast<double>(part) / static_cast<double>(whole) * 100;
  return decimal_text(share, 0) + "%";
}

}  // namespace guestd::terminal
