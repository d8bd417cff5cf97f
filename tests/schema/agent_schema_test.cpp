// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "schema/compiler/docs_backend.hpp"
#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string kSource = GUESTD_SOURCE_DIR;

Compiled agent() { return compile_file(kSource + "/schema/guest-agent/guest-agent.json"); }

struct Row {
  std::string_view name;
  std::string_view since;
  bool while_frozen;
  bool replies;
};

/// The index of the protocol. Clients see this order through guest-info, in reverse.
constexpr Row kIndex[] = {
    Row{"guest-sync-delimited", "1.1", true, true},
    Row{"guest-sync", "0.15", true, true},
    Row{"guest-ping", "0.15", true, true},
    Row{"guest-get-time", "1.5", false, true},
    Row{"guest-set-time", "1.5", false, true},
    Row{"guest-info", "0.15", true, true},
    Row{"guest-shutdown", "0.15", false, false},
    Row{"guest-file-open", "0.15", false, true},
    Row{"guest-file-close", "0.15", false, true},
    Row{"guest-file-read", "0.15", false, true},
    Row{"guest-file-write", "0.15", false, true},
    Row{"guest-file-seek", "0.15", false, true},
    Row{"guest-file-flush", "0.15", false, true},
    Row{"guest-fsfreeze-status", "0.15", true, true},
    Row{"guest-fsfreeze-freeze", "0.15", false, true},
    Row{"guest-fsfreeze-freeze-list", "2.2", false, true},
    Row{"guest-fsfreeze-thaw", "0.15", true, true},
    Row{"guest-fstrim", "1.2", false, true},
    Row{"guest-suspend-disk", "1.1", false, false},
    Row{"guest-suspend-ram", "1.1", false, false},
    Row{"guest-suspend-hybrid", "1.1", false, false},
    Row{"guest-network-get-interfaces", "1.1", false, true},
    Row{"guest-get-vcpus", "1.5", false, true},
    Row{"guest-set-vcpus", "1.5", false, true},
    Row{"guest-get-disks", "5.2", false, true},
    Row{"guest-get-fsinfo", "2.2", false, true},
    Row{"guest-set-user-password", "2.3", false, true},
    Row{"guest-get-memory-blocks", "2.3", false, true},
    Row{"guest-set-memory-blocks", "2.3", false, true},
    Row{"guest-get-memory-block-info", "2.3", false, true},
    Row{"guest-exec-status", "2.5", false, true},
    Row{"guest-exec", "2.5", false, true},
    Row{"guest-get-host-name", "2.10", false, true},
    Row{"guest-get-users", "2.10", false, true},
    Row{"guest-get-timezone", "2.10", false, true},
    Row{"guest-get-osinfo", "2.10", false, true},
    Row{"guest-get-devices", "5.2", false, true},
    Row{"guest-ssh-get-authorized-keys", "5.2", false, true},
    Row{"guest-ssh-add-authorized-keys", "5.2", false, true},
    Row{"guest-ssh-remove-authorized-keys", "5.2", false, true},
    Row{"guest-get-diskstats", "7.1", false, true},
    Row{"guest-get-cpustats", "7.1", false, true},
    Row{"guest-get-load", "10.0", false, true},
    Row{"guest-network-get-route", "9.1", false, true},
};

TEST(AgentSchema, HasAllCommandsInTheOrderOfTheProtocol) {
  const auto compiled = agent();
  ASSERT_THAT(compiled.errors(), IsEmpty());
  const auto& commands = compiled.schema.commands;
  ASSERT_EQ(commands.size(), std::size(kIndex));
  for (std::size_t index = 0; index < commands.size(); ++index) {
    const Command& command = *commands[index];
    SCOPED_TRACE(command.name);
    EXPECT_EQ(command.name, kIndex[index].name);
    EXPECT_EQ(command.doc->section(DocComment::Section::Kind::kSince)->text, kIndex[index].since);
    EXPECT_EQ(has_feature(command.features, "while-frozen"), kIndex[index].while_frozen);
    EXPECT_EQ(command.success_response, kIndex[index].replies);
  }
}

TEST(AgentSchema, AnswersSyncAtOnceAndMarksOneOfThem) {
  const auto compiled = agent();
  std::vector<std::string> sync;
  std::vector<std::string> delimited;
  for (const auto& command : compiled.schema.commands) {
    if (has_feature(command->features, "delimited")) delimited.push_back(command->name);
    if (!has_feature(command->features, "sync")) continue;
    sync.push_back(command->name);
    EXPECT_FALSE(command->coroutine) << command->name;
  }
  EXPECT_THAT(sync, UnorderedElementsAre("guest-sync", "guest-sync-delimited"));
  EXPECT_THAT(delimited, UnorderedElementsAre("guest-sync-delimited"));
}

TEST(AgentSchema, MarksAllBase64Members) {
  const auto compiled = agent();
  std::vector<std::string> members;
  for (const auto& type : compiled.schema.types) {
    if (type->object() == nullptr) continue;
    for (const auto& member : type->object()->members) {
      if (has_feature(member.features, "base64")) members.push_back(member.name);
    }
  }
  EXPECT_THAT(members, UnorderedElementsAre("buf-b64", "buf-b64", "input-data", "password", "out-data", "err-data"));
}

TEST(AgentSchema, IsWhatTheDocumentationShows) {
  std::ifstream stream(kSource + "/docs/commands.md");
  std::ostringstream text;
  text << stream.rdbuf();
  const auto whole = compile_file(kSource + "/schema/guestd.json");
  EXPECT_TRUE(text.str() == generate_markdown(whole.schema))
      << "write it anew: qapi-compiler docs schema/guestd.json --format markdown --out docs/commands.md";
}

}  // namespace
}  // namespace guestd::schema
