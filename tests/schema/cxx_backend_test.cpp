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
  generate_cxx(compiled.schema, "n", compiled.diagnostics);
  return compiled.errors();
}

std::string generated(const std::string& text, std::string_view file) {
  auto compiled = compile(text);
  const auto files = generate_cxx(compiled.schema, "some::name", compiled.diagnostics);
  EXPECT_THAT(compiled.errors(), IsEmpty());
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const GeneratedFile& each) { return each.name == file; });
  return found == files.end() ? std::string() : found->text;
}

TEST(CxxBackend, ReportsTypesThatHoldThemselves) {
  EXPECT_THAT(errors_of("{ 'struct': 'Tree', 'data': { '*left': 'Tree' } }"),
              ElementsAre("test.json:1: error: type 'Tree' holds itself, which C++ cannot express yet"));
}

TEST(CxxBackend, ReportsNamesThatBecomeOneInCxx) {
  EXPECT_THAT(errors_of("{ 'command': 'do' }\n{ 'command': 'guest-do' }\n{ 'enum': 'Ee', 'data': [ 'a1', 'a-1' ] }"),
              ElementsAre("test.json:2: error: command 'guest-do' clashes with 'do' in C++",
                          "test.json:3: error: enum value 'a-1' clashes with 'a1' in C++"));
}

TEST(CxxBackend, ReportsUnionsInBranchesOfUnions) {
  EXPECT_THAT(
      errors_of("{ 'enum': 'Ee', 'data': [ 'a' ] }\n{ 'struct': 'Empty', 'data': {} }\n"
                "{ 'union': 'Inner', 'base': { 'i': 'Ee' }, 'discriminator': 'i', 'data': { 'a': 'Empty' } }\n"
                "{ 'union': 'Outer', 'base': { 'o': 'Ee' }, 'discriminator': 'o', 'data': { 'a': 'Inner' } }\n"),
      ElementsAre("test.json:4: error: branch 'a' holds a union, which C++ cannot express yet"));
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

TEST(CxxBackend, DeclaresNoHandlerForCommandsThatAreNotGenerated) {
  const std::string text =
      "{ 'command': 'guest-one', 'gen': false, 'data': { 'a': 'int' } }\n{ 'command': 'guest-two' }\n";
  EXPECT_THAT(generated(text, "commands.hpp"), Not(HasSubstr("one(")));
  EXPECT_THAT(generated(text, "commands.hpp"), HasSubstr("Result<TwoResult> two(guestd::commands::Context& context);"));
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
