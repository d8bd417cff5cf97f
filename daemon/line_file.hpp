// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::daemon {

/// A file that lines are appended to: the log, or the audit trail. A disk may hang, so lines wait in memory for a
/// thread that ends when there was nothing to write for a while. What finds no room there, or on the disk, is counted,
/// and told as soon as there is. Thread-safe.
class LineFile {
 public:
  struct Settings {
    std::string path;
    /// The line that tells how many before it were lost. Called with a lock held.
    std::function<std::string(std::uint64_t lines)> note_of_lost{};
    /// Called on the file's thread if the file cannot be opened again; never after the end of the LineFile.
    std::function<void(const Error&)> on_failure{};
    /// Until use_threads() everything is done at once, on the thread of the caller.
    bool uses_threads = true;
  };

  explicit LineFile(Settings settings);
  /// Does not wait for a thread that is stuck; it owns what it needs.
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// On this thread, which may wait for the disk.
  Result<void> open();
  /// Writes to this from now on; for tests.
  void use(UniqueFd fd);
  /// For a process that must not have threads before.
  void use_threads();

  /// `line` with its newline.
  void write(std::string line);
  /// Opens the file again under its name, perhaps a little later. If that fails, the old one goes on: it is better than
  /// none. The error is only of what was done at once.
  Result<void> reopen();
  /// True: nothing is written or opened from now on, for as long as file systems are frozen. False: it all is.
  Result<void> hold(bool hold);
  /// Waits, for half of kPatience, until what was being written when hold() was called is written.
  void settle();
  /// Waits, for kPatience, until all is written.
  void finish();

  static constexpr std::size_t kWaitingLines = 4096;
  static constexpr std::size_t kWaitingBytes = std::size_t{4} << 20U;
  static constexpr std::chrono::milliseconds kPatience{2000};

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guestd::daemon
