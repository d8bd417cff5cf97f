// SPDX-License-Identifier: Apache-2.0
#include "protocol/frame_reader.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "protocol/json_syntax.hpp"
#include "protocol/string_scan.hpp"

namespace guestd::protocol {
namespace {

constexpr char kReset = static_cast<char>(0xFF);
constexpr std::size_t kLargeMessage = std::size_t{128} << 10U;  // below it, one copy in the caches costs nothing
constexpr std::size_t kPrimedBytes = 64;  // of a broken message in which the next request may have begun already

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_quote(char c) { return c == '"' || c == '\''; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && !is_blank(c); }

// What numbers and bare words consist of.
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
         c == '.' || c == '_';
}

constexpr std::string_view kExecute = "execute";

bool is_scalar(std::string_view word) {
  return word == "true" || word == "false" || word == "null" || is_json_number(word);
}

}  // namespace

std::optional<FrameReader::Frame> FrameReader::next(std::string_view& input) {
  while (!input.empty()) {
    switch (mode_) {
      case Mode::kIdle: {
        const char c = input.front();
        // What begins a line may well be the next client's, which is owed an error of its own.
        if (c == '\n' || c == kReset || (c == '{' && line_start_)) quiet_ = false;
        line_start_ = c == '\n';
        if (is_blank(c) || c == kReset) {
          input.remove_prefix(1);
        } else {
          begin_message();
        }
        break;
      }
      case Mode::kMessage:
        if (auto frame = read_message(input)) return frame;
        break;
      case Mode::kSkip:
        skip(input);
        break;
    }
  }
  return std::nullopt;
}

void FrameReader::reset() {
  text_.clear();
  mode_ = Mode::kIdle;
  quiet_ = false;
}

void FrameReader::begin_message() {
  mode_ = Mode::kMessage;
  lexeme_ = Lexeme::kNone;
  expect_ = Expect::kValue;
  fault_ = Fault::kNone;
  depth_ = 0;
  objects_.reset();
  tokens_ = 0;
}

