// SPDX-License-Identifier: Apache-2.0
// Texts of the kernel about CPUs, memory and devices: each is read or refused, and what is read keeps to what the
// headers promise. The first byte of an input says which parser gets the rest, so that one corpus serves all.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "platform/cpu_times.hpp"
#include "platform/cpus.hpp"
#include "platform/hotplug.hpp"
#include "platform/load.hpp"
#include "platform/memory_blocks.hpp"
#include "platform/memory_figures.hpp"
#include "platform/pressure.hpp"

namespace {

namespace platform = guestd::platform;

void require(bool condition) {
  if (!condition) std::abort();
}

// What JSON can say.
void require_figure(double value) { require(std::isfinite(value) && value >= 0); }

void require_stall(const platform::Stall& stall) {
  require_figure(stall.avg10_percent);
  require_figure(stall.avg60_percent);
  require_figure(stall.avg300_percent);
}

void fuzz_cpu_list(std::string_view text) {
  const auto ranges = platform::parse_cpu_list(text);
  if (!ranges) return;
  for (std::size_t i = 0; i < ranges->size(); ++i) {
    require((*ranges)[i].first <= (*ranges)[i].last);
    require(i == 0 || (*ranges)[i - 1].last < (*ranges)[i].first);
  }
}

void fuzz_event(std::string_view text) {
  const auto event = platform::parse_hotplug_event(text);
  if (!event) return;
  // The name must be the one in the message: it becomes part of a path.
  const std::string_view header = text.substr(0, text.find('\0'));
  const std::string_view number = header.substr(header.find_last_of("yu") + 1);
  require(number.find_first_not_of("0123456789") == std::string_view::npos);
  require(std::strtoull(std::string(number).c_str(), nullptr, 10) == event->device.number);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'c':
      fuzz_cpu_list(text);
      break;
    case 's':
      for (const auto& times : platform::parse_cpu_times(text, 100)) require(times.number >= 0);
      break;
    case 'm':
      (void)platform::parse_meminfo(text);
      break;
    case 'b':
      (void)platform::parse_block_size(text);
      break;
    case 'u':
      fuzz_event(text);
      break;
    case 'l':
      if (const auto load = platform::parse_load_average(text)) {
        require_figure(load->one_minute);
        require_figure(load->five_minutes);
        require_figure(load->fifteen_minutes);
      }
      break;
    case 'p':
      if (const auto pressure = platform::parse_pressure(text)) {
        require_stall(pressure->some);
        if (pressure->full) require_stall(*pressure->full);
      }
      break;
    default:
      break;
  }
  return 0;
}
