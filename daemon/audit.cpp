// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "base/limits.hpp"
#include "daemon/audit_secrets.hpp"
#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

using Steady = std::chrono::steady_clock::time_point;
using Outcome = AuditRecord::Outcome;

constexpr std::size_t kRuns = 64;     // different things that are counted at the same time
constexpr std::size_t kOutcomes = 3;  // done, failed, refused

// How many records may still be written: a bucket that fills with time.
class Allowance {
 public:
  // What was not written for want of it.
  std::uint64_t left_out = 0;

  bool take(Steady now) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    left_ = std::min(Audit::kBurst, left_ + std::max(seconds, 0.0) * Audit::kPerSecond);
    filled_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double left_ = Audit::kBurst;
  Steady filled_{};
};

// Only the last one of a run tells what was counted; the first was written when it came.
struct Run {
  AuditRecord record;  // of the first
  std::uint64_t more = 0;
  std::chrono::microseconds more_duration{};
};

bool is_alike(const AuditRecord& one, const AuditRecord& other) {
  return one.client == other.client && one.command == other.command && one.outcome == other.outcome &&
         one.object == other.object && one.error == other.error;
}

}  // namespace

struct Audit::State {
  std::mutex mutex;
  std::unique_ptr<AuditSink> sink;
  // One for each outcome: a host that is refused often must not get out of sight what it has changed.
  std::array<Allowance, kOutcomes> allowances;
  std::vector<Run> runs;
  std::uint64_t lost = 0;   // by the sink
  bool must_flush = false;  // somebody was woken for it
  bool held = false;
  bool must_reopen = false;
  std::vector<AuditRecord> waiting;
  std::size_t waiting_refusals = 0;
  std::uint64_t dropped = 0;  // while held

  // All with the lock held.
  void write(AuditRecord record) {
    if (!held) return deliver(record);
    const bool is_refusal = record.outcome == Outcome::kRefused;
    const bool has_room =
        waiting.size() < limits::kHeldLogLines && (!is_refusal || waiting_refusals < limits::kHeldLogLines / 2);
    if (!has_room) {
      ++dropped;
      return;
    }
    waiting_refusals += is_refusal ? 1 : 0;
    waiting.push_back(std::move(record));
  }
  void deliver(const AuditRecord& record) {
    if (lost > 0 && sink->write(audit_note(std::to_string(lost) + " records before this one were lost"))) lost = 0;
    if (!sink->write(record)) ++lost;
  }
  void write_within_allowance(AuditRecord record, Steady now) {
    Allowance& allowance = allowances.at(static_cast<std::size_t>(record.outcome));
    if (!allowance.take(now)) {
      allowance.left_out += record.count;
      return;
    }
    tell_of_left_out(record.outcome);
    write(std::move(record));
  }
  void tell_of_left_out(Outcome outcome) {
    const std::uint64_t count = std::exchange(allowances.at(static_cast<std::size_t>(outcome)).left_out, 0);
    if (count == 0) return;
    write(audit_note(std::to_string(count) + " records before this one were left out: too many that were " +
                     std::string(name_of(outcome))));
  }
  void tell_of_all_left_out() {
    for (const auto outcome : {Outcome::kDone, Outcome::kFailed, Outcome::kRefused}) {
      tell_of_left_out(outcome);
    }
  }
  void end_runs(Steady now) {
    for (Run& run : std::exchange(runs, {})) {
      if (run.more == 0) continue;
      run.record.time = std::chrono::system_clock::now();
      run.record.count = run.more;
      run.record.duration = run.more_duration;
      run.record.result.clear();
      write_within_allowance(std::move(run.record), now);
    }
  }
};

Audit::Audit(std::unique_ptr<AuditSink> sink, bool held, Clock now)
    : state_(std::make_unique<State>()),
      now_(std::move(now)),
      polls_(protocol::command_table().size()),
      polls_told_ns_(now_().time_since_epoch().count()) {
  state_->sink = std::move(sink);
  state_->held = held;
  state_->must_reopen = held;
}

Audit::~Audit() = default;

bool Audit::is_kept() const { return state_->sink != nullptr; }

