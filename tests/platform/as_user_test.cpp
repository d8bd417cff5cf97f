// SPDX-License-Identifier: Apache-2.0
#include "platform/as_user.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

constexpr uid_t kUser = 12345;

/// No account of that number is needed.
class AsUser : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as somebody else";
    std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  }
  int open_error(const std::string& path, int flags) {
    const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    return fd.valid() ? 0 : errno;
  }

  support::TempDir dir_;
  Account account_{"somebody", kUser, kUser, "/", {kUser}};
};

TEST_F(AsUser, FilesOfRootAreOutOfReach) {
  const std::string secret = dir_.write("secret", "x");
  ASSERT_EQ(::chmod(secret.c_str(), 0600), 0);
  int reading = 0;
  int making = 0;
  ASSERT_TRUE(as_user(account_, [&] {
    reading = open_error(secret, O_RDONLY);
    making = open_error(dir_ / "new", O_WRONLY | O_CREAT);
  }));
  EXPECT_EQ(reading, EACCES);
  EXPECT_EQ(making, EACCES);
}

TEST_F(AsUser, FilesOfAGroupAreInReachByTheUsersGroupsAlone) {
  const std::string shared = dir_.write("shared", "x");
  ASSERT_EQ(::chown(shared.c_str(), 0, 777), 0);
  ASSERT_EQ(::chmod(shared.c_str(), 0640), 0);
  int without = -1;
  int with = -1;
  ASSERT_TRUE(as_user(account_, [&] { without = open_error(shared, O_RDONLY); }));
  account_.groups.push_back(777);
  ASSERT_TRUE(as_user(account_, [&] { with = open_error(shared, O_RDONLY); }));
  EXPECT_EQ(without, EACCES);
  EXPECT_EQ(with, 0);
}

TEST_F(AsUser, NewFilesBelongToTheUser) {
  ASSERT_EQ(::chmod(dir_.str().c_str(), 0777), 0);
  ASSERT_TRUE(as_user(account_, [&] { EXPECT_EQ(open_error(dir_ / "new", O_WRONLY | O_CREAT), 0); }));
  struct stat status {};
  ASSERT_EQ(::stat((dir_ / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kUser);
  EXPECT_EQ(status.st_gid, kUser);
}

TEST_F(AsUser, TheRestOfTheProcessKeepsItsRights) {
  const std::string secret = dir_.write("secret", "x");
  ASSERT_EQ(::chmod(secret.c_str(), 0600), 0);
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  int elsewhere = -1;
  ASSERT_TRUE(as_user(account_, [&] { EXPECT_EQ(open_error(secret, O_RDONLY), EACCES); }));
  std::thread([&] { elsewhere = open_error(secret, O_RDONLY); }).join();
  EXPECT_EQ(elsewhere, 0);
  EXPECT_EQ(open_error(secret, O_RDONLY), 0);
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), dumpable);
}

TEST(AsThisUser, WorkIsDoneInPlace) {
  std::thread::id where;
  const Account self{"me", ::geteuid(), ::getegid(), "/", {::getegid()}};
  ASSERT_TRUE(as_user(self, [&] { where = std::this_thread::get_id(); }));
  EXPECT_EQ(where, std::this_thread::get_id());
}

}  // namespace
}  // namespace guestd::platform
