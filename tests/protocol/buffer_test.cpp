// SPDX-License-Identifier: Apache-2.0
#include "protocol/buffer.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guestd::protocol {
namespace {

bool is_padded(const Buffer& buffer) {
  if (buffer.capacity() < buffer.size() + Buffer::kPadding) return false;
  const char* end = buffer.data() + buffer.size();
  return std::all_of(end, end + Buffer::kPadding, [](char c) { return c == 0; });
}

TEST(Buffer, IsEmptyAtFirst) {
  const Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(Buffer, HasPaddingEvenBehindAnEmptyText) {
  const Buffer buffer{std::string_view()};
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(is_padded(buffer));
}

TEST(Buffer, KeepsWhatIsAppendedAndZerosBehindIt) {
  Buffer buffer;
  std::string expected;
  for (std::size_t length = 0; length < 600; ++length) {
    const std::string piece(length, static_cast<char>('a' + length % 26));
    buffer.append(piece);
    expected += piece;
    ASSERT_EQ(buffer.view(), expected);
    ASSERT_TRUE(is_padded(buffer)) << length;
  }
}

TEST(Buffer, TakesWhatIsWrittenToItsRoom) {
  Buffer buffer("ab");
  const auto room = buffer.room(1000);
  ASSERT_EQ(room.size(), 1000U);
  std::ranges::copy(std::string_view("cdef"), room.begin());
  EXPECT_EQ(buffer.view(), "ab") << "until it is content";
  buffer.extend(3);
  EXPECT_EQ(buffer.view(), "abcde");
  EXPECT_TRUE(is_padded(buffer));
  EXPECT_THROW((void)buffer.room(std::numeric_limits<std::size_t>::max() / 2), std::bad_alloc);
}

TEST(Buffer, GrowsByteByByteAcrossManyBlocks) {
  Buffer buffer;
  for (int i = 0; i < 3 << 20; ++i) buffer.append("x");
  EXPECT_EQ(buffer.size(), std::size_t{3} << 20U);
  EXPECT_EQ(buffer.view().find_first_not_of('x'), std::string_view::npos);
  EXPECT_TRUE(is_padded(buffer));
}

TEST(Buffer, ReservesAtMostHalfMoreThanALargeContent) {
  Buffer buffer;
  const std::string piece(64 << 10, 'x');
  while (buffer.size() < std::size_t{16} << 20U) buffer.append(piece);
  EXPECT_LE(buffer.capacity(), buffer.size() / 2 * 3 + (64U << 10U));
}

TEST(Buffer, DoesNotTouchThePagesThatItReserves) {
  Buffer buffer;
  const std::string piece(64 << 10, 'x');
  // One more piece after a growth leaves nearly a third of the block unused.
  std::size_t capacity = 0;
  while (buffer.size() < std::size_t{32} << 20U || buffer.capacity() == capacity) {
    capacity = buffer.capacity();
    buffer.append(piece);
  }
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto used = reinterpret_cast<std::uintptr_t>(buffer.data() + buffer.size() + Buffer::kPadding);
  const auto first = (used / page + 1) * page;
  const auto last = reinterpret_cast<std::uintptr_t>(buffer.data() + buffer.capacity()) / page * page;
  ASSERT_LT(first + (std::uintptr_t{4} << 20U), last);
  std::vector<unsigned char> resident((last - first) / page);
  ASSERT_EQ(mincore(reinterpret_cast<void*>(first), last - first, resident.data()), 0);
  const auto touched = std::count_if(resident.begin(), resident.end(), [](unsigned char p) { return (p & 1U) != 0; });
  EXPECT_LT(touched, 16);
}

TEST(Buffer, IsEmptyAndPaddedAfterClear) {
  Buffer buffer("abc");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(is_padded(buffer));
  buffer.append("d");
  EXPECT_EQ(buffer.view(), "d");
}

TEST(Buffer, KeepsASmallBlockOnClear) {
  Buffer buffer(std::string(32 << 10, 'x'));
  const std::size_t capacity = buffer.capacity();
  buffer.clear();
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(Buffer, ReturnsALargeBlockOnClear) {
  Buffer buffer(std::string(65 << 10, 'x'));
  buffer.clear();
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_EQ(buffer.view(), "");
  buffer.append("again");
  EXPECT_EQ(buffer.view(), "again");
  EXPECT_TRUE(is_padded(buffer));
}

TEST(Buffer, LeavesNothingBehindWhenItMoves) {
  Buffer from("content");
  Buffer to(std::move(from));
  EXPECT_EQ(to.view(), "content");
  EXPECT_EQ(from.size(), 0U);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(from.capacity(), 0U);
  from.append("new");
  to = std::move(from);
  EXPECT_EQ(to.view(), "new");
  EXPECT_EQ(from.capacity(), 0U);  // NOLINT(bugprone-use-after-move)
}

TEST(Buffer, SurvivesAMoveToItself) {
  Buffer buffer("content");
  Buffer& same = buffer;
  buffer = std::move(same);
  EXPECT_EQ(buffer.view(), "content");
}

TEST(Buffer, ThrowsBadAllocForALengthThatCannotBe) {
  Buffer buffer("content");
  const std::string_view impossible("x", std::numeric_limits<std::size_t>::max() / 2);
  EXPECT_THROW(buffer.append(impossible), std::bad_alloc);
  EXPECT_EQ(buffer.view(), "content");
}

}  // namespace
}  // namespace guestd::protocol
