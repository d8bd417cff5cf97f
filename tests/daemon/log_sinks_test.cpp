// SPDX-License-Identifier: Apache-2.0
#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#include "daemon/log_sinks.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

class PlainSink final : public DatagramSink {
 public:
  using DatagramSink::DatagramSink;

 private:
  std::string datagram(const spdlog::details::log_msg&, std::string_view text) const override {
    return std::string(text);
  }
};

/// A log service that takes its datagrams only when the test says so.
class DatagramSinkTest : public testing::Test {
 protected:
  DatagramSinkTest() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    service_.reset(fds[0]);
    sink_ = std::make_unique<PlainSink>(DatagramService("/nonexistent/log", UniqueFd(fds[1])));
  }
  void log(std::string_view text) { sink_->log({"guestd", spdlog::level::info, {text.data(), text.size()}}); }
  std::string take() {
    std::array<char, 1000> datagram{};
    const ssize_t count = ::recv(service_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(datagram.data(), static_cast<std::size_t>(count));
  }

  UniqueFd service_;
  std::unique_ptr<PlainSink> sink_;
};

TEST_F(DatagramSinkTest, SendsOneDatagramForEachLine) {
  log("one");
  log("two");
  EXPECT_EQ(take(), "one");
  EXPECT_EQ(take(), "two");
  EXPECT_EQ(take(), "");
}

TEST_F(DatagramSinkTest, DropsWhatTheServiceDoesNotTakeAndTellsHowMuchItWas) {
  constexpr int kLines = 3000;  // more than a socket holds
  for (int i = 0; i < kLines; ++i) log("line");
  int taken = 0;
  while (!take().empty()) ++taken;
  ASSERT_GT(taken, 0);
  ASSERT_LT(taken, kLines);
  log("after");
  EXPECT_EQ(take(), "after (" + std::to_string(kLines - taken) + " lines before this one were lost)");
  log("again");
  EXPECT_EQ(take(), "again");
}

/// A service at a path, which may end and be started anew.
UniqueFd listen_at(const std::string& path) {
  ::unlink(path.c_str());
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string receive(const UniqueFd& service) {
  std::array<char, 1000> datagram{};
  const ssize_t count = ::recv(service.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
  return count < 0 ? "" : std::string(datagram.data(), static_cast<std::size_t>(count));
}

TEST(DatagramServiceTest, IsFoundAgainAfterItWasStartedAnew) {
  const support::TempDir dir;
  auto service = listen_at(dir / "log");
  DatagramService client(dir / "log");
  EXPECT_FALSE(client.is_connected());
  EXPECT_TRUE(client.send("one"));
  EXPECT_EQ(receive(service), "one");
  service = listen_at(dir / "log");
  EXPECT_TRUE(client.send("two"));
  EXPECT_EQ(receive(service), "two");
  service.reset();
  EXPECT_FALSE(client.send("lost"));
  EXPECT_FALSE(client.is_connected());
  service = listen_at(dir / "log");
  EXPECT_TRUE(client.send("three"));
  EXPECT_EQ(receive(service), "three");
}

TEST(DatagramServiceTest, LeavesALogWhoseServiceWasStartedAnewWithALineOfWhatWasLost) {
  const support::TempDir dir;
  auto service = listen_at(dir / "log");
  PlainSink sink{DatagramService(dir / "log")};
  const auto log = [&](std::string_view text) {
    sink.log({"guestd", spdlog::level::info, {text.data(), text.size()}});
  };
  log("one");
  EXPECT_EQ(receive(service), "one");
  service.reset();
  log("lost");
  service = listen_at(dir / "log");
  log("two");
  EXPECT_EQ(receive(service), "two (1 lines before this one were lost)");
}

TEST_F(DatagramSinkTest, OutlivesTheService) {
  service_.reset();
  log("nobody hears this");
  log("nor this");
  SUCCEED() << "no signal, no exception";
}

}  // namespace
}  // namespace guestd::daemon
