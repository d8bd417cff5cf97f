// SPDX-License-Identifier: Apache-2.0
#include "platform/new_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

class NewFileTest : public testing::Test {
 protected:
  [[nodiscard]] Result<bool> folder(const std::string& path, const NewFolder& wanted = {}) const {
    return make_folder(*root_, path, wanted);
  }
  [[nodiscard]] Result<bool> link(const std::string& path, const std::string& target, bool replace = false) const {
    return make_link(*root_, path, target, replace);
  }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat status {};
    return ::lstat((dir_ / name).c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
      found.push_back(entry.path().filename().string());
    }
    return found;
  }

  support::TempDir dir_;
  Result<Root> root_ = Root::at(dir_.str());
};

TEST_F(NewFileTest, AFolderGetsItsModeWhateverTheUmask) {
  const mode_t before = ::umask(077);
  EXPECT_TRUE(*folder("/exact", {03775, false}));
  EXPECT_TRUE(*folder("/none", {0, false}));
  EXPECT_TRUE(*folder("/usual/"));
  ::umask(before);
  EXPECT_EQ(mode_of("exact"), 03775U);
  EXPECT_EQ(mode_of("none"), 0U);
  EXPECT_EQ(mode_of("usual"), 0700U);
}

TEST_F(NewFileTest, AFolderThatIsThereIsAnErrorUnlessParentsAreWantedToo) {
  std::filesystem::create_directory(dir_ / "there");
  ::chmod((dir_ / "there").c_str(), 0750);
  EXPECT_EQ(folder("/there").error().text, "cannot make /there: File exists");
  EXPECT_FALSE(*folder("/there", {0700, true}));
  EXPECT_EQ(mode_of("there"), 0750U);
  EXPECT_FALSE(*folder("/", {std::nullopt, true}));
  EXPECT_EQ(folder("/").error().errno_value, EEXIST);
}

TEST_F(NewFileTest, ParentsAreMadeOnlyWhenWanted) {
  EXPECT_EQ(folder("/a/b/c").error().errno_value, ENOENT);
  EXPECT_TRUE(*folder("/a//b/./c", {0711, true}));
  EXPECT_EQ(mode_of("a/b/c"), 0711U);
}

TEST_F(NewFileTest, ALinkInThePlaceOfAFolderIsNotTaken) {
  std::filesystem::create_directory(dir_ / "elsewhere");
  std::filesystem::create_symlink("elsewhere", dir_ / "link");
  EXPECT_EQ(folder("/link", {std::nullopt, true}).error().errno_value, ENOTDIR);
  dir_.write("file", "");
  EXPECT_EQ(folder("/file", {std::nullopt, true}).error().errno_value, ENOTDIR);
  EXPECT_EQ(folder("/file/below", {std::nullopt, true}).error().errno_value, ENOTDIR);
  // Links above are followed.
  EXPECT_TRUE(*folder("/link/new"));
  EXPECT_TRUE(std::filesystem::is_directory(dir_ / "elsewhere/new"));
}

TEST_F(NewFileTest, NamesThatCannotBeMadeAreErrors) {
  EXPECT_EQ(folder("/a/..", {std::nullopt, true}).error().errno_value, EINVAL);
  EXPECT_EQ(folder("").error().errno_value, ENOENT);
  EXPECT_EQ(folder(std::string("/a\0b", 4)).error().errno_value, EINVAL);
  EXPECT_EQ(folder("/" + std::string(300, 'x')).error().errno_value, ENAMETOOLONG);
  EXPECT_EQ(folder("/" + std::string(100'000, '/') + "a/b", {std::nullopt, true}).error().errno_value, ENAMETOOLONG);
  EXPECT_EQ(link("/a", "").error().errno_value, ENOENT);
  EXPECT_EQ(link("/a", std::string("x\0y", 3)).error().errno_value, EINVAL);
  EXPECT_EQ(link("/", "x").error().errno_value, EEXIST);
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(NewFileTest, ALinkSaysWhatItWasToldTo) {
  EXPECT_TRUE(*link("/link", "../anywhere/at all"));
  EXPECT_EQ(std::filesystem::read_symlink(dir_ / "link"), "../anywhere/at all");
  EXPECT_EQ(link("/link", "other").error().text, "cannot make /link: File exists");
}

TEST_F(NewFileTest, ALinkReplacesWhatIsThereButNeverAFolder) {
  dir_.write("file", "");
  std::filesystem::create_directory(dir_ / "folder");
  EXPECT_TRUE(*link("/file", "target", true));
  EXPECT_FALSE(*link("/file", "target", true));
  EXPECT_TRUE(*link("/file", "another", true));
  EXPECT_EQ(std::filesystem::read_symlink(dir_ / "file"), "another");
  EXPECT_EQ(link("/folder", "target", true).error().errno_value, EISDIR);
  EXPECT_THAT(names(), testing::UnorderedElementsAre("file", "folder"));
}

TEST_F(NewFileTest, AsksAboutTheTruePlaceOfAllThatIsMade) {
  std::filesystem::create_directories(dir_ / "real");
  std::filesystem::create_symlink("real", dir_ / "link");
  std::vector<std::string> asked;
  const PathCheck check = [&](const std::string& path) -> Result<void> {
    asked.push_back(path);
    return path == "/real/no" ? Result<void>(Error::refused("no")) : Result<void>();
  };
  EXPECT_TRUE(*folder("/link/../link/a/b/", {{}, true, check}));
  EXPECT_EQ(asked, (std::vector<std::string>{"/real/a", "/real/a/b"}));
  asked.clear();
  EXPECT_TRUE(*make_link(*root_, "/link/new", "target", false, check));
  EXPECT_EQ(asked, std::vector<std::string>{"/real/new"});
  EXPECT_EQ(folder("/link/no/deeper", {{}, true, check}).error().kind, Error::Kind::kRefused);
  EXPECT_EQ(make_link(*root_, "/link/no", "target", true, check).error().kind, Error::Kind::kRefused);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "real/no"));
}

// Between the check and the making somebody moves the folder to where nothing may be made.
TEST_F(NewFileTest, LeavesNothingInAFolderThatWasMovedAfterTheCheck) {
  for (const bool is_folder : {true, false}) {
    std::filesystem::create_directories(dir_ / "allowed");
    std::filesystem::create_directories(dir_ / "closed");
    const PathCheck check = [&](const std::string& path) -> Result<void> {
      EXPECT_EQ(path, "/allowed/new");
      std::filesystem::rename(dir_ / "allowed", dir_ / "closed/moved");
      return {};
    };
    const auto made = is_folder ? folder("/allowed/new", {0700, false, check})
                                : make_link(*root_, "/allowed/new", "target", true, check);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().errno_value, EAGAIN);
    EXPECT_TRUE(std::filesystem::is_empty(dir_ / "closed/moved"));
    std::filesystem::remove_all(dir_ / "closed");
  }
}

}  // namespace
}  // namespace guestd::platform
