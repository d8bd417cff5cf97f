// SPDX-License-Identifier: Apache-2.0
#include "daemon/session.hpp"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.hpp"
#include "tests/daemon/session_bench.hpp"

namespace guestd::daemon {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kLarge = 8 << 20;

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { talk_.session->start(); }

  HostEnd& host() { return talk_.host; }
  std::int64_t open_large() { return bench_.open_file("large", std::string(kLarge, 'x')); }
  /// Nothing is on its way to the host, now that all commands have ended.
  bool is_silent() {
    if (!bench_.workers_are_free()) return false;
    bench_.loop().run_for(50ms);
    return talk_.host.take().empty();
  }

  /// Nobody but the test keeps the session: a client that has gone costs nothing once its commands have ended.
  bool is_let_go() {
    return bench_.loop().run_until([&] { return talk_.session.use_count() == 1; });
  }

  SessionBench bench_;
  Conversation talk_{bench_};
};

TEST_F(SessionTest, AnswersInTheOrderOfTheRequestsWhetherOrNotTheyRunOnWorkers) {
  const std::int64_t file = bench_.open_file("short", "hello");
  ASSERT_TRUE(host().send(ping_request(1) + read_request(file, 10, 2) + ping_request(3) + read_request(file, 10, 4)));
  EXPECT_EQ(host().line(), ping_reply(1));
  EXPECT_EQ(host().line(), R"({"return": {"count": 5, "buf-b64": "aGVsbG8=", "eof": true}, "id": 2})"
                           "\n");
  EXPECT_EQ(host().line(), ping_reply(3));
  EXPECT_EQ(host().line(), R"({"return": {"count": 0, "buf-b64": "", "eof": true}, "id": 4})"
                           "\n");
}

TEST_F(SessionTest, AnswersAtOnceWhatIsAtHand) {
  const std::int64_t file = bench_.open_file("short", "hello");
  if (!bench_.reads_at_once(file)) GTEST_SKIP() << "the kernel cannot tell here what is in memory";
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  for (std::size_t i = 0; i < limits::kWorkers; ++i) ASSERT_TRUE(bench_.workers().submit([open] { open.wait(); }));
  const std::string reply = host().ask(read_request(file, 10, 2));
  gate.set_value();
  EXPECT_EQ(reply, R"({"return": {"count": 4, "buf-b64": "ZWxsbw==", "eof": true}, "id": 2})"
                   "\n");
}

TEST_F(SessionTest, AnswersABrokenMessageInItsTurn) {
  const std::int64_t file = bench_.open_file("short", "hello");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(read_request(file, 1, 1) + "{]\n" + ping_request(2)));
    EXPECT_EQ(host().line(100ms), "");
  }
  EXPECT_THAT(host().line(), EndsWith("\"id\": 1}\n"));
  EXPECT_THAT(host().line(), HasSubstr("JSON parse error"));
  EXPECT_EQ(host().line(), ping_reply(2));
}

TEST_F(SessionTest, AnswersASyncAtOnceOverACommandThatBlocksAndNeverSendsItsReply) {
  const std::int64_t file = bench_.open_file("short", "hello");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(read_request(file, 1, 1) + ping_request(2)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    EXPECT_EQ(host().ask(sync_request(7)), sync_reply(7));
    EXPECT_TRUE(talk_.session->is_idle());
    EXPECT_EQ(host().ask(ping_request(3)), ping_reply(3));
  }
  EXPECT_TRUE(is_silent());
}

TEST_F(SessionTest, DropsWhatWasQueuedBeforeASyncWithoutStartingIt) {
  const std::int64_t blocked = bench_.open_file("blocked", "");
  const std::int64_t other = bench_.open_file("other", "");
  {
    const auto turn = bench_.hold(blocked);
    ASSERT_TRUE(host().send(read_request(blocked, 1, 1) + close_request(other)));
    EXPECT_EQ(host().ask(sync_request(7)), sync_reply(7));
  }
  EXPECT_TRUE(is_silent());
  EXPECT_EQ(bench_.files().size(), 2U);
}

