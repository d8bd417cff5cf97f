// SPDX-License-Identifier: Apache-2.0
// The stream of bytes: however it is cut into reads, the same messages come out, within the limits, and after 0xFF
// everything is forgotten.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "protocol/frame_reader.hpp"

namespace {

using guestd::protocol::FrameReader;

struct Message {
  std::string text;
  FrameReader::Fault fault = FrameReader::Fault::kNone;
  bool operator==(const Message&) const = default;
};

void require(bool condition) {
  if (!condition) std::abort();
}

void feed(FrameReader& reader, std::string_view bytes, std::vector<Message>& messages) {
  while (auto frame = reader.next(bytes)) {
    require(frame->text.size() <= guestd::limits::kMessageBytes);
    messages.push_back({std::string(frame->text.view()), frame->fault});
  }
  require(bytes.empty());
}

/// In pieces whose sizes follow from the input itself.
std::vector<Message> messages_of(std::string_view input, std::size_t piece) {
  FrameReader reader;
  std::vector<Message> messages;
  while (!input.empty()) {
    const std::size_t length = std::min(input.size(), piece);
    feed(reader, input.substr(0, length), messages);
    input.remove_prefix(length);
  }
  return messages;
}

/// Behind the beginning of a large message, which is read to where it stays.
std::vector<Message> messages_behind(std::string_view beginning, std::string_view input, bool in_room) {
  FrameReader reader;
  std::vector<Message> messages;
  feed(reader, beginning, messages);
  require(reader.has_partial() && !reader.room(1).empty());
  while (!input.empty()) {
    const std::size_t length = std::min<std::size_t>(input.size(), 11);
    const auto room = in_room ? reader.room(length) : std::span<char>();
    if (room.empty()) {
      feed(reader, input.substr(0, length), messages);
    } else {
      input.copy(room.data(), length);
      std::string rest;
      if (auto frame = reader.next_in_room(length, rest)) {
        messages.push_back({std::string(frame->text.view()), frame->fault});
      }
      feed(reader, rest, messages);
    }
    input.remove_prefix(length);
  }
  return messages;
}

void require_fresh_after_reset(std::string_view input) {
  constexpr std::string_view kPing = R"({"execute":"guest-ping"})";
  FrameReader reader;
  std::vector<Message> messages;
  feed(reader, input, messages);
  feed(reader, "\xFF", messages);
  require(!reader.has_partial());
  messages.clear();
  feed(reader, kPing, messages);
  require(messages.size() == 1 && messages[0] == (Message{std::string(kPing)}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = messages_of(input, std::max<std::size_t>(size, 1));
  require(messages_of(input, 1) == whole);
  require(messages_of(input, 7) == whole);
  require_fresh_after_reset(input);
  static const std::string beginning = R"({"a": [")" + std::string(std::size_t{128} << 10U, 'x');
  require(messages_behind(beginning, input, true) == messages_behind(beginning, input, false));
  return 0;
}
