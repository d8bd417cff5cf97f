// SPDX-License-Identifier: Apache-2.0
#include "platform/trim.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <limits>

#include "tests/support/fake_disks.hpp"

namespace guestd::platform {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

class Trim : public testing::Test {
 protected:
  Result<Trimmed> trim(const std::string& type, std::chrono::seconds time = std::chrono::seconds(60)) {
    Mount mount;
    mount.mountpoint = "/data";
    mount.type = type;
    return trim_file_system(support::FakeTrim(script_), mount, 512, std::chrono::steady_clock::now() + time);
  }

  std::shared_ptr<support::DiskScript> script_ = std::make_shared<support::DiskScript>();
};

TEST_F(Trim, TakesAFileSystemAsAWhole) {
  const auto trimmed = trim("btrfs");
  ASSERT_TRUE(trimmed);
  EXPECT_EQ(*trimmed, (Trimmed{4096, 512}));
  ASSERT_EQ(script_->trimmed.size(), 1U);
  EXPECT_EQ(script_->trimmed[0].start, 0U);
  EXPECT_EQ(script_->trimmed[0].length, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(script_->trimmed[0].minimum, 512U);
}

TEST_F(Trim, GoesInPartsWhereThatIsPossible) {
  script_->size_bytes = 150 * kGiB;
  for (const char* type : {"ext4", "xfs"}) {
    script_->trimmed.clear();
    EXPECT_EQ(trim(type)->bytes, 3 * 4096U) << type;
    ASSERT_EQ(script_->trimmed.size(), 3U);
    EXPECT_EQ(script_->trimmed[1].start, 64 * kGiB);
    EXPECT_EQ(script_->trimmed[2].start, 128 * kGiB);
  }
}

TEST_F(Trim, SaysThatItIsNotSupported) {
  for (const int code : {ENOTTY, EOPNOTSUPP}) {
    script_->trim_errors["/data"] = code;
    EXPECT_EQ(trim("vfat").error().text, "trim not supported");
    EXPECT_EQ(trim("ext4").error().text, "trim not supported");
  }
}

TEST_F(Trim, SaysWhyItFailed) {
  script_->trim_errors["/data"] = EIO;
  EXPECT_EQ(trim("vfat").error().text, "failed to trim: Input/output error");
  EXPECT_EQ(trim("ext4").error().text, "failed to trim: Input/output error");
  script_->trim_errors["/data"] = EINVAL;
  EXPECT_EQ(trim("xfs").error().text, "failed to trim: Invalid argument") << "not the end of the file system";
  script_->open_errors["/data"] = EACCES;
  EXPECT_EQ(trim("vfat").error().text, "failed to open: Permission denied");
}

TEST_F(Trim, EndsWithItsTime) {
  EXPECT_EQ(trim("vfat", std::chrono::seconds(-1)).error().text, "failed to trim: Connection timed out");
  EXPECT_TRUE(script_->opened.empty());
}

TEST(SystemTrim, IsRefusedByWhatIsNoDisk) {
  const SystemTrim device;
  auto folder = device.open("/proc");
  ASSERT_TRUE(folder);
  EXPECT_EQ(device.trim(*folder, {0, 1, 0}).error().errno_value, ENOTTY);
  EXPECT_EQ(device.open("/no/such").error().text, "failed to open: No such file or directory");
}

}  // namespace
}  // namespace guestd::platform
