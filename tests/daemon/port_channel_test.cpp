// SPDX-License-Identifier: Apache-2.0
#include "daemon/port_channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/daemon/session_bench.hpp"

namespace guestd::daemon {
namespace {

using testing::HasSubstr;

/// A terminal in its usual, cooked mode; the host has the master, the agent opens the path.
struct Terminal {
  explicit Terminal(support::TestLoop& loop) : host(loop, open(path)) {}

  std::string path;
  HostEnd host;

 private:
  static UniqueFd open(std::string& path) {
    int master = -1;
    int slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("openpty");
    path = ::ttyname(slave);
    ::close(slave);
    return UniqueFd(master);
  }
};

/// Of the event loop, in a moment in which nothing should happen. The kernel tells whoever waits for a port of all
/// devices, those of other tests too; who spins has many thousands.
constexpr std::size_t kFewTurns = 200;

class SerialLine : public testing::Test {
 protected:
  void start() {
    channel_.emplace(bench_.services(), serial_line(path_));
    const auto started = channel_->start();
    ASSERT_TRUE(started) << started.error().text;
  }
  void point_to(const Terminal& terminal) {
    std::filesystem::remove(path_);
    std::filesystem::create_symlink(terminal.path, path_);
  }

  bool logs(std::string_view text) {
    return bench_.loop().run_until([&] { return bench_.log_text().find(text) != std::string::npos; });
  }

  SessionBench bench_;
  std::string path_ = bench_.dir() / "tty";
  std::optional<PortChannel> channel_;
};

TEST_F(SerialLine, AnswersWithoutEchoOrTranslation) {
  Terminal terminal(bench_.loop());
  point_to(terminal);
  start();
  EXPECT_EQ(terminal.host.ask(ping_request(1)), ping_reply(1));
  // Flow control and end-of-file characters are bytes like others.
  ASSERT_TRUE(terminal.host.send("\xFF\x13\x11\x04\r\n" + sync_request(7)));
  std::string line;
  do line = terminal.host.line();
  while (!line.empty() && line != sync_reply(7));
  EXPECT_EQ(line, sync_reply(7));
  EXPECT_EQ(terminal.host.line(50ms), "");
}

TEST_F(SerialLine, CarriesALargeReply) {
  Terminal terminal(bench_.loop());
  point_to(terminal);
  start();
  const std::int64_t file = bench_.open_file("large", std::string(3 << 20, 'x'));
  const std::string reply = terminal.host.ask(read_request(file, 3 << 20, 1));
  EXPECT_EQ(
      reply.size(),
      (4U << 20U) + std::string(R"({"return": {"count": 3145728, "buf-b64": "", "eof": false}, "id": 1})").size() + 1);
  EXPECT_EQ(terminal.host.ask(ping_request(2)), ping_reply(2));
}

TEST_F(SerialLine, ThatIsMissingIsAnError) {
  channel_.emplace(bench_.services(), serial_line(path_));
  const auto started = channel_->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "error opening channel '" + path_ + "': No such file or directory");
}

TEST_F(SerialLine, ThatIsNoTerminalIsAnError) {
  bench_.dir().write("tty", "");
  channel_.emplace(bench_.services(), serial_line(path_));
  const auto started = channel_->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text, HasSubstr("error opening channel '" + path_ + "': "));
}

