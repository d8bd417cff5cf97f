// SPDX-License-Identifier: Apache-2.0
#include "client/copy/host_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "tests/support/temp_dir.hpp"

namespace guestd::copy {
namespace {

using support::TempDir;

TEST(PlainName, IsNoWayOutOfAFolder) {
  EXPECT_TRUE(is_plain_name("a"));
  EXPECT_TRUE(is_plain_name("...") && is_plain_name("..a"));
  for (const char* const name : {"", ".", "..", "/etc", "a/b", "../x", "a/"}) EXPECT_FALSE(is_plain_name(name)) << name;
  EXPECT_FALSE(is_plain_name(std::string_view("a\0b", 3)));
}

TEST(HostFolder, RefusesNamesThatLeadElsewhere) {
  const TempDir dir;
  auto folder = HostFolder::open(dir.str());
  ASSERT_TRUE(folder);
  EXPECT_FALSE(folder->open_file("../escaped"));
  EXPECT_FALSE(folder->enter(".."));
  EXPECT_FALSE(folder->make_link("../escaped", "x"));
  EXPECT_FALSE(std::filesystem::exists(dir.path().parent_path() / "escaped"));
}

TEST(HostFolder, DoesNotFollowLinksThatAGuestHasMadeBefore) {
  const TempDir dir;
  const TempDir elsewhere;
  elsewhere.write("file", "mine");
  auto folder = HostFolder::open(dir.str());
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->make_link("out", elsewhere.str()));
  ASSERT_TRUE(folder->make_link("file", elsewhere / "file"));
  const auto entered = folder->enter("out");
  ASSERT_FALSE(entered);
  EXPECT_NE(entered.error().text.find("links are not followed"), std::string::npos) << entered.error().text;
  EXPECT_FALSE(folder->open_file("file"));
  EXPECT_EQ(elsewhere.read("file"), "mine");
}

TEST(HostFolder, NeitherWaitsForAPipeNorReplacesAFile) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  dir.write("file", "content");
  auto folder = HostFolder::open(dir.str());
  ASSERT_TRUE(folder);
  EXPECT_FALSE(folder->open_file("pipe"));
  EXPECT_FALSE(folder->make_link("file", "target"));
  EXPECT_EQ(dir.read("file"), "content");
}

TEST(HostFolder, MakesFilesForItsOwnerOnlyAndReplacesLinks) {
  const TempDir dir;
  auto folder = HostFolder::open(dir.str());
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->open_file("new"));
  struct stat state {};
  ASSERT_EQ(::stat((dir / "new").c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 07777U, 0600U);
  ASSERT_TRUE(folder->make_link("link", "a"));
  ASSERT_TRUE(folder->make_link("link", "b"));
  EXPECT_EQ(std::filesystem::read_symlink(dir.path() / "link"), "b");
}

}  // namespace
}  // namespace guestd::copy
