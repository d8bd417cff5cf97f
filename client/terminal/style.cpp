// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/style.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace guestd::terminal {

bool wants_colour(ColourWish wish, int fd) {
  if (wish != ColourWish::kAuto) return wish == ColourWish::kAlways;
  const char* const refusal = std::getenv("NO_COLOR");
  if (refusal != nullptr && *refusal != '\0') return false;
  const char* const kind = std::getenv("TERM");
  return ::isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace guestd::terminal
