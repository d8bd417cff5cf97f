// SPDX-License-Identifier: Apache-2.0
#include "platform/key_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <thread>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A machine with a user whose number no account has. Run by root, all is done with that user's rights; run by
/// somebody else, the user is the one who runs the test.
class KeyFileOfAUser : public testing::Test {
 protected:
  KeyFileOfAUser() {
    fs::create_directories(dir_.path() / "home/alice");
    for (const char* folder : {"", "home"}) fs::permissions(dir_.path() / folder, fs::perms(0755));
    give("home/alice");
  }

  /// To the user, without following links.
  void give(const std::string& name) const { give_to(name, uid_); }
  void give_to(const std::string& name, uid_t uid) const {
    ASSERT_EQ(::lchown((dir_ / name).c_str(), uid, uid == uid_ ? gid_ : 0), 0) << name;
  }
  void make_folder(const std::string& name, mode_t mode = 0700) const {
    fs::create_directories(dir_.path() / name);
    fs::permissions(dir_.path() / name, fs::perms(mode));
    give(name);
  }
  void make_keys(const std::string& content) const {
    make_folder("home/alice/.ssh");
    dir_.write(kKeys, content);
    fs::permissions(dir_.path() / kKeys, fs::perms(0600));
    give(kKeys);
  }
  [[nodiscard]] KeyFile file() const { return *KeyFile::find(root_, nullptr, in_time_, account_); }
  [[nodiscard]] Result<void> append(const std::string& line, KeyFile::Mode mode = KeyFile::Mode::kCreate) const {
    return file().change(mode, [line](std::string_view old) { return std::string(old) + line; });
  }
  [[nodiscard]] struct stat status(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::lstat((dir_ / name).c_str(), &status), 0) << name;
    return status;
  }
  static bool is_root() { return ::geteuid() == 0; }

  static constexpr const char* kKeys = "home/alice/.ssh/authorized_keys";
  static constexpr const char* kPath = "'/home/alice/.ssh/authorized_keys'";
  const uid_t uid_ = is_root() ? 12345 : ::geteuid();
  const gid_t gid_ = is_root() ? 12345 : ::getegid();
  support::TempDir dir_;
  Root root_ = *Root::at(dir_.str());
  Account account_{"alice", uid_, gid_, "/home/alice", {gid_}};
  mutable InTime in_time_;
};

std::string text_of(const Result<std::string>& result) { return result ? *result : "error: " + result.error().text; }
std::string text_of(const Result<void>& result) { return result ? "" : result.error().text; }

TEST_F(KeyFileOfAUser, IsRead) {
  make_keys("one\ntwo\n");
  EXPECT_EQ(text_of(file().read()), "one\ntwo\n");
}

TEST_F(KeyFileOfAUser, ThatIsMissingIsAnErrorOnlyToReaders) {
  const std::string missing = "error: failed to read " + std::string(kPath) + ": No such file or directory";
  EXPECT_EQ(text_of(file().read()), missing);
  EXPECT_EQ(text_of(append("x", KeyFile::Mode::kExisting)), "");
  make_folder("home/alice/.ssh");
  EXPECT_EQ(text_of(file().read()), missing);
  EXPECT_EQ(text_of(append("x", KeyFile::Mode::kExisting)), "");
  EXPECT_FALSE(fs::exists(dir_.path() / kKeys));
}

TEST_F(KeyFileOfAUser, IsMadeWithItsFolderForTheUserAlone) {
  ASSERT_EQ(text_of(append("key\n")), "");
  EXPECT_EQ(dir_.read(kKeys), "key\n");
  EXPECT_EQ(status("home/alice/.ssh").st_mode & 07777U, 0700U);
  EXPECT_EQ(status("home/alice/.ssh").st_uid, uid_);
  EXPECT_EQ(status("home/alice/.ssh").st_gid, gid_);
  EXPECT_EQ(status(kKeys).st_mode & 07777U, 0600U);
  EXPECT_EQ(status(kKeys).st_uid, uid_);
  EXPECT_EQ(status(kKeys).st_gid, gid_);
}

TEST_F(KeyFileOfAUser, IsReplacedAsAWholeAndLeavesNothingBehind) {
  make_keys("one\n");
  const auto before = status(kKeys).st_ino;
  ASSERT_EQ(text_of(append("two\n")), "");
  EXPECT_EQ(dir_.read(kKeys), "one\ntwo\n");
  EXPECT_NE(status(kKeys).st_ino, before);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path() / "home/alice/.ssh"), fs::directory_iterator()), 1);
}

TEST_F(KeyFileOfAUser, StaysUntouchedIfNothingChanges) {
  make_keys("one\n");
  const auto before = status(kKeys).st_ino;
  ASSERT_EQ(text_of(append("")), "");
  EXPECT_EQ(status(kKeys).st_ino, before);
}

