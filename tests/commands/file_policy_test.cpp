// SPDX-License-Identifier: Apache-2.0

// What the rules of the policy for files mean for guestd-file-...

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "commands/file_target.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

namespace fs = std::filesystem;

/// A machine on which only what is below /open may be read and written.
class FilePolicy : public testing::Test {
 protected:
  FilePolicy() {
    for (const char* folder : {"open", "closed/deep"}) fs::create_directories(machine() / folder);
    bench_.machine().write("open/file", "12345");
    bench_.machine().write("closed/secret", "67890");
    fs::create_symlink("/closed/secret", machine() / "open/link");
    fs::create_symlink("/closed", machine() / "open/folder-link");
    allow({"/open", "/open/**"});
  }
  void allow(const std::vector<std::string>& items) {
    Settings settings = *bench_.context().settings.now();
    settings.access.read_files.allowed = *PatternList::parse(items);
    settings.access.write_files.allowed = *PatternList::parse(items);
    bench_.context().settings.replace(std::move(settings));
  }
  [[nodiscard]] fs::path machine() const { return bench_.machine().str(); }
  [[nodiscard]] bool exists(const std::string& path) const {
    return fs::symlink_status(machine() / path).type() != fs::file_type::not_found;
  }
  template <typename T>
  static std::string refusal(const Result<T>& result) {
    if (result) return "(allowed)";
    return (result.error().kind == Error::Kind::kRefused ? "refused: " : "failed: ") + result.error().text;
  }
  template <typename Args>
  static Args at(const std::string& path, std::optional<bool> follow = std::nullopt) {
    Args args;
    args.path = path;
    args.follow = follow;
    return args;
  }
  std::string stat(const std::string& path, std::optional<bool> follow = std::nullopt) {
    return refusal(guestd_file_stat(bench_.context(), at<GuestdFileStatArgs>(path, follow)));
  }
  std::string checksum(const std::string& path, std::optional<bool> follow = std::nullopt) {
    return refusal(guestd_file_checksum(bench_.context(), at<GuestdFileChecksumArgs>(path, follow)));
  }
  std::string list(const std::string& path, std::optional<bool> follow = std::nullopt) {
    return refusal(guestd_file_list(bench_.context(), at<GuestdFileListArgs>(path, follow)));
  }
  std::string change(const std::string& path, std::optional<bool> follow = std::nullopt) {
    auto args = at<GuestdFileSetAttributesArgs>(path, follow);
    args.modify_time = 1;
    return refusal(guestd_file_set_attributes(bench_.context(), args));
  }
  std::string make_folder(const std::string& path, std::optional<bool> parents = std::nullopt) {
    GuestdFileMakeDirectoryArgs args;
    args.path = path;
    args.parents = parents;
    return refusal(guestd_file_make_directory(bench_.context(), args));
  }
  std::string make_link(const std::string& path, std::optional<bool> replace = std::nullopt) {
    GuestdFileMakeLinkArgs args;
    args.path = path;
    args.target = "anywhere";
    args.replace = replace;
    return refusal(guestd_file_make_link(bench_.context(), args));
  }

  CommandBench bench_{"debian12"};
};

const std::string kNoReading =
    "the policy forbids reading '/closed/secret': nothing in the list matches it (read-files)";
const std::string kNoWriting =
    "the policy forbids writing '/closed/secret': nothing in the list matches it (write-files)";

TEST_F(FilePolicy, LetsWhatIsAllowedBe) {
  for (const auto& done : {stat("/open/file"), stat("/open"), stat("/open/link"), checksum("/open/file"), list("/open"),
                           change("/open/file"), change("/open/link"), make_folder("/open/a/b", true),
                           make_link("/open/new"), make_link("/open/new", true)}) {
    EXPECT_EQ(done, "(allowed)");
  }
}

TEST_F(FilePolicy, RefusesToLookAtOtherFiles) {
  EXPECT_EQ(stat("/closed/secret"), "refused: failed to look at '/closed/secret': " + kNoReading);
  EXPECT_EQ(stat("/open/link", true), "refused: failed to look at '/open/link': " + kNoReading);
  EXPECT_EQ(stat("/open/../closed/secret"), "refused: failed to look at '/open/../closed/secret': " + kNoReading);
  EXPECT_EQ(stat("/open/folder-link/secret"), "refused: failed to look at '/open/folder-link/secret': " + kNoReading);
}

TEST_F(FilePolicy, RefusesChecksumsOfOtherFiles) {
  EXPECT_EQ(checksum("/closed/secret"), "refused: failed to compute the checksum of '/closed/secret': " + kNoReading);
  EXPECT_EQ(checksum("/open/link", true), "refused: failed to compute the checksum of '/open/link': " + kNoReading);
  EXPECT_EQ(checksum("/open/folder-link/secret"),
            "refused: failed to compute the checksum of '/open/folder-link/secret': " + kNoReading);
}

TEST_F(FilePolicy, RefusesToListOtherFolders) {
  const std::string reason = "the policy forbids reading '/closed': nothing in the list matches it (read-files)";
  EXPECT_EQ(list("/closed"), "refused: failed to list '/closed': " + reason);
  EXPECT_EQ(list("/open/folder-link", true), "refused: failed to list '/open/folder-link': " + reason);
  EXPECT_EQ(list("/open/../closed"), "refused: failed to list '/open/../closed': " + reason);
}

