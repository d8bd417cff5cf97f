// SPDX-License-Identifier: Apache-2.0
#include "daemon/listen_channel.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "tests/daemon/session_bench.hpp"

namespace guestd::daemon {
namespace {

class UnixSocket : public testing::Test {
 protected:
  std::string refusal() {
    const auto fd = listen_unix(path_);
    return fd ? "(listens)" : fd.error().text;
  }

  support::TempDir dir_;
  std::string path_ = dir_ / "socket";
};

TEST_F(UnixSocket, IsForItsOwnerOnlyWhateverTheUmaskSays) {
  const mode_t before = ::umask(0);
  const auto fd = listen_unix(path_);
  ::umask(before);
  ASSERT_TRUE(fd) << fd.error().text;
  struct stat info {};
  ASSERT_EQ(::lstat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(UnixSocket, ReplacesOneThatADeadAgentLeftBehind) {
  ASSERT_TRUE(listen_unix(path_));
  ASSERT_TRUE(std::filesystem::exists(path_)) << "closing does not remove the file";
  EXPECT_EQ(refusal(), "(listens)");
}

TEST_F(UnixSocket, IsNotTakenFromAnAgentThatLives) {
  const auto living = listen_unix(path_);
  ASSERT_TRUE(living);
  EXPECT_EQ(refusal(), "Failed to bind socket to " + path_ + ": Address already in use");
  EXPECT_TRUE(std::filesystem::is_socket(path_));
}

// As when an agent was killed while it was starting a program, which has the socket until it runs.
TEST_F(UnixSocket, IsTakenWhenItsLastHolderLetsGo) {
  auto held = listen_unix(path_);
  ASSERT_TRUE(held);
  std::thread holder([&held] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    held->reset();
  });
  EXPECT_EQ(refusal(), "(listens)");
  holder.join();
}

TEST_F(UnixSocket, IsLeftToItsLastHolderByWhoMustNotWait) {
  const auto held = listen_unix(path_);
  const auto fd = listen_unix(path_, LastHolders::kNotWaitedFor);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().text, "Failed to bind socket to " + path_ + ": Address already in use");
}

TEST_F(UnixSocket, DoesNotReplaceAFile) {
  dir_.write("socket", "precious");
  EXPECT_EQ(refusal(), "Failed to bind socket to " + path_ + ": Address already in use");
  EXPECT_EQ(dir_.read("socket"), "precious");
}

TEST_F(UnixSocket, DoesNotReplaceAFolderOrALink) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(refusal(), "Failed to bind socket to " + path_ + ": Address already in use");
  std::filesystem::remove(path_);
  dir_.write("file", "precious");
  std::filesystem::create_symlink(dir_ / "file", path_);
  EXPECT_EQ(refusal(), "Failed to bind socket to " + path_ + ": Address already in use");
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
}

TEST_F(UnixSocket, NeedsAFolder) {
  path_ = dir_ / "missing/socket";
  EXPECT_EQ(refusal(), "Failed to bind socket to " + path_ + ": No such file or directory");
}

class ListenChannelTest : public testing::Test {
 protected:
  ListenChannelTest() {
    channel_.emplace(
        bench_.services(), VsockPeers(), [this](LastHolders holders) { return listen_unix(path_, holders); }, path_);
  }
  HostEnd connect() { return connect_host(bench_.loop(), path_); }

  SessionBench bench_;
  std::string path_ = bench_.dir() / "socket";
  std::optional<ListenChannel> channel_;
};

// Later tries run beside what the agent does meanwhile.
TEST_F(ListenChannelTest, WaitsForLastHoldersOnlyWhenItStartsForTheFirstTime) {
  std::vector<LastHolders> asked;
  ListenChannel channel(
      bench_.services(), VsockPeers(),
      [&asked](LastHolders holders) -> Result<UniqueFd> {
        asked.push_back(holders);
        return Error{"in use"};
      },
      "");
  EXPECT_FALSE(channel.start());
  EXPECT_FALSE(channel.start());
  EXPECT_EQ(asked, (std::vector<LastHolders>{LastHolders::kWaitedFor, LastHolders::kNotWaitedFor}));
}

TEST_F(ListenChannelTest, SaysWhyItCannotListen) {
  std::filesystem::create_directory(path_);
  const auto started = channel_->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "Failed to bind socket to " + path_ + ": Address already in use");
  channel_->stop();
  EXPECT_TRUE(std::filesystem::is_directory(path_)) << "what was not ours stays";
  std::filesystem::remove(path_);
  EXPECT_TRUE(channel_->start()) << "a later try may succeed";
}