TEST_F(SessionTest, LetsACommandThatASyncGaveUpHaveItsEffect) {
  const std::int64_t file = bench_.open_file("short", "");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(close_request(file)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    EXPECT_EQ(host().ask(sync_request(7)), sync_reply(7));
    EXPECT_EQ(bench_.workers().busy(), 1U);
  }
  EXPECT_TRUE(is_silent());
  EXPECT_EQ(bench_.files().size(), 0U);
}

TEST_F(SessionTest, GivesNothingUpForASyncWithWrongArguments) {
  const std::int64_t file = bench_.open_file("short", "hello");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(read_request(file, 1, 1)));
    ASSERT_TRUE(host().send(R"({"execute": "guest-sync", "arguments": {"id": "seven"}})"));
    EXPECT_EQ(host().line(100ms), "");
  }
  EXPECT_THAT(host().line(), StartsWith(R"({"return": {"count": 1, )"));
  EXPECT_THAT(host().line(), StartsWith(R"({"error": )"));
}

TEST_F(SessionTest, CompletesAReplyThatHasBegunBeforeTheReplyOfASync) {
  const std::int64_t file = open_large();
  ASSERT_TRUE(host().send(read_request(file, kLarge, 1)));
  ASSERT_TRUE(bench_.loop().run_until([&] { return !host().take().empty(); }));
  ASSERT_TRUE(host().send(sync_request(7)));
  const std::string reply = host().line();
  EXPECT_GT(reply.size(), static_cast<std::size_t>(kLarge) * 4 / 3);
  EXPECT_THAT(reply.substr(reply.size() - 40), EndsWith(R"("eof": false}, "id": 1})"
                                                        "\n"));
  EXPECT_EQ(host().line(), sync_reply(7));
}

TEST_F(SessionTest, SendsAllRepliesAndThenTheEndToAClientThatHasEndedSending) {
  const std::int64_t file = bench_.open_file("short", "hello");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(ping_request(1) + read_request(file, 1, 2) + ping_request(3)));
    host().end_sending();
    EXPECT_EQ(host().line(), ping_reply(1));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    EXPECT_FALSE(talk_.end);
  }
  EXPECT_TRUE(host().sees_end());
  EXPECT_THAT(host().line(), EndsWith("\"id\": 2}\n"));
  EXPECT_EQ(host().line(), ping_reply(3));
  EXPECT_EQ(talk_.end, Session::End::kClosed);
}

TEST_F(SessionTest, EndsWhenTheClientHasGoneWithItsRepliesUnread) {
  const std::int64_t file = bench_.open_file("short", "hello");
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(read_request(file, 1, 1)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    host().close();
    bench_.loop().run_for(50ms);
  }
  EXPECT_TRUE(bench_.loop().run_until([&] { return talk_.end.has_value(); }));
  EXPECT_EQ(talk_.end, Session::End::kClosed);
}

TEST_F(SessionTest, RunsAllThatAClientHasSentBeforeItLeftWithoutReading) {
  const std::int64_t first = bench_.open_file("first", "hello");
  std::string burst = read_request(first, 5, 1);
  for (int i = 0; i < 100; ++i) burst += close_request(bench_.open_file("file" + std::to_string(i), ""));
  ASSERT_TRUE(host().send(burst));
  host().close();
  EXPECT_TRUE(bench_.loop().run_until([&] { return talk_.end.has_value(); }));
  EXPECT_TRUE(bench_.loop().run_until([&] { return bench_.files().size() == 1; })) << "the first one stays open";
  EXPECT_TRUE(is_let_go());
}

