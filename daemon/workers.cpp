// SPDX-License-Identifier: Apache-2.0
#include "daemon/workers.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/limits.hpp"

namespace guestd::daemon {

struct Workers::State {
  std::mutex mutex;
  std::condition_variable work_arrived;
  std::deque<std::function<void()>> waiting;  // never more than there are idle threads
  std::size_t idle = 0;
  std::size_t busy = 0;
  bool ended = false;
};

Workers::Workers() : state_(std::make_shared<State>()) {}

Workers::~Workers() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->work_arrived.notify_all();
}

bool Workers::submit(std::function<void()> work, Need need) {
  const std::size_t most = limits::kWorkers + (need == Need::kWhileFrozen ? limits::kWorkersWhileFrozen : 0);
  const std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() < state_->idle) {
    state_->waiting.push_back(std::move(work));
    state_->work_arrived.notify_one();
    return true;
  }
  if (state_->busy + state_->idle >= most) return false;
  try {
    std::thread(run, state_, std::move(work)).detach();
  } catch (const std::system_error&) {
    return false;  // out of threads
  }
  ++state_->busy;
  return true;
}

std::size_t Workers::busy() const {
  const std::lock_guard lock(state_->mutex);
  return state_->busy + state_->waiting.size();
}

void Workers::run(const std::shared_ptr<State>& state, std::function<void()> work) {
  while (true) {
    work();
    work = nullptr;  // frees what it held before the wait
    std::unique_lock lock(state->mutex);
    --state->busy;
    ++state->idle;
    const bool has_work = state->work_arrived.wait_for(lock, limits::kWorkerIdle,
                                                       [&] { return state->ended || !state->waiting.empty(); });
    --state->idle;
    if (!has_work || state->waiting.empty()) return;
    ++state->busy;
    work = std::move(state->waiting.front());
    state->waiting.pop_front();
  }
}

}  // namespace guestd::daemon
