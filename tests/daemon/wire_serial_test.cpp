// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// A serial port, played by a pseudo terminal: the host has the master side.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Client;
using support::Process;

/// A terminal whose slave side has a name that stays when the terminal is replaced.
class Line {
 public:
  explicit Line(std::string name) : name_(std::move(name)) { plug(); }

  void plug() {
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    const std::string device = ::ttyname(slave);
    keep_open_ = UniqueFd(slave);
    host_.emplace(UniqueFd(master));
    ::unlink(name_.c_str());
    ASSERT_EQ(::symlink(device.c_str(), name_.c_str()), 0);
  }
  /// The host goes away: the agent's reads end with EIO or end of file.
  void hang_up() {
    keep_open_.reset();
    host_.reset();
  }
  [[nodiscard]] Client& host() { return *host_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The settings as the agent left them.
  [[nodiscard]] termios settings() const {
    termios result{};
    ::tcgetattr(keep_open_.get(), &result);
    return result;
  }

 private:
  std::string name_;
  UniqueFd keep_open_;
  std::optional<Client> host_;
};

class WireSerial : public testing::Test {
 protected:
  /// Before the agent has put the line into raw mode it echoes what it gets, so that has to be waited for.
  bool is_raw() {
    return support::eventually([this] { return (line_.settings().c_lflag & (ECHO | ICANON)) == 0; });
  }

  support::TempFolder folder_;
  Line line_{folder_.file("ttyS0")};
  Process agent_{{support::agent_binary(),
                  {"-m", "isa-serial", "-p", line_.name(), "-t", folder_.path()},
                  {support::empty_configuration(folder_)},
                  {},
                  folder_.file("output")}};
};

TEST_F(WireSerial, AnswersOnARawLine) {
  ASSERT_TRUE(is_raw()) << support::slurp(folder_.file("output"));
  EXPECT_EQ(line_.settings().c_oflag & OPOST, 0U);
  EXPECT_TRUE(line_.host().sync());
  ASSERT_TRUE(line_.host().send("\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":5}}\r\n"));
  EXPECT_EQ(line_.host().read_line(), "\xFF{\"return\": 5}\n");
}

TEST_F(WireSerial, PassesControlCharactersThrough) {
  ASSERT_TRUE(is_raw());
  // In a cooked line these would raise signals, stop the output, or end the input.
  ASSERT_TRUE(line_.host().send("\x03\x1C\x13\x04\x11{\"execute\":\"guest-ping\"}\n"));
  EXPECT_TRUE(line_.host().read_until_silence().ends_with("{\"return\": {}}\n"));
  EXPECT_TRUE(agent_.is_running());
}

TEST_F(WireSerial, SendsALongReplyComplete) {
  ASSERT_TRUE(is_raw());
  const std::string path = folder_.write("big", std::string(1 << 20U, 'x'));
  const auto handle = std::to_string(support::open_file(line_.host(), path, "r"));
  const std::string reply =
      line_.host().request(R"({"execute":"guest-file-read","arguments":{"handle":)" + handle + R"(,"count":1048576}})");
  EXPECT_GT(reply.size(), 1398100U);
  EXPECT_TRUE(reply.ends_with("}}"));
}

TEST_F(WireSerial, ComesBackAfterAHangUpWithoutBurningCpu) {
  ASSERT_TRUE(is_raw());
  ASSERT_TRUE(line_.host().send(R"({"execute":"guest-pi)"));
  support::sleep_for(100ms);
  line_.hang_up();
  support::sleep_for(500ms);
  ASSERT_TRUE(agent_.is_running());
  const auto before = support::cpu_time_of(agent_.pid());
  support::sleep_for(1s);
  EXPECT_LT(support::cpu_time_of(agent_.pid()) - before, 50ms);
  line_.plug();
  ASSERT_TRUE(is_raw());
  EXPECT_TRUE(line_.host().sync());
}

TEST_F(WireSerial, EndsCleanlyOnSigterm) {
  ASSERT_TRUE(is_raw());
  agent_.signal(SIGTERM);
  EXPECT_EQ(agent_.wait(), (support::Ending{true, 0}));
}

}  // namespace
}  // namespace guestd
