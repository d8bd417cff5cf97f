// SPDX-License-Identifier: Apache-2.0
#include "commands/process_table.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/limits.hpp"
#include "platform/freeze_marker.hpp"
#include "platform/process_scope.hpp"

namespace guestd::commands {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kWithoutPidfd = 20ms;       // how often a kernel before 5.2 is asked whether a program has ended
constexpr std::uint64_t kSpoolNumber = 0;  // no child has this one

std::string unit_name(const platform::ProcessBirth& birth) {
  return "guestd-exec-" + std::to_string(birth.pid) + "-" + std::to_string(birth.not_before.count()) + ".scope";
}

ProcessRecord::Output record_output(const KeptOutput* captured, const KeptOutput* spooled) {
  if (spooled != nullptr) return ProcessRecord::Output::kSpooled;
  return captured != nullptr ? ProcessRecord::Output::kLost : ProcessRecord::Output::kNone;
}

/// The earliest of those that are set.
void earlier(std::optional<SteadyTime>& first, const std::optional<SteadyTime>& other) {
  if (other && (!first || *other < *first)) first = other;
}

bool take_due(std::optional<SteadyTime>& time, SteadyTime now) {
  if (!time || *time > now) return false;
  time.reset();
  return true;
}

}  // namespace

std::chrono::milliseconds exec_wait(std::uint64_t wait_ms) {
  constexpr std::chrono::milliseconds kLongest = limits::kExecWait;
  return std::chrono::milliseconds(std::min(wait_ms, static_cast<std::uint64_t>(kLongest.count())));
}

ProcessTable::ProcessTable(const platform::Host& host, ExecSettings settings)
    : host_(host), settings_(std::move(settings)), budget_(settings_.memory_bytes) {}

ProcessTable::~ProcessTable() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (readiness_) readiness_->wake();
  }
  if (monitor_.joinable()) monitor_.join();
}

// ---- start

std::size_t ProcessTable::output_limit(const ExecStart& start) const {
  return start.output_bytes == 0 ? settings_.output_bytes : std::min(start.output_bytes, settings_.output_bytes);
}

Result<ChildPipes> ProcessTable::make_pipes(const ExecStart& start) {
  const std::uint64_t spool = static_cast<std::uint64_t>(host_.clock->since_boot().count()) + ++last_spool_;
  return ChildPipes::make(start, {settings_.state_directory, spool, output_limit(start), budget_});
}

bool ProcessTable::take_slot() {
  const std::lock_guard lock(mutex_);
  if (running_ >= settings_.processes) return false;
  ++running_;
  return true;
}

