// SPDX-License-Identifier: Apache-2.0
#include "daemon/key_file.hpp"

#include <gtest/gtest.h>

#include <string>

namespace guestd::daemon {
namespace {

std::string error_of(std::string_view text) {
  const auto file = KeyFile::parse(text);
  return file ? "" : file.error().text;
}

Result<std::string> only_value(std::string_view text) {
  const auto file = KeyFile::parse(text);
  if (!file) return file.error();
  return string_value(file->groups().at(0).entries.at(0));
}

Result<bool> as_boolean(std::string value) { return boolean_value({"verbose", std::move(value), false}); }

TEST(KeyFile, ReadsGroupsKeysAndValues) {
  const auto file = KeyFile::parse("[general]\nmethod=isa-serial\npath = /dev/ttyS1\n[vsock]\nallow-cid=3\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->groups().size(), 2U);
  EXPECT_EQ(file->groups()[0].name, "general");
  ASSERT_EQ(file->groups()[0].entries.size(), 2U);
  EXPECT_EQ(file->groups()[0].entries[1].key, "path");
  EXPECT_EQ(file->groups()[0].entries[1].value, "/dev/ttyS1");
  EXPECT_EQ(file->groups()[1].entries[0].value, "3");
}

TEST(KeyFile, SkipsCommentsBlankLinesAndIndentation) {
  const auto file = KeyFile::parse("# a\n\n  # b = c\n  [general]  \n\t verbose = 1\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->groups()[0].entries.size(), 1U);
  EXPECT_EQ(file->groups()[0].entries[0].key, "verbose");
}

TEST(KeyFile, TakesLinesThatEndInCrLfAndALastLineWithoutEnd) {
  const auto file = KeyFile::parse("[general]\r\nverbose=1\r\ndaemon=0");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->groups()[0].entries[0].value, "1");
  EXPECT_EQ(file->groups()[0].entries[1].value, "0");
}

TEST(KeyFile, KeepsTheLastValueAndSaysThatThereWereMore) {
  const auto file = KeyFile::parse("[a]\nk=1\nother=x\n[b]\nk=5\n[a]\nk=2\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->groups().size(), 2U);
  EXPECT_EQ(file->groups()[0].entries[0].value, "2");
  EXPECT_TRUE(file->groups()[0].entries[0].repeated);
  EXPECT_FALSE(file->groups()[0].entries[1].repeated);
  EXPECT_FALSE(file->groups()[1].entries[0].repeated);
}

TEST(KeyFile, KeepsEqualsSignsInsideAValue) { EXPECT_EQ(*only_value("[a]\nk=b=c = d\n"), "b=c = d"); }

TEST(KeyFile, DropsBlanksAroundAValueUnlessTheyAreEscaped) {
  EXPECT_EQ(*only_value("[a]\nk= isa-serial \t\n"), "isa-serial");
  EXPECT_EQ(*only_value("[a]\nk=\\sx\\s\n"), " x ");
}

TEST(KeyFile, KnowsWhenItHasOnlyCommentsAndEmptyGroups) {
  EXPECT_TRUE(KeyFile::parse("")->has_no_keys());
  EXPECT_TRUE(KeyFile::parse("# x=y\n[general]\n")->has_no_keys());
  EXPECT_FALSE(KeyFile::parse("[general]\nx=\n")->has_no_keys());
}

TEST(KeyFile, NamesTheLineThatIsWrong) {
  EXPECT_EQ(error_of("[general]\n\nfoo\n"), "line 3: 'foo' is neither a group, nor key=value, nor a comment");
  EXPECT_EQ(error_of("[general]\n;x=1\n"), "");  // as in GLib: a key of the name ";x"
  EXPECT_EQ(error_of("[general]\n; x\n"), "line 2: '; x' is neither a group, nor key=value, nor a comment");
  EXPECT_EQ(error_of("[general]\n=1\n"), "line 2: '=1' is neither a group, nor key=value, nor a comment");
  EXPECT_EQ(error_of("[general\nx=1\n"), "line 1: '[general' is neither a group, nor key=value, nor a comment");
  EXPECT_EQ(error_of("[general] x\n"), "line 1: '[general] x' is neither a group, nor key=value, nor a comment");
  EXPECT_EQ(error_of("x=1\n[general]\n"), "line 1: 'x=1' stands before the first group");
  EXPECT_EQ(error_of("[]\n"), "line 1: '[]' is not a valid group name");
  EXPECT_EQ(error_of("[a[b]\n"), "line 1: '[a[b]' is not a valid group name");
}

TEST(KeyFile, RefusesNulBytes) { EXPECT_EQ(error_of(std::string_view("[a]\nk=\0\n", 9)), "it contains NUL bytes"); }

TEST(KeyFileValue, ResolvesEscapes) { EXPECT_EQ(*only_value("[a]\nk=a\\sb\\tc\\nd\\re\\\\f\n"), "a b\tc\nd\re\\f"); }

TEST(KeyFileValue, RefusesUnknownAndUnfinishedEscapes) {
  EXPECT_EQ(only_value("[a]\nk=/\\x\n").error().text,
            "key 'k' has a value that cannot be interpreted: '/\\x' has an unknown escape");
  EXPECT_EQ(only_value("[a]\nk=/a\\\n").error().text,
            "key 'k' has a value that cannot be interpreted: '/a\\' ends in a backslash");
}

TEST(KeyFileValue, TakesFourSpellingsOfABoolean) {
  EXPECT_TRUE(*as_boolean("true"));
  EXPECT_TRUE(*as_boolean("1"));
  EXPECT_FALSE(*as_boolean("false"));
  EXPECT_FALSE(*as_boolean("0"));
}

TEST(KeyFileValue, RefusesEveryOtherBoolean) {
  for (const char* value : {"yes", "no", "TRUE", "True", "2", "", "on", "true true", "01"}) {
    EXPECT_FALSE(as_boolean(value)) << value;
  }
  EXPECT_EQ(as_boolean("yes").error().text,
            "key 'verbose' has a value that cannot be interpreted: 'yes' is neither true nor false");
}

TEST(KeyFileValue, ReadsBackWhatWasEscaped) {
  for (const std::string text : {"", " ", "\t", " a b ", "a\nb\\c\r", "\t x \t", "/plain", "#;[x]="}) {
    const auto read = only_value("[a]\nk=" + escape_value(text) + "\n");
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, text);
  }
}

}  // namespace
}  // namespace guestd::daemon
