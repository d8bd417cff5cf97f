// SPDX-License-Identifier: Apache-2.0
#include "daemon/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "generated/introspection.hpp"
#include "protocol/json_reader.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::daemon {
namespace {

using testing::Contains;
using testing::Not;

Result<void> answer_42(commands::Context&, const protocol::JsonView*, protocol::JsonWriter& out) {
  out.integer(42);
  return {};
}
Result<void> fail_half_way(commands::Context&, const protocol::JsonView*, protocol::JsonWriter& out) {
  out.begin_array();
  out.integer(1);
  return Error{"it broke", 0, Error::Kind::kGeneric};
}
Result<void> run_out_of_memory(commands::Context&, const protocol::JsonView*, protocol::JsonWriter& out) {
  out.begin_array();
  throw std::bad_alloc();
}
Result<void> meet_a_bug(commands::Context&, const protocol::JsonView*, protocol::JsonWriter&) {
  throw std::out_of_range("basic_string::substr");
}

class DispatcherTest : public testing::Test {
 protected:
  static Dispatcher with(std::vector<std::string> allow, std::vector<std::string> block) {
    return Dispatcher(CommandFilter(std::move(allow), std::move(block)));
  }
  static std::string refusal(const Dispatcher& dispatcher, std::string_view name) {
    const auto entry = dispatcher.admit(name);
    if (entry) return "(admitted)";
    EXPECT_EQ(entry.error().kind, Error::Kind::kUnsupported);
    return entry.error().text;
  }
  std::string reply(const protocol::CommandEntry& entry) {
    protocol::JsonWriter out;
    Dispatcher::execute(entry, protocol::Request(), bench_.context(), out);
    return out.take_text();
  }

