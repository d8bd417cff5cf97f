// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/lib/deadline.hpp"
#include "client/terminal/signals.hpp"

namespace guestd::copy {

struct ProgramEnd {
  std::int64_t status = 0;  ///< as a shell has it: 128 and its number for a signal
  std::string output;
  std::string errors;
};

/// A program that guest-exec has started in the guest, in the C locale.
class GuestProgram {
 public:
  /// An error if there is no way to start it; that there is no such program shows as its end, with status 127.
  static Result<GuestProgram> start(const Guest& guest, const std::vector<std::string>& words);

  /// Waits until it ends. A signal ends it, and is an error with EINTR; so does the deadline, as kTimedOut.
  Result<ProgramEnd> wait(terminal::Signals& signals, client::Deadline deadline);

 private:
  GuestProgram(const Guest& guest, std::int64_t pid) : guest_(&guest), pid_(pid) {}
  void kill();

  const Guest* guest_;
  std::int64_t pid_;
};

/// Starts a program and waits for it, however long it takes.
Result<ProgramEnd> run_in_guest(const Guest& guest, const std::vector<std::string>& words, terminal::Signals& signals);

/// What a program says last, which is why it failed.
std::string last_line(std::string text);

}  // namespace guestd::copy
