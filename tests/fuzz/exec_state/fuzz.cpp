// SPDX-License-Identifier: Apache-2.0
// What an agent reads of processes: records that an earlier agent has left, /proc/<pid>/stat, and names of signals. A
// record that is one comes back from its text as it was. Input: the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "commands/process_records.hpp"
#include "platform/process_scope.hpp"
#include "platform/processes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto record = guestd::commands::parse_process_record(text)) {
    const auto line = guestd::commands::format_process_record(*record);
    const auto again = guestd::commands::parse_process_record(line);
    if (!again || guestd::commands::format_process_record(*again) != line) std::abort();
    if (line.size() >= guestd::commands::ProcessRecords::kPlaceBytes) std::abort();
  }
  (void)guestd::platform::parse_start_ticks(text);
  (void)guestd::platform::parse_process_kin(text);
  const auto signal = guestd::platform::parse_signal(text);
  if (signal && (*signal < 1 || *signal > 64)) std::abort();
  return 0;
}
