// SPDX-License-Identifier: Apache-2.0
#include "platform/pressure.hpp"

#include <array>
#include <cerrno>
#include <string>

#include "platform/linux/fields.hpp"

namespace guestd::platform {
namespace {

std::string name_of(PressureOn resource) {
  switch (resource) {
    case PressureOn::kCpu:
      return "cpu";
    case PressureOn::kIo:
      return "io";
    case PressureOn::kMemory:
      break;
  }
  return "memory";
}

bool take_average(std::string_view& line, std::string_view key, double& percent) {
  const std::string_view word = take_word(line);
  return word.starts_with(key) && parse_decimal(word.substr(key.size()), percent);
}

/// `avg10=0.00 avg60=0.00 avg300=0.00 total=0`
std::optional<Stall> parse_stall(std::string_view line) {
  Stall stall;
  if (!take_average(line, "avg10=", stall.avg10_percent)) return std::nullopt;
  if (!take_average(line, "avg60=", stall.avg60_percent)) return std::nullopt;
  if (!take_average(line, "avg300=", stall.avg300_percent)) return std::nullopt;
  constexpr std::string_view kTotal = "total=";
  const std::string_view total = take_word(line);
  if (!total.starts_with(kTotal) || !parse_number(total.substr(kTotal.size()), stall.total_us)) return std::nullopt;
  return stall;
}

}  // namespace

std::optional<Pressure> parse_pressure(std::string_view text) {
  std::optional<Stall> some;
  std::optional<Stall> full;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view kind = take_word(line);
    if (kind == "some") some = parse_stall(line);
    if (kind == "full") full = parse_stall(line);
  }
  if (!some) return std::nullopt;
  return Pressure{*some, full};
}

Result<std::optional<Pressure>> pressure(const Root& root, PressureOn resource) {
  const std::string name = name_of(resource);
  const auto text = root.read_file("/proc/pressure/" + name);
  if (text) {
    const auto parsed = parse_pressure(*text);
    if (parsed) return parsed;
    return Error{"cannot read the pressure on " + name + ": the kernel tells it in an unknown form"};
  }
  // The files can be there and not be opened: a kernel that has PSI and does not use it says EOPNOTSUPP.
  const int code = text.error().errno_value;
  if (code == ENOENT || code == EOPNOTSUPP) return std::optional<Pressure>();
  return Error::from_errno("cannot read the pressure on " + name, code);
}

}  // namespace guestd::platform