TEST_F(KeyFileOfAUser, IsNotReadWhenAllOfItIsReplaced) {
  make_keys("one\n");
  ASSERT_EQ(text_of(append("two\n", KeyFile::Mode::kReplace)), "");
  EXPECT_EQ(dir_.read(kKeys), "two\n");
}

TEST_F(KeyFileOfAUser, ThatSomebodyElseWritesMeanwhileLosesNothing) {
  make_keys("one\n");
  int calls = 0;
  const auto done = file().change(KeyFile::Mode::kCreate, [&](std::string_view old) {
    if (++calls == 1) dir_.write(kKeys, "one\nby hand\n");
    return std::string(old) + "two\n";
  });
  ASSERT_EQ(text_of(done), "");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(dir_.read(kKeys), "one\nby hand\ntwo\n");
}

TEST_F(KeyFileOfAUser, ThatNeverRestsIsAnErrorInTheEnd) {
  make_keys("one\n");
  std::string content = "one\n";
  const auto done = file().change(KeyFile::Mode::kCreate, [&](std::string_view old) {
    dir_.write(kKeys, content += "more\n");
    return std::string(old) + "two\n";
  });
  EXPECT_EQ(text_of(done), "failed to write to " + std::string(kPath) + ": somebody else keeps changing it");
}

TEST_F(KeyFileOfAUser, BehindASymbolicLinkIsNotTouched) {
  fs::create_directories(dir_.path() / "root/.ssh");
  dir_.write("root/.ssh/authorized_keys", "of root\n");
  fs::create_directory_symlink("/root/.ssh", dir_.path() / "home/alice/.ssh");
  give("home/alice/.ssh");
  const std::string why = "'/home/alice/.ssh' is a symbolic link";
  EXPECT_EQ(text_of(file().read()), "error: failed to read " + std::string(kPath) + ": " + why);
  EXPECT_EQ(text_of(append("x")), "failed to write to " + std::string(kPath) + ": " + why);
  EXPECT_EQ(text_of(append("x", KeyFile::Mode::kReplace)), "failed to write to " + std::string(kPath) + ": " + why);
  EXPECT_EQ(dir_.read("root/.ssh/authorized_keys"), "of root\n");
}

TEST_F(KeyFileOfAUser, ThatIsASymbolicLinkIsNeitherReadNorWrittenThrough) {
  dir_.write("etc/shadow", "root:secret\n");
  make_folder("home/alice/.ssh");
  fs::create_symlink("../../../etc/shadow", dir_.path() / kKeys);
  give(kKeys);
  const std::string why = "failed to read " + std::string(kPath) + ": it is a symbolic link";
  EXPECT_EQ(text_of(file().read()), "error: " + why);
  EXPECT_EQ(text_of(append("x")), why);
  EXPECT_EQ(text_of(append("new\n", KeyFile::Mode::kReplace)), "");
  EXPECT_EQ(dir_.read("etc/shadow"), "root:secret\n");
  EXPECT_TRUE(S_ISREG(status(kKeys).st_mode)) << "the link itself was replaced";
}

TEST_F(KeyFileOfAUser, ThatIsAHardLinkToAFileOfRootGivesNothingAway) {
  if (!is_root()) GTEST_SKIP() << "only root can make files of root";
  make_folder("home/alice/.ssh");
  dir_.write("etc/shadow", "root:secret\n");
  fs::permissions(dir_.path() / "etc/shadow", fs::perms(0600));
  fs::create_hard_link(dir_.path() / "etc/shadow", dir_.path() / kKeys);
  EXPECT_EQ(text_of(file().read()), "error: failed to read " + std::string(kPath) + ": Permission denied");
  EXPECT_EQ(text_of(append("x")), "failed to read " + std::string(kPath) + ": Permission denied");
  EXPECT_EQ(text_of(append("new\n", KeyFile::Mode::kReplace)), "");
  EXPECT_EQ(dir_.read("etc/shadow"), "root:secret\n");
  EXPECT_EQ(status("etc/shadow").st_uid, 0U);
}

TEST_F(KeyFileOfAUser, ThatIsNoFileIsAnErrorAndNoHang) {
  make_folder("home/alice/.ssh");
  ASSERT_EQ(::mkfifo((dir_ / kKeys).c_str(), 0600), 0);
  give(kKeys);
  const std::string why = "failed to read " + std::string(kPath) + ": it is not a regular file";
  EXPECT_EQ(text_of(file().read()), "error: " + why);
  EXPECT_EQ(text_of(append("x")), why);
  fs::remove(dir_.path() / kKeys);
  make_folder(kKeys);
  EXPECT_EQ(text_of(file().read()), "error: " + why);
  EXPECT_EQ(text_of(append("x", KeyFile::Mode::kReplace)),
            "failed to write to " + std::string(kPath) + ": Is a directory");
}

