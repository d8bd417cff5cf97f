// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink.hpp"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "tests/support/netlink_message.hpp"

namespace guestd::platform::netlink {
namespace {

using namespace std::chrono_literals;
using support::attribute;
using support::netlink_message;

std::string entry(std::string_view body, std::uint32_t sequence, std::uint16_t flags = NLM_F_MULTI) {
  return netlink_message(RTM_NEWLINK, body, flags, sequence);
}

std::string done(std::uint32_t sequence, std::int32_t code = 0, std::uint16_t flags = NLM_F_MULTI) {
  return netlink_message(NLMSG_DONE, support::bytes_of(code), flags, sequence);
}

/// The other end of a socket, in the kernel's place: answers each request with what a script says, until the agent's
/// end is closed.
class FakeKernel {
 public:
  /// The datagrams for the request of this sequence number, which counts the attempts at a table from 1.
  using Script = std::function<std::vector<std::string>(std::uint32_t)>;

  explicit FakeKernel(Script script) : script_(std::move(script)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    agent_ = UniqueFd(ends[0]);
    kernel_ = UniqueFd(ends[1]);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeKernel() {
    ::shutdown(agent_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] int socket() const { return agent_.get(); }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    std::array<char, 256> request{};
    for (;;) {
      const ssize_t size = ::recv(kernel_.get(), request.data(), request.size(), 0);
      if (size <= 0) return;
      const std::string_view bytes(request.data(), static_cast<std::size_t>(size));
      {
        const std::lock_guard lock(mutex_);
        requests_.emplace_back(bytes);
      }
      for (const auto& datagram : script_(leading<nlmsghdr>(bytes).nlmsg_seq)) {
        (void)::send(kernel_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
      }
    }
  }

  Script script_;
  UniqueFd agent_;
  UniqueFd kernel_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

TEST(NetlinkMessages, AreCutOneByOne) {
  const std::string bytes = netlink_message(RTM_NEWLINK, "abcde") + netlink_message(RTM_NEWADDR, "");
  std::vector<std::pair<int, std::string>> seen;
  EXPECT_TRUE(for_each_message(bytes, [&](const Message& message) {
    seen.emplace_back(message.type, message.body);
    return true;
  }));
  EXPECT_EQ(seen, (std::vector<std::pair<int, std::string>>{{RTM_NEWLINK, "abcde"}, {RTM_NEWADDR, ""}}));
}

TEST(NetlinkMessages, ThatAreDamagedAreNotRead) {
  const std::string whole = netlink_message(RTM_NEWLINK, "abcdefgh");
  const auto any = [](const Message&) { return true; };
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(for_each_message(std::string_view(whole).substr(0, size), any)) << size;
  }
  std::string short_length = whole;
  short_length[0] = 15;  // less than its header
  EXPECT_FALSE(for_each_message(short_length, any));
}

TEST(NetlinkAttributes, AreCutOneByOne) {
  const std::string bytes = attribute(3, "eth0") + attribute(18 | NLA_F_NESTED, attribute(1, "x"));
  std::vector<std::pair<int, std::string>> seen;
  EXPECT_TRUE(for_each_attribute(bytes, [&](const Attribute& each) { seen.emplace_back(each.type, each.value); }));
  EXPECT_EQ(seen, (std::vector<std::pair<int, std::string>>{{3, "eth0"}, {18, attribute(1, "x")}}));
  EXPECT_FALSE(for_each_attribute("abc", [](const Attribute&) {}));
  EXPECT_FALSE(for_each_attribute(std::string("\x09\0\x01\0abcd", 8), [](const Attribute&) {}));
}

TEST(NetlinkValues, MayBeShorterOrLongerThanTheStructure) {
  EXPECT_EQ(leading<std::uint32_t>(std::string("\x01\x02", 2)), 0x201U);
  EXPECT_EQ(leading<std::uint16_t>(std::string("\x01\x02\x03\x04", 4)), 0x201U);
  EXPECT_EQ(text_of(std::string("lo\0x", 4)), "lo");
  EXPECT_EQ(text_of("lo"), "lo");
}

TEST(NetlinkDump, TakesAllDatagramsUpToTheEnd) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry("one!", number) + entry("two", number), entry("three", number),
                                    entry("four", number) + done(number) + entry("late", number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks);
  ASSERT_TRUE(dumped);
  EXPECT_EQ(*dumped, entry("one!", 1) + entry("two", 1) + entry("three", 1) + entry("four", 1));
}

TEST(NetlinkDump, AsksForTheWholeTable) {
  FakeKernel kernel([](std::uint32_t number) { return std::vector<std::string>{done(number)}; });
  for (const auto table : {Table::kLinks, Table::kAddresses, Table::kRoutes}) {
    const auto dumped = dump(kernel.socket(), table);
    EXPECT_TRUE(dumped && dumped->empty());
  }
  // The replies have come, so the requests are there to be looked at.
  ASSERT_EQ(kernel.requests().size(), 3U);
  EXPECT_EQ(leading<nlmsghdr>(kernel.requests()[0]).nlmsg_type, RTM_GETLINK);
  EXPECT_EQ(leading<nlmsghdr>(kernel.requests()[1]).nlmsg_type, RTM_GETADDR);
  EXPECT_EQ(leading<nlmsghdr>(kernel.requests()[2]).nlmsg_type, RTM_GETROUTE);
  for (const auto& request : kernel.requests()) {
    EXPECT_EQ(leading<nlmsghdr>(request).nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
    EXPECT_EQ(leading<nlmsghdr>(request).nlmsg_len, request.size());
  }
}

TEST(NetlinkDump, KeepsOnlyWhatIsWanted) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry("a", number) + entry("b", number) + done(number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks, [](const Message& message) { return message.body == "b"; });
  ASSERT_TRUE(dumped);
  EXPECT_EQ(*dumped, entry("b", 1));
}

TEST(NetlinkDump, SkipsWhatAnswersSomethingElse) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry("old", number + 7) + done(number + 7), entry("new", number) + done(number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks);
  ASSERT_TRUE(dumped);
  EXPECT_EQ(*dumped, entry("new", 1));
}

TEST(NetlinkDump, IsReadAgainIfTheTableChangedMeanwhile) {
  FakeKernel kernel([](std::uint32_t number) {
    const std::uint16_t flags = number < 3 ? NLM_F_MULTI | NLM_F_DUMP_INTR : NLM_F_MULTI;
    return std::vector<std::string>{entry("try" + std::to_string(number), number), done(number, 0, flags)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks);
  ASSERT_TRUE(dumped);
  EXPECT_EQ(*dumped, entry("try3", 3));
}

TEST(NetlinkDump, GivesUpOnATableThatNeverHoldsStill) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry("x", number, NLM_F_MULTI | NLM_F_DUMP_INTR) + done(number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kRoutes, keep_all, {.attempts = 3});
  ASSERT_FALSE(dumped);
  EXPECT_EQ(dumped.error().text, "cannot list routes: they changed each of the 3 times that they were read");
  EXPECT_EQ(kernel.requests().size(), 3U);
}

TEST(NetlinkDump, MakesRoomForALargeMessage) {
  const std::string large(200'000, 'x');
  FakeKernel kernel([&](std::uint32_t number) {
    return std::vector<std::string>{entry("small", number) + entry(large, number), done(number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks);
  ASSERT_TRUE(dumped);
  EXPECT_EQ(*dumped, entry("small", 2) + entry(large, 2));
}

TEST(NetlinkDump, ReportsWhatTheKernelRefuses) {
  for (const std::uint16_t type : {std::uint16_t{NLMSG_ERROR}, std::uint16_t{NLMSG_DONE}}) {
    FakeKernel kernel([type](std::uint32_t number) {
      return std::vector<std::string>{netlink_message(type, support::bytes_of(std::int32_t{-EPERM}), 0, number)};
    });
    const auto dumped = dump(kernel.socket(), Table::kAddresses);
    ASSERT_FALSE(dumped);
    EXPECT_EQ(dumped.error().text, "cannot list IP addresses: Operation not permitted");
    EXPECT_EQ(dumped.error().errno_value, EPERM);
  }
}

TEST(NetlinkDump, HasALimit) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry(std::string(60, 'x'), number) + entry(std::string(60, 'x'), number)};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks, keep_all, {.bytes = 100});
  ASSERT_FALSE(dumped);
  EXPECT_EQ(dumped.error().text, "cannot list network interfaces: File too large");
}

TEST(NetlinkDump, DoesNotWaitForEver) {
  FakeKernel kernel([](std::uint32_t number) { return std::vector<std::string>{entry("x", number)}; });
  const auto dumped = dump(kernel.socket(), Table::kLinks, keep_all, {.patience = 50ms});
  ASSERT_FALSE(dumped);
  EXPECT_EQ(dumped.error().errno_value, ETIMEDOUT);
}

TEST(NetlinkDump, ReportsDamageInsteadOfHalfATable) {
  FakeKernel kernel([](std::uint32_t number) {
    return std::vector<std::string>{entry("whole", number) + "rest that is no message"};
  });
  const auto dumped = dump(kernel.socket(), Table::kLinks);
  ASSERT_FALSE(dumped);
  EXPECT_EQ(dumped.error().errno_value, EBADMSG);
}

TEST(NetlinkDump, EndsIfTheSocketIsGone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const UniqueFd agent(ends[0]);
  UniqueFd(ends[1]).reset();
  EXPECT_EQ(dump(agent.get(), Table::kLinks).error().errno_value, EPIPE);
}

}  // namespace
}  // namespace guestd::platform::netlink
