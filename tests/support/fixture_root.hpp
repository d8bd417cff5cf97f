// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "platform/clock.hpp"
#include "platform/host.hpp"
#include "platform/root.hpp"
#include "tests/support/fake_clock_devices.hpp"
#include "tests/support/fake_disks.hpp"
#include "tests/support/fake_freezer.hpp"
#include "tests/support/fake_identity.hpp"
#include "tests/support/fake_power.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::support {

/// The moment at which fixture machines stand still: 2023-11-14 22:13:20.123456789 UTC.
inline constexpr std::int64_t kFixtureTimeNs = 1'700'000'000'123'456'789;

/// A clock that only a test moves. Thread-safe.
class FakeClock final : public platform::Clock {
 public:
  explicit FakeClock(std::int64_t now_ns = kFixtureTimeNs) : now_ns_(now_ns) {}

  [[nodiscard]] std::int64_t now_ns() const override { return now_ns_; }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override { return std::chrono::nanoseconds(now_ns_); }
  void advance(std::chrono::nanoseconds by) { now_ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ns_;
};

/// A copy of one fixture machine (tests/fixtures/<machine>), which a test may write to.
class FixtureRoot {
 public:
  explicit FixtureRoot(std::string_view machine) {
    const auto from = std::filesystem::path(GUESTD_SOURCE_DIR "/tests/fixtures") / machine;
    constexpr auto kHow = std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks |
                          std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy(from, dir_.path(), kHow);
    give_to_tester();
  }
  /// An empty machine.
  FixtureRoot() = default;

  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] platform::Root root() const { return *platform::Root::at(dir_.str()); }
  /// The machine as commands see it, with its clock standing still, 20 GB on `/` and no bus. What changes a machine is
  /// only recorded.
  [[nodiscard]] platform::Host host() const {
    const auto script = std::make_shared<DiskScript>();
    script->usages["/"] = {1'500'000'000, 20'000'000'000, 21'000'000'000};
    script->size_bytes = 21'000'000'000;
    platform::Host host{root(), std::make_unique<FakeClock>(), "", fake_disks(script)};
    host.freezer = std::make_unique<FakeFreezer>();
    host.programs = std::make_unique<FakePrograms>();
    host.processes = platform::refusing_processes("a fixture starts nothing");
    host.online_switch = std::make_unique<platform::SysfsOnlineSwitch>(root());
    host.bus = platform::no_system_bus("a fixture has no bus");
    host.clock_devices = std::make_unique<FakeClockDevices>();
    host.kernel_power = std::make_unique<FakePower>();
    host.identity = std::make_unique<FakeIdentity>();
    return host;
  }

 private:
  /// The files of the copy belong to whoever runs the test, so the machine's user is made the same one.
  void give_to_tester() const {
    constexpr std::string_view kFixtureIds = ":1000:1000:";
    std::string accounts = dir_.read("etc/passwd");
    const std::size_t at = accounts.find(kFixtureIds);
    if (at == std::string::npos) return;
    accounts.replace(at, kFixtureIds.size(),
                     ":" + std::to_string(::geteuid()) + ":" + std::to_string(::getegid()) + ":");
    dir_.write("etc/passwd", accounts);
  }

  TempDir dir_;
};

}  // namespace guestd::support
