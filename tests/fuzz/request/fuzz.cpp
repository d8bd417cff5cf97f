// SPDX-License-Identifier: Apache-2.0
// From bytes to the envelope of a request: everything gets a request or an error text, and what was understood comes
// out of the writer as plain ASCII that means the same when it is read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/buffer.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/reply.hpp"
#include "protocol/request.hpp"

namespace {

namespace protocol = guestd::protocol;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string written(protocol::JsonView value) {
  protocol::JsonWriter writer;
  writer.value(value);
  return writer.take_text();
}

void require_plain_ascii(std::string_view text) {
  require(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

std::string read_and_written(const std::string& text) {
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(text));
  require(document.has_value());
  return written(document->root());
}

void require_round_trip(const protocol::JsonDocument& document) {
  const std::string first = written(document.root());
  require_plain_ascii(first);
  // QEMU writes the number -0.0 as -0, which is the integer 0 when it is read: only then does nothing change any more.
  const std::string second = read_and_written(first);
  require(read_and_written(second) == second);
}

/// What the parser takes as a whole must not be cut by the framing, nor refused.
void require_same_borders(std::string_view input) {
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(input));
  if (!document) return;
  const auto type = document->root().type();
  if (type != protocol::JsonType::kObject && type != protocol::JsonType::kArray) return;
  protocol::FrameReader frames;
  const auto frame = frames.next(input);
  require(frame.has_value() && frame->fault == protocol::FrameReader::Fault::kNone);
  require(!frames.next(input) && !frames.has_partial());
  const auto again = protocol::JsonDocument::parse(protocol::Buffer(frame->text.view()));
  require(again.has_value() && written(again->root()) == written(document->root()));
}

void check_error_reply(const guestd::Error& error, const std::optional<protocol::JsonView>& id) {
  protocol::JsonWriter writer;
  protocol::write_error(writer, error, id);
  std::string line = writer.take_text();
  require(!error.text.empty() && line.ends_with("}\n"));
  line.pop_back();
  require_plain_ascii(line);
  require(protocol::JsonDocument::parse(protocol::Buffer(line)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  require_same_borders(input);
  protocol::FrameReader frames;
  protocol::JsonParser parser;
  while (auto frame = frames.next(input)) {
    const auto request = protocol::read_request(*std::move(frame), parser);
    if (!request) {
      check_error_reply(request.error(), std::nullopt);
      continue;
    }
    const protocol::Request& envelope = **request;
    require_round_trip(envelope.document);
    require(envelope.error.has_value() || envelope.document.root().find("execute").has_value());
    if (envelope.error) check_error_reply(*envelope.error, envelope.id);
  }
  return 0;
}
