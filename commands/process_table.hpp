// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "commands/background_jobs.hpp"
#include "commands/child.hpp"
#include "commands/child_pipes.hpp"
#include "commands/exec_settings.hpp"
#include "commands/exec_start.hpp"
#include "commands/output_store.hpp"
#include "commands/process_records.hpp"
#include "platform/host.hpp"
#include "platform/readiness.hpp"
#include "platform/spool_file.hpp"

namespace guestd::commands {

/// The programs that hosts have started and that were not collected. Thread-safe.
///
/// One thread watches all of them. It begins with the first program and ends a little after the last one is forgotten,
/// so an agent that starts none does not pay. What may wait for systemd runs on another thread, which ends with its
/// work.
class ProcessTable {
 public:
  /// `host` outlives the table. Nothing is done yet.
  ProcessTable(const platform::Host& host, ExecSettings settings);
  /// Programs that run go on.
  ~ProcessTable();
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  /// Finds the programs again that an earlier agent has left. Once, before anything else.
  void take_over();

  /// Waits until the program runs. Errors are those of platform::Processes::start, and those of limits in the same
  /// form.
  Result<pid_t> start(ExecStart start);

  /// `PID <n> does not exist`.
  Result<std::shared_ptr<Child>> find(std::int64_t pid);
  /// A program that has ended is gone afterwards; what its children still write is forgotten.
  void forget(const Child& child);
  /// Those that were not forgotten, in the order of their starts.
  [[nodiscard]] std::vector<std::shared_ptr<Child>> all() const;
  /// The unit of systemd that holds the program and what it has started; empty if there is none.
  [[nodiscard]] std::string unit_of(const Child& child) const;
  /// Sends a signal to all that the program has started, or to its process group if there is no unit. Waits for
  /// systemd.
  Result<void> signal_all(Child& child, int number);

  [[nodiscard]] const OutputBudget& budget() const { return budget_; }

 private:
  struct Entry {
    std::shared_ptr<Child> child;
    ProcessRecord record;
    int place = -1;
    std::string unit;
    std::vector<int> watches;  // of the spool files
    std::vector<std::string> spool_paths;
    std::optional<SteadyTime> limit_at;
    std::optional<SteadyTime> kill_at;
    std::optional<SteadyTime> scope_at;
    std::optional<SteadyTime> grace_at;
    std::optional<SteadyTime> expire_at;
    std::optional<SteadyTime> poll_at;  // without a pidfd
    bool exited = false;
    bool forgotten = false;  // only its output is still read
  };

  /// What touches the state directory, whose disk may be frozen: done by the thread that watches, without the lock.
  struct Chore {
    int place = -1;
    std::uint64_t number = 0;                ///< of the child that gets a place for its record; 0: it has one
    std::optional<ProcessRecord> record{};   ///< none: the record goes
    std::vector<std::string> spool_paths{};  ///< that go
  };

  bool take_slot();
  Result<pid_t> start_in_slot(ExecStart& start);
  Result<ChildPipes> make_pipes(const ExecStart& start);
  [[nodiscard]] std::size_t output_limit(const ExecStart& start) const;
  void add(Child::Setup setup, Entry entry, std::chrono::milliseconds limit, const ChildPipes& pipes);
  void recover(const ProcessRecord& record);
  void watch_children();
  std::optional<std::chrono::nanoseconds> until_due();
  void handle(const platform::Readiness::Event& event, std::string& buffer);
  void on_exit(std::uint64_t number);
  void on_spool_news();
  void do_chores();
  void add_record(std::uint64_t number);
  void run_due();
  void run_due(Entry& entry, SteadyTime now);
  void make_scope(std::uint64_t number);
  // With the lock held.
  void erase_or_linger(std::map<std::uint64_t, Entry>::iterator entry);
  void forget_locked(std::uint64_t number);
  void bound_results();
  void bound_lingering();
  bool ensure_monitor();
  void watch_spools(Entry& entry);

  const platform::Host& host_;
  const ExecSettings settings_;
  OutputBudget budget_;

  mutable std::mutex mutex_;
  std::unique_ptr<ProcessRecords> records_;
  std::unique_ptr<platform::Readiness> readiness_;
  std::unique_ptr<platform::FileWatch> spool_watch_;
  std::map<std::uint64_t, Entry> entries_;  // by number
  std::unordered_map<pid_t, std::uint64_t> numbers_;
  std::uint64_t last_number_ = 0;
  std::atomic<std::uint64_t> last_spool_{0};
  std::vector<Chore> chores_;
  std::optional<std::vector<std::string>> kept_spools_;  // all others are to be removed
  std::size_t running_ = 0;
  std::optional<bool> has_systemd_;
  bool stopping_ = false;
  bool monitor_runs_ = false;
  bool monitor_rests_ = false;  // it waits for longer than it would if nothing were left
  std::thread monitor_;
  BackgroundJobs waits_for_systemd_;  // the first to go: it uses all the others
};

/// How long a request that says `wait-ms` may wait.
std::chrono::milliseconds exec_wait(std::uint64_t wait_ms);

}  // namespace guestd::commands
