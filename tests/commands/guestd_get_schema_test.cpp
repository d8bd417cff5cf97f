// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "protocol/encode_constant.hpp"
#include "protocol/json_reader.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using protocol::JsonDocument;
using protocol::JsonView;

/// What the command returns, as a client reads it.
class Schema {
 public:
  Schema() {
    CommandBench bench;
    auto result = guestd_get_schema(bench.context());
    protocol::JsonWriter out;
    protocol::encode::constant(*result, out);
    text_ = out.take_text();
    auto parsed = JsonDocument::parse(protocol::Buffer(text_));
    if (!parsed) throw std::runtime_error(parsed.error().text);
    document_ = std::make_unique<JsonDocument>(*std::move(parsed));
    for (const JsonView entry : document_->root()) {
      const bool added = entries_.emplace(entry.find("name")->as_string(), entry).second;
      if (!added) throw std::runtime_error("two entries of one name");
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::map<std::string, JsonView, std::less<>>& entries() const { return entries_; }
  [[nodiscard]] std::string value(std::string_view entry, std::string_view key) const {
    const auto found = entries_.find(entry);
    if (found == entries_.end()) return "(no entry)";
    const auto member = found->second.find(key);
    return member ? std::string(member->as_string()) : "(no member)";
  }

 private:
  std::string text_;
  std::unique_ptr<JsonDocument> document_;
  std::map<std::string, JsonView, std::less<>> entries_;
};

TEST(GuestdGetSchema, DescribesItself) {
  const Schema schema;
  EXPECT_EQ(schema.value("guestd-get-schema", "meta-type"), "command");
  EXPECT_EQ(schema.value("guestd-get-schema", "arg-type"), "q_empty");
  EXPECT_EQ(schema.value("guestd-get-schema", "ret-type"), "[SchemaInfo]");
  EXPECT_EQ(schema.value("[SchemaInfo]", "element-type"), "SchemaInfo");
  EXPECT_EQ(schema.value("SchemaInfo", "tag"), "meta-type");
}

TEST(GuestdGetSchema, DescribesStandardCommandsWithNamesThatAHostCanReadAbout) {
  const Schema schema;
  EXPECT_EQ(schema.value("guest-file-open", "arg-type"), "q_obj_guest-file-open-arg");
  EXPECT_EQ(schema.value("guest-file-open", "ret-type"), "int");
  EXPECT_EQ(schema.value("guest-info", "ret-type"), "GuestAgentInfo");
  EXPECT_EQ(schema.value("int", "json-type"), "int");
}

TEST(GuestdGetSchema, LeavesOutCommandsOfOtherPlatforms) {
  EXPECT_EQ(Schema().value("guest-get-devices", "meta-type"), "(no entry)");
}

TEST(GuestdGetSchema, IsOneLineInTheStyleOfAllReplies) {
  const Schema schema;
  EXPECT_EQ(schema.text().find('\n'), std::string::npos);
  EXPECT_TRUE(schema.text().starts_with(R"([{"name": "guest-sync-delimited", "meta-type": "command", )"));
  EXPECT_EQ(schema.text().find("}, ,"), std::string::npos);
  EXPECT_TRUE(schema.text().ends_with("}]"));
}

TEST(GuestdGetSchema, KeepsToTheTypeThatItGivesForItsOwnResult) {
  const Schema schema;
  const std::map<std::string, std::string, std::less<>> further{
      {"builtin", "json-type"}, {"enum", "members"},     {"array", "element-type"}, {"object", "members"},
      {"alternate", "members"}, {"command", "arg-type"}, {"event", "arg-type"}};
  for (const auto& [name, entry] : schema.entries()) {
    const auto kind = entry.find("meta-type");
    ASSERT_TRUE(kind && further.contains(kind->as_string())) << name;
    EXPECT_TRUE(entry.find(further.at(std::string(kind->as_string())))) << name;
  }
}

}  // namespace
}  // namespace guestd::commands
