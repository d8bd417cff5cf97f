// SPDX-License-Identifier: Apache-2.0
#include "platform/readiness.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace guestd::platform {
namespace {

constexpr std::uint64_t kWakeToken = std::numeric_limits<std::uint64_t>::max();

epoll_event event_for(std::uint64_t token, Readiness::Interest interest) {
  epoll_event event{};
  event.events = (interest.read ? EPOLLIN : 0U) | (interest.write ? EPOLLOUT : 0U);
  event.data.u64 = token;
  return event;
}

int in_milliseconds(std::optional<std::chrono::nanoseconds> limit) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongest = std::chrono::hours(1);
  if (!limit) return -1;
  const auto rounded = std::chrono::ceil<milliseconds>(std::max(*limit, std::chrono::nanoseconds(0)));
  return static_cast<int>(std::min(rounded, kLongest).count());
}

}  // namespace

Result<std::unique_ptr<Readiness>> Readiness::create() {
  std::unique_ptr<Readiness> made(
      new Readiness(UniqueFd(::epoll_create1(EPOLL_CLOEXEC)), UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))));
  if (!made->epoll_.valid() || !made->wake_.valid()) return Error::from_errno("cannot watch descriptors", errno);
  auto added = made->add(made->wake_.get(), kWakeToken, {.read = true});
  if (!added) return std::move(added).error();
  return made;
}

Result<void> Readiness::add(int fd, std::uint64_t token, Interest interest) {
  auto event = event_for(token, interest);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error::from_errno("cannot watch a descriptor", errno);
  }
  return {};
}

void Readiness::change(int fd, std::uint64_t token, Interest interest) const {
  auto event = event_for(token, interest);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Readiness::remove(int fd) const { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Readiness::wake() const {
  const std::uint64_t one = 1;
  // It fails only if the counter is full, and then a wake-up is due anyway.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

std::span<const Readiness::Event> Readiness::wait(std::optional<std::chrono::nanoseconds> limit) {
  std::array<epoll_event, kMost> ready{};
  std::size_t filled = 0;
  const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), in_milliseconds(limit));
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = ready[static_cast<std::size_t>(index)];
    if (event.data.u64 == kWakeToken) {
      std::uint64_t taken = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &taken, sizeof taken);
      continue;
    }
    const bool broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    events_[filled++] = {event.data.u64, broken || (event.events & EPOLLIN) != 0,
                         broken || (event.events & EPOLLOUT) != 0};
  }
  return {events_.data(), filled};
}

}  // namespace guestd::platform