Result<pid_t> ProcessTable::start(ExecStart start) {
  if (!take_slot()) {
    return platform::execute_error(
        start.process.path, std::to_string(settings_.processes) + " programs run already, no more are allowed at once");
  }
  auto pid = start_in_slot(start);
  if (!pid) {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  return pid;
}

Result<pid_t> ProcessTable::start_in_slot(ExecStart& start) {
  {
    const std::lock_guard lock(mutex_);
    if (!ensure_monitor())
      return platform::execute_error(start.process.path, "the agent is out of threads or descriptors");
  }
  auto pipes = make_pipes(start);
  if (!pipes) return platform::execute_error(start.process.path, pipes.error().text, pipes.error().errno_value);
  platform::ProcessStart& process = start.process;
  const auto theirs = [&](std::size_t index) {
    const std::size_t from = start.sinks[index] == ChildSink::kMerge ? 1 - index : index;
    return pipes->program_outputs[from].get();
  };
  process.input = pipes->program_input.get();
  process.output = start.terminal ? process.input : theirs(0);
  process.error = start.terminal ? process.input : theirs(1);
  process.terminal = start.terminal.has_value();
  process.program = start.program.get();
  Child::Setup setup;
  setup.path = process.path;
  setup.identity = std::move(start.identity);
  setup.started_ns = host_.clock->now_ns();
  auto started = host_.processes->start(std::move(process));
  if (!started) {
    pipes->remove_spools();
    return std::move(started).error();
  }
  const pid_t pid = started->birth.pid;
  setup.process = *std::move(started);
  setup.is_terminal = start.terminal.has_value();
  setup.outputs = std::move(pipes->outputs);
  setup.captured = pipes->captured;
  setup.spooled = pipes->spooled;
  setup.input = std::move(pipes->input);
  setup.input_data = std::move(start.input);
  setup.input_ends = !start.input_streams && !start.terminal;
  auto limit = settings_.time_limit;
  if (start.time_limit > 0ms && (limit == 0ms || start.time_limit < limit)) limit = start.time_limit;
  Entry entry;
  entry.record.limit = output_limit(start);
  add(std::move(setup), std::move(entry), limit, *pipes);
  return pid;
}

void ProcessTable::add(Child::Setup setup, Entry entry, std::chrono::milliseconds limit, const ChildPipes& pipes) {
  const auto now = Clock::now();
  ProcessRecord& record = entry.record;
  record.birth = setup.process.birth;
  record.started_ns = setup.started_ns;
  record.path = setup.path;
  record.spool = pipes.spool;
  record.output = record_output(pipes.captured[0].get(), pipes.spooled[0].get());
  record.error = record_output(pipes.captured[1].get(), pipes.spooled[1].get());
  if (limit > 0ms) record.deadline = setup.process.birth.not_before + limit;
  if (limit > 0ms) entry.limit_at = now + limit;
  entry.scope_at = now + settings_.scope_delay;
  if (!setup.process.pidfd.valid()) entry.poll_at = now + kWithoutPidfd;
  entry.spool_paths = pipes.spool_paths;
  setup.grace = settings_.grace;

  const bool is_new = !setup.recovered;
  if (is_new) entry.place = records_->add(record);

  const std::lock_guard lock(mutex_);
  setup.number = ++last_number_;
  // The number of a process that has ended may be used again; what is left of that one would be taken for this one.
  if (const auto old = numbers_.find(record.birth.pid); old != numbers_.end()) forget_locked(old->second);
  entry.child = std::make_shared<Child>(std::move(setup), *readiness_);
  numbers_[record.birth.pid] = last_number_;
  watch_spools(entry);
  if (!is_new) chores_.push_back({.number = last_number_});
  const auto child = entry.child;
  entries_.emplace(last_number_, std::move(entry));
  // Without its end nobody would ever know of it, so it is looked for.
  if (!child->watch()) entries_.at(last_number_).poll_at = now + kWithoutPidfd;
  readiness_->wake();  // there may be an earlier time to look at the clock
}

void ProcessTable::watch_spools(Entry& entry) {
  if (entry.spool_paths.empty()) return;
  if (!spool_watch_) {
    auto watch = platform::FileWatch::create();
    if (!watch || !readiness_->add(watch->fd(), kSpoolNumber << Child::kPartBits, {.read = true})) return;
    spool_watch_ = std::make_unique<platform::FileWatch>(*std::move(watch));
  }
  for (const std::string& path : entry.spool_paths) {
    if (const auto number = spool_watch_->add(path)) entry.watches.push_back(*number);
  }
}

// ---- what an earlier agent has left

void ProcessTable::take_over() {
  if (!ProcessRecords::are_there(settings_.state_directory)) return;
  {
    const std::lock_guard lock(mutex_);
    if (!ensure_monitor()) return;
  }
  const auto left = records_->take_over();
  std::vector<std::string> kept;
  for (const ProcessRecord& record : left) {
    recover(record);
    for (std::size_t index = 0; index < 2; ++index)
      kept.push_back(spool_path(settings_.state_directory, record.spool, index));
  }
  const std::lock_guard lock(mutex_);
  kept_spools_ = std::move(kept);
  readiness_->wake();
}

void ProcessTable::recover(const ProcessRecord& record) {
  ChildPipes pipes;
  pipes.spool = record.spool;
  Child::Setup setup;
  const std::array outputs{record.output, record.error};
  for (std::size_t index = 0; index < outputs.size(); ++index) {
    setup.lost[index] = outputs[index] == ProcessRecord::Output::kLost;
    if (outputs[index] != ProcessRecord::Output::kSpooled) continue;
    const std::string path = spool_path(settings_.state_directory, record.spool, index);
    auto file = platform::SpoolFile::open(path, std::min<std::uint64_t>(record.limit, settings_.output_bytes));
    setup.lost[index] = !file;
    if (!file) continue;
    pipes.spool_paths.push_back(path);
    pipes.spooled[index] = std::make_shared<SpooledOutput>(*std::move(file));
  }
  auto pidfd = record.exited ? std::nullopt : platform::find_process(record.birth);
  const bool has_output = !pipes.spool_paths.empty();
  if (!pidfd && !has_output) return;
  setup.process.birth = record.birth;
  if (pidfd) setup.process.pidfd = *std::move(pidfd);
  setup.path = record.path;
  setup.started_ns = record.started_ns;
  setup.recovered = true;
  setup.exited = !setup.process.pidfd.valid();
  setup.exit = record.exit;
  setup.timed_out = record.timed_out;
  setup.spooled = pipes.spooled;
  const bool exited = setup.exited;
  std::chrono::milliseconds limit{0};
  if (record.deadline.count() > 0 && !exited) {
    const auto left = record.deadline - host_.clock->since_boot();
    limit = std::max(1ms, std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
  Entry entry;
  entry.record = record;
  if (record.has_unit) entry.unit = unit_name(record.birth);
  settings_.tell("found PID " + std::to_string(record.birth.pid) + " again (" + record.path +
                 "), which an earlier agent has started" + (exited ? "; it has ended" : ""));
  add(std::move(setup), std::move(entry), limit, pipes);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(last_number_);
  if (found == entries_.end()) return;
  Entry& added = found->second;
  added.poll_at.reset();
  if (record.has_unit) added.scope_at.reset();
  if (!exited) {
    ++running_;
    return;
  }
  added.exited = true;
  added.limit_at.reset();
  added.scope_at.reset();
  added.expire_at = Clock::now() + settings_.kept_time;
}

// ---- what hosts ask for

Result<std::shared_ptr<Child>> ProcessTable::find(std::int64_t pid) {
  const std::lock_guard lock(mutex_);
  const auto found = pid > 0 && pid <= std::int64_t{1} << 30U ? numbers_.find(static_cast<pid_t>(pid)) : numbers_.end();
  if (found == numbers_.end()) return Error{"PID " + std::to_string(pid) + " does not exist"};
  return entries_.at(found->second).child;
}

std::vector<std::shared_ptr<Child>> ProcessTable::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Child>> children;
  for (const auto& [number, entry] : entries_) {
    if (!entry.forgotten) children.push_back(entry.child);
  }
  return children;
}

std::string ProcessTable::unit_of(const Child& child) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(child.number());
  return entry == entries_.end() ? std::string() : entry->second.unit;
}

Result<void> ProcessTable::signal_all(Child& child, int number) {
  const std::string unit = unit_of(child);
  if (unit.empty()) return child.signal(platform::SignalTarget::kGroup, number);
  return platform::signal_process_scope(*host_.bus, unit, number);
}

void ProcessTable::forget(const Child& child) {
  const std::lock_guard lock(mutex_);
  forget_locked(child.number());
}

void ProcessTable::forget_locked(std::uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second.forgotten) return;
  Entry& entry = found->second;
  numbers_.erase(entry.child->pid());
  // A process whose number is used again has ended, even if its end was not noticed yet.
  if (!entry.exited) --running_;
  entry.exited = true;
  for (const int watch : entry.watches) spool_watch_->remove(watch);
  if (entry.place >= 0 || !entry.spool_paths.empty()) {
    chores_.push_back({.place = std::exchange(entry.place, -1), .spool_paths = entry.spool_paths});
  }
  if (!chores_.empty() || monitor_rests_) readiness_->wake();
  entry.forgotten = true;
  entry.limit_at = entry.kill_at = entry.scope_at = entry.grace_at = entry.expire_at = entry.poll_at = std::nullopt;
  entry.child->discard_output();
  erase_or_linger(found);
  bound_lingering();
}

