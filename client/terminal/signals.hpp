// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <initializer_list>
#include <optional>

#include "base/unique_fd.hpp"

namespace guestd::terminal {

/// Signals as something to poll for, instead of as something that happens to the process: blocked for as long as this
/// lives, and as they were afterwards. One that came and was not taken acts then.
class Signals {
 public:
  Signals(std::initializer_list<int> numbers);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// Readable when a signal is there.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Does not wait.
  std::optional<int> take();
  /// Whether the one that was taken last came from the terminal, which sends it to the whole process group.
  [[nodiscard]] bool taken_from_terminal() const { return from_terminal_; }
  /// What signals were blocked before: for children.
  [[nodiscard]] const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
  UniqueFd fd_;
  bool from_terminal_ = false;
};

}  // namespace guestd::terminal
