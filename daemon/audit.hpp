// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "daemon/audit_record.hpp"
#include "protocol/dispatch.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// Where records go. Nothing here waits for a service or a disk, but where it says so. One thread at a time, except for
/// settle() and finish().
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  /// False: the record is lost.
  virtual bool write(const AuditRecord& record) = 0;
  /// Opens a file again under its name, perhaps a little later.
  virtual Result<void> reopen() { return {}; }
  /// True: nothing is written from now on, for as long as file systems are frozen.
  virtual void hold(bool) {}
  /// Waits, for a limited time, until what was being written when hold() was called is written. On any thread.
  virtual void settle() {}
  /// Waits, for a limited time, until all is written.
  virtual void finish() {}
};

/// The trail of what hosts did: a record of each command that changes the guest and of each that was refused, and now
/// and then how often which of the others were run. Bounded in every direction: what repeats is counted, what comes too
/// fast is counted too, and says so. Thread-safe.
class Audit {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  struct Settings {
    bool enabled = true;
    std::string file;         ///< empty: the journal, else syslog, else nowhere
    bool foreground = false;  ///< a person started the agent in a terminal: without a file there is no trail
    bool held = false;        ///< begins as after hold(), and opens the file only with release()
    /// Called, on any thread, if the file cannot be opened again later.
    std::function<void(const Error&)> on_failure{};
  };

  /// `unable to open specified log file: <e>`
  static Result<std::unique_ptr<Audit>> open(const Settings& settings);
  /// With a sink and a clock of a test's own.
  Audit(std::unique_ptr<AuditSink> sink, bool held, Clock now = std::chrono::steady_clock::now);
  ~Audit();

  /// `wake` is called, on any thread, when flush() should be called after kRepeats: once, until that was done.
  void wake_with(std::function<void()> wake) { wake_ = std::move(wake); }

  /// Whether records go anywhere.
  [[nodiscard]] bool is_kept() const;

  /// A number for a new conversation.
  std::uint64_t new_client() { return ++clients_; }
  [[nodiscard]] std::uint64_t clients() const { return clients_; }

  /// A command has been run; `error` is nullptr if it succeeded, `result` its result as JSON.
  void executed(std::uint64_t client, const protocol::CommandEntry& entry, const protocol::Request& request,
                std::chrono::nanoseconds duration, const Error* error, std::string_view result);
  /// One was refused before it could run.
  void refused(std::uint64_t client, const protocol::CommandEntry& entry, const protocol::Request& request,
               const Error& error);

  /// Writes what was only counted so far.
  void flush();
  /// The agent ends: writes all counts, and waits a moment for the disk.
  void end();

  /// As Log::hold() and Log::release(): records wait in memory.
  void hold();
  Result<void> release();
  Result<void> reopen();

  /// What has happened just as before within this time is counted, and told in one record at its end.
  static constexpr std::chrono::seconds kRepeats{10};
  /// How often the counts of other commands are written, if there are any.
  static constexpr std::chrono::hours kPolls{1};
  /// Records of one outcome that may come at once, and how many more per second.
  static constexpr double kBurst = 1000;
  static constexpr double kPerSecond = 100;

 private:
  struct State;

  void add(AuditRecord record, bool may_repeat);
  void count_poll(const protocol::CommandEntry& entry);
  [[nodiscard]] std::string polls_text();

  std::unique_ptr<State> state_;
  Clock now_;
  std::function<void()> wake_;
  std::atomic<std::uint64_t> clients_{0};
  std::vector<std::atomic<std::uint64_t>> polls_;  // one per command of the table
  std::atomic<std::int64_t> polls_told_ns_{0};
};

/// Whose commands are recorded: what is handed around with a request. Without a trail it does nothing.
struct Recorder {
  Audit* audit = nullptr;
  std::uint64_t client = 0;
};

}  // namespace guestd::daemon
