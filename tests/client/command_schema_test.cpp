// SPDX-License-Identifier: Apache-2.0
#include "client/main/command_schema.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/buffer.hpp"

namespace guestd::guestctl {
namespace {

constexpr const char* kSchema = R"([
  {"name": "open", "meta-type": "command", "arg-type": "open-arg", "ret-type": "int"},
  {"name": "none", "meta-type": "command", "arg-type": "empty", "ret-type": "empty"},
  {"name": "empty", "meta-type": "object", "members": []},
  {"name": "open-arg", "meta-type": "object", "members": [
    {"name": "path", "type": "str"},
    {"name": "count", "type": "int", "default": null},
    {"name": "follow", "type": "bool", "default": null},
    {"name": "kind", "type": "Kind", "default": null},
    {"name": "words", "type": "[str]", "default": null},
    {"name": "whence", "type": "Whence", "default": null},
    {"name": "any", "type": "any", "default": null}]},
  {"name": "str", "meta-type": "builtin", "json-type": "string"},
  {"name": "int", "meta-type": "builtin", "json-type": "int"},
  {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
  {"name": "any", "meta-type": "builtin", "json-type": "value"},
  {"name": "[str]", "meta-type": "array", "element-type": "str"},
  {"name": "Kind", "meta-type": "enum", "members": [{"name": "a"}, {"name": "b"}], "values": ["a", "b"]},
  {"name": "Whence", "meta-type": "alternate", "members": [{"type": "int"}, {"type": "Kind"}]}
])";

class Arguments : public testing::Test {
 protected:
  Arguments() : schema_(*protocol::JsonDocument::parse(protocol::Buffer(kSchema))) {}

  /// The JSON, or the error.
  std::string built(const std::vector<std::string>& words) const {
    auto json = arguments_json(words, &schema_, *schema_.argument_type("open"));
    return json ? *json : json.error().text;
  }

  CommandSchema schema_;
};

TEST_F(Arguments, HaveTheTypesOfTheSchema) {
  EXPECT_EQ(built({"path=12", "count=12", "follow=yes", "kind=a"}),
            R"({"path": "12", "count": 12, "follow": true, "kind": "a"})");
}

TEST_F(Arguments, MakeListsOfNamesThatComeAgain) {
  EXPECT_EQ(built({"path=x", "words=a"}), R"({"path": "x", "words": ["a"]})");
  EXPECT_EQ(built({"path=x", "words=a", "words=b=c"}), R"({"path": "x", "words": ["a", "b=c"]})");
  EXPECT_EQ(built({"path=x", R"(words=["a", "b"])"}), R"({"path": "x", "words": ["a", "b"]})");
}

TEST_F(Arguments, ChooseTheBranchOfAnAlternate) {
  EXPECT_EQ(built({"path=x", "whence=1"}), R"({"path": "x", "whence": 1})");
  EXPECT_EQ(built({"path=x", "whence=b"}), R"({"path": "x", "whence": "b"})");
}

TEST_F(Arguments, MayBeOneJsonObject) {
  EXPECT_EQ(built({R"({"path": "/a", "any": [1, {"b": null}]})"}), R"({"path": "/a", "any": [1, {"b": null}]})");
}

TEST_F(Arguments, AreRefusedWithTheirName) {
  EXPECT_EQ(built({}), "path is missing");
  EXPECT_EQ(built({"path=x", "count=1.5"}), "count has to be an integer");
  EXPECT_EQ(built({"path=x", "count=abc"}), "count has to be an integer");
  EXPECT_EQ(built({"path=x", "follow=maybe"}), "follow has to be true or false");
  EXPECT_EQ(built({"path=x", "kind=c"}), "kind has to be one of a, b");
  EXPECT_EQ(built({"path=x", "whence=c"}), "whence has to be of another type");
  EXPECT_EQ(built({R"({"path": 5})"}), "path has to be text");
  EXPECT_EQ(built({R"({"path": "x", "words": ["a", 1]})"}), "words[1] has to be text");
  EXPECT_EQ(built({"path=x", "path=y"}), "path was given twice");
  EXPECT_EQ(built({"pth=x"}), "there is no argument pth; it takes path, count, follow, kind, words, whence, any");
  EXPECT_EQ(built({"nonsense"}), "'nonsense' is neither NAME=VALUE nor a JSON object");
}

TEST_F(Arguments, OfACommandWithoutAnyAreNone) {
  const auto none = arguments_json({}, &schema_, *schema_.argument_type("none"));
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, "");
  const auto some = arguments_json({"a=1"}, &schema_, *schema_.argument_type("none"));
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().text, "there is no argument a; it takes no arguments");
}

TEST(ArgumentsWithoutSchema, AreJsonWhereTheyCanBe) {
  const auto json = arguments_json({"a=1", "b=true", "c=text", "d={\"e\": []}", "f=x", "f=y"}, nullptr, "");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, R"({"a": 1, "b": true, "c": "text", "d": {"e": []}, "f": ["x", "y"]})");
}

TEST(CommandSchema, OfNonsenseKnowsNothing) {
  const CommandSchema schema(*protocol::JsonDocument::parse(protocol::Buffer(R"([1, {}, {"name": 5}, "x"])")));
  EXPECT_FALSE(schema.has_command("open"));
  EXPECT_TRUE(schema.command_names().empty());
}

}  // namespace
}  // namespace guestd::guestctl
