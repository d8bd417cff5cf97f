// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "commands/freeze_state.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {

using Strings = std::vector<std::string>;

inline constexpr const char* kBootId = "6c4f8d0e-1111-2222-3333-444455556666";

/// A made-up machine with three file systems to freeze (/, /home, /srv), one in memory, and hooks. Everything that
/// would change a machine is only recorded.
class FreezeBench {
 public:
  FreezeBench() {
    fixture_.dir().write("proc/self/mountinfo",
                         "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                         "2 1 8:2 / /home rw - xfs /dev/sda2 rw\n"
                         "3 1 8:3 / /srv rw - ext4 /dev/sda3 rw\n"
                         "4 1 0:40 / /tmp rw - tmpfs tmpfs rw\n");
    fixture_.dir().write("proc/sys/kernel/random/boot_id", std::string(kBootId) + "\n");
    bench_.freeze_settings().hook_folder = "/hooks";
    bench_.restart();
  }

  CommandBench& operator*() { return bench_; }
  CommandBench* operator->() { return &bench_; }
  [[nodiscard]] FreezeState& state() { return bench_.freeze(); }
  [[nodiscard]] const support::TempDir& root() const { return fixture_.dir(); }

  /// An executable hook of this name.
  void hook(const std::string& name) const {
    const std::string path = fixture_.dir().write("hooks/" + name, "#!/bin/sh\n");
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  /// All of them.
  Result<std::int64_t> freeze() { return state().freeze(std::nullopt, "guest-fsfreeze-freeze"); }
  Result<std::int64_t> freeze(const Strings& wanted) { return state().freeze(std::span(wanted), "x"); }
  [[nodiscard]] Strings log() { return bench_.freezer().log(); }
  [[nodiscard]] Strings hook_calls() { return bench_.programs().lines(); }
  [[nodiscard]] bool has_marker() const { return std::filesystem::exists(bench_.state_dir() / "guestd.frozen"); }

 private:
  support::FixtureRoot fixture_;
  CommandBench bench_{fixture_.root()};
};

}  // namespace guestd::commands