TEST_F(FilePolicy, ListsNothingOfAnEntryThatMayNotBeReadButItsName) {
  allow({"/open", "/open/**", "!/open/file"});
  const auto page = guestd_file_list(bench_.context(), at<GuestdFileListArgs>("/open"));
  ASSERT_TRUE(page) << page.error().text;
  ASSERT_EQ(page->entries.size(), 3U);
  for (const auto& entry : page->entries) {
    EXPECT_EQ(entry.status.has_value(), entry.name != "file") << entry.name;
    if (entry.name == "file") {
      EXPECT_EQ(entry.error, "the policy forbids reading '/open/file': '!/open/file' takes it away (read-files)");
    }
  }
}

TEST_F(FilePolicy, RefusesToChangeOtherFiles) {
  const auto before = fs::last_write_time(machine() / "closed/secret");
  EXPECT_EQ(change("/closed/secret"), "refused: failed to change '/closed/secret': " + kNoWriting);
  EXPECT_EQ(change("/open/link", true), "refused: failed to change '/open/link': " + kNoWriting);
  EXPECT_EQ(change("/open/folder-link/secret"), "refused: failed to change '/open/folder-link/secret': " + kNoWriting);
  EXPECT_EQ(fs::last_write_time(machine() / "closed/secret"), before);
}

TEST_F(FilePolicy, RefusesToMakeFoldersElsewhere) {
  EXPECT_EQ(make_folder("/closed/new"),
            "refused: failed to make the folder '/closed/new': the policy forbids writing "
            "'/closed/new': nothing in the list matches it (write-files)");
  for (const char* path :
       {"/open/folder-link/new", "/open/../closed/new", "/open/folder-link/new/deeper", "/new/open"}) {
    EXPECT_TRUE(make_folder(path, true).starts_with("refused: ")) << path;
  }
  EXPECT_FALSE(exists("closed/new"));
  EXPECT_FALSE(exists("new"));
  // What is there already is not told of either.
  EXPECT_TRUE(make_folder("/closed/deep", true).starts_with("refused: "));
}

TEST_F(FilePolicy, RefusesToMakeLinksElsewhere) {
  for (const char* path : {"/closed/new", "/open/folder-link/new", "/open/../closed/new"}) {
    EXPECT_EQ(make_link(path), "refused: failed to make the link '" + std::string(path) +
                                   "': the policy forbids writing '/closed/new': nothing in the list matches it "
                                   "(write-files)");
  }
  EXPECT_FALSE(exists("closed/new"));
  EXPECT_TRUE(make_link("/open/folder-link/secret", true).starts_with("refused: "));
  EXPECT_EQ(bench_.machine().read("closed/secret"), "67890");
}

TEST_F(FilePolicy, AsksAboutHandlesToo) {
  allow({"any"});
  const auto handle = open_handle(bench_, "/closed/secret");
  allow({"/open/**"});
  GuestdFileStatArgs stat;
  stat.handle = handle;
  EXPECT_EQ(refusal(guestd_file_stat(bench_.context(), stat)),
            "refused: failed to look at handle '" + std::to_string(handle) + "': " + kNoReading);
  GuestdFileChecksumArgs checksum;
  checksum.handle = handle;
  EXPECT_TRUE(refusal(guestd_file_checksum(bench_.context(), checksum)).ends_with(kNoReading));
  GuestdFileSetAttributesArgs change;
  change.handle = handle;
  change.size = 0;
  EXPECT_TRUE(refusal(guestd_file_set_attributes(bench_.context(), change)).ends_with(kNoWriting));
  EXPECT_EQ(bench_.machine().read("closed/secret"), "67890");
}

TEST_F(FilePolicy, ChangesNoFileThatIsOpenOnlyForReading) {
  allow({"any"});
  Settings settings = *bench_.context().settings.now();
  settings.access.write_files.allowed = *PatternList::parse({"none"});
  bench_.context().settings.replace(std::move(settings));
  GuestdFileSetAttributesArgs change;
  change.handle = open_handle(bench_, "/open/file");
  change.size = 0;
  EXPECT_TRUE(refusal(guestd_file_set_attributes(bench_.context(), change)).starts_with("refused: "));
  EXPECT_EQ(bench_.machine().read("open/file"), "12345");
}

TEST_F(FilePolicy, RefusesHandlesOfFilesThatHaveNoPlaceAnyMore) {
  const auto handle = open_handle(bench_, "/open/file");
  fs::remove(machine() / "open/file");
  GuestdFileStatArgs args;
  args.handle = handle;
  EXPECT_EQ(
      refusal(guestd_file_stat(bench_.context(), args)),
      "failed: failed to look at handle '" + std::to_string(handle) + "': it has no place: No such file or directory");
  allow({"any"});
  EXPECT_EQ(refusal(guestd_file_stat(bench_.context(), args)), "(allowed)");
}

}  // namespace
}  // namespace guestd::commands
