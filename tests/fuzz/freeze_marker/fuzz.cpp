// SPDX-License-Identifier: Apache-2.0
// The marker that an agent leaves while frozen: what is accepted comes out the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/freeze_marker.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace guestd::platform;
  const auto marker = parse_freeze_marker({reinterpret_cast<const char*>(data), size});
  if (!marker) {
    if (marker.error().text.empty()) std::abort();
    return 0;
  }
  for (const auto& hook : marker->hooks) {
    if (!hook.starts_with('/')) std::abort();
  }
  const auto again = parse_freeze_marker(format_freeze_marker(*marker));
  if (!again || *again != *marker) std::abort();
  return 0;
}
