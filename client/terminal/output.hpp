// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace guestd::terminal {

/// Where a stream of bytes from a guest goes. On a terminal what would act upon it is escaped (printable_lines()), also
/// where a character comes in two pieces; a file or pipe gets the bytes as they are.
class Output {
 public:
  enum class Form {
    kSafe,  ///< escaped on a terminal
    kRaw,   ///< never: the guest owns the terminal
  };
  Output(int fd, Form form);

  /// Writes everything, and waits for it. False if that is not possible, with errno.
  bool write(std::string_view bytes);
  /// What is left of a character that never became whole.
  bool finish();

 private:
  bool write_all(std::string_view bytes) const;

  int fd_;
  bool escaped_;
  std::string incomplete_;
};

}  // namespace guestd::terminal
