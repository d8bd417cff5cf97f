// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "daemon/log_protocols.hpp"

namespace guestd::daemon {
namespace {

// One write for one line, as others may append too. Part of a line, on a full disk, is taken back.
bool append(int fd, const std::string& line) {
  const off_t before = ::lseek(fd, 0, SEEK_END);
  const ssize_t written = ::write(fd, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return true;
  if (written > 0 && before >= 0 && ::ftruncate(fd, before) != 0) return false;
  return false;
}

}  // namespace

struct AuditFile::State {
  std::string path;
  std::mutex mutex;
  std::condition_variable changed;
  std::mutex telling;  // held while on_failure is called, so that it ends with the sink; never together with `mutex`
  std::function<void(const Error&)> on_failure;
  std::deque<std::string> lines;
  std::size_t bytes = 0;
  std::uint64_t lost = 0;
  bool must_reopen = false;
  bool is_held = false;
  bool has_thread = false;
  bool is_writing = false;
  UniqueFd fd;  // the thread's while is_writing

  // All with the lock held.
  [[nodiscard]] bool has_work() const { return !is_held && (must_reopen || !lines.empty()); }
  [[nodiscard]] bool has_room_for(const std::string& line) const {
    return lines.size() < kWaitingLines && bytes + line.size() <= kWaitingBytes;
  }
  [[nodiscard]] std::string note_of_lost() const {
    return lost == 0 ? "" : audit_line(audit_note(std::to_string(lost) + " records before this one were lost"));
  }
  std::string take_line() {
    std::string line = std::move(lines.front());
    lines.pop_front();
    bytes -= std::min(bytes, line.size());
    return line;
  }

  static void start(const std::shared_ptr<State>& state);
  static void run(const std::shared_ptr<State>& state);
  void do_one(std::unique_lock<std::mutex>& lock);
  void open_again(std::unique_lock<std::mutex>& lock);
  void write_next(std::unique_lock<std::mutex>& lock);
};

// Out of threads: the next record tries again.
void AuditFile::State::start(const std::shared_ptr<State>& state) {
  if (state->has_thread) return state->changed.notify_all();
  if (!state->has_work()) return;
  try {
    std::thread(run, state).detach();
    state->has_thread = true;
  } catch (const std::system_error&) {
    return;
  }
}

void AuditFile::State::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  const auto has_work = [&] { return state->has_work(); };
  while (state->changed.wait_for(lock, limits::kWorkerIdle, has_work)) {
    state->is_writing = true;
    state->do_one(lock);
    state->is_writing = false;
    state->changed.notify_all();
  }
  state->has_thread = false;
}

void AuditFile::State::do_one(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(must_reopen, false)) return open_again(lock);
  write_next(lock);
}

// If it fails, the old one is better than none.
void AuditFile::State::open_again(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto opened = open_log_file(path);
  if (opened) {
    fd = *std::move(opened);
  } else {
    const std::lock_guard told(telling);
    if (on_failure) on_failure(std::move(opened).error().with_context("audit file '" + path + "'"));
  }
  lock.lock();
}

void AuditFile::State::write_next(std::unique_lock<std::mutex>& lock) {
  const std::string note = note_of_lost();
  const std::uint64_t told = lost;
  const std::string line = take_line();
  lock.unlock();
  const bool is_told = note.empty() || append(fd.get(), note);
  const bool is_written = append(fd.get(), line);
  lock.lock();
  if (is_told) lost -= told;
  if (!is_written) ++lost;
}

AuditFile::AuditFile(std::string path, std::function<void(const Error&)> on_failure)
    : state_(std::make_shared<State>()) {
  state_->path = std::move(path);
  state_->on_failure = std::move(on_failure);
}

AuditFile::~AuditFile() {
  const std::lock_guard lock(state_->telling);
  state_->on_failure = nullptr;
}

Result<void> AuditFile::open() {
  auto fd = open_log_file(state_->path);
  if (!fd) return std::move(fd).error().with_context("audit file '" + state_->path + "'");
  use(*std::move(fd));
  return {};
}

void AuditFile::use(UniqueFd fd) {
  const std::lock_guard lock(state_->mutex);
  state_->fd = std::move(fd);
}

bool AuditFile::write(const AuditRecord& record) {
  std::string line = audit_line(record);
  const std::lock_guard lock(state_->mutex);
  if (state_->has_room_for(line)) {
    state_->bytes += line.size();
    state_->lines.push_back(std::move(line));
  } else {
    ++state_->lost;
  }
  State::start(state_);
  return true;  // what is lost is told here
}

Result<void> AuditFile::reopen() {
  const std::lock_guard lock(state_->mutex);
  state_->must_reopen = true;
  State::start(state_);
  return {};
}

void AuditFile::hold(bool hold) {
  const std::lock_guard lock(state_->mutex);
  state_->is_held = hold;
  State::start(state_);
}

void AuditFile::settle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, kPatience / 2, [&] { return !state_->is_writing; });
}

void AuditFile::finish() {
  std::unique_lock lock(state_->mutex);
  if (state_->lost > 0) state_->lines.push_back(state_->note_of_lost());
  state_->lost = 0;
  State::start(state_);
  state_->changed.wait_for(lock, kPatience, [&] { return !state_->has_work() && !state_->is_writing; });
}

}  // namespace guestd::daemon
