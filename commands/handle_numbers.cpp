// SPDX-License-Identifier: Apache-2.0
#include "commands/handle_numbers.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <limits>

#include "base/limits.hpp"
#include "platform/replace_file.hpp"
#include "platform/root.hpp"

namespace guestd::commands {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string state_text(std::int64_t next) { return "[global]\nfd_counter=" + std::to_string(next) + "\n"; }

std::int64_t number_or_first(std::string_view text) {
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max() - HandleNumbers::kBlock;
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc() && end == text.data() + text.size();
  return whole && number >= limits::kFirstFileHandle && number <= kHighest ? number : limits::kFirstFileHandle;
}

/// Follows a key file line by line and remembers the one value that matters.
class StateReader {
 public:
  /// False: no line of a key file.
  bool take(std::string_view line) {
    if (line.empty() || line.front() == '#') return true;
    if (line.front() == '[') return take_group(line);
    const std::size_t equals = line.find('=');
    if (group_.empty() || equals == std::string_view::npos || equals == 0) return false;
    const bool wanted = group_ == "global" && trim(line.substr(0, equals)) == "fd_counter";
    if (wanted) next_ = number_or_first(trim(line.substr(equals + 1)));
    return true;
  }
  [[nodiscard]] std::int64_t next() const { return next_; }

 private:
  bool take_group(std::string_view line) {
    if (line.size() < 3 || line.back() != ']') return false;
    group_ = line.substr(1, line.size() - 2);
    return true;
  }

  std::string_view group_;
  std::int64_t next_ = limits::kFirstFileHandle;
};

}  // namespace

Result<std::int64_t> parse_handle_state(std::string_view text) {
  StateReader reader;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!reader.take(trim(text.substr(0, end)))) return Error{"line " + std::to_string(line) + " is not understood"};
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.next();
}

Result<HandleNumbers> HandleNumbers::load(const std::string& state_dir) {
  const std::string path = state_dir + '/' + "qga.state";
  const auto text = platform::Root::system().read_file(path);
  if (!text && text.error().errno_value != ENOENT) {
    return Error::from_errno("unable to access state file at path " + path, text.error().errno_value);
  }
  const auto next = parse_handle_state(text ? *text : std::string());
  if (!next) return Error{"failed to load persistent state: " + path + ": " + next.error().text};
  HandleNumbers numbers(path, *next);
  if (text) return numbers;
  const auto writable = platform::can_replace_file(path);
  if (!writable) return Error::from_errno("failed to write persistent state to " + path, writable.error().errno_value);
  return numbers;
}

Result<std::int64_t> HandleNumbers::take() {
  if (next_ == reserved_until_ && !write(next_ + kBlock)) return Error{"failed to commit persistent state to disk"};
  return next_++;
}

Result<void> HandleNumbers::release_block() {
  if (next_ == reserved_until_) return {};
  return write(next_);
}

Result<void> HandleNumbers::write(std::int64_t next) {
  auto written = platform::replace_file(path_, state_text(next));
  if (written) reserved_until_ = next;
  return written;
}

}  // namespace guestd::commands
