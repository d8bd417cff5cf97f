// SPDX-License-Identifier: Apache-2.0
#include "platform/file_system_usage.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace guestd::platform {

namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t bytes_of(std::uint64_t blocks, std::uint64_t block_size) {
  std::uint64_t bytes = 0;
  // Numbers that no disk has come from a broken or hostile file system.
  return __builtin_mul_overflow(blocks, block_size, &bytes) ? std::numeric_limits<std::uint64_t>::max() : bytes;
}

Error no_answer(const std::string& mountpoint) {
  return Error::from_errno("the file system at " + mountpoint + " does not answer", ETIMEDOUT);
}

/// One question.
struct Question {
  MountedAt mount;
  std::optional<Clock::time_point> asked_at;
  std::optional<Result<FileSystemUsage>> answer;
  bool given_up = false;
};

/// The questions of one call, asked from the first to the last.
struct Batch {
  std::vector<Question> questions;
  std::size_t next = 0;
  std::size_t left = 0;     ///< neither answered nor given up
  std::size_t threads = 0;  ///< that are asking
  std::condition_variable changed;
};

/// Whether a thread of the batch is getting on: it has a question that it asked less than `time` ago.
bool gets_on(const Batch& batch, std::chrono::milliseconds time, Clock::time_point now) {
  return std::any_of(batch.questions.begin(), batch.questions.end(), [&](const Question& question) {
    return question.asked_at && !question.answer && now - *question.asked_at < time;
  });
}

}  // namespace

struct FileSystemUsages::State {
  State(std::shared_ptr<const UsageSource> given_source, Limits given_limits)
      : source(std::move(given_source)), limits(given_limits) {}

  const std::shared_ptr<const UsageSource> source;
  const Limits limits;
  mutable std::mutex mutex;  ///< guards what follows, and all batches
  std::set<MountedAt> silent;
  std::size_t threads = 0;

  static void ask(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch);
  static bool start_thread(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch);
  void give_up(Batch& batch, Question& question, bool is_stuck);
  void give_up_what_is_late(Batch& batch, Clock::time_point now);
  static void wait(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch,
                   std::unique_lock<std::mutex>& lock);
};

/// The life of a thread.
void FileSystemUsages::State::ask(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch) {
  std::unique_lock lock(state->mutex);
  while (batch->next < batch->questions.size()) {
    Question& question = batch->questions[batch->next++];
    if (question.given_up) continue;
    question.asked_at = Clock::now();
    lock.unlock();
    auto answer = state->source->usage(question.mount.mountpoint);
    lock.lock();
    question.answer = std::move(answer);
    if (question.given_up) {
      state->silent.erase(question.mount);
    } else {
      --batch->left;
    }
  }
  --batch->threads;
  --state->threads;
  batch->changed.notify_all();
}

/// Called with the mutex held.
bool FileSystemUsages::State::start_thread(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch) {
  if (state->threads >= state->limits.threads) return false;
  try {
    std::thread(ask, state, batch).detach();
  } catch (const std::system_error&) {  // out of threads
    return false;
  }
  ++state->threads;
  ++batch->threads;
  return true;
}

void FileSystemUsages::State::give_up(Batch& batch, Question& question, bool is_stuck) {
  question.given_up = true;
  if (is_stuck) silent.insert(question.mount);
  --batch.left;
}

void FileSystemUsages::State::give_up_what_is_late(Batch& batch, Clock::time_point now) {
  for (Question& question : batch.questions) {
    const bool is_open = question.asked_at && !question.answer && !question.given_up;
    if (is_open && now - *question.asked_at >= limits.answer) give_up(batch, question, true);
  }
}

/// Until every question is answered or given up.
void FileSystemUsages::State::wait(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch,
                                   std::unique_lock<std::mutex>& lock) {
  auto last_progress = Clock::now();
  while (batch->left > 0) {
    const auto now = Clock::now();
    state->give_up_what_is_late(*batch, now);
    const bool all_asked = batch->next >= batch->questions.size();
    if (all_asked || gets_on(*batch, state->limits.patience, now) || start_thread(state, batch)) last_progress = now;
    if (now - last_progress >= state->limits.answer) {
      // All threads are stuck, here or in other calls: the rest cannot be asked.
      for (Question& question : batch->questions) {
        if (!question.asked_at && !question.given_up) state->give_up(*batch, question, false);
      }
    }
    if (batch->left > 0) batch->changed.wait_for(lock, state->limits.patience);
  }
}

FileSystemUsages::FileSystemUsages(std::shared_ptr<const UsageSource> source, Limits limits)
    : state_(std::make_shared<State>(std::move(source), limits)) {}

FileSystemUsages::~FileSystemUsages() = default;

std::vector<Result<FileSystemUsage>> FileSystemUsages::of(const std::vector<MountedAt>& mounts) {
  const auto batch = std::make_shared<Batch>();
  std::unique_lock lock(state_->mutex);
  batch->left = mounts.size();
  batch->questions.reserve(mounts.size());
  for (const MountedAt& mount : mounts) {
    batch->questions.push_back({mount, {}, {}, false});
    if (state_->silent.count(mount) != 0) state_->give_up(*batch, batch->questions.back(), false);
  }
  State::wait(state_, batch, lock);
  std::vector<Result<FileSystemUsage>> results;
  results.reserve(mounts.size());
  for (const Question& question : batch->questions) {
    const bool has_answer = question.answer && !question.given_up;
    results.push_back(has_answer ? *question.answer : no_answer(question.mount.mountpoint));
  }
  return results;
}

std::size_t FileSystemUsages::silent() const {
  const std::lock_guard lock(state_->mutex);
  return state_->silent.size();
}

Result<FileSystemUsage> SystemUsage::usage(const std::string& mountpoint) const {
  struct statvfs status {};
  while (::statvfs(mountpoint.c_str(), &status) != 0) {
    if (errno != EINTR) return Error::from_errno("cannot look at " + mountpoint, errno);
  }
  const std::uint64_t used = status.f_blocks - std::min(status.f_bfree, status.f_blocks);
  FileSystemUsage usage;
  usage.used_bytes = bytes_of(used, status.f_frsize);
  usage.total_bytes = bytes_of(used + status.f_bavail, status.f_frsize);
  usage.total_privileged_bytes = bytes_of(status.f_blocks, status.f_frsize);
  return usage;
}

}  // namespace guestd::platform
