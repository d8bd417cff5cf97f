// SPDX-License-Identifier: Apache-2.0
#include "platform/spool_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/support/agent.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SpoolFileTest : public testing::Test {
 protected:
  static void append(const SpoolFile& spool, const std::string& text) {
    const auto theirs = spool.open_for_program();
    ASSERT_TRUE(theirs);
    ASSERT_EQ(::write(theirs->get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::uint64_t blocks(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }

  support::TempFolder dir_;
  std::string path_ = dir_.file("1.out");
};

TEST_F(SpoolFileTest, HoldsWhatIsAppended) {
  const auto spool = SpoolFile::create(path_, 1 << 20U);
  ASSERT_TRUE(spool);
  append(*spool, "hello ");
  append(*spool, "world");
  EXPECT_EQ(spool->end(), 11U);
  EXPECT_EQ(*spool->read(0, 100), "hello world");
  EXPECT_EQ(*spool->read(6, 3), "wor");
  EXPECT_EQ(*spool->read(11, 3), "");
  EXPECT_FALSE(SpoolFile::create(path_, 1)) << "never over another one";
}

TEST_F(SpoolFileTest, CutsItsBeginningOutAndKeepsTheOffsets) {
  auto spool = SpoolFile::create(path_, 64 << 10U);
  ASSERT_TRUE(spool);
  std::string all;
  for (int number = 0; number < 100; ++number) {
    const std::string piece(10'000, static_cast<char>('a' + number % 26));
    append(*spool, piece);
    all += piece;
    spool->trim();
  }
  EXPECT_EQ(spool->end(), all.size());
  EXPECT_GT(spool->begin(), all.size() - (90 << 10U));
  EXPECT_EQ(*spool->read(spool->begin(), 1 << 20U), all.substr(spool->begin()));
  EXPECT_LT(blocks(path_), 100U << 10U);
  // One that comes later sees the same.
  const auto again = SpoolFile::open(path_, 64 << 10U);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->begin(), spool->begin());
  EXPECT_EQ(again->end(), spool->end());
}

TEST_F(SpoolFileTest, IsNotFooledByAProgramThatShortensIt) {
  auto spool = SpoolFile::create(path_, 4096);
  ASSERT_TRUE(spool);
  append(*spool, std::string(20'000, 'x'));
  spool->trim();
  const std::uint64_t begin = spool->begin();
  EXPECT_GT(begin, 0U);
  ASSERT_EQ(::truncate(path_.c_str(), 10), 0);
  EXPECT_EQ(spool->end(), begin);
  EXPECT_EQ(*spool->read(0, 100), "");
}

TEST_F(SpoolFileTest, TrustsNoFileOfOthers) {
  ASSERT_TRUE(SpoolFile::create(path_, 4096));
  ::chmod(path_.c_str(), 0644);
  EXPECT_FALSE(SpoolFile::open(path_, 4096));
  ::mkfifo(dir_.file("fifo").c_str(), 0600);
  EXPECT_FALSE(SpoolFile::open(dir_.file("fifo"), 4096));
  ASSERT_EQ(::symlink("/etc/passwd", dir_.file("link").c_str()), 0);
  EXPECT_FALSE(SpoolFile::open(dir_.file("link"), 4096));
  EXPECT_FALSE(SpoolFile::open(dir_.file("missing"), 4096));
}

TEST_F(SpoolFileTest, OthersAreRemovedFromItsFolder) {
  dir_.write("keep", "");
  dir_.write("drop", "");
  remove_other_spools(dir_.path(), {dir_.file("keep")});
  EXPECT_EQ(::access(dir_.file("keep").c_str(), F_OK), 0);
  EXPECT_NE(::access(dir_.file("drop").c_str(), F_OK), 0);
  remove_other_spools(dir_.file("missing"), {});
}

TEST_F(SpoolFileTest, TellsWhenItIsWrittenTo) {
  const auto spool = SpoolFile::create(path_, 4096);
  ASSERT_TRUE(spool);
  const auto watch = FileWatch::create();
  ASSERT_TRUE(watch);
  const auto number = watch->add(path_);
  ASSERT_TRUE(number);
  EXPECT_THAT(watch->take(), IsEmpty());
  append(*spool, "news");
  append(*spool, "more");
  pollfd ready{watch->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
  EXPECT_THAT(watch->take(), ElementsAre(*number));
  watch->remove(*number);
  append(*spool, "unseen");
  EXPECT_THAT(watch->take(), IsEmpty());
}

}  // namespace
}  // namespace guestd::platform