TEST_F(SerialLine, IsOpenedAgainWhenItIsBackAfterAHangUp) {
  std::optional<Terminal> terminal(bench_.loop());
  point_to(*terminal);
  start();
  ASSERT_EQ(terminal->host.ask(ping_request(1)), ping_reply(1));
  // Half a message before the hang-up must not stick to the first one after it.
  ASSERT_TRUE(terminal->host.send(R"({"execute": ")"));
  bench_.loop().run_for(20ms);
  terminal.reset();
  ASSERT_TRUE(logs("waiting for it to come back"));
  EXPECT_LT(bench_.loop().run_for(300ms), 10U) << "waiting must cost nothing";
  Terminal next(bench_.loop());
  point_to(next);
  ASSERT_TRUE(logs("is open again"));
  EXPECT_EQ(next.host.ask(ping_request(2)), ping_reply(2));
}

TEST_F(SerialLine, IsGivenBackAtTheEnd) {
  Terminal terminal(bench_.loop());
  point_to(terminal);
  start();
  ASSERT_EQ(terminal.host.ask(ping_request(1)), ping_reply(1));
  channel_->stop();
  EXPECT_TRUE(terminal.host.sees_end());
}

/// A socket pair instead of a virtio port: the host's end can be closed, and the agent's end then reads 0 bytes.
class Port : public testing::Test {
 protected:
  PortChannel::Device device(bool may_come_later = true) {
    return {"port", [this] { return open(); }, make_port_stream, Session::ZeroRead::kPauses, may_come_later};
  }
  Result<UniqueFd> open() {
    ++opened_;
    if (!there_) return Error::from_errno("error opening channel 'port'", there_errno_);
    SocketPair sockets;
    host_.emplace(bench_.loop(), std::move(sockets.host));
    return std::move(sockets.agent);
  }

  SessionBench bench_;
  bool there_ = true;
  int there_errno_ = ENOENT;
  int opened_ = 0;
  std::optional<HostEnd> host_;
};

TEST_F(Port, Answers) {
  PortChannel channel(bench_.services(), device());
  ASSERT_TRUE(channel.start());
  EXPECT_EQ(host_->ask(ping_request(1)), ping_reply(1));
  EXPECT_EQ(opened_, 1);
}

TEST_F(Port, IsKeptOpenWithoutSpinningWhileTheHostIsAway) {
  PortChannel channel(bench_.services(), device());
  ASSERT_TRUE(channel.start());
  EXPECT_EQ(host_->ask(ping_request(1)), ping_reply(1));
  host_->close();
  bench_.loop().run_for(20ms);
  EXPECT_LT(bench_.loop().run_for(300ms), kFewTurns);
  EXPECT_EQ(opened_, 1);
}

TEST_F(Port, DoesNotSpinWhenTheHostGoesAwayWhileACommandRuns) {
  PortChannel channel(bench_.services(), device());
  ASSERT_TRUE(channel.start());
  const std::int64_t file = bench_.open_file("short", "");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host_->send(close_request(file)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    host_->close();
    bench_.loop().run_for(20ms);
    EXPECT_LT(bench_.loop().run_for(200ms), kFewTurns);
  }
  EXPECT_TRUE(bench_.workers_are_free());
  EXPECT_EQ(bench_.files().size(), 0U);
}

TEST_F(Port, ThatIsMissingIsWaitedForIfItMayComeLater) {
  there_ = false;
  PortChannel patient(bench_.services(), device(true));
  EXPECT_TRUE(patient.start());
  EXPECT_THAT(bench_.log_text(), HasSubstr("waiting for the port port"));
  EXPECT_LT(bench_.loop().run_for(200ms), kFewTurns);
  PortChannel strict(bench_.services(), device(false));
  EXPECT_FALSE(strict.start());
}

TEST_F(Port, ThatIsThereButCannotBeOpenedIsAnError) {
  there_ = false;
  there_errno_ = EBUSY;
  PortChannel channel(bench_.services(), device());
  const auto started = channel.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "error opening channel 'port': Device or resource busy");
}

TEST(VirtioPort, IsOpenedByItsPathAndWaitedForWhileItIsMissing) {
  SessionBench bench;
  const std::string path = bench.dir() / "vport";
  Terminal terminal(bench.loop());
  {
    PortChannel channel(bench.services(), virtio_port(path));
    EXPECT_TRUE(channel.start());
    EXPECT_THAT(bench.log_text(), HasSubstr("waiting for the port " + path));
  }
  const UniqueFd line(::open(terminal.path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios raw{};
  ASSERT_EQ(::tcgetattr(line.get(), &raw), 0);
  ::cfmakeraw(&raw);
  ASSERT_EQ(::tcsetattr(line.get(), TCSANOW, &raw), 0);
  std::filesystem::create_symlink(terminal.path, path);
  PortChannel channel(bench.services(), virtio_port(path));
  ASSERT_TRUE(channel.start());
  EXPECT_EQ(terminal.host.ask(ping_request(1)), ping_reply(1));
}

}  // namespace
}  // namespace guestd::daemon
