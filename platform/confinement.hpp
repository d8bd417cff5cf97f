// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace guestd::platform {

/// A set of capabilities (capabilities(7)): bit n stands for number n.
using Capabilities = std::uint64_t;

inline constexpr Capabilities kAllCapabilities = ~Capabilities{0};

/// `CAP_SYS_TIME`, and the set of it; an empty set for a name that is not known.
[[nodiscard]] Capabilities capability_named(std::string_view name);
/// The names in a set, in the order of their numbers.
[[nodiscard]] std::vector<std::string> capability_names(Capabilities set);

/// What a process gives up for the rest of its life, and all its children with it.
struct Confinement {
  Capabilities capabilities = kAllCapabilities;  ///< what it keeps
  bool may_run_programs = true;
  bool may_set_clock = true;
  bool may_reboot = true;
  /// Whether the lists below are in effect: files, and folders with all below; missing ones are left out. Nobody's
  /// owner, mode or attributes can be changed then, but for fchmod(2) to 0600.
  bool restricts_files = false;
  std::vector<std::string> readable{};
  std::vector<std::string> writable{};  ///< may be read too, and regular files in them made and removed
  std::vector<std::string> sockets{};   ///< folders in which sockets may be made, and files removed
  std::vector<std::string> devices{};   ///< what is in them may be read and written, but nothing made or removed

  /// Whether it gives up anything.
  [[nodiscard]] bool is_any() const { return capabilities != kAllCapabilities; }
};

/// How far a confinement went: an old kernel, or one without Landlock, offers less.
struct Confined {
  bool system_calls = false;
  bool files = false;
};

/// Confines the calling process. Call it before there is a second thread. Besides what `confinement` says, no system
/// call of it works any more that loads code into the kernel or looks into other processes, and unless it may run
/// programs, none that changes mounts, makes name spaces, or sends signals to other processes. Such calls fail with
/// EPERM (clone3(2) with ENOSYS: libc then uses clone(2), whose flags can be looked at). An error means that something
/// of it could not be done though the kernel offers it.
Result<Confined> confine(const Confinement& confinement);

}  // namespace guestd::platform
