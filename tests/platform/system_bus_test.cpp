// SPDX-License-Identifier: Apache-2.0
#include "platform/system_bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "tests/support/fake_bus_peer.hpp"

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;
using support::FakeBusPeer;
using testing::ElementsAre;
using testing::HasSubstr;

BusCall call_of(const std::string& method, std::vector<BusArgument> arguments = {}) {
  return {"org.example", "/org/example", "org.example.Thing", method, std::move(arguments), 20s};
}

Result<BusValue::List> ask(const FakeBusPeer& peer, const BusCall& call) {
  auto connection = peer.bus()->connect();
  if (!connection) return std::move(connection).error();
  return (*connection)->call(call);
}

TEST(SystemBus, ReturnsWhatTheMethodReturns) {
  FakeBusPeer peer;
  peer.on_text("CanPowerOff", "yes");
  const auto answer = ask(peer, call_of("CanPowerOff"));
  ASSERT_TRUE(answer) << answer.error().text;
  ASSERT_EQ(answer->size(), 1U);
  ASSERT_NE(answer->front().text(), nullptr);
  EXPECT_EQ(*answer->front().text(), "yes");
}

TEST(SystemBus, PassesArgumentsOfEveryType) {
  FakeBusPeer peer;
  std::string seen;
  peer.on("Take", [&](sd_bus_message* request) {
    int boolean = 0;
    std::uint32_t u = 0;
    std::int32_t i = 0;
    std::uint64_t t = 0;
    std::int64_t x = 0;
    const char* s = nullptr;
    const int result = sd_bus_message_read(request, "buitxs", &boolean, &u, &i, &t, &x, &s);
    if (result < 0) return result;
    seen = std::to_string(boolean) + " " + std::to_string(u) + " " + std::to_string(i) + " " + std::to_string(t) + " " +
           std::to_string(x) + " " + s;
    return sd_bus_reply_method_return(request, nullptr);
  });
  const auto answer = ask(peer, call_of("Take", {true, std::uint32_t{7}, std::int32_t{-7}, std::uint64_t{1} << 63U,
                                                 std::int64_t{-8}, std::string("text")}));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_TRUE(answer->empty());
  EXPECT_EQ(seen, "1 7 -7 9223372036854775808 -8 text");
}

TEST(SystemBus, ReadsListsStructuresAndDictionaries) {
  FakeBusPeer peer;
  peer.on("ListSessions", [](sd_bus_message* request) {
    return sd_bus_reply_method_return(request, "a(susso)", 2, "1", 0U, "root", "seat0", "/session/1", "c2", 1000U,
                                      "ann", "", "/session/2");
  });
  peer.on("GetAll", [](sd_bus_message* request) {
    return sd_bus_reply_method_return(request, "a{sv}", 3, "Name", "s", "ann", "Remote", "b", 1, "User", "(uo)", 1000U,
                                      "/user/1000");
  });
  const auto sessions = ask(peer, call_of("ListSessions"));
  ASSERT_TRUE(sessions) << sessions.error().text;
  const auto* rows = sessions->at(0).list();
  ASSERT_NE(rows, nullptr);
  ASSERT_EQ(rows->size(), 2U);
  const auto& second = *rows->at(1).list();
  EXPECT_EQ(*second.at(0).text(), "c2");
  EXPECT_EQ(*second.at(1).number(), 1000U);
  EXPECT_EQ(*second.at(4).text(), "/session/2");

  const auto properties = ask(peer, call_of("GetAll"));
  ASSERT_TRUE(properties) << properties.error().text;
  const BusValue& dictionary = properties->at(0);
  ASSERT_NE(find_member(dictionary, "Name"), nullptr);
  EXPECT_EQ(*find_member(dictionary, "Name")->text(), "ann");
  EXPECT_TRUE(*find_member(dictionary, "Remote")->boolean());
  EXPECT_EQ(*find_member(dictionary, "User")->list()->at(0).number(), 1000U);
  EXPECT_EQ(find_member(dictionary, "Absent"), nullptr);
}

