// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "generated/types.hpp"
#include "platform/freeze_hooks.hpp"
#include "platform/freeze_marker.hpp"
#include "platform/freeze_plan.hpp"
#include "platform/freezer.hpp"
#include "platform/host.hpp"
#include "platform/in_time.hpp"

namespace guestd::commands {

/// What the administrator decides about freezing.
struct FreezeSettings {
  std::string state_directory;
  std::optional<std::string> hook;  ///< one program that is called before those of hook_folder
  std::string hook_folder{platform::kFreezeHookFolder};
  std::chrono::seconds hook_timeout{60};
  std::chrono::seconds timeout{600};  ///< after this time everything is thawed; 0: never
  platform::FreezeExclusions exclusions{};
};

/// Who has to know of a freeze. Called on the thread that freezes or thaws.
class FreezeListener {
 public:
  enum class Severity { kInfo, kWarning, kError };

  virtual ~FreezeListener() = default;
  /// true: nothing that this process does may write to a disk from when this returns; false: it may again.
  virtual void hold_writes(bool hold) = 0;
  /// FreezeState::thaw_when_due is to be called at this time since boot (CLOCK_BOOTTIME), on a thread that may wait;
  /// nothing: it need not be called.
  virtual void deadline_is(std::optional<std::chrono::nanoseconds> since_boot) = 0;
  /// A sentence for the log.
  virtual void tell(Severity severity, const std::string& text) = 0;
};

/// Whether file systems are frozen, and everything that leads there and back. All or nothing: whatever fails, what was
/// frozen by then is thawed, and hooks that were called with `freeze` are called with `thaw`.
///
/// Thread-safe. One freeze or thaw at a time; others wait for it. Nothing waits for one that was given up because its
/// time was over while the kernel still held on to it.
class FreezeState {
 public:
  /// `host` and `listener` outlive it.
  FreezeState(const platform::Host& host, FreezeSettings settings, FreezeListener& listener,
              platform::InTime::Limits thawing = kThawing);

  /// A file system whose disk has died may hang while it is thawed: after `patience` the others are thawed all the
  /// same, and after `answer` it is left to itself.
  static constexpr platform::InTime::Limits kThawing{std::chrono::seconds(30), std::chrono::seconds(3), 256, true};

  /// Takes over what an agent left that was killed: goes on with the time that was left to it, or thaws at once (by
  /// way of the deadline) if the host was never told of the freeze. Once, before anything else. Does not wait.
  void take_over();

  // ---- for commands

  /// `wanted`: mount points of the file systems to freeze; nothing: all of them. Returns how many it froze. `command`
  /// is for the error of class CommandNotFound that says that they are frozen already.
  Result<std::int64_t> freeze(std::optional<std::span<const std::string>> wanted, std::string_view command);
  /// How many it thawed. If this agent has frozen nothing, it tries all file systems, for the sake of one that has
  /// been left frozen by whomever.
  Result<std::int64_t> thaw();
  /// Waits for a freeze or thaw that is under way.
  bool is_frozen();
  /// Waits for nothing.
  [[nodiscard]] GuestdFsfreezeReport report() const;
  /// What a freeze would do. Freezes nothing, calls no hook.
  [[nodiscard]] GuestdFsfreezeCheck check() const;

  // ---- for the daemon

  /// Whether only commands may run that work while file systems are frozen. Also true while they are being frozen.
  [[nodiscard]] bool restricts() const { return restricts_; }
  /// Whether a freeze or thaw is under way, on whatever thread.
  [[nodiscard]] bool is_busy() const;
  /// Thaws because the deadline is over; nothing if it is not (any more).
  void thaw_when_due();
  /// Thaws because the agent ends. Waits at most `patience` for a freeze or thaw that is under way.
  void thaw_for_stop(std::chrono::milliseconds patience);

 private:
  enum class Phase { kThawed, kFreezing, kFrozen, kThawing };
  using Lock = std::unique_lock<std::mutex>;

  /// A file system of the freeze, by its place in report_.filesystems.
  struct Held {
    std::shared_ptr<platform::FreezeTarget> target;  // shared with a thread that thaws and hangs
    platform::FreezeMarker::FileSystem id;
    std::size_t record = 0;
    bool frozen = false;
  };

  // One freeze, step by step (freeze_transaction.cpp). Each is called without the lock.
  Result<void> attempt(std::optional<std::span<const std::string>> wanted);
  Result<void> call_freeze_hooks();
  Result<void> plan_and_open(std::optional<std::span<const std::string>> wanted);
  Result<void> open_planned(const platform::FreezePlan& plan);
  bool enter_frozen_state();
  void set_deadline();
  Result<void> freeze_held();
  Result<bool> freeze_one(std::size_t index);
  std::int64_t unwind(GuestdFreezeEnd end);
  std::int64_t thaw_in_reverse(const std::vector<Held*>& frozen);
  std::vector<Result<void>> thaw_one_by_one(std::vector<std::function<Result<void>()>> thaws);
  void leave_frozen_state();
  void call_thaw_hooks(std::vector<std::string> hooks);
  Result<void> call_hook(const std::string& path, const char* argument);
  [[nodiscard]] Result<platform::FreezePlan> make_plan(std::optional<std::span<const std::string>> wanted) const;
  void write_marker(platform::FreezeMarker::Phase phase);

  Result<void> begin_freeze(std::string_view command);
  Result<std::int64_t> end_freeze(Result<void> attempted);
  std::int64_t complete_freeze(Lock& lock);
  void give_up(Lock& lock, GuestdFreezeEnd end);
  std::int64_t thaw_whatever_is_frozen();
  [[nodiscard]] bool is_settled() const;
  void hold_predecessors(const platform::FreezeMarker& marker);
  std::string open_predecessors(const platform::FreezeMarker& marker);
  void tell(FreezeListener::Severity severity, const std::string& text) { listener_.tell(severity, text); }

  const platform::Host& host_;
  const FreezeSettings settings_;
  FreezeListener& listener_;
  const platform::FreezeMarkerFile marker_file_;
  platform::InTime thaws_;
  std::atomic<std::uint64_t> thaw_number_{0};

  mutable std::mutex mutex_;  // never held during a system call that may wait
  std::condition_variable changed_;
  std::atomic<bool> restricts_{false};
  Phase phase_ = Phase::kThawed;
  bool cancelled_ = false;  // the agent ends: no further step of the freeze is taken
  bool given_up_ = false;   // what was frozen is thawed by somebody else while the freeze still hangs
  bool giving_up_ = false;  // ... and that is not done yet
  std::vector<Held> held_;  // changes only in the thread that freezes or thaws; `frozen` under the lock
  std::vector<std::string> called_hooks_;
  bool has_marker_ = false;
  GuestdFreezeEnd end_when_due_ = GuestdFreezeEnd::kDeadline;
  std::optional<std::chrono::nanoseconds> deadline_;
  std::chrono::nanoseconds frozen_since_{};
  GuestdFsfreezeReport report_;
};

}  // namespace guestd::commands