std::span<char> FrameReader::room(std::size_t bytes) {
  if (mode_ != Mode::kMessage || text_.size() < kLargeMessage) return {};
  try {
    return text_.room(bytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

std::optional<FrameReader::Frame> FrameReader::next_in_room(std::size_t count, std::string& rest) {
  const std::string_view input{text_.data() + text_.size(), count};
  const Scanned scanned = scan(input);
  rest = input.substr(scanned.bytes);
  if (scanned.outcome == Step::kReset) {
    reset();
    return std::nullopt;
  }
  text_.extend(scanned.bytes);
  return end_of_piece(scanned.outcome);
}

std::optional<FrameReader::Frame> FrameReader::read_message(std::string_view& input) {
  const Scanned scanned = scan(input);
  const std::string_view own = input.substr(0, scanned.bytes);
  input.remove_prefix(scanned.bytes);
  if (scanned.outcome == Step::kReset) {
    reset();
    return std::nullopt;
  }
  text_.append(own);
  return end_of_piece(scanned.outcome);
}

FrameReader::Scanned FrameReader::scan(std::string_view input) {
  const char* const begin = input.data();
  const char* const end = begin + input.size();
  const char* position = begin;
  Step outcome = Step::kContinue;
  while (position < end && outcome == Step::kContinue) {
    if (lexeme_ == Lexeme::kString) {
      if (!escaped_) position = find_string_special(position, end, quote_);
      if (position < end) outcome = string_byte(*position++);
    } else {
      const bool in_word = lexeme_ == Lexeme::kWord && depth_ == 0;
      outcome = step(*position);
      // A word that is a message of its own ends before the byte that shows its end.
      if (!in_word || outcome != Step::kComplete) ++position;
    }
  }
  return {outcome, static_cast<std::size_t>(position - begin)};
}

std::optional<FrameReader::Frame> FrameReader::end_of_piece(Step outcome) {
  const bool too_long = text_.size() > limits::kMessageBytes;
  if (outcome == Step::kContinue && !too_long) return std::nullopt;
  if (outcome != Step::kBroken && too_long) fault_ = Fault::kSize;

  const bool was_quiet = quiet_;
  Frame frame = finish_message(outcome);
  if (frame.fault != Fault::kNone && was_quiet) return std::nullopt;
  return frame;
}

FrameReader::Frame FrameReader::finish_message(Step outcome) {
  Frame frame{std::exchange(text_, Buffer()), fault_};
  if (outcome == Step::kComplete && fault_ == Fault::kNone && is_word(frame.text.view().front()) &&
      !is_scalar(frame.text.view())) {
    frame.fault = fault_ = Fault::kSyntax;  // garbage in words is one bad message, not one for each word
    outcome = Step::kBroken;
  }
  if (outcome == Step::kComplete) {
    mode_ = Mode::kIdle;
    quiet_ = false;
  } else {
    start_skipping(frame.text.view());
  }
  return frame;
}

FrameReader::Step FrameReader::string_byte(char c) {
  if (c == kReset) return Step::kReset;
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0xFE) return broken(Fault::kSyntax);
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == quote_) {
    lexeme_ = Lexeme::kNone;
    if (!key_) return value_done();
    expect_ = Expect::kColon;
  }
  return Step::kContinue;
}

FrameReader::Step FrameReader::step(char c) {
  if (lexeme_ == Lexeme::kWord) {
    if (is_word(c)) return Step::kContinue;
    lexeme_ = Lexeme::kNone;
    if (value_done() == Step::kComplete) return Step::kComplete;
  }
  if (is_blank(c)) return Step::kContinue;
  if (c == kReset) return Step::kReset;
  if (++tokens_ > limits::kMessageTokens) return broken(Fault::kTokens);
  return token(c);
}

FrameReader::Step FrameReader::token(char c) {
  const bool value_fits = expect_ == Expect::kValue || expect_ == Expect::kValueOrEnd;
  const bool key_fits = expect_ == Expect::kKey || expect_ == Expect::kKeyOrEnd;
  switch (c) {
    case '{':
    case '[':
      return value_fits ? open(c) : broken(Fault::kSyntax);
    case '}':
    case ']':
      return close(c);
    case ':':
      if (expect_ != Expect::kColon) return broken(Fault::kSyntax);
      expect_ = Expect::kValue;
      return Step::kContinue;
    case ',':
      if (expect_ != Expect::kSeparatorOrEnd) return broken(Fault::kSyntax);
      expect_ = in_object() ? Expect::kKey : Expect::kValue;
      return Step::kContinue;
    default:
      break;
  }
  if (is_quote(c) && (value_fits || key_fits)) {
    lexeme_ = Lexeme::kString;
    quote_ = c;
    key_ = key_fits;
    escaped_ = false;
    return Step::kContinue;
  }
  if (!is_word(c) || !value_fits) return broken(Fault::kSyntax);
  lexeme_ = Lexeme::kWord;
  return Step::kContinue;
}

FrameReader::Step FrameReader::open(char c) {
  if (depth_ == limits::kMessageDepth) return broken(Fault::kDepth);
  objects_[depth_++] = c == '{';
  expect_ = c == '{' ? Expect::kKeyOrEnd : Expect::kValueOrEnd;
  return Step::kContinue;
}

FrameReader::Step FrameReader::close(char c) {
  const bool may_end =
      expect_ == Expect::kSeparatorOrEnd || expect_ == Expect::kValueOrEnd || expect_ == Expect::kKeyOrEnd;
  if (!may_end || depth_ == 0 || in_object() != (c == '}')) return broken(Fault::kSyntax);
  objects_[--depth_] = false;
  return value_done();
}

FrameReader::Step FrameReader::value_done() {
  expect_ = Expect::kSeparatorOrEnd;
  return depth_ == 0 ? Step::kComplete : Step::kContinue;
}

FrameReader::Step FrameReader::broken(Fault fault) {
  fault_ = fault;
  return Step::kBroken;
}

// The byte that broke the message is the last of `text`; its brackets and quotes count for what is skipped.
void FrameReader::start_skipping(std::string_view text) {
  mode_ = Mode::kSkip;
  quiet_ = true;
  if (lexeme_ == Lexeme::kWord) lexeme_ = Lexeme::kNone;
  request_start_.clear();
  const std::string_view tail = text.substr(text.size() - std::min(text.size(), kPrimedBytes));
  for (const char c : tail.substr(0, tail.size() - 1)) request_start_.feed(c);
  line_start_ = tail.size() > 1 && tail[tail.size() - 2] == '\n';
  const char culprit = tail.back();
  if (fault_ == Fault::kSize) return;  // the last byte broke nothing, it only was one too many
  if (culprit == '{' && line_start_) {
    begin_message();
    quiet_ = false;
    step(culprit);
    text_.append({&culprit, 1});
  } else {
    skip_byte(culprit);
  }
}

void FrameReader::skip(std::string_view& input) {
  while (!input.empty() && mode_ == Mode::kSkip) {
    const char c = input.front();
    if (c == '{' && lexeme_ == Lexeme::kNone && (line_start_ || depth_ == 0)) {
      return end_skip(true);
    }
    input.remove_prefix(1);
    skip_byte(c);
  }
}

void FrameReader::skip_byte(char c) {
  if (c == kReset || is_control(c)) return end_skip(c != kReset);
  // In a message that was well-formed but too large it is known what is inside a string.
  const bool is_quoted = fault_ != Fault::kSyntax && lexeme_ == Lexeme::kString;
  if (!is_quoted && request_start_.feed(c)) return resume_request();
  line_start_ = c == '\n';
  if (lexeme_ != Lexeme::kString) return skip_token(c);
  if (c == '\n') return end_skip(true);
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == quote_) {
    lexeme_ = Lexeme::kNone;
  }
}

