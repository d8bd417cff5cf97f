// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::platform {

/// Waits for many descriptors at once. wait() is for one thread; everything else is safe from all, also meanwhile.
class Readiness {
 public:
  /// What a descriptor is waited for. One that is waited for neither still tells its end.
  struct Interest {
    bool read = false;
    bool write = false;
  };
  struct Event {
    std::uint64_t token = 0;  ///< as given to add()
    bool readable = false;    ///< or ended, or broken: reading tells
    bool writable = false;    ///< or broken: writing tells
  };

  static Result<std::unique_ptr<Readiness>> create();

  Result<void> add(int fd, std::uint64_t token, Interest interest);
  void change(int fd, std::uint64_t token, Interest interest) const;
  void remove(int fd) const;
  /// Ends the wait() that is under way, or the next one.
  void wake() const;

  /// Waits until something is ready, wake() is called, or `limit` is over (none: without limit). What it returns is
  /// valid until the next call.
  std::span<const Event> wait(std::optional<std::chrono::nanoseconds> limit);

 private:
  Readiness(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  UniqueFd epoll_;
  UniqueFd wake_;
  static constexpr std::size_t kMost = 32;
  std::array<Event, kMost> events_{};
};

}  // namespace guestd::platform
