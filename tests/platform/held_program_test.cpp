// SPDX-License-Identifier: Apache-2.0
#include "platform/held_program.hpp"

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

namespace fs = std::filesystem;

class HeldProgram : public testing::Test {
 protected:
  void SetUp() override {
    add("usr/bin/tool", 0755);
    add("usr/local/bin/tool", 0644);
    add("opt/tool", 0755);
    add("opt/text", 0644);
    fs::create_symlink("../../opt/tool", dir_ / "usr/bin/other");
  }
  void add(const std::string& name, mode_t mode) const {
    dir_.write(name, "");
    ASSERT_EQ(::chmod((dir_ / name).c_str(), mode), 0);
  }
  /// The path that the policy is asked about, or the error.
  std::string held(const std::string& path, const std::string& search = "", const std::string& folder = "/") const {
    ProcessStart start;
    start.path = path;
    start.search = search;
    start.folder = folder;
    std::string asked;
    const auto fd = hold_program(root_, start, [&](const std::string& truth) -> Result<void> {
      asked = truth;
      return {};
    });
    return fd ? asked : fd.error().text;
  }
  static std::string failure(const std::string& path, const std::string& reason) {
    return execute_error(path, reason).text;
  }

  support::TempDir dir_;
  Root root_ = *Root::at(dir_.str());
};

TEST_F(HeldProgram, IsWhatThePathLeadsTo) {
  EXPECT_EQ(held("/usr/bin/tool"), "/usr/bin/tool");
  EXPECT_EQ(held("/usr/bin/other"), "/opt/tool");
  EXPECT_EQ(held("/usr/bin/../../opt/./tool"), "/opt/tool");
}

TEST_F(HeldProgram, IsTheFirstOfItsNameThatCanBeExecuted) {
  EXPECT_EQ(held("tool", "/missing:/usr/local/bin:/usr/bin:/opt"), "/usr/bin/tool");
  EXPECT_EQ(held("other", "/usr/local/bin:/usr/bin"), "/opt/tool");
}

TEST_F(HeldProgram, BeginsInItsFolderIfItIsRelative) {
  EXPECT_EQ(held("./tool", "", "/opt"), "/opt/tool");
  EXPECT_EQ(held("bin/tool", "", "/usr"), "/usr/bin/tool");
  EXPECT_EQ(held("tool", "::bin", "/usr"), "/usr/bin/tool");
}

TEST_F(HeldProgram, SaysWhyThereIsNone) {
  EXPECT_EQ(held("/no/tool"), failure("/no/tool", "No such file or directory"));
  EXPECT_EQ(held("nothing", "/usr/bin:/opt"), failure("nothing", "No such file or directory"));
  EXPECT_EQ(held("text", "/opt:/usr/bin"), failure("text", "Permission denied"));
  EXPECT_EQ(held("/opt"), failure("/opt", "Permission denied"));
  EXPECT_EQ(held(""), failure("", "No such file or directory"));
  EXPECT_EQ(held("/proc/self/exe").substr(0, 6), "Failed");
}

TEST_F(HeldProgram, PassesOnWhatTheCheckSays) {
  ProcessStart start;
  start.path = "/usr/bin/other";
  const auto fd = hold_program(root_, start, [](const std::string&) -> Result<void> { return Error::refused("no"); });
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().kind, Error::Kind::kRefused);
  EXPECT_EQ(fd.error().text, "no");
}

}  // namespace
}  // namespace guestd::platform
