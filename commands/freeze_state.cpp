// SPDX-License-Identifier: Apache-2.0
#include "commands/freeze_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/limits.hpp"
#include "commands/freeze_records.hpp"

namespace guestd::commands {

namespace {

using Severity = FreezeListener::Severity;
using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::string count_of(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " file system" : " file systems");
}

std::string seconds_of(std::int64_t time_ms) {
  return std::to_string(time_ms / 1000) + "." + std::to_string(time_ms % 1000 / 100) + " s";
}

}  // namespace

FreezeState::FreezeState(const platform::Host& host, FreezeSettings settings, FreezeListener& listener,
                         platform::InTime::Limits thawing)
    : host_(host),
      settings_(std::move(settings)),
      listener_(listener),
      marker_file_(settings_.state_directory),
      thaws_(thawing) {}

// Whether nobody needs to be waited for.
bool FreezeState::is_settled() const {
  const bool hangs = phase_ == Phase::kFreezing && given_up_ && !giving_up_;
  return phase_ == Phase::kThawed || phase_ == Phase::kFrozen || hangs;
}

// ---- freezing

Result<void> FreezeState::begin_freeze(std::string_view command) {
  Lock lock(mutex_);
  changed_.wait(lock, [&] { return is_settled(); });
  if (phase_ == Phase::kFrozen) {
    // The daemon says the same to those that come after the first file system is frozen.
    return Error::unsupported("Command " + std::string(command) + " has been disabled: the command is not allowed");
  }
  if (phase_ == Phase::kFreezing) return Error{"an earlier freeze, which was given up, still hangs in the kernel"};
  if (cancelled_) return Error{"the agent ends"};
  phase_ = Phase::kFreezing;
  given_up_ = false;
  report_ = {};
  report_.started_ns = host_.clock->now_ns();
  return {};
}

Result<std::int64_t> FreezeState::freeze(std::optional<std::span<const std::string>> wanted, std::string_view command) {
  if (wanted && wanted->size() > limits::kFreezeMountpoints) {
    return Error{"too many mount points: " + std::to_string(wanted->size()) + ", at most " +
                 std::to_string(limits::kFreezeMountpoints)};
  }
  if (auto begun = begin_freeze(command); !begun) return begun.error();
  const auto before = host_.clock->monotonic();
  auto attempted = attempt(wanted);
  {
    const std::lock_guard lock(mutex_);
    report_.took_ms = duration_cast<milliseconds>(host_.clock->monotonic() - before).count();
  }
  return end_freeze(std::move(attempted));
}

// The outcome for the host of what attempt() came to.
Result<std::int64_t> FreezeState::end_freeze(Result<void> attempted) {
  Lock lock(mutex_);
  if (attempted && report_.frozen > 0) {
    lock.unlock();
    // Where this would have to wait for a disk, the marker goes on saying less: that the host was told nothing.
    if (marker_file_.is_in_memory()) write_marker(platform::FreezeMarker::Phase::kFrozen);
    lock.lock();
    if (!given_up_ && !cancelled_) return complete_freeze(lock);
    attempted = Error{"the freeze was given up"};
  }
  if (!attempted) report_.error = attempted.error().text;
  if (given_up_) {
    // Who gave up has undone it all; what remains is to let go.
    changed_.wait(lock, [&] { return !giving_up_; });
    lock.unlock();
    held_.clear();
    if (std::exchange(has_marker_, false)) marker_file_.remove();
  } else {
    lock.unlock();
    unwind(attempted ? GuestdFreezeEnd::kNothingFrozen : GuestdFreezeEnd::kFailure);
  }
  lock.lock();
  phase_ = Phase::kThawed;
  lock.unlock();
  changed_.notify_all();
  if (attempted) return 0;
  tell(Severity::kWarning, "freezing failed: " + attempted.error().text);
  return std::move(attempted).error();
}

std::int64_t FreezeState::complete_freeze(Lock& lock) {
  const std::int64_t count = report_.frozen;
  phase_ = Phase::kFrozen;
  lock.unlock();
  changed_.notify_all();
  return count;
}

// ---- thawing

Result<std::int64_t> FreezeState::thaw() {
  Lock lock(mutex_);
  changed_.wait(lock, [&] { return is_settled(); });
  if (phase_ == Phase::kFreezing) return 0;  // given up: nothing is frozen, and its thread still hangs
  const bool was_frozen = phase_ == Phase::kFrozen;
  phase_ = Phase::kThawing;
  lock.unlock();
  const std::int64_t count = was_frozen ? unwind(GuestdFreezeEnd::kHost) : thaw_whatever_is_frozen();
  lock.lock();
  phase_ = Phase::kThawed;
  const std::int64_t frozen_ms = report_.frozen_ms.value_or(0);
  lock.unlock();
  changed_.notify_all();
  if (was_frozen) tell(Severity::kInfo, count_of(count) + " thawed by the host after " + seconds_of(frozen_ms));
  return count;
}

