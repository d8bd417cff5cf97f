// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace guestd::daemon {

/// Where the agent says what happened to it. Quiet by default: nothing is logged for an ordinary request. Never blocks
/// on a log service (on a terminal it may): what the journal or syslog cannot take at once is dropped, and the number
/// of lost lines is told with the next one. Thread-safe, except reopen().
class Log {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError };

  struct Settings {
    std::string file;         ///< empty: the journal if there is one, else syslog, else stderr
    bool verbose = false;     ///< debug lines too
    bool foreground = false;  ///< stderr even if there is a journal: a person started the agent in a terminal
  };

  /// `unable to open specified log file: <e>`
  static Result<std::unique_ptr<Log>> open(const Settings& settings);
  ~Log();

  void debug(std::string_view text) { write(Level::kDebug, text); }
  void info(std::string_view text) { write(Level::kInfo, text); }
  void warning(std::string_view text) { write(Level::kWarning, text); }
  void error(std::string_view text) { write(Level::kError, text); }
  [[nodiscard]] bool verbose() const;

  /// Opens the log file again under its name, after it was rotated (SIGHUP). Without a file it does nothing.
  Result<void> reopen();

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  void write(Level level, std::string_view text);

  std::unique_ptr<State> state_;
};

}  // namespace guestd::daemon
