// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace guestd::terminal {

/// A terminal whose keys come as they are typed, Ctrl-C included; as it was before at the end of its life. Does nothing
/// to what is no terminal.
class RawMode {
 public:
  explicit RawMode(int fd);
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode();

 private:
  int fd_;
  std::optional<termios> before_;
};

struct WindowSize {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
};
/// Nothing if `fd` is no terminal, or one without a size.
std::optional<WindowSize> window_size(int fd);

/// Asks on the controlling terminal, without echo. Without a terminal it is an error: secrets of scripts come on
/// standard input.
Result<std::string> ask_secret(const std::string& prompt);

}  // namespace guestd::terminal
