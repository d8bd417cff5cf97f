// SPDX-License-Identifier: Apache-2.0

// Runs every transcript of this folder against a whole agent on the fixture machine "debian12", whose clock stands
// still. The form of a transcript is told in docs/testing.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/client.hpp"
#include "tests/support/fixture_agent.hpp"

namespace guestd {
namespace {

// What stands for a number that only the agent knows: <#> in a reply, and again in later requests.
constexpr std::string_view kNumber = "<#>";

// Whether `reply` is what `pattern` says: <*> stands for anything, <FF> for the byte 0xFF, <#> for a number, which is
// remembered.
bool matches(std::string_view pattern, std::string_view reply, std::string& number) {
  if (pattern.empty()) return reply.empty();
  if (pattern.starts_with(kNumber)) {
    const std::size_t size = std::min(reply.find_first_not_of("0123456789"), reply.size());
    number = reply.substr(0, size);
    return size > 0 && matches(pattern.substr(kNumber.size()), reply.substr(size), number);
  }
  if (pattern.starts_with("<*>")) {
    for (std::size_t skipped = 0; skipped <= reply.size(); ++skipped) {
      if (matches(pattern.substr(3), reply.substr(skipped), number)) return true;
    }
    return false;
  }
  const bool sentinel = pattern.starts_with("<FF>");
  const char wanted = sentinel ? '\xFF' : pattern.front();
  return !reply.empty() && reply.front() == wanted &&
         matches(pattern.substr(sentinel ? 4 : 1), reply.substr(1), number);
}

std::string with_number(std::string line, const std::string& number) {
  if (const auto at = line.find(kNumber); at != std::string::npos) line.replace(at, kNumber.size(), number);
  return line;
}

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(GUESTD_SOURCE_DIR "/tests/transcripts")) {
    if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists")
      names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Transcript : public testing::TestWithParam<std::string> {};

TEST_P(Transcript, IsWhatTheAgentAnswers) {
  support::FixtureAgent agent("debian12", {}, support::FixtureAgent::run_programs);
  support::Client client = agent.connect();
  std::ifstream file(GUESTD_SOURCE_DIR "/tests/transcripts/" + GetParam() + ".txt");
  std::string line;
  int number = 0;
  std::string remembered;
  int replies = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.starts_with("> ")) {
      ASSERT_TRUE(client.send(with_number(line.substr(2), remembered) + "\n"));
    }
    if (!line.starts_with("< ")) continue;
    std::string reply = client.read_line();
    ASSERT_FALSE(reply.empty()) << "no reply for line " << number;
    reply.pop_back();
    EXPECT_TRUE(matches(line.substr(2), reply, remembered))
        << "line " << number << "\nexpected: " << line.substr(2) << "\nreply:    " << reply;
    ++replies;
  }
  EXPECT_GT(replies, 0) << "the transcript is empty";
  EXPECT_TRUE(client.sync()) << "something is left unread";
}

INSTANTIATE_TEST_SUITE_P(All, Transcript, testing::ValuesIn(transcripts()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace guestd