std::int64_t FreezeState::thaw_whatever_is_frozen() {
  const auto plan = make_plan(std::nullopt);
  if (!plan) return 0;
  std::vector<std::function<Result<void>()>> thaws;
  // What lies on others needs these thawed first.
  for (auto planned = plan->order.rbegin(); planned != plan->order.rend(); ++planned) {
    thaws.push_back([freezer = host_.freezer.get(), mount = planned->mount]() -> Result<void> {
      auto target = freezer->open(mount);
      return target ? (*target)->thaw() : std::move(target).error();
    });
  }
  const auto results = thaw_one_by_one(std::move(thaws));
  std::int64_t count = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    ++count;
    const std::string& mountpoint = plan->order[results.size() - 1 - i].mount.mountpoint;
    tell(Severity::kWarning, mountpoint + " was frozen, though not by this agent, and is thawed");
  }
  return count;
}

void FreezeState::thaw_when_due() {
  Lock lock(mutex_);
  if (!deadline_ || host_.clock->since_boot() < *deadline_) return;
  give_up(lock, end_when_due_);
}

void FreezeState::thaw_for_stop(std::chrono::milliseconds patience) {
  Lock lock(mutex_);
  cancelled_ = true;
  if (phase_ == Phase::kFrozen || (phase_ == Phase::kFreezing && restricts_)) {
    give_up(lock, GuestdFreezeEnd::kAgentStop);
  }
  // A hook that runs, or a thaw by somebody else.
  changed_.wait_for(lock, patience, [&] { return is_settled(); });
}

// Thaws what is frozen, also if the freeze is not complete and hangs in the kernel. With the lock, and again at the
// end.
void FreezeState::give_up(Lock& lock, GuestdFreezeEnd end) {
  const bool is_complete = phase_ == Phase::kFrozen;
  if (!is_complete && (phase_ != Phase::kFreezing || given_up_)) return;
  std::int64_t count = 0;
  const std::int64_t expected = report_.frozen;
  if (is_complete) {
    phase_ = Phase::kThawing;
    lock.unlock();
    count = unwind(end);
    lock.lock();
    phase_ = Phase::kThawed;
  } else {
    given_up_ = giving_up_ = true;
    std::vector<Held*> frozen;
    // Before that its thread still fills the list.
    for (std::size_t i = 0; restricts_ && i < held_.size(); ++i) {
      if (held_[i].frozen) frozen.push_back(&held_[i]);
    }
    std::vector<std::string> hooks = std::exchange(called_hooks_, {});
    lock.unlock();
    count = thaw_in_reverse(frozen);
    leave_frozen_state();
    call_thaw_hooks(std::move(hooks));
    lock.lock();
    report_.end = end;
    giving_up_ = false;
  }
  const std::int64_t frozen_ms = report_.frozen_ms.value_or(0);
  lock.unlock();
  changed_.notify_all();
  const std::string why = end == GuestdFreezeEnd::kDeadline    ? "because the host did not thaw in time"
                          : end == GuestdFreezeEnd::kAgentStop ? "because the agent ends"
                                                               : "because the agent was killed while it froze";
  tell(Severity::kWarning,
       std::to_string(count) + " of " + count_of(expected) + " thawed after " + seconds_of(frozen_ms) + ", " + why);
  lock.lock();
}

// ---- an agent that was killed

void FreezeState::take_over() {
  auto marker = marker_file_.read();
  if (!marker) {
    tell(Severity::kWarning,
         "whether file systems were left frozen cannot be known, so that all are thawed: " + marker.error().text);
    thaw_whatever_is_frozen();
    return marker_file_.remove();
  }
  if (!*marker) return;
  if (const auto boot = platform::boot_id(host_.root); boot && *boot != (*marker)->boot_id) {
    return marker_file_.remove();  // no freeze outlives the kernel
  }
  hold_predecessors(**marker);
}

