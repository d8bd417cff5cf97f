// SPDX-License-Identifier: Apache-2.0
#include "platform/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

constexpr std::int64_t kNovember = 1'700'000'000;
constexpr std::int64_t kJuly = 1'688'000'000;

std::string berlin() { return *support::FixtureRoot("debian12").root().read_file("/usr/share/zoneinfo/Europe/Berlin"); }

TEST(ParseTzif, KnowsWinterAndSummer) {
  const auto winter = parse_tzif(berlin(), kNovember);
  ASSERT_TRUE(winter);
  EXPECT_EQ(winter->east_of_utc_s, 3600);
  EXPECT_EQ(winter->abbreviation, "CET");
  const auto summer = parse_tzif(berlin(), kJuly);
  ASSERT_TRUE(summer);
  EXPECT_EQ(summer->east_of_utc_s, 7200);
  EXPECT_EQ(summer->abbreviation, "CEST");
}

TEST(ParseTzif, ChangesAtTheSecondOfTheTransition) {
  constexpr std::int64_t kEndOfSummer2023 = 1'698'541'200;
  EXPECT_EQ(parse_tzif(berlin(), kEndOfSummer2023 - 1)->east_of_utc_s, 7200);
  EXPECT_EQ(parse_tzif(berlin(), kEndOfSummer2023)->east_of_utc_s, 3600);
}

TEST(ParseTzif, HasTheFirstTypeBeforeAllTransitions) { EXPECT_EQ(parse_tzif(berlin(), 0)->east_of_utc_s, 3600); }

TEST(ParseTzif, RefusesEveryTruncation) {
  const std::string whole = berlin();
  const std::size_t needed = whole.rfind("\nCET-1");  // the footer is not read
  for (std::size_t size = 0; size < needed; ++size) EXPECT_FALSE(parse_tzif(whole.substr(0, size), kNovember)) << size;
}

TEST(ParseTzif, SurvivesEveryWrongByte) {
  const std::string whole = berlin();
  std::size_t refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(0xFF);
    refused += parse_tzif(damaged, kNovember) ? 0U : 1U;
  }
  EXPECT_GT(refused, 8U);
}

TEST(LocalZone, OfAFixtureIsItsOwn) {
  const auto zone = local_zone(support::FixtureRoot("debian12").root(), kNovember);
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->abbreviation, "CET");
}

TEST(LocalZone, IsUtcWithoutAFile) {
  const auto zone = local_zone(support::FixtureRoot("alpine").root(), kNovember);
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->abbreviation, "UTC");
  EXPECT_EQ(zone->east_of_utc_s, 0);
}

TEST(LocalZone, IsAnErrorForAFileThatIsNoZone) {
  const auto zone = local_zone(support::FixtureRoot("weird").root(), kNovember);
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().text, "/etc/localtime: not a time zone file");
}

TEST(LocalZone, OfTheMachineFollowsTheEnvironmentWhileItRuns) {
  const char* const before = std::getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  ::setenv("TZ", "AAA-3", 1);
  EXPECT_EQ(local_zone(Root::system(), kNovember)->east_of_utc_s, 3 * 3600);
  ::setenv("TZ", "BBB4:30", 1);
  const auto zone = local_zone(Root::system(), kNovember);
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", saved.c_str(), 1);
  EXPECT_EQ(zone->east_of_utc_s, -(4 * 3600 + 1800));
  EXPECT_EQ(zone->abbreviation, "BBB");
}

}  // namespace
}  // namespace guestd::platform