void FrameReader::skip_token(char c) {
  if (is_quote(c)) {
    lexeme_ = Lexeme::kString;
    quote_ = c;
    escaped_ = false;
  } else if (c == '{' || c == '[') {
    if (depth_ < limits::kMessageDepth) objects_[depth_] = c == '{';
    ++depth_;
  } else if (c == '}' || c == ']') {
    skip_closing(c == '}');
  } else if (c == '\n' && depth_ == 0) {
    end_skip(false);
  }
}

// A bracket closes the innermost one of its kind and all that are open inside that; one without a partner does nothing.
void FrameReader::skip_closing(bool brace) {
  if (depth_ > limits::kMessageDepth) {
    --depth_;
    return;
  }
  const std::size_t open_braces = objects_.count();
  if ((brace ? open_braces : depth_ - open_braces) == 0) return;
  bool closed = false;
  while (!closed) {
    closed = objects_[--depth_] == brace;
    objects_[depth_] = false;
  }
  if (depth_ == 0) end_skip(false);
}

void FrameReader::end_skip(bool quiet) {
  mode_ = Mode::kIdle;
  quiet_ = quiet;
}

void FrameReader::resume_request() {
  const char quote = request_start_.quote();
  end_skip(false);
  begin_message();
  for (const char c : {'{', quote}) step(c);
  lexeme_ = Lexeme::kNone;
  expect_ = Expect::kColon;
  text_.append("{");
  text_.append({&quote, 1});
  text_.append(kExecute);
  text_.append({&quote, 1});
}

bool FrameReader::RequestStart::feed(char c) {
  if (c == '{') {
    matched_ = 1;
  } else if (matched_ == 1 && is_quote(c)) {
    quote_ = c;
    matched_ = 2;
  } else if (matched_ >= 2 && matched_ < 2 + kExecute.size() && c == kExecute[matched_ - 2]) {
    ++matched_;
  } else if (matched_ == 2 + kExecute.size() && c == quote_) {
    matched_ = 0;
    return true;
  } else if (matched_ != 1 || !is_blank(c)) {
    matched_ = 0;
  }
  return false;
}

}  // namespace guestd::protocol
