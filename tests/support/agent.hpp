// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

/// What tests and benchmarks need to run a whole agent as a process of its own. Set-up that fails throws
/// std::runtime_error: in a test that is the failure, with its reason.
namespace guestd::support {

using namespace std::chrono_literals;

/// How long a test waits for something that ought to happen soon, also on a busy machine or under a sanitizer.
inline constexpr std::chrono::milliseconds kPatience = 20s;

/// Figures of memory and CPU time mean nothing in a sanitizer's build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

/// The agent under test: the environment variable GUESTD, else what the build names (GUESTD_BINARY).
std::string agent_binary();
/// The agent that guestd is compared with, or "" where it is not installed.
std::string peer_binary();

/// A folder of its own, removed with everything in it at the end. On a tmpfs where there is one, because tests must
/// not depend on the speed of a disk.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view content, mode_t mode = 0644) const;

 private:
  std::string path_;
};

/// The content of a small file; "" if it cannot be read.
std::string slurp(const std::string& path);

/// Asks again every few milliseconds until `condition` holds or the time is over; says whether it held.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds timeout = kPatience);

/// How a process ended.
struct Ending {
  bool exited = false;  ///< false: by a signal
  int code = 0;         ///< exit code or number of the signal
  bool operator==(const Ending&) const = default;
};

/// What to start. The descriptors of `inherited` become 3, 4, ... in the process.
struct Launch {
  std::string binary;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< `NAME=value`, in addition to the test's own
  std::vector<int> inherited;
  std::string output;  ///< file for stdout and stderr; "": /dev/null
};

/// A child process. It dies with the test, even if the test crashes.
class Process {
 public:
  Process() = default;
  explicit Process(const Launch& launch);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();  ///< SIGKILL

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Waits for the end; nothing if it did not end in time.
  std::optional<Ending> wait(std::chrono::milliseconds timeout = kPatience);
  [[nodiscard]] bool is_running();

 private:
  pid_t pid_ = -1;
  std::optional<Ending> ending_;
};

/// Memory of a process in KiB.
struct Memory {
  long resident_kib = 0;
  long proportional_kib = 0;
  long peak_kib = 0;  ///< highest resident size since the start or the last reset_peak()
};

Memory memory_of(pid_t pid);
/// The peak starts again at what is resident now.
void reset_peak(pid_t pid);
/// CPU time of all threads, those that ended included.
std::chrono::nanoseconds cpu_time_of(pid_t pid);
/// Context switches of all living threads: an idle process that is woken gains at least one.
std::uint64_t context_switches_of(pid_t pid);
std::size_t threads_of(pid_t pid);

/// Writes a configuration that sets nothing, and returns the variable that makes an agent read it instead of the
/// machine's own.
std::string empty_configuration(const TempFolder& folder);

/// An agent that listens on a Unix socket in a folder of its own, which is also its state directory.
class Agent {
 public:
  struct Options {
    std::string binary = agent_binary();
    std::vector<std::string> arguments{};  ///< behind -m, -p and -t
    std::vector<std::string> environment{};
    bool wait_until_ready = true;
  };

  Agent() : Agent(Options{}) {}
  explicit Agent(Options options);

  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] const TempFolder& folder() const { return folder_; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] Process& process() { return process_; }
  /// What it wrote to stdout and stderr.
  [[nodiscard]] std::string output() const { return slurp(folder_.file("output")); }

  /// SIGTERM, then the end; nothing if it does not end in time.
  std::optional<Ending> stop();
  /// SIGKILL and a new process with the same state directory and socket.
  void crash_and_restart();

 private:
  void start();

  Options options_;
  TempFolder folder_;
  std::string socket_;
  Process process_;
};

/// Throws unless somebody listens on `socket` before the time is over or the process ends.
void wait_until_connectable(const std::string& socket, Process& process);

void sleep_for(std::chrono::milliseconds time);

template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sleep_for(5ms);
  }
  return true;
}

}  // namespace guestd::support
