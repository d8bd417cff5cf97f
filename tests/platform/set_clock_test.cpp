// SPDX-License-Identifier: Apache-2.0
#include "platform/set_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/support/fake_clock_devices.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakeClockDevices;
using support::FakePrograms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kWinter = 1'700'000'000;  // 2023-11-14 22:13:20 UTC, 23:13:20 in Berlin
constexpr std::int64_t kSummer = 1'688'169'600;  // 2023-07-01 00:00:00 UTC, 02:00:00 in Berlin

class SetClock : public testing::Test {
 protected:
  [[nodiscard]] ClockTools tools() { return {root_, devices_, programs_}; }
  void keep_local_time() const { fixture_.dir().write("etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n"); }
  void add_hwclock() const {
    const auto path = fixture_.dir().write("sbin/hwclock", "");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  support::FixtureRoot fixture_{"debian12"};
  Root root_ = fixture_.root();
  FakeClockDevices devices_;
  FakePrograms programs_;
};

TEST_F(SetClock, SetsTheSystemClockAndThenTheHardwareClock) {
  ASSERT_TRUE(set_clocks(tools(), kSummer * kSecond + 7));
  EXPECT_THAT(devices_.log(), ElementsAre("set 1688169600000000007", "rtc 2023-07-01 00:00:00"));
  EXPECT_THAT(programs_.lines(), IsEmpty());
}

TEST_F(SetClock, KeepsAHardwareClockOfLocalTimeInLocalTime) {
  keep_local_time();
  ASSERT_TRUE(set_clocks(tools(), kSummer * kSecond));
  EXPECT_THAT(devices_.log(), ElementsAre("set 1688169600000000000", "rtc 2023-07-01 02:00:00"));
  devices_.set_rtc(FakeClockDevices::at(kSummer + 7200));
  EXPECT_EQ(*hardware_clock_ns(tools()), kSummer * kSecond);
  devices_.set_rtc(FakeClockDevices::at(kWinter + 3600));
  EXPECT_EQ(*hardware_clock_ns(tools()), kWinter * kSecond);
}

TEST_F(SetClock, WorksWithoutAHardwareClock) {
  devices_.set_rtc({});
  ASSERT_TRUE(set_clocks(tools(), kWinter * kSecond));
  EXPECT_THAT(devices_.log(), ElementsAre("set 1700000000000000000"));
}

TEST_F(SetClock, ChangesNothingIfTheHardwareClockIsOutOfReach) {
  devices_.fail("find", EACCES);
  const auto set = set_clocks(tools(), kWinter * kSecond);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().text, "nothing was changed: the hardware clock: cannot open /dev/rtc0: Permission denied");
  EXPECT_THAT(devices_.log(), IsEmpty());
}

TEST_F(SetClock, LeavesTheHardwareClockAloneIfTheSystemClockCannotBeSet) {
  devices_.fail("set", EPERM);
  const auto set = set_clocks(tools(), kWinter * kSecond);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().text, "cannot set the system clock: Operation not permitted");
  EXPECT_THAT(devices_.log(), IsEmpty());
}

TEST_F(SetClock, TakesHwclockIfTheDeviceRefuses) {
  add_hwclock();
  devices_.fail("write", EINVAL);
  ASSERT_TRUE(set_clocks(tools(), kWinter * kSecond));
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/hwclock -w"));
}

TEST_F(SetClock, ReportsAChangeThatIsHalfDone) {
  devices_.fail("write", EINVAL);
  auto set = set_clocks(tools(), kWinter * kSecond);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().text,
            "the clock was set, but not the hardware clock: cannot set the hardware clock: Invalid argument");

  add_hwclock();
  programs_.answer([](const ProgramCall&) { return FakePrograms::exit(1, "hwclock: no luck\n"); });
  set = set_clocks(tools(), kWinter * kSecond);
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().text, HasSubstr("the clock was set, but not the hardware clock"));
  EXPECT_THAT(set.error().text, HasSubstr("/sbin/hwclock: exit status 1: hwclock: no luck"));
}

TEST_F(SetClock, ReadsTheHardwareClock) {
  devices_.set_rtc(FakeClockDevices::at(kSummer));
  EXPECT_EQ(*hardware_clock_ns(tools()), kSummer * kSecond);
}

TEST_F(SetClock, ReadsTheClockOfTheHostWhereThereIsNoHardwareClock) {
  devices_.set_rtc({});
  devices_.set_host_clock(kSummer * kSecond + 3);
  EXPECT_EQ(*hardware_clock_ns(tools()), kSummer * kSecond + 3);
}

TEST_F(SetClock, WithNeitherClockSaysThatThereIsNone) {
  devices_.set_rtc({});
  const auto now = hardware_clock_ns(tools());
  ASSERT_FALSE(now);
  EXPECT_EQ(now.error().text, "there is no hardware clock");
  EXPECT_EQ(now.error().kind, Error::Kind::kUnsupported);
}

TEST_F(SetClock, BelievesNoHardwareClockThatIsFarOff) {
  std::tm far = FakeClockDevices::at(kSummer);
  for (const int year : {-100, 69, 170, 8099}) {
    far.tm_year = year;
    devices_.set_rtc(far);
    const auto now = hardware_clock_ns(tools());
    ASSERT_FALSE(now) << year;
    EXPECT_EQ(now.error().text, "the hardware clock is not within the years 1970 to 2069");
  }
}

TEST_F(SetClock, DoesNotPassOverAHardwareClockThatCannotBeRead) {
  devices_.fail("read", EIO);
  devices_.set_host_clock(1);
  EXPECT_EQ(hardware_clock_ns(tools()).error().errno_value, EIO);
}

TEST(ParseAdjtime, LooksAtTheThirdLineOnly) {
  EXPECT_TRUE(parse_adjtime_is_local("0.0 0 0.0\n0\nLOCAL\n"));
  EXPECT_TRUE(parse_adjtime_is_local("0.0 0 0.0\n0\nLOCAL"));
  for (const char* text : {"", "LOCAL", "\nLOCAL\n", "0.0 0 0.0\n0\nUTC\n", "0\n0\nLOCALE\n", "0\n0\n\nLOCAL"})
    EXPECT_FALSE(parse_adjtime_is_local(text)) << text;
}

TEST(KernelClockDevices, AreOutOfReachOnAFixture) {
  const support::FixtureRoot fixture;
  const auto devices = kernel_clock_devices(fixture.root());
  for (const auto& error :
       {devices->set_system_clock(0).error(), devices->find_rtc().error(), devices->read_rtc().error(),
        devices->write_rtc({}).error(), devices->read_host_clock().error()}) {
    EXPECT_EQ(error.text, "the clocks are left alone: this is a fixture");
    EXPECT_EQ(error.kind, Error::Kind::kGeneric) << "it is no machine without clocks";
  }
}

}  // namespace
}  // namespace guestd::platform