TEST_F(SessionTest, RunsTheCompleteRequestsThatAreLeftWhenItIsMuted) {
  const std::int64_t blocked = bench_.open_file("blocked", "");
  const std::int64_t complete = bench_.open_file("complete", "");
  const std::int64_t partial = bench_.open_file("partial", "");
  const std::string half = close_request(partial);
  {
    const auto turn = bench_.hold(blocked);
    ASSERT_TRUE(host().send(close_request(blocked) + close_request(complete) + half.substr(0, half.size() - 2)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    bench_.loop().run_for(20ms);
    talk_.session->mute();
  }
  EXPECT_TRUE(bench_.loop().run_until([&] { return bench_.files().size() == 1; }));
  EXPECT_TRUE(is_silent());
  EXPECT_EQ(bench_.files().size(), 1U);
  EXPECT_FALSE(talk_.end) << "who mutes a session knows that it has ended";
  EXPECT_TRUE(is_let_go());
}

TEST_F(SessionTest, LeavesNoWorkerStuckWithALargeReplyAfterItWasMuted) {
  const std::int64_t blocked = bench_.open_file("blocked", "");
  const std::int64_t large = open_large();
  {
    const auto turn = bench_.hold(blocked);
    ASSERT_TRUE(host().send(read_request(blocked, 1, 1) + read_request(large, kLarge, 2) + close_request(blocked)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    bench_.loop().run_for(20ms);
    talk_.session->mute();
  }
  // The close behind the large read is only reached when that has ended.
  EXPECT_TRUE(bench_.loop().run_until([&] { return bench_.files().size() == 1; }, 5s));
  EXPECT_TRUE(is_let_go());
}

TEST_F(SessionTest, StopsALargeReplyThatIsUnderWayWhenItIsMuted) {
  const std::int64_t large = open_large();
  ASSERT_TRUE(host().send(read_request(large, kLarge, 1)));
  ASSERT_TRUE(bench_.loop().run_until([&] { return !host().take().empty(); }));
  bench_.loop().run_for(50ms);
  talk_.session->mute();
  EXPECT_TRUE(bench_.workers_are_free());
  EXPECT_TRUE(talk_.session->leaves_reply_torn());
}

TEST_F(SessionTest, LivesOnUntilItsLastCommandHasEnded) {
  const std::int64_t file = bench_.open_file("short", "");
  std::weak_ptr<Session> session = talk_.session;
  auto turn = std::make_unique<commands::FileHandles::Turn>(bench_.hold(file));
  ASSERT_TRUE(host().send(close_request(file)));
  ASSERT_TRUE(bench_.workers_are_busy(1));
  talk_.session->mute();
  talk_.session = std::make_shared<Session>(bench_.services(), talk_.stream, Session::ZeroRead::kEnds, nullptr);
  EXPECT_FALSE(session.expired());
  turn.reset();
  EXPECT_TRUE(bench_.loop().run_until([&] { return session.expired(); }));
}

TEST_F(SessionTest, DoesNotCallAReplyTornThatWentOutCompletely) {
  EXPECT_EQ(host().ask(ping_request(1)), ping_reply(1));
  talk_.session->mute();
  EXPECT_FALSE(talk_.session->leaves_reply_torn());
}

TEST_F(SessionTest, TellsTheHostWhenTooManyCommandsAreRunning) {
  const std::int64_t file = bench_.open_file("short", "hello");
  auto turn = std::make_optional(bench_.hold(file));  // or it would be answered at once
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  for (std::size_t i = 0; i < limits::kWorkers; ++i) ASSERT_TRUE(bench_.workers().submit([open] { open.wait(); }));
  const std::string reply = host().ask(read_request(file, 1, 1));
  EXPECT_THAT(reply, HasSubstr("Command guest-file-read was not started: too many commands are still running"));
  EXPECT_THAT(reply, HasSubstr(R"("id": 1)"));
  EXPECT_EQ(host().ask(ping_request(2)), ping_reply(2));
  gate.set_value();
  ASSERT_TRUE(bench_.workers_are_free());
  turn.reset();
  EXPECT_THAT(host().ask(read_request(file, 1, 3)), StartsWith(R"({"return": {"count": 1, )"));
}

TEST_F(SessionTest, IsIdleExceptWhileSomethingIsUnanswered) {
  const std::int64_t file = bench_.open_file("short", "hello");
  EXPECT_TRUE(talk_.session->is_idle());
  const auto before = talk_.session->last_heard();
  {
    const auto turn = bench_.hold(file);
    ASSERT_TRUE(host().send(read_request(file, 1, 1)));
    ASSERT_TRUE(bench_.workers_are_busy(1));
    EXPECT_FALSE(talk_.session->is_idle());
    EXPECT_GT(talk_.session->last_heard(), before);
  }
  EXPECT_THAT(host().line(), EndsWith("\"id\": 1}\n"));
  EXPECT_TRUE(talk_.session->is_idle());
}

TEST_F(SessionTest, DoesNotReadOnWhileAClientTakesNoReplies) {
  constexpr int kRequests = 1000;
  const std::string padding(8 << 10, 'i');  // echoed in the reply
  std::string all;
  for (int i = 0; i < kRequests; ++i) {
    all += R"({"execute": "guest-ping", "id": ")" + std::to_string(i) + padding + "\"}\n";
  }
  const std::size_t taken = host().send_while_taken(all, 300ms);
  // The backlog of replies, a full queue, one read, and what the kernel holds in both directions.
  EXPECT_LT(taken, limits::kReplyBacklogBytes + limits::kQueuedRequests * (padding.size() + 64) + (1U << 20U));
  EXPECT_LT(bench_.loop().run_for(200ms), 5U) << "waiting for the client must cost nothing";
  std::size_t sent = taken;
  for (int i = 0; i < kRequests; ++i) {
    sent += host().send_while_taken(std::string_view(all).substr(sent), 0ms);
    ASSERT_EQ(host().line(), R"({"return": {}, "id": ")" + std::to_string(i) + padding + "\"}\n");
  }
  EXPECT_EQ(sent, all.size());
}

TEST_F(SessionTest, DoesNotReadOnWhileTheQueueOfRequestsIsFull) {
  constexpr int kRequests = 500;
  const std::string padding(8 << 10, ' ');
  const std::int64_t file = bench_.open_file("short", "hello");
  std::string all = read_request(file, 1, -1);
  for (int i = 0; i < kRequests; ++i)
    all += R"({"execute": "guest-ping",)" + padding + R"("id": )" + std::to_string(i) + "}\n";
  std::size_t sent = 0;
  {
    const auto turn = bench_.hold(file);
    sent = host().send_while_taken(all, 300ms);
    EXPECT_LT(sent, limits::kQueuedRequests * (padding.size() + 64) + (1U << 20U));
    EXPECT_LT(bench_.loop().run_for(200ms), 5U) << "waiting for the command must cost nothing";
  }
  ASSERT_TRUE(host().send(std::string_view(all).substr(sent)));
  EXPECT_THAT(host().line(), EndsWith("\"id\": -1}\n"));
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(host().line(), ping_reply(i));
}

/// Takes nothing until release(), and from then on everything at once, as a reader does that was kept from running.
class HeldStream final : public Stream {
 public:
  HeldStream(asio::io_context& io, UniqueFd fd) : io_(io), input_(make_stream(io, std::move(fd))) {}

  void release() {
    is_held_ = false;
    asio::post(io_, std::exchange(on_writable_, nullptr));
  }
  [[nodiscard]] bool holds_back() const { return on_writable_ != nullptr; }
  [[nodiscard]] const std::string& taken() const { return taken_; }

  ssize_t read(std::span<char> into) override { return input_->read(into); }
  void wait_readable(std::function<void()> callback) override { input_->wait_readable(std::move(callback)); }
  ssize_t write(std::string_view bytes) override {
    if (is_held_) return errno = EAGAIN, -1;
    taken_ += bytes;
    return static_cast<ssize_t>(bytes.size());
  }
  void wait_writable(std::function<void()> callback) override { on_writable_ = std::move(callback); }
  bool peer_is_away() override { return false; }
  void close() override {
    on_writable_ = nullptr;
    input_->close();
  }

 private:
  asio::io_context& io_;
  std::shared_ptr<Stream> input_;
  std::function<void()> on_writable_;
  std::string taken_;
  bool is_held_ = true;
};

std::shared_ptr<Stream> make_held_stream(asio::io_context& io, UniqueFd fd) {
  return std::make_shared<HeldStream>(io, std::move(fd));
}

TEST(SessionWithAFullBacklog, AnswersTheQueueWhenTheClientTakesAllOfItAtOnce) {
  constexpr int kRequests = 40;
  const std::string padding(limits::kIdBytes - 1024, 'i');  // echoed in the reply
  SessionBench bench;
  Conversation talk(bench, Session::ZeroRead::kEnds, make_held_stream);
  auto& stream = dynamic_cast<HeldStream&>(*talk.stream);
  talk.session->start();
  const std::int64_t file = bench.open_file("short", "hello");
  {
    const auto turn = bench.hold(file);
    ASSERT_TRUE(talk.host.send(read_request(file, 1, 1)));
    for (int i = 0; i < kRequests; ++i) {
      ASSERT_TRUE(talk.host.send(R"({"execute": "guest-ping", "id": ")" + padding + "\"}\n"));
    }
    bench.loop().run_for(50ms);  // all are read and queued
  }
  ASSERT_TRUE(bench.loop().run_until([&] { return stream.holds_back(); }));
  bench.loop().run_for(50ms);
  stream.release();
  EXPECT_TRUE(bench.loop().run_until([&] { return std::ranges::count(stream.taken(), '\n') == kRequests + 1; }))
      << std::ranges::count(stream.taken(), '\n') << " replies";
  EXPECT_TRUE(talk.session->is_idle());
}

TEST(SessionBeforeItStarts, PutsANewlineBehindTheTornReplyOfItsPredecessor) {
  SessionBench bench;
  Conversation talk(bench);
  talk.session->begin_with_newline();
  talk.session->start();
  ASSERT_TRUE(talk.host.send(ping_request(1)));
  EXPECT_EQ(talk.host.line(), "\n");
  EXPECT_EQ(talk.host.line(), ping_reply(1));
}

TEST(SessionOnAPort, PausesWhenTheHostGoesAway) {
  SessionBench bench;
  Conversation talk(bench, Session::ZeroRead::kPauses, make_port_stream);
  talk.session->start();
  EXPECT_EQ(talk.host.ask(ping_request(1)), ping_reply(1));
  EXPECT_FALSE(talk.end);
  talk.host.close();
  EXPECT_TRUE(bench.loop().run_until([&] { return talk.end.has_value(); }));
  EXPECT_EQ(talk.end, Session::End::kPaused);
}

TEST(SessionOnAPort, WaitsWithoutSpinningForAHostThatWasNeverThere) {
  SessionBench bench;
  Conversation talk(bench, Session::ZeroRead::kPauses, make_port_stream);
  talk.host.close();
  talk.session->start();
  EXPECT_LT(bench.loop().run_for(200ms), 5U);
  EXPECT_FALSE(talk.end);
}

// ---- requests that wait for news

class WaitingSessionTest : public SessionTest {
 protected:
  /// A program that writes nothing and ends when its input does.
  void SetUp() override {
    SessionTest::SetUp();
    const std::string reply =
        host().ask(R"({"execute": "guestd-exec", "arguments": {"path": "cat", "stdin": "stream"}})"
                   "\n");
    ASSERT_THAT(reply, StartsWith(R"({"return": {"pid": )"));
    pid_ = reply.substr(19, reply.find('}') - 19);
  }
  [[nodiscard]] std::string wait_request(int id, std::int64_t wait_ms = 600'000) const {
    return R"({"execute": "guestd-exec-read", "arguments": {"pid": )" + pid_ + R"(, "wait-ms": )" +
           std::to_string(wait_ms) + R"(}, "id": )" + std::to_string(id) + "}\n";
  }
  [[nodiscard]] std::string write_request(const std::string& more, int id) const {
    return R"({"execute": "guestd-exec-write", "arguments": {"pid": )" + pid_ + ", " + more + R"(}, "id": )" +
           std::to_string(id) + "}\n";
  }

  std::string pid_;
};

TEST_F(WaitingSessionTest, WaitsWithoutAnyThreadUntilThereIsSomething) {
  Conversation other(bench_);
  other.session->start();
  ASSERT_TRUE(host().send(wait_request(1)));
  EXPECT_EQ(host().line(100ms), "");
  EXPECT_EQ(bench_.workers().busy(), 0U);
  EXPECT_EQ(other.host.ask(ping_request(2)), ping_reply(2)) << "other clients are served";
  EXPECT_THAT(other.host.ask(write_request(R"("data": "aGVsbG8K")", 3)), HasSubstr(R"("count": 6)"));
  EXPECT_THAT(host().line(), HasSubstr(R"("data": "aGVsbG8K")"));
}

TEST_F(WaitingSessionTest, EndsTheWaitWithTheNextRequestOfTheSameClient) {
  ASSERT_TRUE(host().send(wait_request(1)));
  EXPECT_EQ(host().line(50ms), "");
  ASSERT_TRUE(host().send(ping_request(2)));
  EXPECT_THAT(host().line(), EndsWith("\"id\": 1}\n"));
  EXPECT_EQ(host().line(), ping_reply(2));
}

TEST_F(WaitingSessionTest, DoesNotWaitAtAllIfTheNextRequestIsThereAlready) {
  ASSERT_TRUE(host().send(wait_request(1) + wait_request(2) + ping_request(3)));
  EXPECT_THAT(host().line(), EndsWith("\"id\": 1}\n"));
  EXPECT_THAT(host().line(), EndsWith("\"id\": 2}\n"));
  EXPECT_EQ(host().line(), ping_reply(3));
}

TEST_F(WaitingSessionTest, AnswersASyncAloneForASyncGivesUpWhatWaits) {
  ASSERT_TRUE(host().send(wait_request(1)));
  EXPECT_EQ(host().line(50ms), "");
  EXPECT_EQ(host().ask(sync_request(7)), sync_reply(7));
  EXPECT_TRUE(is_silent());
}

TEST_F(WaitingSessionTest, AnswersWithWhatThereIsWhenTheTimeIsOver) {
  EXPECT_THAT(host().ask(wait_request(1, 30)), HasSubstr(R"("output": [])"));
  EXPECT_THAT(host().ask(wait_request(2, 30)), EndsWith("\"id\": 2}\n"));
}

TEST_F(WaitingSessionTest, AnswersWhenTheProgramHasEnded) {
  EXPECT_THAT(host().ask(write_request(R"("eof": true)", 1)), HasSubstr(R"("count": 0)"));
  std::string reply;
  do {
    reply = host().ask(wait_request(2));
    ASSERT_THAT(reply, StartsWith(R"({"return": )"));
  } while (reply.find(R"("finished": true)") == std::string::npos);
  EXPECT_THAT(reply, HasSubstr(R"("exitcode": 0)"));
}

TEST_F(WaitingSessionTest, ErrorsDoNotWait) {
  EXPECT_THAT(host().ask(R"({"execute": "guestd-exec-read", "arguments": {"pid": 1, "wait-ms": 600000}})"
                         "\n"),
              HasSubstr("PID 1 does not exist"));
  EXPECT_THAT(host().ask(R"({"execute": "guestd-exec-read", "arguments": {"pid": 1, "wait-ms": "long"}})"
                         "\n"),
              HasSubstr("Parameter 'wait-ms' expects uint64"));
}

TEST_F(WaitingSessionTest, LetsGoOfAClientThatLeavesWhileItWaits) {
  ASSERT_TRUE(host().send(wait_request(1)));
  EXPECT_EQ(host().line(50ms), "");
  host().close();
  EXPECT_TRUE(bench_.loop().run_until([&] { return talk_.end.has_value(); }));
  Conversation other(bench_);
  other.session->start();
  EXPECT_THAT(other.host.ask(write_request(R"("data": "aGVsbG8K", "eof": true)", 1)), HasSubstr(R"("count": 6)"));
}

TEST_F(WaitingSessionTest, AnswersAClientThatHasEndedItsSending) {
  ASSERT_TRUE(host().send(wait_request(1, 50)));
  host().end_sending();
  EXPECT_THAT(host().line(), EndsWith("\"id\": 1}\n"));
  EXPECT_TRUE(host().sees_end());
}

TEST_F(WaitingSessionTest, WaitsForRoomInTheInputOfAProgram) {
  const std::string reply =
      host().ask(R"({"execute": "guestd-exec", "arguments": {"path": "sleep", "args": ["1000"], "stdin": "stream"}})"
                 "\n");
  pid_ = reply.substr(19, reply.find('}') - 19);
  const std::string much = R"("data": ")" + std::string(2'000'000, 'A') + "\"";
  EXPECT_THAT(host().ask(write_request(much, 1)), Not(HasSubstr("error")));
  (void)host().ask(write_request(much, 2));
  ASSERT_TRUE(host().send(write_request(R"("data": "AAAA", "wait-ms": 600000)", 3)));
  EXPECT_EQ(host().line(50ms), "");
  // The end of the program ends the wait, with a reason.
  Conversation other(bench_);
  other.session->start();
  (void)other.host.ask(R"({"execute": "guestd-exec-signal", "arguments": {"pid": )" + pid_ +
                       R"(, "signal": "KILL"}})"
                       "\n");
  EXPECT_THAT(host().line(), HasSubstr("takes no more input"));
}

}  // namespace
}  // namespace guestd::daemon
