// SPDX-License-Identifier: Apache-2.0
#include "platform/logged_in_users.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utmpx.h>

#include <algorithm>
#include <cstring>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Number>
void put(std::string& record, std::size_t offset, Number number) {
  std::memcpy(record.data() + offset, &number, sizeof number);
}

/// A record by the offsets of bits/utmp.h.
std::string record32(std::int16_t type, std::string_view user, std::uint32_t seconds, std::int32_t microseconds = 0) {
  std::string record(384, '\0');
  put(record, 0, type);
  std::copy(user.begin(), user.end(), record.begin() + 44);
  put(record, 340, seconds);
  put(record, 344, microseconds);
  return record;
}

std::string record64(std::int16_t type, std::string_view user, std::int64_t seconds, std::int64_t microseconds = 0) {
  std::string record(400, '\0');
  put(record, 0, type);
  std::copy(user.begin(), user.end(), record.begin() + 44);
  put(record, 344, seconds);
  put(record, 352, microseconds);
  return record;
}

std::string session(std::string_view user, std::string_view since, std::string_view session_class = "user",
                    std::string_view state = "active") {
  std::string text = "# This is private data. Do not parse.\nUID=1000\n";
  text.append("USER=").append(user).append("\nCLASS=").append(session_class);
  text.append("\nSTATE=").append(state).append("\nREALTIME=").append(since).append("\n");
  return text;
}

TEST(Utmp, HasTheLoginsInBothLayouts) {
  EXPECT_THAT(parse_utmp(record32(BOOT_TIME, "reboot", 1) + record32(USER_PROCESS, "alice", 1699999200, 500000) +
                             record32(DEAD_PROCESS, "bob", 3),
                         UtmpLayout::kTime32),
              ElementsAre(Login{"alice", 1699999200500000}));
  EXPECT_THAT(parse_utmp(record64(USER_PROCESS, "alice", 1699999200, 500000), UtmpLayout::kTime64),
              ElementsAre(Login{"alice", 1699999200500000}));
}

TEST(Utmp, IsReadAsLibcWroteIt) {
  utmpx entry{};
  entry.ut_type = USER_PROCESS;
  std::strncpy(entry.ut_user, "carol", sizeof entry.ut_user);
  entry.ut_tv.tv_sec = 1700000000;
  entry.ut_tv.tv_usec = 7;
  const std::string bytes(reinterpret_cast<const char*>(&entry), sizeof entry);
  EXPECT_THAT(parse_utmp(bytes, utmp_layout(bytes.size())), ElementsAre(Login{"carol", 1700000000000007}));
}

TEST(Utmp, LayoutFollowsFromTheSizeOfTheFile) {
  EXPECT_EQ(utmp_layout(384 * 3), UtmpLayout::kTime32);
  EXPECT_EQ(utmp_layout(400 * 3), UtmpLayout::kTime64);
  EXPECT_EQ(utmp_layout(0), utmp_layout(9600)) << "this machine's where both fit";
}

TEST(Utmp, GoesOnBehindTheYear2038) {
  EXPECT_THAT(parse_utmp(record32(USER_PROCESS, "a", 4000000000U), UtmpLayout::kTime32),
              ElementsAre(Login{"a", 4000000000000000}));
}

TEST(Utmp, TakesNamesOfFullLengthAndNoneThatAreEmpty) {
  const std::string longest(32, 'n');
  EXPECT_THAT(parse_utmp(record32(USER_PROCESS, longest, 1) + record32(USER_PROCESS, "", 1), UtmpLayout::kTime32),
              ElementsAre(Login{longest, 1000000}));
}

TEST(Utmp, PassesOverHalfARecordAndImpossibleTimes) {
  EXPECT_THAT(parse_utmp(record32(USER_PROCESS, "a", 1).substr(0, 383), UtmpLayout::kTime32), IsEmpty());
  EXPECT_THAT(parse_utmp(record64(USER_PROCESS, "a", INT64_MAX, -1), UtmpLayout::kTime64), ElementsAre(Login{"a", 0}));
}

