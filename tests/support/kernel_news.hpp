// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace guestd::support {

/// The kernel spreads a message that a process with the right to it gives it (since Linux 4.18), within that process's
/// network namespace. So in_own_network() gives the thread one of its own, and nobody else
/// on this machine hears anything.
class KernelNews {
 public:
  KernelNews() : socket_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)) {}

  [[nodiscard]] bool says(const std::string& header) const { return send(header, 0); }
  /// As another process would say it, straight to the group.
  [[nodiscard]] bool is_bypassed_with(const std::string& header, std::uint32_t group) const {
    return send(header, group);
  }

 private:
  [[nodiscard]] bool send(const std::string& header, std::uint32_t groups) const {
    const std::string text = header + std::string("\0ACTION=x\0", 10);
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(text.size()));
    head.nlmsg_type = NLMSG_MIN_TYPE;
    head.nlmsg_flags = NLM_F_REQUEST;
    std::string packet(reinterpret_cast<const char*>(&head), sizeof head);
    if (groups != 0) packet.clear();
    packet += text;
    sockaddr_nl to{};
    to.nl_family = AF_NETLINK;
    to.nl_groups = groups;
    const auto sent =
        ::sendto(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return sent == static_cast<ssize_t>(packet.size());
  }

  UniqueFd socket_;
};

/// Runs `test` on a thread with a network namespace of its own; skips where that is not allowed.
template <typename Body>
void in_own_network(Body test) {
  bool entered = false;
  std::thread thread([&] {
    entered = ::unshare(CLONE_NEWNET) == 0;
    if (entered) test();
  });
  thread.join();
  if (!entered) GTEST_SKIP() << "no right to a network namespace";
}

}  // namespace guestd::support
