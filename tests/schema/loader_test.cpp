// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Loading : public testing::Test {
 protected:
  Loading() {
    std::string pattern = std::filesystem::temp_directory_path() / "guestd-schema-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Loading() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

  std::filesystem::path folder_;
};

TEST_F(Loading, PutsAnIncludedFileWhereItsFirstIncludeStands) {
  write("main.json",
        "{ 'command': 'a' }\n{ 'include': 'sub/x.json' }\n{ 'command': 'c' }\n{ 'include': 'sub/../sub/x.json' }\n");
  write("sub/x.json", "{ 'include': 'y.json' }\n{ 'command': 'b' }\n");
  write("sub/y.json", "{ 'enum': 'Yes', 'data': [] }\n");
  const auto compiled = compile_file(path("main.json"));
  EXPECT_THAT(compiled.errors(), IsEmpty());
  ASSERT_EQ(compiled.schema.commands.size(), 3U);
  EXPECT_EQ(compiled.schema.commands[0]->name, "a");
  EXPECT_EQ(compiled.schema.commands[1]->name, "b");
  EXPECT_EQ(compiled.schema.commands[2]->name, "c");
  EXPECT_NE(compiled.schema.find_type("Yes"), nullptr);
}

TEST_F(Loading, ReportsACircleAndAMissingFileWhereTheyAreIncluded) {
  write("main.json", "{ 'include': 'x.json' }\n{ 'include': 'none.json' }\n");
  write("x.json", "\n{ 'include': 'main.json' }\n");
  EXPECT_THAT(
      compile_file(path("main.json")).errors(),
      ElementsAre(path("main.json") + ":2: error: cannot read '" + path("none.json") + "': No such file or directory",
                  path("x.json") + ":2: error: 'main.json' includes itself"));
}

TEST_F(Loading, ReportsErrorsOfIncludedFilesInThoseFiles) {
  write("main.json", "{ 'include': 'x.json' }\n{ 'oops': 'a' }\n");
  write("x.json", "{ 'struct': 'One', 'data': { 'a': 'Two' } }\n");
  EXPECT_THAT(
      compile_file(path("main.json")).errors(),
      ElementsAre(path("main.json") + ":2: error: expected one of the keys enum, struct, union, alternate, command, "
                                      "event, include, pragma",
                  path("x.json") + ":1: error: unknown type 'Two'"));
}

}  // namespace
}  // namespace guestd::schema