TEST(SystemBus, TellsWhyAMethodFailed) {
  FakeBusPeer peer;
  peer.on_error("PowerOff", "org.freedesktop.DBus.Error.AccessDenied", "Permission denied");
  const auto answer = ask(peer, call_of("PowerOff", {false}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "org.example.Thing.PowerOff: Permission denied");
  EXPECT_EQ(answer.error().errno_value, EACCES);
  EXPECT_EQ(answer.error().kind, Error::Kind::kGeneric);
}

TEST(SystemBus, CallsAMissingServiceOrMethodUnsupported) {
  FakeBusPeer peer;
  peer.on_error("Gone", "org.freedesktop.DBus.Error.ServiceUnknown", "whatever");
  const auto gone = ask(peer, call_of("Gone"));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().text, "org.example.Thing.Gone: org.example is not there");
  EXPECT_EQ(gone.error().errno_value, EHOSTUNREACH);
  EXPECT_EQ(gone.error().kind, Error::Kind::kUnsupported);

  const auto unknown = ask(peer, call_of("NeverHeardOf"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().errno_value, EBADR) << unknown.error().text;
  EXPECT_EQ(unknown.error().kind, Error::Kind::kUnsupported);
}

TEST(SystemBus, GivesUpOnAMethodThatDoesNotAnswerInTime) {
  FakeBusPeer peer;
  peer.on_silence("Suspend");
  BusCall call = call_of("Suspend");
  call.time_limit = 50ms;
  const auto answer = ask(peer, call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().errno_value, ETIMEDOUT) << answer.error().text;
}

TEST(SystemBus, GivesUpOnAPeerThatSaysNothing) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  const UniqueFd silent(ends[1]);
  const auto connection = connect_to_bus_peer(UniqueFd(ends[0]));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().errno_value, ETIMEDOUT) << connection.error().text;
}

TEST(SystemBus, SurvivesAPeerThatVanishesInTheMiddleOfACall) {
  FakeBusPeer peer;
  peer.on("Crash", [](sd_bus_message* request) {
    sd_bus_close(sd_bus_message_get_bus(request));
    return 1;
  });
  const auto answer = ask(peer, call_of("Crash"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().errno_value, 0);
}

TEST(SystemBus, RefusesAnAnswerWithTooManyValues) {
  FakeBusPeer peer;
  peer.on("Flood", [](sd_bus_message* request) {
    sd_bus_message* reply = nullptr;
    int result = sd_bus_message_new_method_return(request, &reply);
    if (result >= 0) result = sd_bus_message_open_container(reply, 'a', "u");
    const std::uint32_t number = 1;
    for (std::size_t i = 0; result >= 0 && i <= kBusValues; ++i)
      result = sd_bus_message_append_basic(reply, 'u', &number);
    if (result >= 0) result = sd_bus_message_close_container(reply);
    if (result >= 0) result = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return result;
  });
  const auto answer = ask(peer, call_of("Flood"));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr("too many values"));
}

TEST(SystemBus, RefusesTextThatDBusCannotCarry) {
  FakeBusPeer peer;
  peer.on_success("Take");
  EXPECT_FALSE(ask(peer, call_of("Take", {std::string("a\0b", 3)})));
  EXPECT_FALSE(ask(peer, call_of("Take", {std::string("\xFF")})));
  EXPECT_THAT(peer.calls(), testing::IsEmpty());
}

TEST(SystemBus, OneConnectionServesSeveralCalls) {
  FakeBusPeer peer;
  peer.on_text("CanReboot", "yes");
  peer.on_success("Reboot");
  auto connection = peer.bus()->connect();
  ASSERT_TRUE(connection) << connection.error().text;
  EXPECT_TRUE((*connection)->call(call_of("CanReboot")));
  EXPECT_TRUE((*connection)->call(call_of("Reboot", {false})));
  EXPECT_THAT(peer.calls(), ElementsAre("CanReboot", "Reboot"));
}

TEST(SystemBus, OfAMachineWithoutOneSaysWhy) {
  const auto connection = no_system_bus("there is none here")->connect();
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().text, "there is none here");
  EXPECT_EQ(connection.error().kind, Error::Kind::kUnsupported);
}

}  // namespace
}  // namespace guestd::platform
