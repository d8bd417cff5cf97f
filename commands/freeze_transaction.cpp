// SPDX-License-Identifier: Apache-2.0

// The steps of one freeze and of the way back. Who may take them, and when, is decided in freeze_state.cpp.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "commands/freeze_records.hpp"
#include "commands/freeze_state.hpp"

namespace guestd::commands {

namespace {

using Severity = FreezeListener::Severity;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Containers come and go: what was in the table a moment ago may be gone, or under another mount.
bool has_moved(const Error& error) {
  constexpr std::array<int, 3> kMoved = {ENOENT, ENOTDIR, ESTALE};
  return std::ranges::find(kMoved, error.errno_value) != kMoved.end();
}

constexpr int kPlanAttempts = 5;

}  // namespace

Result<platform::FreezePlan> FreezeState::make_plan(std::optional<std::span<const std::string>> wanted) const {
  const auto table = platform::mounts(host_.root);
  if (!table) return table.error();
  const auto exclusions = platform::resolve_devices(host_.root, settings_.exclusions);
  return platform::plan_freeze(*table, platform::file_system_stack(host_.root, *table), exclusions, wanted);
}

Result<void> FreezeState::attempt(std::optional<std::span<const std::string>> wanted) {
  if (auto called = call_freeze_hooks(); !called) return called;
  // A disk that has died may hang these steps, while the hooks hold a database.
  set_deadline();
  if (auto opened = plan_and_open(wanted); !opened) return opened;
  if (held_.empty()) return {};
  // The bulk of what is in memory goes out while everybody can still write.
  for (const Held& held : held_) held.target->write_back();
  if (!enter_frozen_state()) return Error{"the freeze was given up: writing back what is in memory took too long"};
  return freeze_held();
}

void FreezeState::set_deadline() {
  Lock lock(mutex_);
  deadline_.reset();
  if (settings_.timeout.count() > 0) deadline_ = host_.clock->since_boot() + settings_.timeout;
  end_when_due_ = GuestdFreezeEnd::kDeadline;
  const auto deadline = deadline_;
  lock.unlock();
  listener_.deadline_is(deadline);
}

// ---- hooks

Result<void> FreezeState::call_freeze_hooks() {
  const auto hooks = platform::freeze_hooks(host_.root, settings_.hook, settings_.hook_folder);
  if (!hooks) return hooks.error();
  for (const std::string& hook : *hooks) {
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return Error{"the agent ends"};
      // Before it runs: also one that fails half-way is told to thaw.
      called_hooks_.push_back(hook);
    }
    write_marker(platform::FreezeMarker::Phase::kFreezing);
    if (auto called = call_hook(hook, "freeze"); !called) return called;
  }
  return {};
}

void FreezeState::call_thaw_hooks(std::vector<std::string> hooks) {
  for (; !hooks.empty(); hooks.pop_back()) {
    // It has been a while since it was looked at, or the list is from a file.
    auto called = platform::check_hook(host_.root, hooks.back());
    if (called) called = call_hook(hooks.back(), "thaw");
    if (!called) tell(Severity::kWarning, called.error().text);
  }
}

Result<void> FreezeState::call_hook(const std::string& path, const char* argument) {
  platform::ProgramCall call{path, {argument}};
  call.time_limit = settings_.hook_timeout;
  const auto end = host_.programs->run(call);
  GuestdFreezeHook record;
  record.path = path;
  record.argument = argument;
  if (end) {
    record.success = end->succeeded();
    record.took_ms = end->took.count();
    const std::string lines = end->last_lines();
    if (!record.success) record.message = end->describe() + (lines.empty() ? "" : ": " + lines);
  } else {
    record.message = end.error().text;
  }
  const std::lock_guard lock(mutex_);
  report_.hooks.push_back(record);
  if (record.success) return {};
  return Error{"freeze hook " + path + " failed when called with '" + argument + "': " + *record.message};
}

// ---- freezing

Result<void> FreezeState::plan_and_open(std::optional<std::span<const std::string>> wanted) {
  for (int attempt = 1;; ++attempt) {
    const auto plan = make_plan(wanted);
    if (!plan) return plan.error();
    auto opened = open_planned(*plan);
    if (opened || !has_moved(opened.error()) || attempt == kPlanAttempts) return opened;
  }
}

Result<void> FreezeState::open_planned(const platform::FreezePlan& plan) {
  Lock lock(mutex_);
  report_.filesystems = records_of(plan);
  report_.unknown_mountpoints = unknown_mountpoints(plan);
  lock.unlock();
  held_.clear();
  for (std::size_t i = 0; i < plan.order.size(); ++i) {
    const platform::Mount& mount = plan.order[i].mount;
    auto target = host_.freezer->open(mount);
    if (!target) {
      lock.lock();
      note_failure(report_.filesystems[i], target.error());
      return target.error();
    }
    held_.push_back({*std::move(target), {mount.device, mount.mountpoint}, i});
  }
  return {};
}

// From here on nothing of ours may write. What is to be remembered is written before. False: somebody has ended this
// freeze meanwhile.
bool FreezeState::enter_frozen_state() {
  listener_.hold_writes(true);
  Lock lock(mutex_);
  const bool is_over = given_up_ || cancelled_;
  restricts_ = !is_over;
  if (!is_over) frozen_since_ = host_.clock->since_boot();
  lock.unlock();
  if (is_over) {
    listener_.hold_writes(false);
    return false;
  }
  set_deadline();
  write_marker(platform::FreezeMarker::Phase::kFreezing);
  return true;
}

