// SPDX-License-Identifier: Apache-2.0
#include "daemon/thaw_stale.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "platform/freeze_marker.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

TEST(ThawStale, LeavesWhatTheNextAgentTakesOver) {
  for (const char* result : {"signal", "core-dump", "exit-code", "watchdog", "oom-kill"}) {
    EXPECT_TRUE(is_restarted_after(result)) << result;
  }
  for (const char* result : {"", "success", "timeout", "protocol", "resources"}) {
    EXPECT_FALSE(is_restarted_after(result)) << result;
  }
}

TEST(ThawStale, ThawsWhatTheMarkerNamesAndCallsItsHooks) {
  const support::FixtureRoot fixture("debian12");
  const support::TempDir state;
  const platform::Host host = fixture.host();
  auto& freezer = dynamic_cast<support::FakeFreezer&>(*host.freezer);
  auto& programs = dynamic_cast<support::FakePrograms&>(*host.programs);
  std::filesystem::permissions(fixture.dir().write("hook", ""), std::filesystem::perms(0755));
  platform::FreezeMarker marker;
  marker.boot_id = *platform::boot_id(host.root);
  marker.phase = platform::FreezeMarker::Phase::kFrozen;
  marker.file_systems = {{{254, 1}, "/"}};
  marker.hooks = {"/hook"};
  ASSERT_TRUE(platform::FreezeMarkerFile(state.str()).write(marker));
  freezer.set_frozen("/", true);

  Configuration configuration;
  configuration.statedir = state.str();
  const auto log = *Log::open({state / "log", false, false});
  thaw_stale(configuration, host, *log);
  EXPECT_TRUE(freezer.frozen().empty());
  EXPECT_EQ(programs.lines(), std::vector<std::string>{"/hook thaw"});
  EXPECT_FALSE(std::filesystem::exists(state / "guestd.frozen"));
  EXPECT_NE(state.read("log").find("1 of 1 file system thawed"), std::string::npos);
}

}  // namespace
}  // namespace guestd::daemon
