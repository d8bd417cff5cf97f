// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/terminal/signals.hpp"

namespace guestd::copy {

struct ProgramEnd {
  std::int64_t status = 0;  ///< as a shell has it: 128 and its number for a signal
  std::string output;
  std::string errors;
};

/// Runs a program in the guest by guest-exec until it ends, however long that takes, in the C locale. A signal ends it,
/// and is an error; so is a program that cannot be started.
Result<ProgramEnd> run_in_guest(const Guest& guest, const std::vector<std::string>& words, terminal::Signals& signals);

}  // namespace guestd::copy
