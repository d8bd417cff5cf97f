// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> errors_of(const std::string& text) {
  auto compiled = compile(text);
  generate_cxx(compiled.schema, "n", CxxRole::kServer, compiled.diagnostics);
  return compiled.errors();
}

std::string generated(const std::string& text, std::string_view file, Dialect dialect = {},
                      CxxRole role = CxxRole::kServer) {
  auto compiled = compile(text, dialect);
  const auto files = generate_cxx(compiled.schema, "some::name", role, compiled.diagnostics);
  EXPECT_FALSE(compiled.diagnostics.any()) << testing::PrintToString(compiled.errors());
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const GeneratedFile& each) { return each.name == file; });
  return found == files.end() ? std::string() : found->text;
}

TEST(CxxBackend, GivesEachNameToWhatStandsFirst) {
  const std::string text =
      "{ 'command': 'do' }\n{ 'command': 'guest-do', 'data': { 'a': 'int' } }\n"
      "{ 'enum': 'Ee', 'data': [ 'a1', 'a-1' ] }\n";
  EXPECT_THAT(generated(text, "commands.hpp"),
              AllOf(HasSubstr("Result<DoResult> do_("), HasSubstr("Result<DoResult_2> do_2(")));
  EXPECT_THAT(generated(text, "types.hpp"), AllOf(HasSubstr("kA1,"), HasSubstr("kA1_2,")));
}

TEST(CxxBackend, WritesConditionsForThePreprocessor) {
  const auto written = [](const std::string& condition) {
    const auto text =
        generated("{ 'struct': 'Ss', 'data': { 'm': 'int' }, 'if': " + condition + " }", "types.hpp", {.legacy = true});
    const auto start = text.find("#if ");
    return text.substr(start, text.find('\n', start) - start);
  };
  EXPECT_EQ(written("'AA'"), "#if defined(AA)");
  EXPECT_EQ(written("{ 'not': 'AA' }"), "#if !(defined(AA))");
  EXPECT_EQ(written("{ 'any': [ 'AA', { 'all': [ 'BB', 'CC' ] } ] }"),
            "#if (defined(AA)) || ((defined(BB)) && (defined(CC)))");
  EXPECT_EQ(written("'defined(AA) || BB > 1'"), "#if defined(AA) || BB > 1");
}

TEST(CxxBackend, KeepsWhatIsNotDefinedAsRawJson) {
  const std::string text =
      "{ 'struct': 'Ss', 'base': 'Lost', 'data': { 'a': 'Gone', '*b': [ 'Gone' ] } }\n"
      "{ 'command': 'guest-do', 'data': 'Ss', 'returns': 'Gone' }\n";
  const auto types = generated(text, "types.hpp", {.partial = true});
  EXPECT_THAT(
      types, AllOf(HasSubstr("protocol::RawJson a{};"), HasSubstr("std::optional<std::vector<protocol::RawJson>> b{};"),
                   HasSubstr("using DoResult = protocol::RawJson;")));
  // What a base that is not there may hold cannot be called unexpected.
  EXPECT_THAT(generated(text, "decode.cpp", {.partial = true}), Not(HasSubstr("no_others")));
}

TEST(CxxBackend, MakesClientsForCommandsThatTheServerLeavesOut) {
  const std::string text = "{ 'command': 'guest-one', 'gen': false, 'data': { 'a': 'int' } }\n";
  EXPECT_THAT(generated(text, "calls.hpp", {}, CxxRole::kClient),
              AllOf(HasSubstr("struct One {"), HasSubstr("Result<OneResult> one(protocol::Caller& caller, const "
                                                         "OneArgs& args);")));
  EXPECT_THAT(generated(text, "dispatch.cpp", {}, CxxRole::kClient), IsEmpty());
  EXPECT_THAT(generated(text, "calls.hpp"), IsEmpty());
}

TEST(CxxBackend, ChecksForUnknownMembersInServersOnly) {
  const std::string text =
      "{ 'struct': 'Ss', 'data': { 'a': 'int' } }\n"
      "{ 'command': 'guest-do', 'data': 'Ss', 'returns': 'Ss' }\n";
  EXPECT_THAT(generated(text, "decode.cpp"), HasSubstr("no_others"));
  EXPECT_THAT(generated(text, "decode.cpp", {}, CxxRole::kClient), Not(HasSubstr("no_others")));
}

TEST(CxxBackend, ReportsMisplacedBase64) {
  EXPECT_THAT(errors_of("{ 'command': 'do', 'data': { 'a': { 'type': 'int', 'features': [ 'base64' ] } } }"),
              ElementsAre("test.json:1: error: member 'a' with feature 'base64' must be a 'str'"));
  EXPECT_THAT(errors_of("{ 'struct': 'Bb', 'data': { 'a': { 'type': 'str', 'features': [ 'base64' ] } } }\n"
                        "{ 'command': 'do', 'data': 'Bb', 'returns': 'Bb' }"),
              ElementsAre(HasSubstr("'Bb' with base64 members is used both in arguments and in results")));
}

TEST(CxxBackend, ReportsAtOnceWithoutAResult) {
  EXPECT_THAT(errors_of("{ 'command': 'do', 'features': [ 'at-once' ] }"),
              ElementsAre("test.json:1: error: command 'do' with feature 'at-once' must return something"));
}

TEST(CxxBackend, ReportsWaitsThatCannotBe) {
  for (const std::string more : {"", ", 'returns': 'int', 'coroutine': true"}) {
    EXPECT_THAT(errors_of("{ 'pragma': { 'command-returns-exceptions': [ 'do' ] } }\n{ 'command': 'do', 'features': [ "
                          "'waits' ]" +
                          more + " }"),
                ElementsAre(HasSubstr("with feature 'waits' must return something, and be neither a coroutine nor "
                                      "'at-once'")));
  }
}

TEST(CxxBackend, DeclaresNoHandlerForCommandsThatAreNotGenerated) {
  const std::string text =
      "{ 'command': 'guest-one', 'gen': false, 'data': { 'a': 'int' } }\n{ 'command': 'guest-two' }\n";
  EXPECT_THAT(generated(text, "commands.hpp"), Not(HasSubstr("one(")));
  EXPECT_THAT(generated(text, "commands.hpp"),
              HasSubstr("Result<TwoResult> two(::guestd::commands::Context& context);"));
  EXPECT_THAT(generated(text, "types.hpp"), HasSubstr("struct OneArgs {"));
  EXPECT_THAT(generated(text, "dispatch.cpp"), HasSubstr(".name = \"guest-one\""));
}

TEST(CxxBackend, PutsTypesAfterThoseThatTheyHold) {
  const auto text = generated(
      "{ 'struct': 'First', 'data': { 'a': [ 'Second' ] } }\n{ 'struct': 'Second', 'data': { 'b': 'int' } }\n",
      "types.hpp");
  EXPECT_LT(text.find("struct Second {"), text.find("struct First {"));
  EXPECT_THAT(text, HasSubstr("namespace some::name {"));
}

}  // namespace
}  // namespace guestd::schema
