// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/json_reader.hpp"

namespace guestd::protocol {

/// Takes over finished pieces of a reply, so that a large one never exists as a whole.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Empties `piece`. Blocks while the host is slow. False: nobody wants the reply any more, so stop producing it.
  virtual bool take(std::string& piece) = 0;
};

/// Writes JSON in qemu-ga's style: `", "` between members and elements, `": "` after keys, ASCII only, escapes
/// `\" \\ \b \f \n \r \t` and `\uXXXX` in upper case, doubles as `%.17g` (one that is not finite becomes null).
/// Commas are the writer's business: call key() and value functions in order.
class JsonWriter {
 public:
  /// Without a sink everything collects in text().
  explicit JsonWriter(ReplySink* sink = nullptr) : sink_(sink) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name);  ///< names are plain ASCII of the schema or echoed keys; escaped like strings
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void uint(std::uint64_t value);
  void number(double value);
  void string(std::string_view utf8);  ///< invalid UTF-8 becomes \uFFFD
  /// A string that is the base64 of `bytes`.
  void base64(std::span<const std::byte> bytes);
  /// The same in pieces: begin_string(), base64_piece()... (each but the last a multiple of 3 bytes), end_string().
  void begin_string();
  void base64_piece(std::span<const std::byte> bytes);
  void end_string();
  /// Any value, written anew by structure (the echo of an id).
  void value(JsonView any);
  /// A value that is valid JSON text already, as RawJson holds it.
  void json(std::string_view text) {
    separate();
    text_ += text;
  }
  /// Text that is put in as it is, between values.
  void raw(std::string_view text) { text_ += text; }

  /// Takes back what was written since text() was `size` bytes long, for a value that could not be completed.
  void restart(std::size_t size) {
    text_.resize(size);
    needs_comma_ = false;
  }

  [[nodiscard]] std::string& text() { return text_; }
  [[nodiscard]] std::string take_text() { return std::move(text_); }
  /// Whether pieces may leave before the reply is complete.
  [[nodiscard]] bool streams() const { return sink_ != nullptr; }
  /// Hands over what has collected if it is a chunk or more. False: stop, the reply is not wanted.
  bool flush_chunk();

 private:
  void separate();
  void open(char bracket);
  void close(char bracket);
  void escaped(std::string_view utf8);

  ReplySink* sink_;
  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace guestd::protocol
