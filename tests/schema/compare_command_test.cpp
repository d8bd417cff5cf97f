// SPDX-License-Identifier: Apache-2.0
// The verbs `introspect` and `compat` as they are called from a shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/compiler/command_line.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::schema {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSchema =
    "{ 'struct': 'Thing', 'data': { 'a': 'int' } }\n"
    "{ 'command': 'get', 'data': { '*x': 'str' }, 'returns': 'Thing' }\n";

class CompareCommand : public testing::Test {
 protected:
  int run(std::vector<std::string> arguments) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_command_line(arguments);
    out_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string file(std::string_view name, std::string_view text) { return dir_.write(name, text); }

  support::TempDir dir_;
  std::string out_;
  std::string errors_;
};

TEST_F(CompareCommand, IntrospectPrintsTheMaskedArray) {
  EXPECT_EQ(run({"introspect", file("a.json", kSchema)}), 0);
  EXPECT_EQ(out_,
            "[\n"
            R"({"name": "get", "meta-type": "command", "arg-type": "0", "ret-type": "1"},)"
            "\n"
            R"({"name": "0", "meta-type": "object", "members": [{"name": "x", "type": "str", "default": null}]},)"
            "\n"
            R"({"name": "1", "meta-type": "object", "members": [{"name": "a", "type": "int"}]},)"
            "\n"
            R"({"name": "str", "meta-type": "builtin", "json-type": "string"},)"
            "\n"
            R"({"name": "int", "meta-type": "builtin", "json-type": "int"})"
            "\n]\n");
  EXPECT_EQ(errors_, "");
}

TEST_F(CompareCommand, IntrospectWritesToAFileAndKeepsNamesWhenAsked) {
  const auto target = dir_.str() + "/out.json";
  EXPECT_EQ(run({"introspect", "--unmask", file("a.json", kSchema), "--out", target}), 0);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(dir_.read("out.json"), HasSubstr(R"("arg-type": "q_obj_get-arg", "ret-type": "Thing")"));
}

TEST_F(CompareCommand, IntrospectWritesSourceForANamespace) {
  EXPECT_EQ(run({"introspect", file("a.json", kSchema), "--namespace", "a::b", "--out", dir_.str() + "/made"}), 0);
  EXPECT_THAT(dir_.read("made/introspection.cpp"), HasSubstr("namespace a::b {"));
  EXPECT_THAT(dir_.read("made/introspection.hpp"), HasSubstr("std::string_view introspection();"));
  EXPECT_EQ(run({"introspect", file("a.json", kSchema), "--namespace", "a::b"}), 2);
}

TEST_F(CompareCommand, IntrospectPrintsNothingForASchemaWithErrors) {
  EXPECT_EQ(run({"introspect", file("a.json", "{ 'command': 'get', 'returns': 'Nothing' }")}), 1);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(errors_, HasSubstr("a.json:1: error: "));
}

TEST_F(CompareCommand, CompatSucceedsQuietlyIfNothingHasChanged) {
  const auto schema = file("a.json", kSchema);
  EXPECT_EQ(run({"compat", schema, schema}), 0);
  EXPECT_EQ(out_ + errors_, "");
}

TEST_F(CompareCommand, CompatSucceedsWithNotes) {
  const auto before = file("old.json", kSchema);
  const auto now = file("new.json", std::string(kSchema) + "{ 'command': 'put' }\n");
  EXPECT_EQ(run({"compat", before, now}), 0);
  EXPECT_EQ(out_, now + ":3: note: command 'put' is new\n");
}

TEST_F(CompareCommand, CompatFailsOnABreakAndNamesTheFileThatHasThePlace) {
  const auto before = file("old.json", std::string(kSchema) + "{ 'command': 'put' }\n");
  const auto now = file("new.json",
                        "{ 'struct': 'Thing', 'data': { 'a': 'int' } }\n"
                        "{ 'command': 'get',\n 'data': { 'x': 'str' }, 'returns': 'Thing' }\n");
  EXPECT_EQ(run({"compat", before, now}), 1);
  EXPECT_EQ(out_, now + ":3: breaking: command 'get': argument 'x' became mandatory\n" + before +
                      ":3: breaking: command 'put' was removed\n");
}

TEST_F(CompareCommand, CompatNeedsTwoGoodSchemas) {
  const auto good = file("good.json", kSchema);
  const auto bad = file("bad.json", "{ 'command': 5 }");
  EXPECT_EQ(run({"compat", good, bad}), 1);
  EXPECT_EQ(run({"compat", bad, good}), 1);
  EXPECT_THAT(errors_, HasSubstr("bad.json:1: error: "));
  EXPECT_EQ(run({"compat", good}), 2);
  EXPECT_THAT(errors_, HasSubstr("qapi-compiler compat OLD NEW"));
}

}  // namespace
}  // namespace guestd::schema