void FreezeState::hold_predecessors(const platform::FreezeMarker& marker) {
  listener_.hold_writes(true);
  const std::string lost = open_predecessors(marker);
  const bool is_complete = marker.phase == platform::FreezeMarker::Phase::kFrozen;
  const auto now = host_.clock->since_boot();
  Lock lock(mutex_);
  restricts_ = true;
  has_marker_ = true;
  report_.frozen = static_cast<std::int64_t>(held_.size());
  called_hooks_ = marker.hooks;
  frozen_since_ = std::min(marker.since, now);
  phase_ = Phase::kFrozen;
  end_when_due_ = is_complete ? GuestdFreezeEnd::kDeadline : GuestdFreezeEnd::kAgentDeath;
  if (!is_complete) {
    deadline_ = now;
  } else if (marker.deadline.count() > 0) {
    deadline_ = marker.deadline;
    if (settings_.timeout.count() > 0) deadline_ = std::min(*deadline_, now + settings_.timeout);
  }
  const auto deadline = deadline_;
  const std::string count = count_of(report_.frozen);
  lock.unlock();
  tell(Severity::kWarning, "the agent before this one was killed while it had " + count + " frozen, or was about to");
  if (!lost.empty()) tell(Severity::kError, "what cannot be reached any more and may be frozen: " + lost);
  listener_.deadline_is(deadline);
}

// Whether they are frozen cannot be seen; thawing will tell. Returns what could not be opened, and why.
std::string FreezeState::open_predecessors(const platform::FreezeMarker& marker) {
  std::map<platform::DeviceNumber, platform::Mount> mounts;
  if (const auto table = platform::mounts(host_.root)) {
    for (const auto& planned : platform::plan_freeze(*table, {}, {}, std::nullopt).order) {
      mounts.emplace(planned.mount.device, planned.mount);
    }
  }
  std::string lost;
  for (const auto& one : marker.file_systems) {
    const auto mount = mounts.find(one.device);
    auto target = mount == mounts.end() ? Result<std::unique_ptr<platform::FreezeTarget>>(Error{"not mounted"})
                                        : host_.freezer->open(mount->second);
    if (!target) {
      lost += (lost.empty() ? "" : ", ") + one.mountpoint + " (" + target.error().text + ")";
      continue;
    }
    platform::FreezePlan plan;
    plan.order.push_back({mount->second});
    const std::lock_guard lock(mutex_);
    report_.filesystems.push_back(records_of(plan).front());
    report_.filesystems.back().outcome = GuestdFreezeOutcome::kFrozen;
    held_.push_back({*std::move(target), one, report_.filesystems.size() - 1, true});
  }
  return lost;
}

// ---- what there is to tell

bool FreezeState::is_frozen() {
  Lock lock(mutex_);
  changed_.wait(lock, [&] { return is_settled(); });
  return phase_ == Phase::kFrozen;
}

bool FreezeState::is_busy() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kFreezing || phase_ == Phase::kThawing;
}

GuestdFsfreezeReport FreezeState::report() const {
  const std::lock_guard lock(mutex_);
  GuestdFsfreezeReport report = report_;
  const auto now = host_.clock->since_boot();
  report.status = restricts_ ? GuestFsfreezeStatus::kFrozen : GuestFsfreezeStatus::kThawed;
  report.busy = phase_ == Phase::kFreezing || phase_ == Phase::kThawing;
  if (restricts_ && frozen_since_.count() > 0) {
    report.frozen_ms = duration_cast<milliseconds>(now - frozen_since_).count();
  }
  if (deadline_)
    report.deadline_left_ms = std::max<std::int64_t>(0, duration_cast<milliseconds>(*deadline_ - now).count());
  return report;
}

GuestdFsfreezeCheck FreezeState::check() const {
  GuestdFsfreezeCheck check;
  check.ready = true;
  const auto fails = [&](const Error& error) {
    check.ready = false;
    check.problems.push_back(error.text);
  };
  if (settings_.timeout.count() > 0) check.deadline_ms = duration_cast<milliseconds>(settings_.timeout).count();
  if (auto hooks = platform::freeze_hooks(host_.root, settings_.hook, settings_.hook_folder)) {
    check.hooks = *std::move(hooks);
  } else {
    fails(hooks.error());
  }
  const auto plan = make_plan(std::nullopt);
  if (!plan) {
    fails(plan.error());
    return check;
  }
  check.filesystems = records_of(*plan);
  for (std::size_t i = 0; i < plan->order.size(); ++i) {
    const auto target = host_.freezer->open(plan->order[i].mount);
    if (target) continue;
    note_failure(check.filesystems[i], target.error());
    fails(target.error());
  }
  for (const auto& left_out : plan->left_out) {
    if (left_out.may_lose_writes) check.problems.push_back(left_out.mount.mountpoint + ": " + left_out.reason);
  }
  return check;
}

}  // namespace guestd::commands
