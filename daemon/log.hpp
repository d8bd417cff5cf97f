// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace guestd::daemon {

/// Where the agent says what happened to it. Quiet by default: nothing is logged for an ordinary request. Never blocks
/// on a log service (on a terminal it may): what the journal or syslog cannot take at once is dropped, and the number
/// of lost lines is told with the next one. After use_threads() it blocks on no log file either. Thread-safe.
class Log {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError };

  struct Settings {
    std::string file;         ///< empty: the journal if there is one, else syslog, else stderr
    bool verbose = false;     ///< debug lines too
    bool foreground = false;  ///< stderr even if there is a journal: a person started the agent in a terminal
    bool held = false;        ///< begins as after hold(), and opens the file only with release()
  };

  /// `unable to open specified log file: <e>`
  static Result<std::unique_ptr<Log>> open(const Settings& settings);
  ~Log();

  void debug(std::string_view text) { write(Level::kDebug, text); }
  void info(std::string_view text) { write(Level::kInfo, text); }
  void warning(std::string_view text) { write(Level::kWarning, text); }
  void error(std::string_view text) { write(Level::kError, text); }
  [[nodiscard]] bool verbose() const;

  /// From now on a thread writes the log file, since a disk may hang. For when this process may have threads.
  void use_threads();
  /// Waits, for a limited time, until all is in the log file; the end of the Log does so too.
  void finish();

  /// Opens the log file again under its name, after it was rotated (SIGHUP). Without a file it does nothing.
  /// While lines are held, release() does it. What fails on the file's thread is told in the file.
  Result<void> reopen();

  /// From when this returns, nothing is written: lines wait in memory, up to limits::kHeldLogLines, and reopen() waits
  /// too. For when a disk may be frozen: whoever writes to it waits for the thaw, and opening a file is enough.
  void hold();
  /// Writes what waits, with the times at which it came, and goes on as usual. The error is that of opening the file.
  Result<void> release();

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  void write(Level level, std::string_view text);

  std::unique_ptr<State> state_;
};

}  // namespace guestd::daemon
