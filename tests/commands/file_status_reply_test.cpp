// SPDX-License-Identifier: Apache-2.0
#include "commands/file_status_reply.hpp"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace guestd::commands {
namespace {

TEST(FileStatusReply, HasNamesBesideNumbersWhereThereAreAny) {
  const support::TempDir dir;
  dir.write("etc/passwd", "alice:x:1000:1000::/home/alice:/bin/sh\n");
  const auto root = platform::Root::at(dir.str());
  platform::AccountNames names(*root);
  platform::FileStatus status;
  status.type = platform::FileType::kBlockDevice;
  status.uid = 1000;
  status.gid = 1000;
  status.mode = 0660;
  status.device = platform::DeviceNumber{254, 1};
  const GuestdFileStatus reply = file_status_reply(status, names);
  EXPECT_EQ(reply.type, GuestdFileType::kBlockDevice);
  EXPECT_EQ(reply.user, "alice");
  EXPECT_EQ(reply.group, std::nullopt);
  EXPECT_EQ(reply.mode, 0660U);
  ASSERT_TRUE(reply.device);
  EXPECT_EQ(reply.device->major_, 254U);
  EXPECT_EQ(reply.device->minor_, 1U);
}

TEST(FileStatusReply, KeepsTheBytesOfATargetThatIsNotUtf8) {
  const support::TempDir dir;
  const auto root = platform::Root::at(dir.str());
  platform::AccountNames names(*root);
  platform::FileStatus status;
  status.type = platform::FileType::kSymlink;
  status.target = "a\xFF";
  GuestdFileStatus reply = file_status_reply(status, names);
  EXPECT_EQ(reply.type, GuestdFileType::kSymlink);
  ASSERT_TRUE(reply.target_b64);
  EXPECT_EQ(reply.target_b64->bytes(), "a\xFF");
  status.target = "ä";
  EXPECT_FALSE(file_status_reply(status, names).target_b64);
}

}  // namespace
}  // namespace guestd::commands
