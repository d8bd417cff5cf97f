// SPDX-License-Identifier: Apache-2.0
#include "daemon/thaw_stale.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
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

/// What the trail is with this for stderr.
bool keeps_a_trail(const Configuration& configuration, int descriptor) {
  const support::TempDir dir;
  const auto log = *Log::open({dir / "log", false, false});
  const UniqueFd before(::dup(STDERR_FILENO));
  ::dup2(descriptor, STDERR_FILENO);
  const auto audit = open_audit(configuration, *log);
  ::dup2(before.get(), STDERR_FILENO);
  return audit && (*audit)->is_kept();
}

// A service manager that has no journal gives its services a file, a pipe or nothing: nobody sits there.
TEST(OpenAudit, LeavesOnlyAPersonInATerminalWithoutATrail) {
  const support::TempDir dir;
  Configuration configuration;
  configuration.statedir = dir.str();
  const UniqueFd file(::open((dir / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master.valid());
  ASSERT_EQ(::grantpt(master.get()) | ::unlockpt(master.get()), 0);
  const UniqueFd terminal(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal.valid());
  EXPECT_TRUE(keeps_a_trail(configuration, file.get()));
  EXPECT_TRUE(keeps_a_trail(configuration, null_device.get()));
  EXPECT_FALSE(keeps_a_trail(configuration, terminal.get()));
  configuration.daemonize = true;
  EXPECT_TRUE(keeps_a_trail(configuration, terminal.get()));
  configuration.audit.enabled = false;
  EXPECT_FALSE(keeps_a_trail(configuration, file.get()));
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
