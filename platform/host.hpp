// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "platform/clock.hpp"
#include "platform/file_labels.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The machine that the agent runs on: all that commands learn and do goes through it. Made once at start, or by a
/// test from a fixture; afterwards it does not change, and its parts are thread-safe.
struct Host {
  Root root;
  std::unique_ptr<const Clock> clock;
  std::string os_release_path;  ///< file to read instead of the usual os-release; empty: the usual ones
  std::unique_ptr<Programs> programs{};
  std::unique_ptr<const FileLabels> labels{};  ///< null: files get the labels that the kernel gives them
};

/// This machine, with what the environment variable QGA_OS_RELEASE says.
Host system_host();

}  // namespace guestd::platform
