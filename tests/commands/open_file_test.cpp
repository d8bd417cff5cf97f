// SPDX-License-Identifier: Apache-2.0
#include "commands/open_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "platform/file.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

OpenFile open_zero() { return OpenFile(*platform::File::open(platform::Root::system(), "/dev/zero", {.read = true})); }

TEST(OpenFile, ReportsAnErrorThatCameLateOnce) {
  OpenFile file = open_zero();
  std::array<std::byte, 4> piece{};
  file.report_later(Error::from_errno("x", EIO));
  EXPECT_EQ(file.read(piece).error().text, "failed to read file: Input/output error");
  EXPECT_EQ(*file.read(piece), 4U);
}

TEST(OpenFile, ForgetsALateErrorWhenThePositionChanges) {
  OpenFile file = open_zero();
  std::array<std::byte, 4> piece{};
  file.report_later(Error::from_errno("x", EIO));
  ASSERT_TRUE(file.seek(0, platform::SeekFrom::kStart));
  EXPECT_EQ(*file.read(piece), 4U);
}

TEST(OpenFile, DoesNotKeepAMomentsLackOfData) {
  OpenFile file = open_zero();
  std::array<std::byte, 4> piece{};
  file.report_later(Error::from_errno("x", EAGAIN));
  EXPECT_EQ(*file.read(piece), 4U);
}

}  // namespace
}  // namespace guestd::commands
