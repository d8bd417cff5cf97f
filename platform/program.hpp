// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace guestd::platform {

/// A program that is run to its end. It gets a session of its own (no terminal), `/` as its folder, clean signals, and
/// no file of the agent's.
struct ProgramCall {
  std::string path;                        ///< absolute: nothing is searched for
  std::vector<std::string> arguments{};    ///< behind the name of the program
  std::vector<std::string> environment{};  ///< `NAME=value`, beside the agent's own variables; the same name replaces
  std::string input{};                     ///< what it reads from stdin; it stays in memory
  std::chrono::milliseconds time_limit{std::chrono::seconds(60)};
  /// How much of stdout and stderr (they share a pipe, so the order of lines is that of writing) is kept: the end of
  /// it. The rest is read and forgotten, so that no program ever waits for us.
  std::size_t output_bytes = std::size_t{4} << 10U;
};

/// How a program ended.
struct ProgramEnd {
  enum class How {
    kExited,    ///< `code` is its exit code
    kSignal,    ///< `code` is the number of the signal
    kTimeLimit  ///< it was ended with its whole process group
  };
  How how = How::kExited;
  int code = 0;
  std::string output{};  ///< bytes as they came, at most ProgramCall::output_bytes of them
  bool output_cut = false;
  std::chrono::milliseconds took{};

  [[nodiscard]] bool succeeded() const { return how == How::kExited && code == 0; }
  /// `exit status 3`, `ended by signal 11 (Segmentation fault)`, `not finished after 60 s`; no line break.
  [[nodiscard]] std::string describe() const;
  /// The last lines of the output on one line, ` | ` between them, controls replaced: for error texts and logs.
  [[nodiscard]] std::string last_lines(std::size_t limit_bytes = 512) const;
};

/// Runs programs of the guest. Thread-safe: several may run at once.
///
/// What counts as the end is the end of the program itself: a child of its own that goes on in the background is left
/// alone and keeps nothing waiting, even if it holds on to the output. At the time limit the process group gets
/// SIGTERM and a moment later SIGKILL.
class Programs {
 public:
  virtual ~Programs() = default;
  /// The error tells why it could not be started and names its path: `cannot run /sbin/x: Permission denied`.
  virtual Result<ProgramEnd> run(const ProgramCall& call) = 0;
};

/// The real ones.
class SystemPrograms final : public Programs {
 public:
  Result<ProgramEnd> run(const ProgramCall& call) override;

 private:
  void reap_left_behind();
  void leave_behind(pid_t pid);

  std::mutex mutex_;
  std::vector<pid_t> left_behind_;  // killed, but stuck in the kernel: collected when they come out
};

/// Runs nothing, with `reason`.
std::unique_ptr<Programs> refusing_programs(std::string reason);

}  // namespace guestd::platform
