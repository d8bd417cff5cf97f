// SPDX-License-Identifier: Apache-2.0
// The cursor of guestd-file-list, which a host may have made up.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/folder_page.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cursor = guestd::platform::parse_folder_cursor({reinterpret_cast<const char*>(data), size});
  if (!cursor) return 0;
  if (cursor->place < 0) std::abort();
  if (guestd::platform::parse_folder_cursor(guestd::platform::to_string(*cursor)) != cursor) std::abort();
  return 0;
}
