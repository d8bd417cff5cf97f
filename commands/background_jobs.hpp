// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace guestd::commands {

/// Work that may wait for another service, one after the other on a thread that ends with the last of it. Thread-safe.
class BackgroundJobs {
 public:
  BackgroundJobs() = default;
  /// Waits for the job that runs; the others are dropped.
  ~BackgroundJobs();
  BackgroundJobs(const BackgroundJobs&) = delete;
  BackgroundJobs& operator=(const BackgroundJobs&) = delete;

  /// Dropped, with all that wait, where there can be no thread. For work that is better done but need not be.
  void add(std::function<void()> job);

 private:
  void run();

  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_;
  bool runs_ = false;
  std::thread thread_;
};

}  // namespace guestd::commands
