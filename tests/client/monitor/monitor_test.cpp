// SPDX-License-Identifier: Apache-2.0
#include "client/lib/monitor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/lib/monitor_events.hpp"
#include "generated/qmp/calls.hpp"
#include "tests/client/monitor/fake_monitor.hpp"

namespace guestd::client {
namespace {

using namespace std::chrono_literals;
using support::FakeMonitor;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr MonitorOptions kPatient{20s, 20s};
constexpr MonitorOptions kHasty{200ms, 200ms};

constexpr std::string_view kStop = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n";
constexpr std::string_view kNews =
    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"BRAND_NEW\", \"data\": {\"x\": 1}}\r\n";

TEST(Monitor, NegotiatesAndTellsTheVersion) {
  FakeMonitor qemu;
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor) << monitor.error().text;
  EXPECT_EQ((*monitor)->version().qemu.major_, 9);
  EXPECT_THAT(qemu.requests(), ElementsAre(HasSubstr("qmp_capabilities")));
}

TEST(Monitor, AnswersCallsThroughStubs) {
  FakeMonitor qemu;
  qemu.answer("query-status", R"({"running": false, "status": "paused", "new-member": [1]})");
  qemu.refuse("system_wakeup", "not suspended");
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  const auto status = qmp::query_status(**monitor);
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(status->status, qmp::RunState::kPaused);
  EXPECT_EQ(qmp::system_wakeup(**monitor).error().text, "not suspended");
  EXPECT_EQ(qmp::query_name(**monitor).error().kind, Error::Kind::kUnsupported);
}

TEST(Monitor, ReadsEventsBetweenReplies) {
  FakeMonitor qemu;
  qemu.answer("query-name", R"({"name": "web"})");
  qemu.before("query-name", std::string(kStop) + std::string(kNews));
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  MonitorEvents events(**monitor);
  EXPECT_EQ(qmp::query_name(**monitor)->name, "web");
  EXPECT_EQ(event_name(*events.next(deadline_in(20s))), "STOP");
  EXPECT_EQ(event_name(*events.next(deadline_in(20s))), "BRAND_NEW");
  EXPECT_EQ(events.next(deadline_in(1ms)).error().kind, Error::Kind::kTimedOut);
  qemu.hang_up();
  EXPECT_EQ(events.next(deadline_in(20s)).error().kind, Error::Kind::kUnreachable);
}

TEST(Monitor, IsNotConfusedByAReplyThatComesTooLate) {
  FakeMonitor qemu;
  qemu.ignore("query-name");
  qemu.answer("query-uuid", R"({"UUID": "u"})");
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  const auto late = (*monitor)->call(protocol::make_call<qmp::calls::QueryName>({}), 50ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Error::Kind::kTimedOut);
  EXPECT_EQ(late.error().text, "QEMU did not answer query-name in 50 ms");
  qemu.send("{\"return\": {\"name\": \"late\"}, \"id\": 2}\r\n");
  EXPECT_EQ(qmp::query_uuid(**monitor)->UUID, "u");
}

TEST(Monitor, AnswersCallsThatDoNotWait) {
  FakeMonitor qemu;
  qemu.answer("query-uuid", R"({"UUID": "u"})");
  qemu.answer("query-name", R"({"name": "web"})");
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  std::vector<std::string> order;
  (*monitor)->start(protocol::make_call<qmp::calls::QueryUuid>({}), 20s,
                    [&](Reply reply) { order.push_back(protocol::read_reply<qmp::calls::QueryUuid>(*reply)->UUID); });
  (*monitor)->start(protocol::make_call<qmp::calls::QueryName>({}), 20s,
                    [&](Reply reply) { order.push_back(*protocol::read_reply<qmp::calls::QueryName>(*reply)->name); });
  EXPECT_EQ((*monitor)->pending(), 2U);
  while ((*monitor)->pending() > 0) (*monitor)->wait(deadline_in(20s));
  EXPECT_THAT(order, ElementsAre("u", "web"));
}

TEST(Monitor, FailsAllCallsWhenQemuEnds) {
  FakeMonitor qemu;
  qemu.ignore("query-uuid");
  qemu.end_after("query-uuid");
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  const auto gone = qmp::query_uuid(**monitor);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, Error::Kind::kUnreachable);
  EXPECT_TRUE((*monitor)->closed());
  EXPECT_EQ(qmp::query_name(**monitor).error().kind, Error::Kind::kUnreachable) << "and from then on";
}

TEST(Monitor, TellsWhereNobodyIs) {
  const support::TempFolder folder;
  const auto none = Monitor::open(folder.file("none"), kHasty);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, Error::Kind::kUnreachable);
  EXPECT_THAT(none.error().text, HasSubstr("there is no socket " + folder.file("none")));
}

TEST(Monitor, TellsThatAnotherClientHoldsIt) {
  FakeMonitor qemu;
  const auto first = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(first);
  const auto second = Monitor::open(qemu.path(), kHasty);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::kTimedOut);
  EXPECT_THAT(second.error().text, HasSubstr("another client holds it"));
}

TEST(Monitor, RefusesWhatIsNone) {
  for (const char* greeting : {"SSH-2.0-x", "{\"return\": {}}", "[1]", "{\"QMP\": 5}", "}{", "\"QMP\""}) {
    FakeMonitor other(greeting);
    const auto monitor = Monitor::open(other.path(), kPatient);
    ASSERT_FALSE(monitor) << greeting;
    EXPECT_EQ(monitor.error().kind, Error::Kind::kUnreachable) << greeting;
    EXPECT_THAT(monitor.error().text, HasSubstr("no monitor of QEMU")) << greeting;
  }
}

TEST(Monitor, EndsAConversationThatIsNoJsonAnyMore) {
  FakeMonitor qemu;
  qemu.before("query-name", "{]\r\n");
  qemu.ignore("query-name");
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  EXPECT_THAT(qmp::query_name(**monitor).error().text, HasSubstr("does not speak QMP"));
}

TEST(MonitorEvents, DropTheOldestOfVeryMany) {
  FakeMonitor qemu;
  qemu.answer("query-name", "{}");
  std::string flood;
  for (int index = 0; index < 1500; ++index) flood += kStop;
  qemu.before("query-name", flood);
  const auto monitor = Monitor::open(qemu.path(), kPatient);
  ASSERT_TRUE(monitor);
  MonitorEvents events(**monitor);
  ASSERT_TRUE(qmp::query_name(**monitor));
  int kept = 0;
  while (events.next(deadline_in(0ms))) ++kept;
  EXPECT_EQ(kept, 1000);
}

}  // namespace
}  // namespace guestd::client