void Audit::executed(std::uint64_t client, const protocol::CommandEntry& entry, const protocol::Request& request,
                     std::chrono::nanoseconds duration, const Error* error, std::string_view result) {
  const bool is_refusal = error != nullptr && error->kind == Error::Kind::kRefused;
  if (!state_->sink) return;
  if (!is_refusal && !entry.has_feature(feature::kChanges)) return count_poll(entry);
  AuditRecord record;
  record.time = std::chrono::system_clock::now();
  record.client = client;
  record.command = entry.name;
  record.outcome = is_refusal ? Outcome::kRefused : error != nullptr ? Outcome::kFailed : Outcome::kDone;
  AuditObject object = object_of(entry, request);
  record.object = std::move(object.text);
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  if (error != nullptr) {
    record.error = error_text(without_secrets(error->text, entry, request));
  } else {
    record.result = result_of(result);
  }
  add(std::move(record), object.is_exact);
}

void Audit::refused(std::uint64_t client, const protocol::CommandEntry& entry, const protocol::Request& request,
                    const Error& error) {
  if (!state_->sink) return;
  AuditRecord record;
  record.time = std::chrono::system_clock::now();
  record.client = client;
  record.command = entry.name;
  record.outcome = Outcome::kRefused;
  AuditObject object = object_of(entry, request);
  record.object = std::move(object.text);
  record.error = error_text(error.text);
  add(std::move(record), object.is_exact);
}

void Audit::add(AuditRecord record, bool may_repeat) {
  bool must_wake = false;
  {
    const std::lock_guard lock(state_->mutex);
    auto& runs = state_->runs;
    const auto run =
        std::ranges::find_if(runs, [&](const Run& known) { return may_repeat && is_alike(known.record, record); });
    if (run != runs.end()) {
      ++run->more;
      run->more_duration += record.duration;
      return;
    }
    if (runs.size() == kRuns) state_->end_runs(now_());
    if (may_repeat) runs.push_back({record, 0, {}});
    state_->write_within_allowance(std::move(record), now_());
    must_wake = !std::exchange(state_->must_flush, true);
  }
  if (must_wake && wake_) wake_();
}

// The counts are told by the first poll after the time is over, so that nothing wakes up for them.
void Audit::count_poll(const protocol::CommandEntry& entry) {
  const protocol::CommandEntry* first = protocol::command_table().data();
  if (&entry < first || &entry >= first + polls_.size()) return;
  polls_[static_cast<std::size_t>(&entry - first)].fetch_add(1, std::memory_order_relaxed);
  const std::int64_t now_ns = now_().time_since_epoch().count();
  std::int64_t told_ns = polls_told_ns_.load(std::memory_order_relaxed);
  if (now_ns - told_ns < std::chrono::nanoseconds(kPolls).count()) return;
  if (!polls_told_ns_.compare_exchange_strong(told_ns, now_ns)) return;  // another thread tells
  const std::lock_guard lock(state_->mutex);
  state_->write(audit_note(polls_text()));
}

std::string Audit::polls_text() {
  std::string text;
  const auto table = protocol::command_table();
  for (std::size_t i = 0; i < polls_.size(); ++i) {
    const std::uint64_t count = polls_[i].exchange(0, std::memory_order_relaxed);
    if (count == 0) continue;
    text += (text.empty() ? "questions: " : ", ") + std::string(table[i].name) + " " + std::to_string(count);
  }
  return text;
}

void Audit::flush() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->sink) return;
  state_->must_flush = false;
  state_->end_runs(now_());
  state_->tell_of_all_left_out();
}

void Audit::end() {
  if (!state_->sink) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->end_runs(now_());
    state_->tell_of_all_left_out();
    if (auto text = polls_text(); !text.empty()) state_->write(audit_note(std::move(text)));
  }
  state_->sink->finish();
}

void Audit::hold() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->held = true;
    if (state_->sink) state_->sink->hold(true);
  }
  if (state_->sink) state_->sink->settle();  // without the lock that everybody needs
}

Result<void> Audit::release() {
  const std::lock_guard lock(state_->mutex);
  if (!std::exchange(state_->held, false) || !state_->sink) return {};
  state_->sink->hold(false);
  auto reopened = Result<void>();
  if (std::exchange(state_->must_reopen, false)) reopened = state_->sink->reopen();
  for (const AuditRecord& record : std::exchange(state_->waiting, {})) state_->deliver(record);
  state_->waiting_refusals = 0;
  if (state_->dropped > 0) {
    const auto dropped = std::to_string(std::exchange(state_->dropped, 0));
    state_->deliver(audit_note(dropped + " records after these were dropped while file systems were frozen"));
  }
  return reopened;
}

Result<void> Audit::reopen() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->sink) return {};
  state_->must_reopen = state_->held;
  return state_->held ? Result<void>() : state_->sink->reopen();
}

}  // namespace guestd::daemon