  commands::CommandBench bench_;
  Dispatcher all_ = with({}, {});
};

TEST_F(DispatcherTest, AdmitsACommandThatIsThereAndAllowed) {
  const auto entry = all_.admit("guest-ping");
  ASSERT_TRUE(entry);
  EXPECT_EQ((*entry)->name, "guest-ping");
}

TEST_F(DispatcherTest, RefusesACommandThatNobodyKnows) {
  EXPECT_EQ(refusal(all_, "guest-pong"), "The command guest-pong has not been found");
  EXPECT_EQ(refusal(all_, ""), "The command  has not been found");
  EXPECT_EQ(refusal(all_, "guest-ping "), "The command guest-ping  has not been found");
}

TEST_F(DispatcherTest, RepeatsOnlyTheBeginningOfALongName) {
  EXPECT_LT(refusal(all_, std::string(1 << 20, 'n')).size(), 2000U);
}

TEST_F(DispatcherTest, DoesNotKnowTheCommandsOfOtherPlatforms) {
  EXPECT_EQ(refusal(all_, "guest-get-devices"), "The command guest-get-devices has not been found");
}

TEST_F(DispatcherTest, SaysWhyACommandIsDisabled) {
  EXPECT_EQ(refusal(with({}, {"guest-ping"}), "guest-ping"),
            "Command guest-ping has been disabled: the command is not allowed");
  EXPECT_EQ(refusal(with({"guest-info"}, {}), "guest-ping"),
            "Command guest-ping has been disabled: the command is not allowed");
}

TEST_F(DispatcherTest, SaysThatTheAgentDoesNotHaveACommandOfTheSchema) {
  const auto table = protocol::command_table();
  const auto missing = std::find_if(table.begin(), table.end(), [](const protocol::CommandEntry& entry) {
    return entry.run == nullptr && !entry.has_feature(feature::kOtherPlatform);
  });
  if (missing == table.end()) GTEST_SKIP() << "the agent has all commands of the schema";
  EXPECT_EQ(refusal(all_, missing->name),
            "Command " + std::string(missing->name) + " has been disabled: this agent does not support it");
}

TEST_F(DispatcherTest, ListsWhatIsEnabledAndLeavesOutOtherPlatforms) {
  std::vector<std::string> enabled;
  std::vector<std::string> disabled;
  for (const auto& status : with({}, {"guest-ping"}).commands()) {
    (status.enabled ? enabled : disabled).push_back(status.name);
  }
  EXPECT_THAT(enabled, Contains("guest-info"));
  EXPECT_THAT(disabled, Contains("guest-ping"));
  EXPECT_THAT(enabled, Not(Contains("guest-get-devices")));
  EXPECT_THAT(disabled, Not(Contains("guest-get-devices")));
}

TEST_F(DispatcherTest, ListsExactlyWhatItAdmitsAsEnabled) {
  const Dispatcher some = with({"guest-ping", "guest-info", "guest-get-vcpus"}, {"guest-info"});
  for (const auto& status : some.commands())
    EXPECT_EQ(some.admit(status.name).has_value(), status.enabled) << status.name;
}

TEST_F(DispatcherTest, ListsTheCommandsThatTheSchemaOnTheWireDescribesInTheSameOrder) {
  std::vector<std::string> described;
  std::string_view rest = commands::introspection();
  while (!rest.empty()) {
    const auto entry = protocol::JsonDocument::parse(protocol::Buffer(rest.substr(0, rest.find('\n'))));
    ASSERT_TRUE(entry) << entry.error().text;
    rest.remove_prefix(rest.find('\n') + 1);
    if (entry->root().find("meta-type")->as_string() != "command") continue;
    described.emplace_back(entry->root().find("name")->as_string());
  }
  std::vector<std::string> listed;
  for (const auto& status : all_.commands()) listed.push_back(status.name);
  EXPECT_EQ(listed, described);
}

TEST_F(DispatcherTest, FiltersExtensionsLikeAllCommands) {
  EXPECT_EQ(refusal(with({}, {"guestd-get-schema"}), "guestd-get-schema"),
            "Command guestd-get-schema has been disabled: the command is not allowed");
  EXPECT_EQ(refusal(with({"guestd-get-schema"}, {}), "guestd-get-schema"), "(admitted)");
  EXPECT_THAT(known_command_names(), Contains("guestd-get-schema"));
}

TEST_F(DispatcherTest, WhileFrozenAdmitsExactlyWhatWorksThenWhateverTheFilterSays) {
  bool frozen = true;
  const Dispatcher dispatcher(CommandFilter({}, {"guest-ping", "guest-get-time"}), [&] { return frozen; });
  EXPECT_EQ(refusal(dispatcher, "guest-ping"), "(admitted)");
  EXPECT_EQ(refusal(dispatcher, "guest-file-open"),
            "Command guest-file-open has been disabled: the command is not allowed");
  EXPECT_EQ(refusal(dispatcher, "guest-pong"), "The command guest-pong has not been found");
  std::vector<std::string> enabled;
  for (const auto& status : dispatcher.commands()) {
    if (status.enabled && status.name.starts_with("guest-")) enabled.push_back(status.name);
  }
  EXPECT_THAT(enabled, testing::UnorderedElementsAre("guest-ping", "guest-info", "guest-sync", "guest-sync-delimited",
                                                     "guest-fsfreeze-status", "guest-fsfreeze-thaw"));
  frozen = false;
  EXPECT_EQ(refusal(dispatcher, "guest-file-open"), "(admitted)");
  EXPECT_EQ(refusal(dispatcher, "guest-ping"), "Command guest-ping has been disabled: the command is not allowed");
}

TEST_F(DispatcherTest, KnowsTheNamesOfOtherPlatformsInConfigurations) {
  EXPECT_THAT(known_command_names(), Contains("guest-get-devices"));
  EXPECT_THAT(known_command_names(), Contains("guest-ping"));
}

TEST_F(DispatcherTest, PutsTheResultIntoTheEnvelope) {
  EXPECT_EQ(reply({"x", {}, true, false, answer_42}), "{\"return\": 42}\n");
}

TEST_F(DispatcherTest, PutsTheSentinelBeforeADelimitedReplyButNotBeforeItsError) {
  constexpr std::array kFeatures{feature::kDelimited};
  EXPECT_EQ(reply({"x", kFeatures, true, false, answer_42}), "\xFF{\"return\": 42}\n");
  EXPECT_EQ(reply({"x", kFeatures, true, false, fail_half_way}).front(), '{');
}

TEST_F(DispatcherTest, SaysNothingOnTheSuccessOfACommandWithoutSuccessResponse) {
  EXPECT_EQ(reply({"x", {}, false, false, answer_42}), "");
  EXPECT_EQ(reply({"x", {}, false, false, fail_half_way}), R"({"error": {"class": "GenericError", "desc": "it broke"}})"
                                                           "\n");
}

TEST_F(DispatcherTest, LeavesNothingOfAResultThatFailedHalfWay) {
  EXPECT_EQ(reply({"x", {}, true, false, fail_half_way}), R"({"error": {"class": "GenericError", "desc": "it broke"}})"
                                                          "\n");
}

TEST_F(DispatcherTest, TurnsWhatACommandThrowsIntoAnError) {
  EXPECT_EQ(reply({"x", {}, true, false, run_out_of_memory}),
            R"({"error": {"class": "GenericError", "desc": "Command x failed: out of memory"}})"
            "\n");
  EXPECT_EQ(
      reply({"x", {}, true, false, meet_a_bug}),
      R"({"error": {"class": "GenericError", "desc": "Command x failed by a bug in guestd: basic_string::substr"}})"
      "\n");
}

TEST_F(DispatcherTest, LeavesWhatTheWriterHeldBeforeAlone) {
  protocol::JsonWriter out;
  out.raw("before\n");
  Dispatcher::execute({"x", {}, true, false, fail_half_way}, protocol::Request(), bench_.context(), out);
  EXPECT_EQ(out.text(),
            "before\n"
            R"({"error": {"class": "GenericError", "desc": "it broke"}})"
            "\n");
}

}  // namespace
}  // namespace guestd::daemon