void ProcessTable::erase_or_linger(std::map<std::uint64_t, Entry>::iterator entry) {
  if (entry->second.forgotten && !entry->second.child->has_open_output()) entries_.erase(entry);
}

void ProcessTable::bound_lingering() {
  const auto is_forgotten = [](const auto& each) { return each.second.forgotten; };
  if (std::ranges::count_if(entries_, is_forgotten) <= static_cast<std::ptrdiff_t>(limits::kExecLingering)) return;
  entries_.erase(std::ranges::find_if(entries_, is_forgotten));
}

// Results that nobody has asked for: too many of them push out the oldest.
void ProcessTable::bound_results() {
  std::size_t count = 0;
  const Entry* oldest = nullptr;
  for (const auto& [number, entry] : entries_) {
    if (!entry.exited || entry.forgotten) continue;
    ++count;
    if (oldest == nullptr || *entry.expire_at < *oldest->expire_at) oldest = &entry;
  }
  if (count <= settings_.kept_results) return;
  settings_.tell("forgot the result of PID " + std::to_string(oldest->child->pid()) + " (" + oldest->child->path() +
                 "): more than " + std::to_string(settings_.kept_results) + " wait to be collected");
  forget_locked(oldest->child->number());
}

// ---- the thread that watches

bool ProcessTable::ensure_monitor() {
  if (!records_) {
    const auto boot = platform::boot_id(host_.root);
    records_ = std::make_unique<ProcessRecords>(settings_.state_directory, boot ? *boot : std::string());
  }
  if (!readiness_) {
    auto made = platform::Readiness::create();
    if (!made) return false;
    readiness_ = *std::move(made);
  }
  if (monitor_runs_) return true;
  if (monitor_.joinable()) monitor_.join();
  try {
    monitor_ = std::thread([this] { watch_children(); });
  } catch (const std::system_error&) {
    return false;
  }
  monitor_runs_ = true;
  return true;
}

