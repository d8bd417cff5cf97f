// SPDX-License-Identifier: Apache-2.0
#include "commands/background_jobs.hpp"

#include <system_error>
#include <utility>

namespace guestd::commands {

BackgroundJobs::~BackgroundJobs() {
  {
    const std::lock_guard lock(mutex_);
    jobs_.clear();
  }
  if (thread_.joinable()) thread_.join();
}

void BackgroundJobs::add(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  if (runs_) return;
  if (thread_.joinable()) thread_.join();
  try {
    thread_ = std::thread([this] { run(); });
    runs_ = true;
  } catch (const std::system_error&) {
    jobs_.clear();
  }
}

void BackgroundJobs::run() {
  std::unique_lock lock(mutex_);
  while (!jobs_.empty()) {
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
  runs_ = false;
}

}  // namespace guestd::commands
