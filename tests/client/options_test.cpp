// SPDX-License-Identifier: Apache-2.0
#include "client/main/options.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "client/lib/endpoint.hpp"
#include "client/main/find_agents.hpp"

namespace guestd::guestctl {
namespace {

CommandLine split(std::vector<const char*> words) {
  words.insert(words.begin(), "guestctl");
  return split_at_verb(static_cast<int>(words.size()), words.data());
}

TEST(SplitAtVerb, FindsTheVerbBehindOptionsWithValues) {
  const auto line = split({"--socket", "ping", "--json", "exec", "--", "ls", "-l"});
  EXPECT_EQ(line.verb, "exec");
  EXPECT_EQ(line.words, (std::vector<std::string>{"--socket", "ping", "--json", "--", "ls", "-l"}));
}

TEST(SplitAtVerb, HasNoVerbWhereThereIsNone) {
  EXPECT_EQ(split({}).verb, "");
  EXPECT_EQ(split({"--version"}).verb, "");
  EXPECT_EQ(split({"--socket=/a", "info"}).verb, "info");
}

TEST(Endpoints, AreReadAndDescribed) {
  const auto vsock = client::parse_vsock("3:1234");
  ASSERT_TRUE(vsock);
  EXPECT_EQ(client::describe(*vsock), "vsock 3:1234");
  const auto hybrid = client::parse_hybrid_vsock("/run/a:b.sock:52");
  ASSERT_TRUE(hybrid);
  EXPECT_EQ(client::describe(*hybrid), "port 52 of /run/a:b.sock");
  for (const char* const text : {"", "3", "3:", ":1", "a:b", "3:4294967296", "-1:2", "3:1x"}) {
    EXPECT_FALSE(client::parse_vsock(text)) << text;
  }
  for (const char* const text : {"", "/a", "/a:", ":1", "/a:x"}) EXPECT_FALSE(client::parse_hybrid_vsock(text)) << text;
}

TEST(FindAgents, FindsNothingInAnEmptyMachine) { EXPECT_TRUE(find_agents("/nonexistent").empty()); }

}  // namespace
}  // namespace guestd::guestctl
