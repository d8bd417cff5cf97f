// SPDX-License-Identifier: Apache-2.0
#include "daemon/line_file.hpp"

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

struct LineFile::State {
  explicit State(Settings given) : settings(std::move(given)) {}

  Settings settings;
  std::mutex mutex;
  std::condition_variable changed;
  std::mutex telling;  // held while on_failure is called, so that it ends with the file; never together with `mutex`
  std::deque<std::string> lines;
  std::size_t bytes = 0;
  std::uint64_t lost = 0;
  bool must_reopen = false;
  bool is_held = false;
  bool has_thread = false;
  bool is_writing = false;
  UniqueFd fd;  // the writing thread's while is_writing

  // All with the lock held.
  [[nodiscard]] bool has_work() const { return !is_held && (must_reopen || !lines.empty()); }
  [[nodiscard]] bool has_room_for(const std::string& line) const {
    return lines.size() < kWaitingLines && bytes + line.size() <= kWaitingBytes;
  }
  [[nodiscard]] std::string note_of_lost() const {
    return lost == 0 || !settings.note_of_lost ? "" : settings.note_of_lost(lost);
  }
  std::string take_line() {
    std::string line = std::move(lines.front());
    lines.pop_front();
    bytes -= std::min(bytes, line.size());
    return line;
  }

  static Result<void> go_on(const std::shared_ptr<State>& state, std::unique_lock<std::mutex>& lock);
  static void run(const std::shared_ptr<State>& state);
  Result<void> do_one(std::unique_lock<std::mutex>& lock);
  Result<void> open_again(std::unique_lock<std::mutex>& lock);
  void write_next(std::unique_lock<std::mutex>& lock);
  void tell(const Error& error);
};

// Out of threads: the next line tries again.
Result<void> LineFile::State::go_on(const std::shared_ptr<State>& state, std::unique_lock<std::mutex>& lock) {
  auto done = Result<void>();
  if (!state->settings.uses_threads) {
    while (state->has_work() && !state->is_writing) {
      if (auto one = state->do_one(lock); !one) done = std::move(one);
    }
  } else if (state->has_thread) {
    state->changed.notify_all();
  } else if (state->has_work()) {
    try {
      std::thread(run, state).detach();
      state->has_thread = true;
    } catch (const std::system_error&) {
      return done;
    }
  }
  return done;
}

void LineFile::State::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  const auto has_work = [&] { return state->has_work(); };
  while (state->changed.wait_for(lock, limits::kWorkerIdle, has_work)) {
    if (auto done = state->do_one(lock); !done) {
      lock.unlock();
      state->tell(done.error());
      lock.lock();
    }
  }
  state->has_thread = false;
}

void LineFile::State::tell(const Error& error) {
  const std::lock_guard lock(telling);
  if (settings.on_failure) settings.on_failure(error);
}

Result<void> LineFile::State::do_one(std::unique_lock<std::mutex>& lock) {
  auto done = Result<void>();
  is_writing = true;
  if (std::exchange(must_reopen, false)) {
    done = open_again(lock);
  } else {
    write_next(lock);
  }
  is_writing = false;
  changed.notify_all();
  return done;
}

Result<void> LineFile::State::open_again(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto opened = open_log_file(settings.path);
  lock.lock();
  if (!opened) return std::move(opened).error();
  fd = *std::move(opened);
  return {};
}

void LineFile::State::write_next(std::unique_lock<std::mutex>& lock) {
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

LineFile::LineFile(Settings settings) : state_(std::make_shared<State>(std::move(settings))) {}

LineFile::~LineFile() {
  const std::lock_guard lock(state_->telling);
  state_->settings.on_failure = nullptr;
}

Result<void> LineFile::open() {
  auto fd = open_log_file(state_->settings.path);
  if (!fd) return std::move(fd).error();
  use(*std::move(fd));
  return {};
}

void LineFile::use(UniqueFd fd) {
  const std::lock_guard lock(state_->mutex);
  state_->fd = std::move(fd);
}

void LineFile::use_threads() {
  const std::lock_guard lock(state_->mutex);
  state_->settings.uses_threads = true;
}

void LineFile::write(std::string line) {
  std::unique_lock lock(state_->mutex);
  if (state_->has_room_for(line)) {
    state_->bytes += line.size();
    state_->lines.push_back(std::move(line));
  } else {
    ++state_->lost;
  }
  (void)State::go_on(state_, lock);
}

Result<void> LineFile::reopen() {
  std::unique_lock lock(state_->mutex);
  state_->must_reopen = true;
  return State::go_on(state_, lock);
}

Result<void> LineFile::hold(bool hold) {
  std::unique_lock lock(state_->mutex);
  state_->is_held = hold;
  return State::go_on(state_, lock);
}

void LineFile::settle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, kPatience / 2, [&] { return !state_->is_writing; });
}

void LineFile::finish() {
  std::unique_lock lock(state_->mutex);
  if (state_->lost > 0) state_->lines.push_back(state_->note_of_lost());
  state_->lost = 0;
  (void)State::go_on(state_, lock);
  state_->changed.wait_for(lock, kPatience, [&] { return !state_->has_work() && !state_->is_writing; });
}

}  // namespace guestd::daemon
