// SPDX-License-Identifier: Apache-2.0
#include "platform/os_release.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

std::string value_of(std::string_view line) {
  const OsRelease values = parse_os_release(line);
  const auto found = values.find("A");
  return found == values.end() ? "(none)" : found->second;
}

TEST(ParseOsRelease, CutsUnquotedValuesAtABlankOrSemicolon) {
  EXPECT_EQ(value_of("A=plain"), "plain");
  EXPECT_EQ(value_of("A=one two"), "one");
  EXPECT_EQ(value_of("A=one;two"), "one");
  EXPECT_EQ(value_of("A="), "");
  EXPECT_EQ(value_of("A=v1.2-3+4"), "v1.2-3+4");
}

TEST(ParseOsRelease, ResolvesEscapesInDoubleQuotes) {
  EXPECT_EQ(value_of(R"(A="a \"b\" \$c \`d\` \\ \' \n")"), R"(a "b" $c `d` \ ' \n)");
  EXPECT_EQ(value_of(R"(A="one" two)"), "one");
  EXPECT_EQ(value_of(R"(A="")"), "");
}

TEST(ParseOsRelease, TakesSingleQuotedValuesAsTheyAre) {
  EXPECT_EQ(value_of("A='B C'"), "B C");
  EXPECT_EQ(value_of(R"(A='\"$x')"), R"(\"$x)");
}

TEST(ParseOsRelease, SkipsALineWithoutClosingQuote) {
  EXPECT_EQ(value_of("A=\"open"), "(none)");
  EXPECT_EQ(value_of("A='open"), "(none)");
  EXPECT_EQ(value_of("A=\"open\\"), "(none)");
  EXPECT_EQ(value_of("A=\"ends in a backslash\\\""), "(none)");
}

TEST(ParseOsRelease, SkipsOnlyTheBadLine) {
  EXPECT_EQ(value_of("rubbish\n=x\n1A=2\nB C=3\nA=good\nmore rubbish"), "good");
}

TEST(ParseOsRelease, DropsAValueThatIsNotUtf8) {
  EXPECT_EQ(value_of("A=\xff"), "(none)");
  EXPECT_EQ(value_of("A=before\nA=\xc3"), "before");
  EXPECT_EQ(value_of("A=\xc3\xa4"), "\xc3\xa4");
}

TEST(ParseOsRelease, TakesTheLastOfSeveral) { EXPECT_EQ(value_of("A=1\nA=2\n"), "2"); }

TEST(ParseOsRelease, ToleratesBlanksCommentsAndCarriageReturns) {
  EXPECT_EQ(value_of("# A=0\r\n\r\n  A=1\r\n"), "1");
  EXPECT_TRUE(parse_os_release("").empty());
  EXPECT_TRUE(parse_os_release("\n\n#").empty());
}

TEST(OsReleaseFile, IsFoundThroughALink) {
  const auto values = os_release(support::FixtureRoot("debian12").root());
  ASSERT_TRUE(values);
  EXPECT_EQ(values->at("PRETTY_NAME"), "Debian GNU/Linux 12 (bookworm)");
}

TEST(OsReleaseFile, FallsBackToTheOneBelowUsr) {
  const support::FixtureRoot fixture;
  fixture.dir().write("usr/lib/os-release", "ID=fallback");
  EXPECT_EQ(os_release(fixture.root())->at("ID"), "fallback");
}

TEST(OsReleaseFile, IsTheGivenOneAndNoOther) {
  const support::FixtureRoot fixture("debian12");
  fixture.dir().write("other", "ID=other");
  EXPECT_EQ(os_release(fixture.root(), "/other")->at("ID"), "other");
  EXPECT_FALSE(os_release(fixture.root(), "/missing"));
}

TEST(OsReleaseFile, OfAWeirdMachineGivesWhatCanBeRead) {
  const auto values = os_release(support::FixtureRoot("weird").root());
  ASSERT_TRUE(values);
  EXPECT_EQ(values->at("NAME"), "Weird \"Linux\"");
  EXPECT_EQ(values->at("VERSION"), "unterminated");
  EXPECT_EQ(values->at("PRETTY_NAME"), "Weird \"quoted\" $5 `x` \\ end");
  EXPECT_EQ(values->at("ID"), "weird");
  EXPECT_EQ(values->count("VARIANT_ID"), 0U);
}

}  // namespace
}  // namespace guestd::platform
