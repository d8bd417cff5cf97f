// SPDX-License-Identifier: Apache-2.0

// Every example of the schema's documentation: whether it fits the schema, and, of commands that are implemented,
// whether a whole agent on the fixture machine "debian12" answers it so. `...` in an example stands for anything; the
// order of members does not count.

#include "schema/compiler/examples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/schema/compiled.hpp"
#include "tests/support/fixture_agent.hpp"

namespace guestd {
namespace {

using testing::IsEmpty;

/// Implemented commands whose examples need what the fixture machine does not have. They are only compared with the
/// schema.
// What guest-exec-status shows is the end of a program, for which a host asks again and again.
const std::set<std::string> kBeyondTheFixture{"guest-exec-status"};

const schema::Compiled& agent_schema() {
  static const auto compiled = schema::compile_file(GUESTD_SOURCE_DIR "/schema/guestd.json");
  return compiled;
}

const schema::Command* find_command(const std::string& name) {
  const auto& commands = agent_schema().schema.commands;
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& each) { return each->name == name; });
  return found == commands.end() ? nullptr : found->get();
}

std::vector<std::string> replayed_commands() {
  std::vector<std::string> names;
  for (const auto& example : schema::examples(agent_schema().schema)) {
    const auto& name = example.command->name;
    if (example.command->gen && !kBeyondTheFixture.contains(name)) names.push_back(name);
  }
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

TEST(Examples, StandAtEveryCommand) {
  ASSERT_THAT(agent_schema().errors(), IsEmpty());
  std::set<std::string> with_example;
  for (const auto& example : schema::examples(agent_schema().schema)) with_example.insert(example.command->name);
  for (const auto& command : agent_schema().schema.commands) {
    EXPECT_TRUE(with_example.contains(command->name)) << command->name << " has no example";
  }
}

TEST(Examples, FitTheSchema) {
  schema::Diagnostics diagnostics;
  schema::check_examples(agent_schema().schema, diagnostics);
  EXPECT_THAT(diagnostics.lines(agent_schema().sources), IsEmpty());
}

TEST(Examples, AreLeftOutOnlyOfCommandsThatAreImplemented) {
  for (const auto& name : kBeyondTheFixture) {
    const auto* command = find_command(name);
    EXPECT_TRUE(command != nullptr && command->gen) << name << " need not be left out";
  }
}

class Replay : public testing::TestWithParam<std::string> {};

/// Processes have the numbers that the kernel gives them: what the example says is said of the one that was started.
struct KnownPid {
  std::string in_example;
  std::string in_truth;

  [[nodiscard]] std::string translate(std::string text) const {
    const auto at = in_example.empty() ? std::string::npos : text.find(in_example);
    return at == std::string::npos ? text : text.replace(at, in_example.size(), in_truth);
  }
  /// `"pid": N` of both.
  void learn(const std::string& example, const std::string& reply) {
    const auto pid_in = [](const std::string& text) {
      constexpr std::string_view kMark = "{\"return\": {\"pid\": ";
      if (!text.starts_with(kMark)) return std::string();
      return text.substr(kMark.size(), text.find('}') - kMark.size());
    };
    if (pid_in(example).empty() || pid_in(reply).empty()) return;
    in_example = pid_in(example);
    in_truth = pid_in(reply);
  }
};

void receive(support::Client& client, const schema::ExampleMessage& expected, const schema::Command& asked,
             KnownPid& pid) {
  auto reply = client.read_line();
  ASSERT_FALSE(reply.empty()) << "no reply for: " << expected.text;
  const bool marked = reply.front() == '\xFF';
  EXPECT_EQ(marked, has_feature(asked.features, "delimited"));
  const auto json = schema::parse_example_json(marked ? reply.substr(1) : reply);
  ASSERT_TRUE(json) << reply;
  pid.learn(expected.text, reply);
  const auto wanted = schema::parse_example_json(pid.translate(expected.text));
  ASSERT_TRUE(wanted);
  EXPECT_TRUE(matches(*wanted, *json)) << "expected: " << expected.text << "\nreply:    " << reply;
}

TEST_P(Replay, IsWhatTheAgentAnswers) {
  for (const auto& example : schema::examples(agent_schema().schema)) {
    if (example.command->name != GetParam()) continue;
    support::FixtureAgent agent("debian12", {}, support::FixtureAgent::run_programs);
    KnownPid pid;
    auto client = agent.connect();
    const schema::Command* asked = nullptr;
    for (const auto& message : example.messages) {
      ASSERT_TRUE(message.json) << message.text;
      if (message.sent) {
        asked = find_command(message.json->find("execute")->text);
        ASSERT_TRUE(asked != nullptr && asked->gen) << message.text;
        ASSERT_TRUE(client.send(pid.translate(message.text) + "\n"));
      } else {
        ASSERT_NE(asked, nullptr);
        ASSERT_NO_FATAL_FAILURE(receive(client, message, *asked, pid));
      }
    }
    EXPECT_TRUE(client.sync()) << "more was sent than the example shows";
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, Replay, testing::ValuesIn(replayed_commands()), [](const auto& instance) {
  auto name = instance.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace guestd
