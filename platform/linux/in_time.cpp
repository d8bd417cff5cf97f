// SPDX-License-Identifier: Apache-2.0
#include "platform/in_time.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace guestd::platform {

namespace {

using Clock = std::chrono::steady_clock;

struct Asked {
  InTime::Question question;
  std::optional<Clock::time_point> asked_at;
  bool answered = false;
  bool given_up = false;
};

/// The questions of one call, asked from the first to the last.
struct Batch {
  std::vector<Asked> questions;
  std::size_t next = 0;
  std::size_t left = 0;     ///< neither answered nor given up
  std::size_t threads = 0;  ///< that are asking
  std::condition_variable changed;
};

/// Whether a thread of the batch is getting on: it has a question that it asked less than `time` ago.
bool gets_on(const Batch& batch, std::chrono::milliseconds time, Clock::time_point now) {
  return std::any_of(batch.questions.begin(), batch.questions.end(), [&](const Asked& asked) {
    return asked.asked_at && !asked.answered && now - *asked.asked_at < time;
  });
}

}  // namespace

struct InTime::State {
  explicit State(Limits given_limits) : limits(given_limits) {}

  const Limits limits;
  mutable std::mutex mutex;  ///< guards what follows, and all batches
  std::set<std::string> silent;
  std::size_t threads = 0;

  static void ask(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch);
  static bool start_thread(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch);
  void give_up(Batch& batch, Asked& asked, bool is_stuck);
  void give_up_what_is_late(Batch& batch, Clock::time_point now);
  static void wait(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch,
                   std::unique_lock<std::mutex>& lock);
};

/// The life of a thread.
void InTime::State::ask(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch) {
  std::unique_lock lock(state->mutex);
  while (batch->next < batch->questions.size()) {
    Asked& asked = batch->questions[batch->next++];
    if (asked.given_up) continue;
    asked.asked_at = Clock::now();
    lock.unlock();
    asked.question.ask();
    lock.lock();
    asked.answered = true;
    if (asked.given_up) {
      state->silent.erase(asked.question.about);
    } else {
      --batch->left;
    }
  }
  --batch->threads;
  --state->threads;
  batch->changed.notify_all();
}

/// Called with the mutex held.
bool InTime::State::start_thread(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch) {
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

void InTime::State::give_up(Batch& batch, Asked& asked, bool is_stuck) {
  asked.given_up = true;
  if (is_stuck) silent.insert(asked.question.about);
  --batch.left;
}

void InTime::State::give_up_what_is_late(Batch& batch, Clock::time_point now) {
  for (Asked& asked : batch.questions) {
    const bool is_open = asked.asked_at && !asked.answered && !asked.given_up;
    if (is_open && now - *asked.asked_at >= limits.answer) give_up(batch, asked, true);
  }
}

/// Until every question is answered or given up.
void InTime::State::wait(const std::shared_ptr<State>& state, const std::shared_ptr<Batch>& batch,
                         std::unique_lock<std::mutex>& lock) {
  auto last_progress = Clock::now();
  while (batch->left > 0) {
    const auto now = Clock::now();
    state->give_up_what_is_late(*batch, now);
    const bool all_asked = batch->next >= batch->questions.size();
    if (all_asked || gets_on(*batch, state->limits.patience, now) || start_thread(state, batch)) last_progress = now;
    if (state->limits.must_ask && !all_asked && batch->threads == 0) {
      ++state->threads;
      ++batch->threads;
      lock.unlock();
      ask(state, batch);
      lock.lock();
      continue;
    }
    if (now - last_progress >= state->limits.answer) {
      // All threads are stuck, here or in other calls: the rest cannot be asked.
      for (Asked& asked : batch->questions) {
        if (!asked.asked_at && !asked.given_up) state->give_up(*batch, asked, false);
      }
    }
    if (batch->left > 0) batch->changed.wait_for(lock, state->limits.patience);
  }
}

InTime::InTime(Limits limits) : state_(std::make_shared<State>(limits)) {}

InTime::~InTime() = default;

std::vector<bool> InTime::ask(std::vector<Question> questions) {
  const auto batch = std::make_shared<Batch>();
  std::unique_lock lock(state_->mutex);
  batch->left = questions.size();
  batch->questions.reserve(questions.size());
  for (Question& question : questions) {
    batch->questions.push_back({std::move(question), {}, false, false});
    Asked& asked = batch->questions.back();
    if (state_->silent.count(asked.question.about) != 0) state_->give_up(*batch, asked, false);
  }
  State::wait(state_, batch, lock);
  std::vector<bool> results;
  results.reserve(batch->questions.size());
  for (const Asked& asked : batch->questions) results.push_back(asked.answered && !asked.given_up);
  return results;
}

std::size_t InTime::silent() const {
  const std::lock_guard lock(state_->mutex);
  return state_->silent.size();
}

}  // namespace guestd::platform
