// SPDX-License-Identifier: Apache-2.0
#include "platform/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

TEST(NamesInAFolder, AreSorted) {
  const support::TempDir dir;
  for (const char* name : {"x/b", "x/a", "x/.c", "x/d/e"}) dir.write(name, "");
  EXPECT_THAT(*names_in(*Root::at(dir.str()), "/x"), testing::ElementsAre(".c", "a", "b", "d"));
}

TEST(NamesInAFolder, OfWhatIsNoneAreAnErrorThatNamesIt) {
  const support::TempDir dir;
  dir.write("file", "");
  const auto root = Root::at(dir.str());
  EXPECT_EQ(names_in(*root, "/none").error().text, "cannot open /none: No such file or directory");
  EXPECT_EQ(names_in(*root, "/file").error().errno_value, ENOTDIR);
}

}  // namespace
}  // namespace guestd::platform
