// SPDX-License-Identifier: Apache-2.0
#include "daemon/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "tests/daemon/session_bench.hpp"

namespace guestd::daemon {
namespace {

using Maker = std::shared_ptr<Stream> (*)(asio::io_context&, UniqueFd);

/// What holds for streams of both kinds.
class EveryStream : public testing::TestWithParam<Maker> {
 protected:
  EveryStream() {
    ::signal(SIGPIPE, SIG_IGN);
    stream_ = GetParam()(loop_.io(), std::move(sockets_.agent));
  }
  ~EveryStream() override {
    stream_->close();
    loop_.poll();
  }

  void host_sends(std::string_view text) {
    ASSERT_EQ(::write(sockets_.host.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string host_takes_all() {
    std::array<char, 4096> piece{};
    std::string all;
    for (ssize_t n = 0; (n = ::read(sockets_.host.get(), piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(n));
    }
    return all;
  }
  std::string read() {
    std::array<char, 100> into{};
    const ssize_t count = stream_->read(into);
    return count < 0 ? std::string("errno ") + std::to_string(errno)
                     : std::string(into.data(), static_cast<std::size_t>(count));
  }
  /// Writes until the stream takes no more.
  void fill() {
    const std::string piece(4096, 'f');
    while (stream_->write(piece) > 0) continue;
    ASSERT_EQ(errno, EAGAIN);
  }

  support::TestLoop loop_;
  SocketPair sockets_;
  std::shared_ptr<Stream> stream_;
};

TEST_P(EveryStream, DoesNotBlock) {
  EXPECT_EQ(read(), "errno " + std::to_string(EAGAIN));
  fill();
}

TEST_P(EveryStream, TellsThatThereIsSomethingToRead) {
  EXPECT_EQ(read(), "errno " + std::to_string(EAGAIN));
  bool readable = false;
  stream_->wait_readable([&] { readable = true; });
  loop_.run_for(20ms);
  EXPECT_FALSE(readable && read() != "errno " + std::to_string(EAGAIN));
  host_sends("hello");
  if (readable) stream_->wait_readable([&] { readable = true; });
  ASSERT_TRUE(loop_.run_until([&] { return readable; }));
  EXPECT_EQ(read(), "hello");
}

TEST_P(EveryStream, NeverCallsBackInsideTheCall) {
  host_sends("hello");
  int calls = 0;
  stream_->wait_readable([&] { ++calls; });
  stream_->wait_writable([&] { ++calls; });
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(loop_.run_until([&] { return calls == 2; }));
}

TEST_P(EveryStream, CallsBackOnceForEachWait) {
  host_sends("hello");
  int calls = 0;
  stream_->wait_readable([&] { ++calls; });
  loop_.run_for(50ms);
  EXPECT_EQ(calls, 1);
}

TEST_P(EveryStream, LetsACallbackWaitAgain) {
  std::string all;
  std::function<void()> on_readable = [&] {
    if (const std::string piece = read(); !piece.starts_with("errno")) all += piece;
    stream_->wait_readable(on_readable);
  };
  stream_->wait_readable(on_readable);
  for (const char* text : {"one ", "two ", "three"}) {
    host_sends(text);
    loop_.run_for(10ms);
  }
  EXPECT_EQ(all, "one two three");
}

TEST_P(EveryStream, TellsThatThereIsRoomAgain) {
  fill();
  bool writable = false;
  stream_->wait_writable([&] { writable = true; });
  loop_.run_for(50ms);
  EXPECT_FALSE(writable);
  host_takes_all();
  ASSERT_TRUE(loop_.run_until([&] { return writable; }));
  EXPECT_GT(stream_->write("more"), 0);
  EXPECT_EQ(host_takes_all(), "more");
}

TEST_P(EveryStream, SeesTheEndAndAPeerThatIsGone) {
  sockets_.host.reset();
  bool readable = false;
  stream_->wait_readable([&] { readable = true; });
  ASSERT_TRUE(loop_.run_until([&] { return readable; }));
  EXPECT_EQ(read(), "");
  EXPECT_EQ(stream_->write("x"), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_P(EveryStream, DropsItsCallbacksWhenItIsClosed) {
  int calls = 0;
  stream_->wait_readable([&] { ++calls; });
  fill();
  stream_->wait_writable([&] { ++calls; });
  stream_->close();
  EXPECT_EQ(host_takes_all().empty(), false);
  loop_.run_for(50ms);
  EXPECT_EQ(calls, 0);
}

TEST_P(EveryStream, DropsACallbackThatWasReadyWhenTheOtherClosedIt) {
  host_sends("hello");
  int calls = 0;
  const auto close = [&] {
    ++calls;
    stream_->close();
  };
  stream_->wait_readable(close);
  stream_->wait_writable(close);
  loop_.run_for(50ms);
  EXPECT_EQ(calls, 1);
}

TEST_P(EveryStream, ClosesItsDescriptorAtOnce) {
  stream_->close();
  std::array<char, 1> byte{};
  EXPECT_EQ(::read(sockets_.host.get(), byte.data(), 1), 0);
}

TEST_P(EveryStream, MayBeDroppedByItsOwnCallback) {
  host_sends("hello");
  bool called = false;
  stream_->wait_readable([&] {
    called = true;
    stream_->close();
    stream_ = GetParam()(loop_.io(), SocketPair().agent);
  });
  EXPECT_TRUE(loop_.run_until([&] { return called; }));
  loop_.poll();
}

INSTANTIATE_TEST_SUITE_P(OfASocket, EveryStream, testing::Values(make_stream));
INSTANTIATE_TEST_SUITE_P(OfAPort, EveryStream, testing::Values(make_port_stream));

/// The read end of a FIFO behaves as a virtio port does: while nobody has the other side open it is hung up and reads
/// 0 bytes, and it comes to life again.
class PortStream : public testing::Test {
 protected:
  PortStream() {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    stream_ = make_port_stream(loop_.io(), UniqueFd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
  }
  ~PortStream() override {
    stream_->close();
    loop_.poll();
  }
  /// Reads whenever it is told to, as a session does.
  void keep_reading() {
    std::array<char, 100> into{};
    const ssize_t count = stream_->read(into);
    if (count > 0) received_.append(into.data(), static_cast<std::size_t>(count));
    ++reads_;
    stream_->wait_readable([this] { keep_reading(); });
  }
  [[nodiscard]] UniqueFd open_host_side() const { return UniqueFd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC)); }
  bool receives(std::string_view text) {
    return loop_.run_until([&] { return received_ == text; });
  }

  support::TempDir dir_;
  std::string path_ = dir_ / "port";
  support::TestLoop loop_;
  std::shared_ptr<Stream> stream_;
  std::string received_;
  int reads_ = 0;
};

TEST_F(PortStream, DoesNotSpinWhileTheHostIsAway) {
  {
    const UniqueFd host = open_host_side();
    ASSERT_EQ(::write(host.get(), "one", 3), 3);
    keep_reading();
    ASSERT_TRUE(receives("one"));
  }
  loop_.run_for(20ms);
  EXPECT_TRUE(stream_->peer_is_away());
  const int reads_before = reads_;
  EXPECT_LT(loop_.run_for(200ms), 3U);
  EXPECT_LT(reads_ - reads_before, 3);
}

TEST_F(PortStream, WakesUpWhenTheHostIsBackHoweverOften) {
  keep_reading();
  std::string all;
  for (const char* text : {"one", "two", "three"}) {
    const UniqueFd host = open_host_side();
    ASSERT_EQ(::write(host.get(), text, std::strlen(text)), static_cast<ssize_t>(std::strlen(text)));
    EXPECT_TRUE(receives(all += text));
    EXPECT_FALSE(stream_->peer_is_away());
    loop_.run_for(5ms);
  }
  EXPECT_LT(reads_, 25);
}

TEST_F(PortStream, ReadsAllOfALongTextThatCameInOneEdge) {
  keep_reading();
  const std::string text(5000, 't');
  const UniqueFd host = open_host_side();
  ASSERT_EQ(::write(host.get(), text.data(), text.size()), 5000);
  EXPECT_TRUE(receives(text));
}

}  // namespace
}  // namespace guestd::daemon