TEST_F(KeyFileOfAUser, WhoseFolderIsNoFolderIsAnErrorAndNoHang) {
  ASSERT_EQ(::mkfifo((dir_ / "home/alice/.ssh").c_str(), 0600), 0);
  give("home/alice/.ssh");
  EXPECT_EQ(text_of(append("x")), "failed to write to " + std::string(kPath) + ": '/home/alice/.ssh': Not a directory");
}

TEST_F(KeyFileOfAUser, InAFolderOfSomebodyElseIsNotTouched) {
  if (!is_root()) GTEST_SKIP() << "only root can give folders away";
  make_keys("one\n");
  give_to("home/alice/.ssh", 54321);
  fs::permissions(dir_.path() / "home/alice/.ssh", fs::perms(0777));
  EXPECT_EQ(text_of(file().read()),
            "error: failed to read " + std::string(kPath) + ": '/home/alice/.ssh' belongs to user 54321");
  give("home/alice/.ssh");
  give_to("home/alice", 54321);
  EXPECT_EQ(text_of(append("x")), "failed to write to " + std::string(kPath) + ": '/home/alice' belongs to user 54321");
}

TEST_F(KeyFileOfAUser, IsNotMadeWithTheRightsOfRoot) {
  if (!is_root()) GTEST_SKIP() << "for anyone else it could not be";
  give_to("home/alice", 0);
  EXPECT_EQ(text_of(append("x")), "failed to create directory '/home/alice/.ssh': Permission denied");
  make_keys("one\n");
  give_to("home/alice/.ssh", 0);
  fs::permissions(dir_.path() / "home/alice/.ssh", fs::perms(0755));
  EXPECT_EQ(text_of(append("x")), "failed to write to " + std::string(kPath) + ": Permission denied");
  EXPECT_EQ(text_of(file().read()), "one\n");
}

TEST_F(KeyFileOfAUser, IsNotReadBeyondItsLimit) {
  make_keys(std::string((1U << 20U) + 1, '#'));
  EXPECT_EQ(text_of(file().read()), "error: failed to read " + std::string(kPath) + ": File too large");
}

TEST_F(KeyFileOfAUser, WithoutAHomeDirectorySaysSo) {
  account_.home = "/nonexistent";
  EXPECT_EQ(text_of(file().read()),
            "error: failed to read '/nonexistent/.ssh/authorized_keys': No such file or directory");
  EXPECT_THAT(text_of(append("x")), HasSubstr("cannot open /nonexistent: No such file or directory"));
  account_.home = "";
  EXPECT_EQ(KeyFile::find(root_, nullptr, in_time_, account_).error().text, "the home directory '' is no path");
}

TEST_F(KeyFileOfAUser, LiesWhereSshdIsToldToLook) {
  dir_.write("etc/ssh/sshd_config", "AuthorizedKeysFile %h/.config//ssh/./keys .ssh/authorized_keys\n");
  ASSERT_EQ(text_of(append("key\n")), "");
  EXPECT_EQ(file().path(), "/home/alice/.config/ssh/keys");
  EXPECT_EQ(dir_.read("home/alice/.config/ssh/keys"), "key\n");
  EXPECT_EQ(status("home/alice/.config").st_uid, uid_);
}

TEST_F(KeyFileOfAUser, IsNotUsedIfSshdReadsNone) {
  dir_.write("etc/ssh/sshd_config", "AuthorizedKeysFile none\n");
  EXPECT_FALSE(file().is_used());
}

TEST_F(KeyFileOfAUser, IsNotLookedForAlongOddPaths) {
  for (const char* path : {"../bob/keys", "/", "/etc/../keys", "./."}) {
    dir_.write("etc/ssh/sshd_config", "AuthorizedKeysFile " + std::string(path) + "\n");
    EXPECT_FALSE(KeyFile::find(root_, nullptr, in_time_, account_)) << path;
  }
}

