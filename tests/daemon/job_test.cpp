// SPDX-License-Identifier: Apache-2.0
#include "daemon/job.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "protocol/frame_reader.hpp"
#include "tests/commands/command_bench.hpp"
#include "tests/support/agent.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;
using support::eventually;

constexpr std::size_t kPieces = 40;  // 10 MiB
std::atomic<std::size_t> pieces_produced = 0;
std::atomic<bool> told_to_stop = false;

Result<void> answer_42(commands::Context&, const protocol::JsonView*, protocol::JsonWriter& out) {
  out.integer(42);
  return {};
}

Result<void> fail(commands::Context&, const protocol::JsonView*, protocol::JsonWriter&) {
  return Error::from_errno("cannot do it", ENOSPC);
}

/// As long as the reply is wanted, up to kPieces chunks of it.
Result<void> produce_pieces(commands::Context&, const protocol::JsonView*, protocol::JsonWriter& out) {
  out.begin_string();
  for (std::size_t i = 0; i < kPieces; ++i) {
    out.raw(std::string(limits::kReplyChunkBytes, 'x'));
    if (!out.flush_chunk()) {
      told_to_stop = true;
      return {};
    }
    ++pieces_produced;
  }
  out.end_string();
  return {};
}

std::atomic<bool> saw_given_up = false;

/// Works until nobody waits for it any more.
Result<void> work_until_given_up(commands::Context& context, const protocol::JsonView*, protocol::JsonWriter&) {
  saw_given_up = eventually([&] { return context.is_given_up(); });
  return Error{"given up"};
}

constexpr protocol::CommandEntry kAnswer42{"answer-42", {}, true, true, answer_42};
constexpr protocol::CommandEntry kSilent42{"silent-42", {}, false, true, answer_42};
constexpr protocol::CommandEntry kFail{"fail", {}, true, true, fail};
constexpr protocol::CommandEntry kPatient{"patient", {}, true, true, work_until_given_up};
constexpr protocol::CommandEntry kLargeReply{"large-reply", {}, true, true, produce_pieces};

std::unique_ptr<protocol::Request> request(std::string_view text) {
  protocol::JsonParser parser;
  protocol::FrameReader frames;
  auto frame = frames.next(text);
  if (!frame) throw std::runtime_error("the test's message is not complete");
  auto request = protocol::read_request(*std::move(frame), parser);
  if (!request) throw std::runtime_error(request.error().text);
  return *std::move(request);
}

class JobTest : public testing::Test {
 protected:
  JobTest() {
    pieces_produced = 0;
    told_to_stop = false;
  }
  ~JobTest() override {
    if (worker_.joinable()) worker_.join();
  }

  void make(const protocol::CommandEntry& entry, std::string_view message = R"({"execute": "x"})", int direct_fd = -1) {
    job_ = std::make_unique<Job>(entry, request(message), bench_.context(), direct_fd, [this] { ++notified_; });
  }
  /// The job may write to a socket itself, the other end of which is host_.
  void make_direct(const protocol::CommandEntry& entry) {
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()), 0);
    host_.reset(fds[0]);
    direct_.reset(fds[1]);
    make(entry, R"({"execute": "x"})", direct_.get());
  }
  std::string received() const {
    std::array<char, 64 << 10> piece{};
    std::string all;
    for (ssize_t n = 0; (n = ::read(host_.get(), piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(n));
    }
    return all;
  }
  void run_on_worker() {
    worker_ = std::thread([this] { job_->run(); });
  }
  /// Waits until the command is held up because its reply is not taken.
  bool is_held_up() {
    if (!eventually([] { return pieces_produced * limits::kReplyChunkBytes >= limits::kReplyBacklogBytes; }))
      return false;
    const std::size_t before = pieces_produced;
    support::sleep_for(100ms);
    return pieces_produced == before;
  }
  std::string collected() {
    Job::Output output = job_->collect();
    done_ = output.done;
    sent_part_ = output.sent_part;
    return std::accumulate(output.pieces.begin(), output.pieces.end(), std::string());
  }

  commands::CommandBench bench_;
  UniqueFd host_;
  UniqueFd direct_;
  std::atomic<int> notified_ = 0;
  std::unique_ptr<Job> job_;
  std::thread worker_;
  bool done_ = false;
  bool sent_part_ = false;
};

TEST_F(JobTest, HasNothingToCollectBeforeItRuns) {
  make(kAnswer42);
  EXPECT_EQ(collected(), "");
  EXPECT_FALSE(done_);
}

TEST_F(JobTest, HandsOverTheWholeReplyWithItsEnvelope) {
  make(kAnswer42, R"({"execute": "x", "id": [1]})");
  job_->run();
  EXPECT_EQ(notified_, 1);
  EXPECT_EQ(collected(), R"({"return": 42, "id": [1]})"
                         "\n");
  EXPECT_TRUE(done_);
  EXPECT_EQ(collected(), "") << "what was collected is gone";
}

TEST_F(JobTest, HandsOverAnErrorAsReply) {
  make(kFail);
  job_->run();
  EXPECT_EQ(collected(), R"({"error": {"class": "GenericError", "desc": "cannot do it: No space left on device"}})"
                         "\n");
  EXPECT_TRUE(done_);
}

TEST_F(JobTest, IsDoneWithoutAWordWhenTheCommandDoesNotAnswer) {
  make(kSilent42);
  EXPECT_FALSE(job_->ended_or_notify());
  job_->run();
  EXPECT_EQ(notified_, 1);
  EXPECT_EQ(collected(), "");
  EXPECT_TRUE(done_);
}