Result<void> FreezeState::freeze_held() {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const auto goes_on = freeze_one(i);
    if (!goes_on) return goes_on.error();
    if (!*goes_on) return Error{"the freeze was given up: " + held_[i].id.mountpoint + " took too long"};
  }
  return {};
}

// False: somebody has ended this freeze meanwhile.
Result<bool> FreezeState::freeze_one(std::size_t index) {
  Held& held = held_[index];
  {
    const std::lock_guard lock(mutex_);
    if (given_up_ || cancelled_) return false;
  }
  const auto before = host_.clock->monotonic();
  const auto frozen = held.target->freeze();
  const auto took = duration_cast<microseconds>(host_.clock->monotonic() - before);
  Lock lock(mutex_);
  GuestdFreezeFilesystem& record = report_.filesystems[held.record];
  record.took_us = took.count();
  if (!frozen && note_failure(record, frozen.error())) return true;
  if (!frozen) return frozen.error();
  if (given_up_) {
    // Who gave up has thawed the others.
    lock.unlock();
    const auto thawed = held.target->thaw();
    lock.lock();
    note_thaw(record, thawed);
    return false;
  }
  held.frozen = true;
  record.outcome = GuestdFreezeOutcome::kFrozen;
  ++report_.frozen;
  return true;
}

// ---- the way back

std::int64_t FreezeState::thaw_in_reverse(const std::vector<Held*>& frozen) {
  std::vector<std::function<Result<void>()>> thaws;
  for (auto held = frozen.rbegin(); held != frozen.rend(); ++held) {
    thaws.push_back([target = (*held)->target] { return target->thaw(); });
  }
  const auto results = thaw_one_by_one(std::move(thaws));
  std::int64_t count = 0;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < results.size(); ++i) {
    Held& held = *frozen[results.size() - 1 - i];
    held.frozen = false;
    if (results[i]) ++count;
    note_thaw(report_.filesystems[held.record], results[i]);
  }
  report_.frozen = std::max<std::int64_t>(0, report_.frozen - static_cast<std::int64_t>(frozen.size()));
  return count;
}

// One after the other; but one that hangs does not keep the others frozen.
std::vector<Result<void>> FreezeState::thaw_one_by_one(std::vector<std::function<Result<void>()>> thaws) {
  const auto results = std::make_shared<std::vector<std::optional<Result<void>>>>(thaws.size());
  std::vector<platform::InTime::Question> questions;
  for (std::size_t i = 0; i < thaws.size(); ++i) {
    // Each is a question of its own, whatever became of an earlier one.
    questions.push_back(
        {std::to_string(++thaw_number_), [results, i, thaw = std::move(thaws[i])] { (*results)[i] = thaw(); }});
  }
  const auto answered = thaws_.ask(std::move(questions));
  std::vector<Result<void>> all;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    all.push_back(answered[i] ? *(*results)[i]
                              : Error::from_errno("the kernel does not come back from thawing", ETIMEDOUT));
  }
  return all;
}

void FreezeState::leave_frozen_state() {
  {
    const std::lock_guard lock(mutex_);
    if (restricts_) report_.frozen_ms = duration_cast<milliseconds>(host_.clock->since_boot() - frozen_since_).count();
    deadline_.reset();
  }
  listener_.deadline_is(std::nullopt);
  if (restricts_.exchange(false)) listener_.hold_writes(false);
}

// All that a freeze has done is undone. For the thread that has the phase.
std::int64_t FreezeState::unwind(GuestdFreezeEnd end) {
  std::vector<Held*> frozen;
  for (Held& held : held_) {
    if (held.frozen) frozen.push_back(&held);
  }
  const std::int64_t count = thaw_in_reverse(frozen);
  leave_frozen_state();
  held_.clear();
  Lock lock(mutex_);
  report_.end = end;
  std::vector<std::string> hooks = std::exchange(called_hooks_, {});
  lock.unlock();
  call_thaw_hooks(std::move(hooks));
  if (std::exchange(has_marker_, false)) marker_file_.remove();
  return count;
}

void FreezeState::write_marker(platform::FreezeMarker::Phase phase) {
  auto boot = platform::boot_id(host_.root);
  auto written = Result<void>();
  if (boot) {
    platform::FreezeMarker marker;
    marker.boot_id = *std::move(boot);
    marker.phase = phase;
    Lock lock(mutex_);
    if (restricts_) {
      marker.since = frozen_since_;
      marker.deadline = deadline_.value_or(std::chrono::nanoseconds(0));
      for (const Held& held : held_) marker.file_systems.push_back(held.id);
    }
    marker.hooks = called_hooks_;
    lock.unlock();
    written = marker_file_.write(marker);
    has_marker_ = true;
  } else {
    written = boot.error();
  }
  // Not worth failing for: it is needed only if the agent is killed.
  if (!written) {
    tell(Severity::kWarning, "if the agent is killed while frozen, nobody will thaw: " + written.error().text);
  }
}

}  // namespace guestd::commands