TEST_F(ListenChannelTest, GivesEveryClientAConversationOfItsOwn) {
  ASSERT_TRUE(channel_->start());
  HostEnd first = connect();
  HostEnd second = connect();
  ASSERT_TRUE(first.send("{\"execute\": "));
  EXPECT_EQ(second.ask(ping_request(2)), ping_reply(2));
  EXPECT_EQ(first.ask("\"guest-ping\", \"id\": 1}\n"), ping_reply(1));
}

TEST_F(ListenChannelTest, ServesOthersWhileACommandOfOneClientBlocks) {
  ASSERT_TRUE(channel_->start());
  HostEnd first = connect();
  HostEnd second = connect();
  const std::int64_t file = bench_.open_file("short", "");
  const auto turn = bench_.hold(file);
  ASSERT_TRUE(first.send(read_request(file, 1, 1)));
  ASSERT_TRUE(bench_.workers_are_busy(1));
  EXPECT_EQ(second.ask(ping_request(2)), ping_reply(2));
}

TEST_F(ListenChannelTest, StartsAfreshWithANewClient) {
  ASSERT_TRUE(channel_->start());
  {
    HostEnd first = connect();
    ASSERT_TRUE(first.send(R"({"execute": "guest-ping", "id": ")"));
    bench_.loop().run_for(20ms);
  }
  EXPECT_EQ(connect().ask(ping_request(2)), ping_reply(2));
}

TEST_F(ListenChannelTest, ServesAHundredClientsOneAfterTheOther) {
  ASSERT_TRUE(channel_->start());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(connect().ask(ping_request(i)), ping_reply(i));
}

TEST_F(ListenChannelTest, LetsAClientWaitWhileAllPlacesAreTakenAndServesItWhenOneLeaves) {
  ASSERT_TRUE(channel_->start());
  std::deque<HostEnd> clients;
  for (std::size_t i = 0; i < limits::kClients; ++i) {
    clients.push_back(connect());
    ASSERT_EQ(clients.back().ask(ping_request(1)), ping_reply(1));
  }
  HostEnd next = connect();
  ASSERT_TRUE(next.send(ping_request(17)));
  EXPECT_EQ(next.line(200ms), "");
  EXPECT_LT(bench_.loop().run_for(200ms), 5U) << "a client that waits must cost nothing";
  clients.pop_front();
  EXPECT_EQ(next.line(), ping_reply(17));
  for (HostEnd& client : clients) EXPECT_EQ(client.ask(ping_request(3)), ping_reply(3)) << "a client lost its place";
}

TEST_F(ListenChannelTest, RemovesItsFileAndEndsItsConversationsAtItsEnd) {
  ASSERT_TRUE(channel_->start());
  HostEnd client = connect();
  ASSERT_EQ(client.ask(ping_request(1)), ping_reply(1));
  channel_->stop();
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(std::filesystem::exists(path_));
  channel_->stop();
}

TEST_F(ListenChannelTest, MayBeDestroyedWhileACommandRuns) {
  ASSERT_TRUE(channel_->start());
  HostEnd client = connect();
  const std::int64_t file = bench_.open_file("short", "");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(client.send(close_request(file)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    channel_.reset();
    EXPECT_TRUE(client.sees_end());
  }
  EXPECT_TRUE(bench_.workers_are_free());
  EXPECT_EQ(bench_.files().size(), 0U);
}

TEST_F(ListenChannelTest, EndsAConversationWhoseClientHasGoneWithRepliesUnread) {
  ASSERT_TRUE(channel_->start());
  const std::int64_t file = bench_.open_file("large", std::string(8 << 20, 'x'));
  {
    HostEnd client = connect();
    ASSERT_TRUE(client.send(read_request(file, 8 << 20, 1)));
    ASSERT_TRUE(bench_.loop().run_until([&] { return !client.take().empty(); }));
  }
  EXPECT_TRUE(bench_.workers_are_free());
  EXPECT_EQ(connect().ask(ping_request(2)), ping_reply(2));
}

TEST(VsockPeersTest, AllowOnlyTheHostUnlessTold) {
  VsockPeers peers;
  EXPECT_TRUE(peers.allows(kHostCid));
  EXPECT_FALSE(peers.allows(3));
  peers.cids = {3};
  EXPECT_TRUE(peers.allows(3));
  EXPECT_FALSE(peers.allows(kHostCid));
  peers.any = true;
  EXPECT_TRUE(peers.allows(4));
}

}  // namespace
}  // namespace guestd::daemon
