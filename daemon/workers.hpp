// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace guestd::daemon {

/// Threads for work that may block. They start when there is work and end a little after the last of it
/// (limits::kWorkerIdle), so that an idle agent has one thread. At most limits::kWorkers.
///
/// A thread may be stuck in the kernel for good (a dead network mount), so nothing here ever waits for one: destruction
/// leaves the threads to themselves, and who ends the process while busy() asks for that with _exit(2).
class Workers {
 public:
  Workers();
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  enum class Need {
    kOrdinary,
    /// What has to run even if all others wait for it: limits::kWorkersWhileFrozen more threads are kept for that.
    kWhileFrozen,
  };

  /// False: all threads are busy, the work was not taken. The work must not throw.
  bool submit(std::function<void()> work, Need need = Need::kOrdinary);

  /// How many are at work now.
  [[nodiscard]] std::size_t busy() const;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state, std::function<void()> work);

  std::shared_ptr<State> state_;
};

}  // namespace guestd::daemon
