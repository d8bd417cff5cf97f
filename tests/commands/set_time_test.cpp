// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Result<SetTimeResult> set(CommandBench& bench, std::optional<std::int64_t> time_ns) {
  SetTimeArgs args;
  args.time = time_ns;
  return set_time(bench.context(), args);
}

TEST(SetTime, SetsBothClocks) {
  CommandBench bench("debian12");
  ASSERT_TRUE(set(bench, 1'700'000'000'000'000'001));
  EXPECT_THAT(bench.clock_devices().log(), ElementsAre("set 1700000000000000001", "rtc 2023-11-14 22:13:20"));
}

TEST(SetTime, WithoutATimeTakesThatOfTheHardwareClockAndLeavesThatAlone) {
  CommandBench bench("debian12");
  bench.clock_devices().set_rtc(support::FakeClockDevices::at(1'600'000'000));
  ASSERT_TRUE(set(bench, {}));
  EXPECT_THAT(bench.clock_devices().log(), ElementsAre("set 1600000000000000000"));
}

TEST(SetTime, TakesTheYears1970To2069) {
  CommandBench bench("debian12");
  EXPECT_TRUE(set(bench, 0));
  EXPECT_TRUE(set(bench, 3'155'759'999'999'999'999));
  const auto changes = bench.clock_devices().log().size();
  for (const std::int64_t time_ns :
       {std::int64_t{-1}, std::int64_t{3'155'760'000'000'000'000}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    const auto refused = set(bench, time_ns);
    ASSERT_FALSE(refused) << time_ns;
    EXPECT_EQ(refused.error().text, "Invalid time: not within the years 1970 to 2069");
  }
  EXPECT_EQ(bench.clock_devices().log().size(), changes);
}

TEST(SetTime, TellsWhyItFailed) {
  CommandBench bench("debian12");
  bench.clock_devices().fail("set", EPERM);
  EXPECT_EQ(set(bench, 0).error().text,
            "Failed to set time to guest: cannot set the system clock: Operation not permitted");
  EXPECT_EQ(set(bench, {}).error().text,
            "Failed to set time to guest: cannot set the system clock: Operation not permitted");
}

TEST(SetTime, WithoutATimeAndWithoutAHardwareClockIsUnsupported) {
  CommandBench bench("debian12");
  bench.clock_devices().set_rtc({});
  const auto refused = set(bench, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "Failed to set time to guest: there is no hardware clock");
  EXPECT_EQ(refused.error().kind, Error::Kind::kUnsupported);
  EXPECT_THAT(bench.clock_devices().log(), IsEmpty());
}

}  // namespace
}  // namespace guestd::commands
