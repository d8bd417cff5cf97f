// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "protocol/buffer.hpp"

namespace guestd::protocol {

/// Cuts a stream of bytes into messages: JSON values, ended by their own brackets, with or without a newline, in pieces
/// of any size. It knows where strings end and which kind of token may follow which, no more; whether words, numbers
/// and escapes are right is for the parser.
///
///  - 0xFF drops a partial message without a word and starts afresh.
///  - A message that cannot become valid any more, or that exceeds a limit, is reported once as broken, as soon as that
///    is certain. The rest of it is skipped: up to the end of its brackets, of a line at which no bracket or string of
///    it is open, to the start of a line that begins a new object, to a control character, or to something that looks
///    like the start of a request (`{"execute"`): a client that gave up in the middle of a request is often followed by
///    another one on the same line. Until then, or until the next good message, more breakage is not reported.
///
/// Memory: one partial message (limits::kMessageBytes); nothing is kept of what is skipped.
class FrameReader {
 public:
  enum class Fault { kNone, kSyntax, kSize, kTokens, kDepth };

  /// A whole message, or with a fault what there was of it up to the byte that broke it.
  struct Frame {
    Buffer text;
    Fault fault = Fault::kNone;
  };

  /// Reads from the front of `input` until a frame is complete or the input is used up; removes what was read.
  std::optional<Frame> next(std::string_view& input);

  /// In the middle of a large message: where up to `bytes` bytes that follow may be put, which then need not be copied.
  /// Valid until the next call. Otherwise, and where there is no memory for it, it is empty.
  std::span<char> room(std::size_t bytes);

  /// As next() for `count` bytes that stand at the front of room(); what comes behind the message is moved to `rest`.
  std::optional<Frame> next_in_room(std::size_t count, std::string& rest);

  /// Forgets everything, for a new client.
  void reset();

  /// Whether part of a message is waiting for the rest.
  [[nodiscard]] bool has_partial() const { return mode_ == Mode::kMessage; }

 private:
  enum class Mode : std::uint8_t { kIdle, kMessage, kSkip };
  enum class Lexeme : std::uint8_t { kNone, kString, kWord };
  enum class Expect : std::uint8_t { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kSeparatorOrEnd };
  enum class Step : std::uint8_t { kContinue, kComplete, kBroken, kReset };

  /// Recognises `{ "execute"` (either kind of quote) in what is skipped.
  class RequestStart {
   public:
    bool feed(char c);
    void clear() { matched_ = 0; }
    [[nodiscard]] char quote() const { return quote_; }

   private:
    std::size_t matched_ = 0;
    char quote_ = '"';
  };

  /// How a message goes on in some bytes, and how many of them are its own.
  struct Scanned {
    Step outcome = Step::kContinue;
    std::size_t bytes = 0;
  };

  std::optional<Frame> read_message(std::string_view& input);
  Scanned scan(std::string_view input);
  std::optional<Frame> end_of_piece(Step outcome);
  Frame finish_message(Step outcome);
  void begin_message();
  Step string_byte(char c);
  Step step(char c);
  Step token(char c);
  Step open(char c);
  Step close(char c);
  Step value_done();
  Step broken(Fault fault);
  void start_skipping(std::string_view text);
  void skip(std::string_view& input);
  void skip_byte(char c);
  void skip_token(char c);
  void skip_closing(bool brace);
  void end_skip(bool quiet);
  void resume_request();
  [[nodiscard]] bool in_object() const { return depth_ > 0 && objects_[depth_ - 1]; }

  Mode mode_ = Mode::kIdle;
  Lexeme lexeme_ = Lexeme::kNone;
  Expect expect_ = Expect::kValue;
  Fault fault_ = Fault::kNone;
  bool escaped_ = false;     // the previous byte of the string was a backslash
  bool key_ = false;         // the string is a key
  bool quiet_ = false;       // an error was sent for this stretch of input already
  bool line_start_ = false;  // while skipping: the previous byte was a newline
  char quote_ = '"';
  std::size_t depth_ = 0;  // open brackets; while skipping it may exceed the limit
  std::size_t tokens_ = 0;
  std::bitset<limits::kMessageDepth> objects_;  // which of the open brackets are braces
  RequestStart request_start_;
  Buffer text_;
};

}  // namespace guestd::protocol
