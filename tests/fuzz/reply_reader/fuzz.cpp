// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/lib/reply_reader.hpp"
#include "client/main/json_text.hpp"
#include "client/terminal/escape.hpp"
#include "generated/agent/calls.hpp"
#include "protocol/call.hpp"
#include "protocol/event.hpp"

namespace {

template <typename C>
void decode(const guestd::protocol::JsonDocument& message) {
  const auto value = guestd::protocol::returned(message);
  if (value) [[maybe_unused]]
    auto decoded = C::decode(*value);
}

/// Whatever a guest sends: read, decoded as the replies with the most in them, and shown.
void take(guestd::protocol::JsonDocument message) {
  namespace calls = guestd::agent::calls;
  if (guestd::protocol::is_event(message.root())) [[maybe_unused]]
    auto event = guestd::protocol::read_event(message.root());
  decode<calls::Info>(message);
  decode<calls::GetFsinfo>(message);
  decode<calls::NetworkGetInterfaces>(message);
  decode<calls::GuestdExecRead>(message);
  decode<calls::GuestdFileList>(message);
  decode<calls::GuestdFileStat>(message);
  const std::string line = guestd::guestctl::json_line(message.root());
  const std::string shown = guestd::terminal::printable(line);
  for (const char byte : shown) {
    if ((byte >= 0 && byte < 0x20) || byte == 0x7F) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  guestd::client::ReplyReader reader;
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  // In pieces of one size, which the first byte tells.
  const std::size_t piece = data[0] + std::size_t{1};
  while (!input.empty()) {
    std::string_view now = input.substr(0, piece);
    input.remove_prefix(now.size());
    while (auto message = reader.next(now)) {
      if (*message) take(**std::move(message));
    }
  }
  guestd::terminal::printable({reinterpret_cast<const char*>(data), size});
  return 0;
}
