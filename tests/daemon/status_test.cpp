// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <future>
#include <string>

#include "tests/support/client.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_loop.hpp"

namespace guestd::daemon {
namespace {

TEST(StatusSocket, AnswersEveryQuestionAnew) {
  const support::TempDir dir;
  support::TestLoop loop;
  int asked = 0;
  const auto socket =
      StatusSocket::open(loop.io(), dir.str(), [&] { return "answer " + std::to_string(++asked) + "\n"; });
  ASSERT_TRUE(socket) << socket.error().text;
  for (int i = 1; i <= 3; ++i) {
    auto answer = std::async(std::launch::async, [&] { return ask_status(dir.str()); });
    EXPECT_TRUE(loop.run_until([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
    const auto text = answer.get();
    ASSERT_TRUE(text) << text.error().text;
    EXPECT_EQ(*text, "answer " + std::to_string(i) + "\n");
  }
}

TEST(StatusSocket, IsForItsOwnerAloneAndGoesWithTheAgent) {
  const support::TempDir dir;
  support::TestLoop loop;
  auto socket = StatusSocket::open(loop.io(), dir.str(), [] { return std::string(); });
  ASSERT_TRUE(socket);
  const auto mode = std::filesystem::status(dir / "guestd.status").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  (*socket).reset();
  EXPECT_FALSE(std::filesystem::exists(dir / "guestd.status"));
}

TEST(StatusSocket, AnswersWhatWasAskedWhileThereWasNoDescriptorLeft) {
  const support::TempDir dir;
  support::TestLoop loop;
  const auto socket = StatusSocket::open(loop.io(), dir.str(), [] { return std::string("here\n"); });
  ASSERT_TRUE(socket);
  support::Client client(dir.str() + "/guestd.status");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  loop.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  auto answer = std::async(std::launch::async, [&] { return client.read_line(); });
  EXPECT_TRUE(loop.run_until([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  EXPECT_EQ(answer.get(), "here\n");
}

TEST(StatusSocket, HasNoAnswerWithoutAnAgent) {
  const support::TempDir dir;
  const auto answer = ask_status(dir.str());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "no agent answers at " + dir.str() + "/guestd.status: No such file or directory");
  EXPECT_FALSE(ask_status("/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace guestd::daemon