TEST(LogindSession, IsALoginIfItIsAUsers) {
  EXPECT_EQ(parse_logind_session(session("alice", "1699999200600000")), (Login{"alice", 1699999200600000}));
  EXPECT_TRUE(parse_logind_session(session("alice", "1", "user-early", "online")));
  for (const char* session_class : {"greeter", "lock-screen", "background", "manager", "none", ""}) {
    EXPECT_FALSE(parse_logind_session(session("alice", "1", session_class))) << session_class;
  }
  EXPECT_FALSE(parse_logind_session(session("alice", "1", "user", "closing")));
}

TEST(LogindSession, IsNoneIfItCannotBeUnderstood) {
  for (const auto& text : {session("", "1"), session("a", ""), session("a", "-1"), session("a", "1x"),
                           session("a", "99999999999999999999"), std::string(), std::string("USER")}) {
    EXPECT_FALSE(parse_logind_session(text)) << text;
  }
}

class LoggedInUsers : public testing::Test {
 protected:
  std::vector<Login> users() { return *logged_in_users(*Root::at(dir_.str())); }

  support::TempDir dir_;
};

TEST_F(LoggedInUsers, AreNoneOnASystemThatNotesNone) { EXPECT_THAT(users(), IsEmpty()); }

TEST_F(LoggedInUsers, AreOnceEachWithTheFirstLoginInTheOrderOfUtmp) {
  dir_.write("run/utmp", record32(USER_PROCESS, "bob", 30) + record32(USER_PROCESS, "alice", 20) +
                             record32(USER_PROCESS, "bob", 10) + record32(USER_PROCESS, "bob", 40));
  EXPECT_THAT(users(), ElementsAre(Login{"bob", 10000000}, Login{"alice", 20000000}));
}

TEST_F(LoggedInUsers, ComeFromTheOlderPlaceOfUtmpToo) {
  dir_.write("var/run/utmp", record32(USER_PROCESS, "bob", 30));
  EXPECT_THAT(users(), ElementsAre(Login{"bob", 30000000}));
}

TEST_F(LoggedInUsers, ComeFromLogindAlone) {
  dir_.write("run/systemd/sessions/7", session("late", "9"));
  dir_.write("run/systemd/sessions/c1", session("early", "5"));
  dir_.write("run/systemd/sessions/8", session("late", "7"));
  dir_.write("run/systemd/sessions/3", session("greeter", "1", "greeter"));
  EXPECT_THAT(users(), ElementsAre(Login{"early", 5}, Login{"late", 7}));
}

TEST_F(LoggedInUsers, OfBothAreMergedWithoutDoubles) {
  dir_.write("run/utmp", record32(USER_PROCESS, "alice", 20) + record32(USER_PROCESS, "console", 25));
  dir_.write("run/systemd/sessions/1", session("alice", "19900000"));
  dir_.write("run/systemd/sessions/2", session("remote", "30000000"));
  EXPECT_THAT(users(), ElementsAre(Login{"alice", 19900000}, Login{"console", 25000000}, Login{"remote", 30000000}));
}

TEST_F(LoggedInUsers, AreFoundBesideTheFifosOfTheirSessions) {
  dir_.write("run/systemd/sessions/1", session("alice", "5"));
  ASSERT_EQ(::mkfifo((dir_ / "run/systemd/sessions/1.ref").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((dir_ / "run/systemd/sessions/2").c_str(), 0600), 0);
  EXPECT_THAT(users(), ElementsAre(Login{"alice", 5}));
}

TEST_F(LoggedInUsers, AreAnErrorIfTheyCannotBeTold) {
  dir_.write("run/utmp/folder", "");
  const auto result = logged_in_users(*Root::at(dir_.str()));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text, "cannot read /run/utmp: Is a directory");
  dir_.write("run/systemd/sessions/1", session("alice", "5"));
  EXPECT_THAT(users(), ElementsAre(Login{"alice", 5})) << "what logind knows is told";
}

TEST(LoggedInUsersOfAMachine, AreThoseOfTheFixture) {
  const support::FixtureRoot machine("debian12");
  EXPECT_THAT(*logged_in_users(machine.root()), ElementsAre(Login{"alice", 1699999200500000}));
}

}  // namespace
}  // namespace guestd::platform
