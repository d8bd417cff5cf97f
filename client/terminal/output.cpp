// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/utf8.hpp"
#include "client/terminal/escape.hpp"

namespace guestd::terminal {
namespace {

/// How many bytes at the end begin a character whose rest may still come.
std::size_t incomplete_bytes(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;
    const std::size_t whole = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return whole > back ? back : 0;
  }
  return 0;
}

/// Line ends of programs that think they have a terminal.
std::string without_returns(std::string text) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    if (text[from] == '\r' && from + 1 < text.size() && text[from + 1] == '\n') continue;
    text[to++] = text[from];
  }
  text.resize(to);
  return text;
}

}  // namespace

Output::Output(int fd, Form form) : fd_(fd), escaped_(form == Form::kSafe && ::isatty(fd) == 1) {}

bool Output::write(std::string_view bytes) {
  if (!escaped_) return write_all(bytes);
  std::string text = std::exchange(incomplete_, {});
  text += bytes;
  const std::size_t kept = text.ends_with('\r') ? 1 : incomplete_bytes(text);
  incomplete_ = text.substr(text.size() - kept);
  text.resize(text.size() - kept);
  return write_all(printable_lines(without_returns(std::move(text))));
}

bool Output::finish() { return write_all(printable_lines(std::exchange(incomplete_, {}))); }

bool Output::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Somebody else who has this descriptor made it so.
      pollfd entry{fd_, POLLOUT, 0};
      ::poll(&entry, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace guestd::terminal
