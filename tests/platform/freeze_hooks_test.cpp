// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_hooks.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using Strings = std::vector<std::string>;

class FreezeHooks : public testing::Test {
 protected:
  void add(const std::string& path, unsigned mode = 0755) const {
    std::filesystem::permissions(fixture_.dir().write(path, "#!/bin/sh\n"), std::filesystem::perms(mode));
  }
  Result<Strings> find(const std::optional<std::string>& script = std::nullopt) const {
    return freeze_hooks(fixture_.root(), script, "/hooks");
  }
  support::FixtureRoot fixture_;
};

TEST_F(FreezeHooks, AreTheScriptAndThenTheExecutablesOfTheFolderByName) {
  for (const char* name : {"hooks/b", "hooks/a", "hooks/C", "script"}) add(name);
  EXPECT_EQ(*find("/script"), (Strings{"/script", "/hooks/C", "/hooks/a", "/hooks/b"}));
  EXPECT_EQ(*find(), (Strings{"/hooks/C", "/hooks/a", "/hooks/b"}));
}

TEST_F(FreezeHooks, AreNotWhatEditorsAndPackageManagersLeave) {
  for (const char* name : {".hidden", "a~", "a.bak", "a.orig", "a.rpmnew", "a.rpmorig", "a.rpmsave", "a.sample",
                           "a.dpkg-old", "a.dpkg-new", "a.swp"}) {
    add("hooks/" + std::string(name));
  }
  add("hooks/README", 0644);
  std::filesystem::create_directories(fixture_.dir().path() / "hooks/folder");
  EXPECT_EQ(*find(), Strings{});
}

TEST_F(FreezeHooks, AreNoneWhereThereIsNoFolder) { EXPECT_EQ(*find(), Strings{}); }

TEST_F(FreezeHooks, AScriptThatIsTheNullDeviceIsNone) {
  add("hooks/a");
  EXPECT_EQ(*find("/dev/null"), Strings{"/hooks/a"});
}

TEST_F(FreezeHooks, ThatOthersCanWriteAreAnError) {
  add("hooks/a", 0775);
  EXPECT_EQ(find().error().text,
            "freeze hook /hooks/a is not run: others than its owner can write it (chmod go-w corrects that)");
}

TEST_F(FreezeHooks, AScriptThatIsMissingOrNotExecutableIsAnError) {
  EXPECT_EQ(find("/missing").error().errno_value, ENOENT);
  EXPECT_EQ(find("/missing").error().text, "freeze hook /missing cannot be run: No such file or directory");
  add("plain", 0644);
  EXPECT_EQ(find("/plain").error().text, "freeze hook /plain is not run: it is not executable");
  std::filesystem::create_directories(fixture_.dir().path() / "hooks");
  EXPECT_EQ(find("/hooks").error().text, "freeze hook /hooks is not run: it is not a regular file");
}

}  // namespace
}  // namespace guestd::platform
