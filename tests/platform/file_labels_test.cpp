// SPDX-License-Identifier: Apache-2.0
#include "platform/file_labels.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

TEST(FileLabel, HasItsTypeInTheThirdPart) {
  EXPECT_EQ(type_of_label("system_u:object_r:ssh_home_t:s0"), "ssh_home_t");
  EXPECT_EQ(type_of_label("u:r:t"), "t");
  EXPECT_EQ(type_of_label("u:r"), "");
  EXPECT_EQ(type_of_label(""), "");
}

class LabelOfAFile : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/sys/fs/selinux/enforce", F_OK) == 0) GTEST_SKIP() << "a policy here would refuse made-up labels";
    if (!set_label(file_.get(), "u:r:first_t:s0") || label() != "u:r:first_t:s0") {
      GTEST_SKIP() << "labels cannot be set here";
    }
  }
  std::string label() {
    std::array<char, 256> text{};
    return ::fgetxattr(file_.get(), "security.selinux", text.data(), text.size()) < 0 ? "" : text.data();
  }

  support::TempDir dir_;
  UniqueFd file_{::open(dir_.write("file", "").c_str(), O_RDWR | O_CLOEXEC)};
};

TEST_F(LabelOfAFile, IsChangedToAnotherType) {
  ASSERT_TRUE(set_label(file_.get(), "v:r:second_t:s0"));
  EXPECT_EQ(label(), "v:r:second_t:s0");
}

TEST_F(LabelOfAFile, StaysIfOnlyItsUserDiffers) {
  ASSERT_TRUE(set_label(file_.get(), "v:r:first_t:s0"));
  EXPECT_EQ(label(), "u:r:first_t:s0");
}

TEST(FileLabels, OfAMachineWithoutSelinuxAreNone) {
  if (::access("/sys/fs/selinux/enforce", F_OK) == 0) GTEST_SKIP() << "this machine has SELinux";
  EXPECT_FALSE(system_file_labels()->label_for("/root/.ssh", S_IFDIR));
}

}  // namespace
}  // namespace guestd::platform