void ProcessTable::watch_children() {
  std::string buffer;
  auto busy_at = Clock::now();
  while (true) {
    std::optional<std::chrono::nanoseconds> limit;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      const auto now = Clock::now();
      if (running_ > 0) busy_at = now;
      const bool is_idle = now - busy_at >= limits::kWorkerIdle;
      if (is_idle && entries_.empty()) {
        monitor_runs_ = false;
        return;
      }
      limit = until_due();
      // Most results are collected soon: who collects the last one later has to wake this thread.
      monitor_rests_ = running_ > 0 || is_idle;
      const auto rest = limits::kWorkerIdle - (now - busy_at);
      if (!monitor_rests_ && (!limit || *limit > rest)) limit = rest;
    }
    const auto events = readiness_->wait(limit);
    if (!events.empty()) busy_at = Clock::now();
    for (const platform::Readiness::Event& event : events) handle(event, buffer);
    run_due();
    do_chores();
  }
  // A program that was started as the table ended: the next agent finds it by its record.
  do_chores();
}

void ProcessTable::do_chores() {
  std::vector<Chore> chores;
  std::optional<std::vector<std::string>> kept_spools;
  {
    const std::lock_guard lock(mutex_);
    if (chores_.empty() && !kept_spools_) return;
    chores.swap(chores_);
    kept_spools.swap(kept_spools_);
  }
  if (kept_spools) platform::remove_other_spools(spool_folder(settings_.state_directory), *kept_spools);
  for (const Chore& chore : chores) {
    if (chore.number != 0) {
      add_record(chore.number);
    } else if (chore.record) {
      records_->update(chore.place, *chore.record);
    } else {
      records_->remove(chore.place);
    }
    for (const std::string& path : chore.spool_paths) platform::remove_spool(path);
  }
}

void ProcessTable::add_record(std::uint64_t number) {
  const auto wanted = [&]() -> Entry* {
    const auto found = entries_.find(number);
    return found == entries_.end() || found->second.forgotten ? nullptr : &found->second;
  };
  ProcessRecord record;
  {
    const std::lock_guard lock(mutex_);
    const Entry* entry = wanted();
    if (entry == nullptr) return;
    record = entry->record;
  }
  const int place = records_->add(record);
  {
    const std::lock_guard lock(mutex_);
    if (Entry* entry = wanted()) {
      entry->place = place;
      return;
    }
  }
  records_->remove(place);
}

// With the lock held.
std::optional<std::chrono::nanoseconds> ProcessTable::until_due() {
  std::optional<SteadyTime> first;
  for (const auto& [number, entry] : entries_) {
    for (const auto* time :
         {&entry.limit_at, &entry.kill_at, &entry.scope_at, &entry.grace_at, &entry.expire_at, &entry.poll_at}) {
      earlier(first, *time);
    }
  }
  if (!first) return std::nullopt;
  return std::max(*first - Clock::now(), Clock::duration(0));
}

void ProcessTable::handle(const platform::Readiness::Event& event, std::string& buffer) {
  const std::uint64_t number = event.token >> Child::kPartBits;
  if (number == kSpoolNumber) return on_spool_news();
  std::shared_ptr<Child> child;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end()) return;
    child = found->second.child;
  }
  switch (static_cast<Child::Part>(event.token & ((1U << Child::kPartBits) - 1))) {
    case Child::Part::kProcess:
      if (child->on_process_ready()) on_exit(number);
      return;
    case Child::Part::kInput:
      return child->on_input_ready();
    case Child::Part::kOutput:
      child->on_readable(ChildStream::kOutput, buffer);
      break;
    case Child::Part::kError:
      child->on_readable(ChildStream::kError, buffer);
      break;
  }
  if (child->has_open_output()) return;
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(number); found != entries_.end()) erase_or_linger(found);
}

