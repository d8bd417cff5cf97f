// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/keyboard.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "base/unique_fd.hpp"
#include "client/terminal/signals.hpp"

namespace guestd::terminal {
namespace {

constexpr std::size_t kSecretBytes = 4096;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// No echo for as long as it lives.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    ::tcgetattr(fd_, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() { ::tcsetattr(fd_, TCSAFLUSH, &before_); }

 private:
  int fd_;
  termios before_{};
};

Result<std::string> read_secret(int fd, Signals& interrupts) {
  std::string line;
  for (;;) {
    std::array<pollfd, 2> entries{pollfd{fd, POLLIN, 0}, pollfd{interrupts.fd(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), -1);
    if (interrupts.take()) return Error{"interrupted"};
    char byte = 0;
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == '\n') return line;
    if (line.size() == kSecretBytes) return Error{"that is too long"};
    line += byte;
  }
}

}  // namespace

RawMode::RawMode(int fd) : fd_(fd) {
  termios settings{};
  if (::tcgetattr(fd_, &settings) != 0) return;
  before_ = settings;
  ::cfmakeraw(&settings);
  ::tcsetattr(fd_, TCSADRAIN, &settings);
}

RawMode::~RawMode() {
  if (before_) ::tcsetattr(fd_, TCSADRAIN, &*before_);
}

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return std::nullopt;
  return WindowSize{size.ws_row, size.ws_col};
}

Result<std::string> ask_secret(const std::string& prompt) {
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) return Error::from_errno("there is no terminal to ask on", errno);
  // The terminal is put right before a signal acts.
  Signals interrupts{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  const Silence silence(terminal.get());
  write_all(terminal.get(), prompt);
  return read_secret(terminal.get(), interrupts);
}

}  // namespace guestd::terminal
