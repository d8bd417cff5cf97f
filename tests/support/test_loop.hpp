// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>

namespace guestd::support {

/// An event loop that runs in the test's own thread, and only while the test waits for something: between two waits
/// nothing moves. Every wait has a deadline.
class TestLoop {
 public:
  static constexpr std::chrono::seconds kDeadline{20};

  [[nodiscard]] boost::asio::io_context& io() { return io_; }

  /// Runs until `condition` holds, which may also come true outside the loop; false when the time is over.
  template <typename Condition>
  bool run_until(Condition condition, std::chrono::milliseconds timeout = kDeadline) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.run_one_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  /// Runs for this long; returns how many handlers ran.
  std::size_t run_for(std::chrono::milliseconds time) { return io_.run_for(time); }

  /// Runs what is ready now.
  std::size_t poll() { return io_.poll(); }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
};

}  // namespace guestd::support
