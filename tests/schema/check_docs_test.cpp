// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> errors(const std::string& text, Dialect dialect = {}) {
  return compile(text, dialect).errors();
}

TEST(CheckDocs, KnowsTheDataOfEvents) {
  EXPECT_THAT(
      errors("##\n# @DONE:\n#\n# @a: one\n# @b: two\n##\n{ 'event': 'DONE',\n'data': { 'a': 'int', 'c': 'int' } }"),
      ElementsAre("test.json:5: error: documented member 'b' does not exist",
                  "test.json:8: error: member 'c' is not documented"));
}

TEST(CheckDocs, WantsNoArgumentsWhereATypeHasThem) {
  const std::string type = "{ 'struct': 'Xa', 'data': { 'a': 'int' } }\n";
  EXPECT_THAT(errors(type + "##\n# @do:\n##\n{ 'command': 'do', 'data': 'Xa' }"), IsEmpty());
  EXPECT_THAT(errors(type + "##\n# @do:\n#\n# @a: one\n##\n{ 'command': 'do', 'data': 'Xa', 'boxed': true }"),
              ElementsAre("test.json:5: error: documented member 'a' does not exist"));
}

TEST(CheckDocs, KnowsTheMembersOfAllKindsOfTypes) {
  EXPECT_THAT(errors("##\n# @Xa:\n##\n{ 'enum': 'Xa',\n'data': [ 'a' ] }"),
              ElementsAre("test.json:5: error: member 'a' is not documented"));
  EXPECT_THAT(errors("##\n# @Xa:\n##\n{ 'alternate': 'Xa',\n'data': { 'a': 'int', 's': 'str' } }"),
              ElementsAre("test.json:5: error: member 'a' is not documented",
                          "test.json:5: error: member 's' is not documented"));
  EXPECT_THAT(
      errors("{ 'enum': 'Ea', 'data': [ 'a' ] }\n{ 'struct': 'Sa', 'data': {} }\n##\n# @Xa:\n#\n# @a: no member\n##\n"
             "{ 'union': 'Xa', 'discriminator': 'k', 'data': { 'a': 'Sa' },\n'base': { 'k': 'Ea' } }"),
      ElementsAre("test.json:6: error: documented member 'a' does not exist",
                  "test.json:9: error: member 'k' is not documented"));
}

TEST(CheckDocs, WantsTextForMembersAndFeatures) {
  EXPECT_THAT(errors("##\n# @do:\n#\n# @a:\n#\n# Features:\n# @f:\n##\n"
                     "{ 'command': 'do', 'data': { 'a': 'int' }, 'features': [ 'f' ] }"),
              ElementsAre("test.json:4: error: '@a:' has no text", "test.json:7: error: '@f:' has no text"));
}

TEST(CheckDocs, TakesTheDefinitionsThatAPragmaExcepts) {
  EXPECT_THAT(errors("{ 'pragma': { 'documentation-exceptions': [ 'Xa' ] } }\n"
                     "##\n# @Xa:\n#\n# @a:\n##\n{ 'struct': 'Xa', 'data': { 'a': 'int', 'b': 'int' } }"),
              IsEmpty());
}

TEST(CheckDocs, ReportsSectionsThatDoNotBelongThere) {
  EXPECT_THAT(errors("##\n# @Xa:\n#\n# Returns: no\n##\n{ 'struct': 'Xa', 'data': {} }"),
              ElementsAre("test.json:4: error: 'Returns' is for commands only"));
  EXPECT_THAT(errors("##\n# @DONE:\n#\n# Errors: no\n##\n{ 'event': 'DONE' }"),
              ElementsAre("test.json:4: error: 'Errors' is for commands only"));
  EXPECT_THAT(errors("##\n# @do:\n#\n# Returns: nothing on success\n##\n{ 'command': 'do' }"),
              ElementsAre("test.json:4: error: 'Returns' although nothing is returned"));
  EXPECT_THAT(errors("##\n# @do:\n#\n# Errors: a\n#\n# Note: b\n#\n# Note: c\n#\n# Errors: d\n##\n{ 'command': 'do' }"),
              ElementsAre("test.json:10: error: second section 'Errors'"));
}

TEST(CheckDocs, TakesAllOfItInLegacySchemas) {
  EXPECT_THAT(errors("##\n# @do\n#\n# @a: #optional x\ny\n##\n##\n# @do\n#\n# @a: x\n# y\n# @a: z\n#\n# Returns: no\n"
                     "#\n# Returns: no\n##\n{ 'command': 'do' }",
                     Dialect{.legacy = true}),
              ElementsAre("test.json:5: error: expected '{' of a definition"));
  EXPECT_THAT(errors("##\n# @do\n#\n# @a: x\n# y\n# @a: z\n#\n# Returns: no\n#\n# Returns: no\n##\n{ 'command': 'do' }",
                     Dialect{.legacy = true}),
              IsEmpty());
}

}  // namespace
}  // namespace guestd::schema
