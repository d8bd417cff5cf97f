// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/limits.hpp"
#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

using Steady = std::chrono::steady_clock::time_point;
using Outcome = AuditRecord::Outcome;

constexpr std::size_t kRuns = 64;  // different things that are counted at the same time

// How many records may still be written: a bucket that fills with time.
class Allowance {
 public:
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

AuditRecord note(std::string text) {
  AuditRecord record;
  record.time = std::chrono::system_clock::now();
  record.outcome = Outcome::kCounted;
  record.object = std::move(text);
  return record;
}

}  // namespace

struct Audit::State {
  std::mutex mutex;
  std::unique_ptr<AuditSink> sink;
  Allowance allowance;
  std::vector<Run> runs;
  std::uint64_t left_out = 0;
  std::uint64_t lost = 0;  // by the sink
  bool held = false;
  bool must_reopen = false;
  std::vector<AuditRecord> waiting;
  std::uint64_t dropped = 0;  // while held

  // All with the lock held.
  void write(AuditRecord record) {
    if (!held) return deliver(record);
    if (waiting.size() >= limits::kHeldLogLines) {
      ++dropped;
    } else {
      waiting.push_back(std::move(record));
    }
  }
  void deliver(const AuditRecord& record) {
    if (lost > 0 && sink->write(note(std::to_string(lost) + " records before this one were lost"))) lost = 0;
    if (!sink->write(record)) ++lost;
  }
  void write_within_allowance(AuditRecord record, Steady now) {
    if (!allowance.take(now)) {
      ++left_out;
      return;
    }
    if (left_out > 0) {
      write(note(std::to_string(std::exchange(left_out, 0)) + " records before this one were left out: too many"));
    }
    write(std::move(record));
  }
  void end_runs() {
    for (Run& run : std::exchange(runs, {})) {
      if (run.more == 0) continue;
      run.record.time = std::chrono::system_clock::now();
      run.record.count = run.more;
      run.record.duration = run.more_duration;
      run.record.result.clear();
      write(std::move(run.record));
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
  record.object = object_of(entry, request);
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  if (error != nullptr) {
    record.error = error->text;
  } else {
    record.result = result_of(result);
  }
  add(std::move(record));
}

void Audit::refused(std::uint64_t client, const protocol::CommandEntry& entry, const protocol::Request& request,
                    const Error& error) {
  if (!state_->sink) return;
  AuditRecord record;
  record.time = std::chrono::system_clock::now();
  record.client = client;
  record.command = entry.name;
  record.outcome = Outcome::kRefused;
  record.object = object_of(entry, request);
  record.error = error.text;
  add(std::move(record));
}

void Audit::add(AuditRecord record) {
  bool must_wake = false;
  {
    const std::lock_guard lock(state_->mutex);
    auto& runs = state_->runs;
    const auto run = std::ranges::find_if(runs, [&](const Run& known) { return is_alike(known.record, record); });
    if (run != runs.end()) {
      ++run->more;
      run->more_duration += record.duration;
      return;
    }
    if (runs.size() == kRuns) state_->end_runs();
    must_wake = runs.empty();
    runs.push_back({record, 0, {}});
    state_->write_within_allowance(std::move(record), now_());
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
  state_->write(note(polls_text()));
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
  if (state_->sink) state_->end_runs();
}

void Audit::end() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->sink) return;
  state_->end_runs();
  if (state_->left_out > 0) {
    state_->write(note(std::to_string(std::exchange(state_->left_out, 0)) + " records were left out: too many"));
  }
  if (auto text = polls_text(); !text.empty()) state_->write(note(std::move(text)));
}

void Audit::hold() {
  const std::lock_guard lock(state_->mutex);
  state_->held = true;
}

Result<void> Audit::release() {
  const std::lock_guard lock(state_->mutex);
  if (!std::exchange(state_->held, false) || !state_->sink) return {};
  auto reopened = Result<void>();
  if (std::exchange(state_->must_reopen, false)) reopened = state_->sink->reopen();
  for (const AuditRecord& record : std::exchange(state_->waiting, {})) state_->deliver(record);
  if (state_->dropped > 0) {
    const auto dropped = std::to_string(std::exchange(state_->dropped, 0));
    state_->deliver(note(dropped + " records after these were dropped while file systems were frozen"));
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