void ProcessTable::on_exit(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  if (found == entries_.end() || std::exchange(found->second.exited, true)) return;
  Entry& entry = found->second;
  --running_;
  entry.limit_at = entry.kill_at = entry.scope_at = entry.poll_at = std::nullopt;
  const auto now = Clock::now();
  entry.expire_at = now + settings_.kept_time;
  if (entry.child->has_open_output()) entry.grace_at = now + settings_.grace;
  if (entry.spool_paths.empty()) {
    // An agent that comes after this one has nothing to tell of it.
    if (entry.place >= 0) chores_.push_back({.place = std::exchange(entry.place, -1)});
  } else {
    const ChildState state = entry.child->state();
    entry.record.exited = true;
    entry.record.exit = state.exit;
    entry.record.timed_out = state.timed_out;
    chores_.push_back({.place = entry.place, .record = entry.record});
  }
  bound_results();
}

void ProcessTable::on_spool_news() {
  std::vector<std::shared_ptr<Child>> children;
  {
    const std::lock_guard lock(mutex_);
    for (const int watch : spool_watch_->take()) {
      for (const auto& [number, entry] : entries_) {
        if (std::ranges::find(entry.watches, watch) != entry.watches.end()) children.push_back(entry.child);
      }
    }
  }
  for (const auto& child : children) child->on_spooled();
}

void ProcessTable::run_due() {
  std::vector<std::shared_ptr<Child>> ended;
  std::vector<std::shared_ptr<Child>> asked;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    std::vector<std::uint64_t> expired;
    for (auto& [number, entry] : entries_) {
      if (take_due(entry.expire_at, now)) expired.push_back(number);
      if (take_due(entry.grace_at, now)) ended.push_back(entry.child);
      if (take_due(entry.poll_at, now)) {
        entry.poll_at = now + kWithoutPidfd;
        asked.push_back(entry.child);
      }
      run_due(entry, now);
    }
    for (const std::uint64_t number : expired) {
      const Child& child = *entries_.at(number).child;
      settings_.tell("forgot the result of PID " + std::to_string(child.pid()) + " (" + child.path() +
                     "), which nobody has collected");
      forget_locked(number);
    }
  }
  for (const auto& child : ended) child->wake_waiting();
  for (const auto& child : asked) {
    if (child->on_process_ready()) on_exit(child->number());
  }
}

void ProcessTable::run_due(Entry& entry, SteadyTime now) {
  if (take_due(entry.limit_at, now)) {
    entry.child->set_timed_out();
    (void)entry.child->signal(platform::SignalTarget::kGroup, SIGTERM);
    // One that is stopped would not hear of it.
    (void)entry.child->signal(platform::SignalTarget::kGroup, SIGCONT);
    entry.kill_at = now + settings_.kill_delay;
  }
  if (take_due(entry.kill_at, now)) {
    (void)entry.child->signal(platform::SignalTarget::kGroup, SIGKILL);
    if (!entry.unit.empty()) {
      waits_for_systemd_.add(
          [this, unit = entry.unit] { (void)platform::signal_process_scope(*host_.bus, unit, SIGKILL); });
    }
  }
  if (take_due(entry.scope_at, now)) {
    if (!has_systemd_) has_systemd_ = platform::has_systemd(host_.root);
    if (*has_systemd_) waits_for_systemd_.add([this, number = entry.child->number()] { make_scope(number); });
  }
}

// ---- what waits for systemd

void ProcessTable::make_scope(std::uint64_t number) {
  platform::ProcessScope scope;
  std::shared_ptr<Child> child;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end() || found->second.exited || stopping_) return;
    child = found->second.child;
  }
  scope.unit = unit_name(child->birth());
  scope.description = "Started by the host: " + child->path();
  scope.leader = child->pid();
  const auto made = platform::make_process_scope(*host_.bus, host_.root, scope);
  const std::lock_guard lock(mutex_);
  if (!made) {
    // No bus: there will be none for the next one either.
    if (made.error().kind == Error::Kind::kUnsupported) has_systemd_ = false;
    return;
  }
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  found->second.unit = scope.unit;
  found->second.record.has_unit = true;
  if (found->second.exited) return;
  chores_.push_back({.place = found->second.place, .record = found->second.record});
  readiness_->wake();
}

}  // namespace guestd::commands