TEST_F(KeyFileOfAUser, InFoldersOfRootIsKeptByRootAndStaysReadable) {
  if (!is_root()) GTEST_SKIP() << "only root can make folders of root";
  dir_.write("etc/ssh/sshd_config", "AuthorizedKeysFile /etc/keys/%u\n");
  EXPECT_EQ(text_of(append("key\n")), "failed to write to '/etc/keys/alice': '/etc/keys': No such file or directory")
      << "folders of the system are not made";
  fs::create_directories(dir_.path() / "etc/keys");
  for (const char* folder : {"etc", "etc/keys"}) fs::permissions(dir_.path() / folder, fs::perms(0755));
  ASSERT_EQ(text_of(append("key\n")), "");
  EXPECT_EQ(status("etc/keys/alice").st_uid, 0U);
  EXPECT_EQ(status("etc/keys/alice").st_mode & 07777U, 0644U);
  give("etc/keys/alice");
  fs::permissions(dir_.path() / "etc/keys/alice", fs::perms(0600));
  ASSERT_EQ(text_of(append("more\n")), "");
  EXPECT_EQ(status("etc/keys/alice").st_uid, uid_) << "owner and mode stay";
  EXPECT_EQ(status("etc/keys/alice").st_mode & 07777U, 0600U);
  EXPECT_EQ(text_of(file().read()), "key\nmore\n");
}

TEST_F(KeyFileOfAUser, OutsideOfTheHomeIsTheUsersJobIfOthersCanReachIn) {
  if (!is_root()) GTEST_SKIP() << "only root has more rights than the user";
  dir_.write("etc/ssh/sshd_config", "AuthorizedKeysFile /srv/keys/%u/here\n");
  fs::create_directories(dir_.path() / "srv/keys/alice");
  fs::permissions(dir_.path() / "srv", fs::perms(0755));
  fs::permissions(dir_.path() / "srv/keys", fs::perms(01777));
  EXPECT_EQ(text_of(append("key\n")), "failed to write to '/srv/keys/alice/here': Permission denied");
  give("srv/keys/alice");
  ASSERT_EQ(text_of(append("key\n")), "");
  EXPECT_EQ(status("srv/keys/alice/here").st_uid, uid_);
  fs::rename(dir_.path() / "srv/keys/alice", dir_.path() / "srv/keys/old");
  fs::create_directory_symlink("/etc", dir_.path() / "srv/keys/alice");
  EXPECT_THAT(text_of(append("key\n")), HasSubstr("'/srv/keys/alice' is a symbolic link"));
}

/// Says what SELinux's policy would: a type by the name of the path.
class PolicyOfTheTest final : public FileLabels {
 public:
  [[nodiscard]] std::optional<std::string> label_for(const std::string& path, mode_t mode) const override {
    return "u:r:" + path.substr(path.rfind('/') + 1) + (S_ISDIR(mode) ? "_folder_t:s0" : "_file_t:s0");
  }
};

TEST_F(KeyFileOfAUser, GetsTheLabelsOfThePolicy) {
  if (::access("/sys/fs/selinux/enforce", F_OK) == 0) GTEST_SKIP() << "the policy here would refuse made-up labels";
  if (!is_root()) GTEST_SKIP() << "without SELinux only root can set labels";
  const PolicyOfTheTest policy;
  const auto labelled = KeyFile::find(root_, &policy, in_time_, account_);
  ASSERT_EQ(text_of(labelled->change(KeyFile::Mode::kCreate, [](std::string_view) { return "key\n"; })), "");
  const auto label = [&](const char* name) {
    std::array<char, 256> text{};
    return ::lgetxattr((dir_ / name).c_str(), "security.selinux", text.data(), text.size()) < 0
               ? std::string("none")
               : std::string(text.data());
  };
  EXPECT_EQ(label("home/alice/.ssh"), "u:r:.ssh_folder_t:s0");
  EXPECT_EQ(label(kKeys), "u:r:authorized_keys_file_t:s0");
  EXPECT_EQ(label("home/alice"), "none") << "what was there before is left alone";
}

// Such as a home directory that the user's own process serves: it must not hold a thread for each request of the host.
TEST_F(KeyFileOfAUser, WhoseDiskDoesNotAnswerKeepsNobodyWaiting) {
  using namespace std::chrono_literals;
  make_keys("one\n");
  InTime in_time({300ms, 300ms, 2, false});
  const auto file = KeyFile::find(root_, nullptr, in_time, account_);
  ASSERT_TRUE(file);
  std::promise<void> release;
  const std::shared_future<void> released(release.get_future());
  const auto stuck = file->change(KeyFile::Mode::kCreate, [released](std::string_view old) {
    released.wait();
    return std::string(old) + "two\n";
  });
  EXPECT_EQ(text_of(stuck), "failed to write to " + std::string(kPath) + ": Connection timed out");
  EXPECT_EQ(text_of(file->read()), "error: failed to read " + std::string(kPath) + ": Connection timed out");
  EXPECT_EQ(in_time.silent(), 1U) << "nobody else was sent after the first one";
  release.set_value();
  while (in_time.silent() > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(text_of(file->read()), "one\ntwo\n");
}

}  // namespace
}  // namespace guestd::platform
