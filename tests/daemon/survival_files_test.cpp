// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Files that are not what they seem, too many of them, and a full disk.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

class SurvivalFiles : public testing::Test {
 protected:
  std::string on_handle(const char* command, std::int64_t handle, const std::string& more = "") {
    return client_.request(R"({"execute":"guest-file-)" + std::string(command) + R"(","arguments":{"handle":)" +
                           std::to_string(handle) + more + "}}");
  }

  Agent agent_;
  Client client_{agent_.socket()};
};

TEST_F(SurvivalFiles, TwoThousandOpenHandles) {
  std::vector<std::int64_t> handles;
  for (int i = 0; i < 2000; ++i) handles.push_back(support::open_file(client_, "/dev/null", "r"));
  EXPECT_TRUE(std::is_sorted(handles.begin(), handles.end()));
  EXPECT_EQ(std::adjacent_find(handles.begin(), handles.end()), handles.end());
  EXPECT_EQ(on_handle("read", handles.front()), R"({"return": {"count": 0, "buf-b64": "", "eof": true}})");
  EXPECT_EQ(on_handle("read", handles.back()), R"({"return": {"count": 0, "buf-b64": "", "eof": true}})");
  for (const auto handle : handles) ASSERT_EQ(on_handle("close", handle), R"({"return": {}})");
  EXPECT_EQ(on_handle("close", handles.back()),
            support::generic_error("handle '" + std::to_string(handles.back()) + "' has not been found"));
}

TEST_F(SurvivalFiles, ReportsTheLimitOfHandlesAsAnErrorAndRecovers) {
  std::vector<std::int64_t> handles;
  std::string reply;
  for (int i = 0; i < 5000; ++i) {
    reply = client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/dev/null"}})");
    const auto handle = support::returned_integer(reply);
    if (!handle) break;
    handles.push_back(*handle);
  }
  EXPECT_LT(handles.size(), 5000U) << "there has to be a limit";
  EXPECT_GE(handles.size(), 1000U);
  EXPECT_TRUE(reply.starts_with(R"({"error": {"class": "GenericError", "desc": "failed to open file '/dev/null')"))
      << reply;
  ASSERT_EQ(on_handle("close", handles.front()), R"({"return": {}})");
  EXPECT_GT(support::open_file(client_, "/dev/null", "r"), handles.back());
  Client other(agent_.socket());
  EXPECT_TRUE(other.sync()) << "open files must leave descriptors for clients";
}

TEST_F(SurvivalFiles, ReportsAFullDiskWhereItShowsAndNeverSuccessAfterwards) {
  const auto handle = support::open_file(client_, "/dev/full", "w");
  const std::string write = on_handle("write", handle, R"(,"buf-b64":"QUJD")");
  const std::string flush = on_handle("flush", handle);
  const std::string close = on_handle("close", handle);
  const std::string all = write + flush;
  EXPECT_NE(all.find("No space left on device"), std::string::npos) << all;
  if (write.starts_with(R"({"return")")) {
    EXPECT_TRUE(close.starts_with(R"({"error")")) << close;
  }
  EXPECT_EQ(on_handle("close", handle),
            support::generic_error("handle '" + std::to_string(handle) + "' has not been found"));
}

TEST_F(SurvivalFiles, OpensADirectoryButReadsNothingFromIt) {
  const auto handle = support::open_file(client_, "/", "r");
  const std::string reply = on_handle("read", handle);
  EXPECT_NE(reply.find("Is a directory"), std::string::npos) << reply;
  EXPECT_EQ(on_handle("close", handle), R"({"return": {}})");
  EXPECT_NE(
      client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/","mode":"w"}})").find("Is a directory"),
      std::string::npos);
}

TEST_F(SurvivalFiles, DoesNotHangOnAFifoOrATerminal) {
  const std::string fifo = agent_.folder().file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto handle = support::open_file(client_, fifo, "r");
  EXPECT_TRUE(on_handle("read", handle).starts_with(R"({"return": {"count": 0, "buf-b64": "")"));
  EXPECT_EQ(on_handle("close", handle), R"({"return": {}})");
  const std::string writing =
      client_.request(R"({"execute":"guest-file-open","arguments":{"path":")" + fifo + R"(","mode":"w"}})");
  EXPECT_TRUE(writing.starts_with("{")) << "nobody reads the FIFO: an error, at once";
  client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/dev/ptmx","mode":"r+"}})");
  EXPECT_TRUE(client_.sync());
}

TEST_F(SurvivalFiles, GivesNewFilesTheModeOfTheUmask) {
  // The agent inherited it from here.
  const std::string path = agent_.folder().file("new");
  on_handle("close", support::open_file(client_, path, "w"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_F(SurvivalFiles, NamesPathAndReasonOfAFailedOpen) {
  EXPECT_EQ(client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/nowhere/x"}})"),
            support::generic_error("failed to open file '/nowhere/x' (mode: 'r'): No such file or directory"));
  EXPECT_EQ(client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/dev/null","mode":"rw"}})"),
            support::generic_error("invalid file open mode 'rw'"));
  client_.request(R"({"execute":"guest-file-open","arguments":{"path":")" + std::string(100000, 'x') + "\"}}");
  client_.request(R"({"execute":"guest-file-open","arguments":{"path":"/dev/null\u0000x"}})");
  client_.request(R"({"execute":"guest-file-open","arguments":{"path":""}})");
  EXPECT_TRUE(client_.sync());
}

TEST_F(SurvivalFiles, RefusesCountsOutOfRange) {
  const auto handle = support::open_file(client_, "/dev/zero", "r");
  for (const char* count : {"-1", "50331649", "10000000000", "-9223372036854775808", "9223372036854775807"}) {
    EXPECT_EQ(on_handle("read", handle, R"(,"count":)" + std::string(count)),
              support::generic_error("value '" + std::string(count) + "' is invalid for argument count"));
  }
  EXPECT_TRUE(on_handle("read", handle, R"(,"count":10000000)").starts_with(R"({"return": {)"));
  const auto sink = support::open_file(client_, "/dev/null", "w");
  for (const char* count : {"-1", "4"}) {
    EXPECT_EQ(on_handle("write", sink, R"(,"buf-b64":"QUJD","count":)" + std::string(count)),
              support::generic_error("value '" + std::string(count) + "' is invalid for argument count"));
  }
}

TEST_F(SurvivalFiles, ReadsBackWhatItWroteInBothSizesOfReply) {
  const std::string path = agent_.folder().file("data");
  const auto handle = support::open_file(client_, path, "w+");
  constexpr std::size_t kBytes = 5'000'000;
  ASSERT_TRUE(client_.send(support::write_request(handle, kBytes)));
  ASSERT_EQ(client_.read_line(), "{\"return\": {\"count\": 5000000, \"eof\": false}}\n");
  EXPECT_EQ(on_handle("seek", handle, R"(,"offset":0,"whence":"set")"), R"({"return": {"eof": false, "position": 0}})");
  const std::string sent = support::write_request(handle, kBytes);
  const auto begin = sent.find(R"("buf-b64":")") + 11;
  const std::string text = sent.substr(begin, sent.rfind('"') - begin);
  const std::string reply = on_handle("read", handle, R"(,"count":6000000)");
  EXPECT_NE(reply.find(R"("buf-b64": ")" + text + "\""), std::string::npos) << reply.substr(0, 100);
  EXPECT_NE(reply.find(R"("count": 5000000)"), std::string::npos);
  EXPECT_NE(reply.find(R"("eof": true)"), std::string::npos);
}

}  // namespace
}  // namespace guestd
