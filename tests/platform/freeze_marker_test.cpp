// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_marker.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/support/fixture_root.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;

FreezeMarker full() {
  FreezeMarker marker;
  marker.boot_id = "6c4f8d0e-1111-2222-3333-444455556666";
  marker.phase = FreezeMarker::Phase::kFrozen;
  marker.since = 5s;
  marker.deadline = 605s;
  marker.file_systems = {{{8, 1}, "/"}, {{0, 41}, "/with blank\nand \\ line"}};
  marker.hooks = {"/etc/qemu/fsfreeze-hook", "/etc/guestd/freeze.d/10 db"};
  return marker;
}

TEST(FreezeMarker, IsReadBackAsItWasWritten) {
  const auto read = parse_freeze_marker(format_freeze_marker(full()));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read, full());
}

TEST(FreezeMarker, OfWhichAPartIsMissingIsAnError) {
  const std::string text = format_freeze_marker(full());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_freeze_marker(text.substr(0, length))) << length;
  }
  EXPECT_FALSE(parse_freeze_marker(text + "x"));
}

TEST(FreezeMarker, WithAnythingElseInItIsAnErrorThatNamesTheLine) {
  const auto with = [](const std::string& line) {
    return parse_freeze_marker("guestd-freeze 1\nboot 1\n" + line + "\nend\n");
  };
  EXPECT_TRUE(with("phase frozen"));
  for (const char* line : {"", "x", "phase", "phase other", "since -1", "since 1x", "deadline 99999999999999999999",
                           "filesystem 8:1", "filesystem x /", "filesystem 8:1 relative", "hook relative", "hook /a\\",
                           "hook /a\\t", "boot ../../etc", "unknown 1", " phase frozen"}) {
    const auto read = with(line);
    ASSERT_FALSE(read) << line;
    EXPECT_NE(read.error().text.find("line 3"), std::string::npos) << read.error().text;
  }
  EXPECT_FALSE(parse_freeze_marker("guestd-freeze 2\nboot 1\nend\n"));
  EXPECT_FALSE(parse_freeze_marker("guestd-freeze 1\nend\n")) << "no boot id";
  EXPECT_FALSE(with(std::string("hook /a\0b", 9)));
}

TEST(FreezeMarker, MayNotNameHooksWithoutEnd) {
  std::string text = "guestd-freeze 1\nboot 1\n";
  for (int i = 0; i < 1025; ++i) text += "hook /x\n";
  EXPECT_FALSE(parse_freeze_marker(text + "end\n"));
}

TEST(FreezeMarkerFile, IsNothingWhereThereIsNone) {
  const support::TempDir dir;
  const auto read = FreezeMarkerFile(dir.str()).read();
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST(FreezeMarkerFile, IsWrittenReadAndRemoved) {
  const support::TempDir dir;
  const FreezeMarkerFile file(dir.str());
  ASSERT_TRUE(file.write(full()));
  const auto read = file.read();
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, full());
  file.remove();
  EXPECT_FALSE(*file.read());
}

TEST(FreezeMarkerFile, IsNotTrustedIfOthersCanWriteItOrItIsALinkOrTooLarge) {
  const support::TempDir dir;
  const FreezeMarkerFile file(dir.str());
  ASSERT_TRUE(file.write(full()));
  ::chmod((dir / "guestd.frozen").c_str(), 0666);
  EXPECT_FALSE(file.read());
  ::rename((dir / "guestd.frozen").c_str(), (dir / "other").c_str());
  ::chmod((dir / "other").c_str(), 0600);
  ::symlink((dir / "other").c_str(), (dir / "guestd.frozen").c_str());
  EXPECT_FALSE(file.read());
  file.remove();
  ::chmod(dir.write("guestd.frozen", std::string((1U << 20U) + 5000, 'x')).c_str(), 0600);
  EXPECT_FALSE(file.read());
}

TEST(FreezeMarkerFile, KnowsWhetherItIsInMemory) {
  EXPECT_TRUE(FreezeMarkerFile("/dev/shm").is_in_memory());
  EXPECT_FALSE(FreezeMarkerFile("/proc").is_in_memory());
  EXPECT_FALSE(FreezeMarkerFile("/no such place").is_in_memory());
}

TEST(BootId, IsThatOfTheKernel) {
  const support::FixtureRoot fixture;
  EXPECT_FALSE(boot_id(fixture.root()));
  fixture.dir().write("proc/sys/kernel/random/boot_id", "0b2e-63\n");
  EXPECT_EQ(*boot_id(fixture.root()), "0b2e-63");
  fixture.dir().write("proc/sys/kernel/random/boot_id", "a b\n");
  EXPECT_FALSE(boot_id(fixture.root()));
}

}  // namespace
}  // namespace guestd::platform
