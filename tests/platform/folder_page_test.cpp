// SPDX-License-Identifier: Apache-2.0
#include "platform/folder_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMuch = 1 << 20;

class FolderPageTest : public testing::Test {
 protected:
  [[nodiscard]] Result<FolderPage> page(const std::string& path, FolderLimits limits,
                                        std::optional<FolderCursor> from = std::nullopt, bool follow = false) const {
    return folder_page(*root_, path, follow, from, limits);
  }
  /// All pages, one after the other; how many there were goes to `pages`.
  std::multiset<std::string> all(const std::string& path, FolderLimits limits, int& pages) {
    std::multiset<std::string> names;
    std::optional<FolderCursor> from;
    pages = 0;
    do {
      auto next = page(path, limits, from);
      if (!next) throw std::runtime_error(next.error().text);
      for (const auto& entry : next->entries) names.insert(entry.name);
      // As it goes over the wire.
      from = next->next ? parse_folder_cursor(to_string(*next->next)) : std::nullopt;
      ++pages;
    } while (from);
    return names;
  }

  support::TempDir dir_;
  Result<Root> root_ = Root::at(dir_.str());
};

TEST_F(FolderPageTest, HasEveryFileOnceHoweverSmallThePages) {
  std::multiset<std::string> expected;
  for (int index = 0; index < 300; ++index) {
    expected.insert("file" + std::to_string(index));
    dir_.write("many/file" + std::to_string(index), "");
  }
  int pages = 0;
  EXPECT_EQ(all("/many", {1000, kMuch}, pages), expected);
  EXPECT_EQ(pages, 1);
  EXPECT_EQ(all("/many", {7, kMuch}, pages), expected);
  EXPECT_EQ(pages, 43);
  EXPECT_EQ(all("/many", {300, kMuch}, pages), expected);
  EXPECT_EQ(pages, 1);
  // One entry more than fits, always.
  EXPECT_EQ(all("/many", {1000, 1}, pages), expected);
  EXPECT_EQ(pages, 300);
}

TEST_F(FolderPageTest, TellsOfEachFileAndOfLinksThemselves) {
  dir_.write("folder/file", "123");
  std::filesystem::create_symlink("file", dir_ / "folder/link");
  const auto found = page("/folder", {10, kMuch});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->entries.size(), 2U);
  for (const auto& entry : found->entries) {
    ASSERT_TRUE(entry.status);
    EXPECT_EQ(entry.status->target.value_or("none"), entry.name == "link" ? "file" : "none");
    EXPECT_EQ(entry.status->type, entry.name == "link" ? FileType::kSymlink : FileType::kRegular);
  }
}

TEST_F(FolderPageTest, OfAnEmptyFolderIsEmptyAndTheLast) {
  std::filesystem::create_directory(dir_ / "empty");
  const auto found = page("/empty", {1, kMuch});
  EXPECT_THAT(found->entries, IsEmpty());
  EXPECT_EQ(found->next, std::nullopt);
}

TEST_F(FolderPageTest, FollowsALinkOnlyWhenAsked) {
  dir_.write("folder/file", "");
  std::filesystem::create_symlink("folder", dir_ / "link");
  EXPECT_EQ(page("/link", {1, kMuch}).error().errno_value, ENOTDIR);
  EXPECT_EQ(page("/link", {1, kMuch}, std::nullopt, true)->entries.size(), 1U);
}

TEST_F(FolderPageTest, KnowsACursorOfAnotherFolder) {
  for (const char* name : {"a/1", "a/2", "b/1", "b/2"}) dir_.write(name, "");
  const auto first = page("/a", {1, kMuch});
  ASSERT_TRUE(first->next);
  EXPECT_EQ(page("/b", {1, kMuch}, first->next).error().errno_value, ESTALE);
}

TEST_F(FolderPageTest, GoesOnWhenFilesVanishInBetween) {
  for (int index = 0; index < 50; ++index) dir_.write("folder/" + std::to_string(index), "");
  const auto first = page("/folder", {10, kMuch});
  ASSERT_TRUE(first->next);
  for (const auto& entry : first->entries) std::filesystem::remove(dir_ / ("folder/" + entry.name));
  const auto rest = page("/folder", {100, kMuch}, first->next);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->entries.size(), 40U);
}

TEST(FolderCursor, IsReadAsItWasWritten) {
  const FolderCursor cursor{{8, 1}, 18446744073709551615U, 9223372036854775807};
  EXPECT_EQ(to_string(cursor), "8:1:18446744073709551615:9223372036854775807");
  EXPECT_EQ(parse_folder_cursor(to_string(cursor)), cursor);
}

TEST(FolderCursor, OfAnotherFormIsNone) {
  for (const char* text :
       {"", "8", "8:1", "8:1:2", "8:1:2:", "8:1:2:-1", "8:1:2:3:4", "8:1:2:3 ", " 8:1:2:3", "8;1:2:3", "-8:1:2:3",
        "8:1:18446744073709551616:3", "8:1:2:9223372036854775808", "a:b:c:d"}) {
    EXPECT_EQ(parse_folder_cursor(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace guestd::platform