TEST_F(JobTest, HoldsTheCommandUpWhileTooMuchOfTheReplyIsOnTheWay) {
  make(kLargeReply);
  run_on_worker();
  ASSERT_TRUE(is_held_up());
  EXPECT_LE(collected().size(), limits::kReplyBacklogBytes + limits::kReplyChunkBytes);
  ASSERT_TRUE(is_held_up()) << "collecting is not sending";
  job_->abandon(false);
}

TEST_F(JobTest, GoesOnAsTheHostTakesTheReply) {
  make(kLargeReply);
  run_on_worker();
  std::string all;
  EXPECT_TRUE(eventually([&] {
    const std::string piece = collected();
    job_->sent(piece.size());
    all += piece;
    return done_;
  }));
  EXPECT_EQ(pieces_produced, kPieces);
  EXPECT_EQ(all, R"({"return": ")" + std::string(kPieces * limits::kReplyChunkBytes, 'x') + "\"}\n");
  EXPECT_GT(notified_, static_cast<int>(kPieces));
}

TEST_F(JobTest, StopsProducingAReplyThatIsAbandonedWhileItIsHeldUp) {
  make(kLargeReply);
  run_on_worker();
  ASSERT_TRUE(is_held_up());
  EXPECT_TRUE(job_->abandon(false));
  worker_.join();
  EXPECT_TRUE(told_to_stop);
  EXPECT_LT(pieces_produced, kPieces);
  EXPECT_EQ(collected(), "");
  EXPECT_TRUE(done_);
}

TEST_F(JobTest, RunsTheCommandAndDropsTheReplyWhenItIsAbandonedBeforeItStarts) {
  make(kLargeReply);
  EXPECT_TRUE(job_->abandon(true));
  job_->run();
  EXPECT_TRUE(told_to_stop);
  EXPECT_EQ(collected(), "");
  EXPECT_TRUE(done_);
}

TEST_F(JobTest, LetsTheCommandSeeThatItIsAbandoned) {
  saw_given_up = false;
  make(kPatient);
  run_on_worker();
  EXPECT_TRUE(job_->abandon(true));
  worker_.join();
  EXPECT_TRUE(saw_given_up);
  EXPECT_EQ(collected(), "");
  EXPECT_FALSE(bench_.context().is_given_up()) << "others go on";
}

TEST_F(JobTest, DoesNotSendAReplyThatIsReadyAfterItWasAbandoned) {
  make(kAnswer42);
  EXPECT_TRUE(job_->abandon(true));
  job_->run();
  EXPECT_EQ(notified_, 0);
  EXPECT_TRUE(job_->has_ended());
  EXPECT_EQ(collected(), "");
  EXPECT_TRUE(done_);
}

TEST_F(JobTest, RefusesToBeAbandonedAsUnstartedWhenPartOfTheReplyIsThere) {
  make(kLargeReply);
  run_on_worker();
  ASSERT_TRUE(is_held_up());
  EXPECT_FALSE(job_->abandon(true));
  EXPECT_NE(collected(), "") << "the reply goes on as if nothing had been asked";
  EXPECT_TRUE(job_->abandon(false));
}

TEST_F(JobTest, RefusesToBeAbandonedAsUnstartedWhenTheReplyIsComplete) {
  make(kAnswer42);
  job_->run();
  EXPECT_FALSE(job_->abandon(true));
  EXPECT_EQ(collected(), "{\"return\": 42}\n");
}

TEST_F(JobTest, SendsItsReplyItselfWhereItMay) {
  make_direct(kAnswer42);
  job_->run();
  EXPECT_EQ(received(), "{\"return\": 42}\n");
  EXPECT_EQ(notified_, 0) << "nobody waits for the end";
  EXPECT_TRUE(job_->has_ended());
  EXPECT_EQ(collected(), "");
  EXPECT_TRUE(sent_part_);
  EXPECT_TRUE(done_);
  collected();
  EXPECT_FALSE(sent_part_) << "it is told once";
}

TEST_F(JobTest, HandsOverWhatTheSocketDoesNotTakeAndSendsItselfAgainWhenThatIsOut) {
  make_direct(kLargeReply);
  run_on_worker();
  ASSERT_TRUE(is_held_up());
  std::string all;
  EXPECT_TRUE(eventually([&] {
    all += received();
    // As a session does: what was collected is on the way until the socket has taken it.
    const std::string piece = collected();
    for (std::size_t sent = 0; sent < piece.size();) {
      const ssize_t count = ::write(direct_.get(), piece.data() + sent, piece.size() - sent);
      if (count > 0) sent += static_cast<std::size_t>(count);
      if (count > 0) job_->sent(static_cast<std::size_t>(count));
      if (sent < piece.size()) all += received();
    }
    return done_;
  }));
  all += received();
  EXPECT_EQ(all, R"({"return": ")" + std::string(kPieces * limits::kReplyChunkBytes, 'x') + "\"}\n");
}

TEST_F(JobTest, SendsNothingItselfAfterItWasAbandoned) {
  make_direct(kAnswer42);
  EXPECT_TRUE(job_->abandon(true));
  job_->run();
  EXPECT_EQ(received(), "");
}

TEST_F(JobTest, LeavesASocketThatIsGoneToTheSession) {
  ::signal(SIGPIPE, SIG_IGN);
  make_direct(kAnswer42);
  host_.reset();
  job_->run();
  EXPECT_EQ(collected(), "{\"return\": 42}\n");
  EXPECT_FALSE(sent_part_);
}

}  // namespace
}  // namespace guestd::daemon
