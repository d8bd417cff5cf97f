// SPDX-License-Identifier: Apache-2.0
// The command line of a process that calls itself QEMU: anybody on the host may have written it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "client/lib/machines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words(1);
  for (std::size_t index = 0; index < size; ++index) {
    const char c = static_cast<char>(data[index]);
    if (c == '\n') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  const auto machine = guestd::client::parse_qemu_arguments(words);
  const auto is_from_input = [&](const std::string& text) { return text.size() <= size; };
  if (!is_from_input(machine.name) || !is_from_input(machine.monitor)) std::abort();
  if (machine.agent && !is_from_input(machine.agent->socket)) std::abort();
  return 0;
}
