// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::platform {

/// Whom a program runs as.
struct Credentials {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups{};  ///< all of them
};

/// A program that is started and then goes on by itself. It gets a session and a process group of its own, all signals
/// as they are by default and none blocked, umask 022, and no descriptor but 0, 1 and 2. (A script that is executed by
/// descriptor keeps that as number 3, and finds `/dev/fd/3` in the place of its own name.)
struct ProcessStart {
  std::string path;                        ///< looked for in `search` if it has no slash; also its argument 0
  std::vector<std::string> arguments{};    ///< behind that
  std::vector<std::string> environment{};  ///< all of it, as NAME=value
  std::string search{};                    ///< folders, separated by colons
  std::string folder{"/"};                 ///< where it starts; that of the user if there are credentials
  std::optional<Credentials> credentials{};
  int program = -1;       ///< held (held_program.hpp): executed in place of what `path` means; -1: that
  int input = -1;         ///< becomes its descriptor 0; -1: /dev/null. Likewise the others
  int output = -1;        ///< 1
  int error = -1;         ///< 2
  bool terminal = false;  ///< `input` is a terminal, which becomes the one of its session
};

/// What identifies a process, even if its number is used again.
struct ProcessBirth {
  pid_t pid = -1;
  std::chrono::nanoseconds not_before{};  ///< CLOCK_BOOTTIME
  std::chrono::nanoseconds not_after{};
};

struct StartedProcess {
  ProcessBirth birth{};
  /// Readable when it has ended. Not valid on kernels before 5.2, which cannot tell.
  UniqueFd pidfd{};
};

/// How a process ended: by itself with a code, or by a signal.
struct ProcessExit {
  bool by_signal = false;
  int code = 0;
  bool operator==(const ProcessExit&) const = default;
};

/// Starts programs of the guest. Thread-safe.
class Processes {
 public:
  virtual ~Processes() = default;
  /// Waits until the program runs or has failed to. Errors, each with its errno: `Failed to execute child process
  /// “<path>” (<reason>)`, `Failed to change to directory “<folder>” (<reason>)`, `cannot ...: <reason>`.
  virtual Result<StartedProcess> start(ProcessStart start) = 0;
};

/// The real ones. To be made before allow_open_files(), since programs get the limit of open files that is found here.
std::unique_ptr<Processes> system_processes();

/// Starts nothing, with `reason`.
std::unique_ptr<Processes> refusing_processes(std::string reason);

/// The paths that `path` can mean, in the order in which they are tried.
std::vector<std::string> program_candidates(const ProcessStart& start);

/// `Failed to execute child process “<path>” (<reason>)`, qemu-ga's text.
Error execute_error(std::string_view path, std::string_view reason, int code = 0);

/// How a child ended, if it has: asked once with an answer, since afterwards the number may belong to another one.
std::optional<ProcessExit> reap(pid_t child);

/// How a process ended that need not be a child, if the kernel still knows (Linux 6.15; its parent may have asked
/// already).
std::optional<ProcessExit> exit_of(int pidfd);

/// Sends a signal to a child that was not reaped yet, or to its process group.
enum class SignalTarget { kProcess, kGroup };
Result<void> send_signal(pid_t child, SignalTarget target, int signal);

/// A process that an earlier agent has started, if it is still there: its pidfd.
std::optional<UniqueFd> find_process(const ProcessBirth& birth);

/// Ticks since the boot at which a process began, in the text of /proc/<pid>/stat (proc(5), field 22).
std::optional<std::uint64_t> parse_start_ticks(std::string_view stat);

/// The number of a signal by name, with or without SIG, in any case (`TERM`, `SIGRTMIN+3`), or in digits; nothing for
/// what is none.
std::optional<int> parse_signal(std::string_view name);

/// Both ends of a pipe or a terminal.
struct DescriptorPair {
  UniqueFd ours{};  ///< does not block
  UniqueFd theirs{};
};
/// A pipe that a program reads, or that it writes.
enum class PipeUse { kProgramReads, kProgramWrites };
Result<DescriptorPair> make_pipe(PipeUse use);
/// A new terminal of that size.
Result<DescriptorPair> make_terminal(std::uint16_t rows, std::uint16_t columns);
/// A second descriptor of the same thing.
Result<UniqueFd> duplicate(const UniqueFd& fd);
Result<void> resize_terminal(int ours, std::uint16_t rows, std::uint16_t columns);

}  // namespace guestd::platform
