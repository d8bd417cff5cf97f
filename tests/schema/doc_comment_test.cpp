// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/doc_comment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = DocComment::Section::Kind;

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  DocComment doc;

  [[nodiscard]] std::vector<std::string> errors() const { return diagnostics.lines(sources); }
};

Parsed parsed(const std::string& text, bool legacy = false) {
  Parsed result;
  result.doc = parse_doc(text, {result.sources.add("t", text), 1}, result.diagnostics, legacy);
  return result;
}

std::vector<std::string> errors(const std::string& text) { return parsed(text).errors(); }

TEST(DocComment, FallsIntoTextMembersFeaturesAndSections) {
  const auto [sources, diagnostics, doc] = parsed(
      "@cmd:\n\nFirst.\nSecond.\n\n@one: text of one,\n    on two lines\n\n@two-b: text of two\n\n"
      "Features:\n\n@f: text of f\n\nReturns: a thing\n\nErrors:\n    - bad\n    - worse\n\nSince: 1.0\n");
  EXPECT_FALSE(diagnostics.any());
  EXPECT_EQ(doc.symbol, "cmd");
  EXPECT_EQ(doc.section(Kind::kText)->text, "First.\nSecond.");
  EXPECT_EQ(doc.member("one")->text, "text of one,\non two lines");
  EXPECT_EQ(doc.member("one")->position.line, 7U);
  EXPECT_EQ(doc.member("two-b")->text, "text of two");
  EXPECT_EQ(doc.member("f"), nullptr);
  EXPECT_EQ(doc.feature("f")->text, "text of f");
  EXPECT_EQ(doc.section(Kind::kReturns)->text, "a thing");
  EXPECT_EQ(doc.section(Kind::kErrors)->text, "- bad\n- worse");
  EXPECT_EQ(doc.section(Kind::kSince)->text, "1.0");
  EXPECT_EQ(doc.section(Kind::kNote), nullptr);
}

TEST(DocComment, KeepsParagraphsOfAMemberTogether) {
  const auto result = parsed("@X:\n\n@a: one\n\n    two\n\nThree.\n");
  EXPECT_EQ(result.doc.member("a")->text, "one\n\ntwo");
  EXPECT_EQ(result.doc.section(Kind::kText)->text, "Three.");
}

TEST(DocComment, WithoutANameIsFreeText) {
  const auto result = parsed("= A title\n\nSince: no section here\n\n    code\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.doc.symbol, "");
  EXPECT_EQ(result.doc.title, "A title");
  EXPECT_EQ(result.doc.section(Kind::kText)->text, "Since: no section here\n\n    code");
}

TEST(DocComment, ReportsWhatCannotBeMeant) {
  EXPECT_THAT(errors("@X\n"), ElementsAre("t:2: error: line should end with ':'"));
  EXPECT_THAT(errors("@X: y\n"), ElementsAre("t:2: error: unexpected text after the name and ':'"));
  EXPECT_THAT(errors("@:\n"), ElementsAre("t:2: error: name required after '@'"));
  EXPECT_THAT(errors("@X:\n\n@a: b\n@a: c\n"), ElementsAre("t:5: error: 'a' is documented twice"));
  EXPECT_THAT(errors("@X:\n\n@: b\n"), ElementsAre("t:4: error: name required after '@'"));
  EXPECT_THAT(errors("@X:\n\nSince:\n"), ElementsAre("t:4: error: text required in section 'Since'"));
  EXPECT_THAT(errors("@X:\n\nExample:\n\nSince: 1\n"), ElementsAre("t:4: error: text required in section 'Example'"));
  EXPECT_THAT(errors("@X:\n\n  in\n"), ElementsAre("t:4: error: unexpected indentation"));
}

TEST(DocComment, ReportsFeaturesWithoutDescriptions) {
  EXPECT_THAT(errors("@X:\n\nFeatures:\n"),
              ElementsAre("t:4: error: descriptions of features expected after 'Features:'"));
  EXPECT_THAT(errors("@X:\n\nFeatures:\n\nSince: 1\n"),
              ElementsAre("t:4: error: descriptions of features expected after 'Features:'"));
  EXPECT_THAT(errors("@X:\n\nFeatures:\n@a: b\n\nFeatures:\n@c: d\n"),
              ElementsAre("t:7: error: duplicate 'Features:'"));
}

TEST(DocComment, ReportsMembersThatComeTooLate) {
  EXPECT_THAT(errors("@X:\n\nSince: 1\n\n@a: b\n"), ElementsAre("t:6: error: description of '@a:' follows a section"));
  EXPECT_THAT(errors("@X:\n\n@a: b\n\nText.\n\n@b: c\n"),
              ElementsAre("t:8: error: description of '@b:' follows a section"));
  EXPECT_THAT(errors("@X:\n\nFeatures:\n@a: b\n\nText.\n\n@b: c\n"),
              ElementsAre("t:9: error: description of '@b:' follows a section"));
}

TEST(DocComment, ReportsTextThatLostItsIndentation) {
  constexpr const char* kAdvice = ": indent what belongs to it, put a blank line before what does not";
  EXPECT_THAT(errors("@X:\n\n@a: b\nc\n"),
              ElementsAre("t:5: error: text in the first column right after '@a:'" + std::string(kAdvice)));
  EXPECT_THAT(errors("@X:\n\nReturns: b\nc\n"),
              ElementsAre("t:5: error: text in the first column right after 'Returns'" + std::string(kAdvice)));
  EXPECT_THAT(errors("@X:\n\nFeatures:\n@a: b\nc\n"),
              ElementsAre("t:6: error: text in the first column right after '@a:'" + std::string(kAdvice)));
  EXPECT_THAT(errors("@X:\n\n@a: b\n    c\n  d\n"),
              ElementsAre("t:6: error: unexpected de-indent, expected at least 4 spaces"));
}

TEST(DocComment, ReportsDescriptionsAndLateHeadingsInFreeText) {
  EXPECT_THAT(errors("Text.\n\n@a: b\n"), ElementsAre("t:4: error: description of '@a:' in free text"));
  EXPECT_THAT(errors("Text.\n\n= Title\n"), ElementsAre("t:4: error: '=' heading must come first in its comment"));
  EXPECT_THAT(errors("@X:\n\n= Title\n"), ElementsAre("t:4: error: '=' heading in the documentation of a definition"));
}

TEST(DocComment, KnowsTheLevelOfATitle) {
  const auto sub = parsed("== Below\n\nText.\n");
  EXPECT_EQ(sub.doc.title, "Below");
  EXPECT_EQ(sub.doc.title_level, 2);
  const auto underlined = parsed("=====\nTitle\n=====\n");
  EXPECT_THAT(underlined.errors(), IsEmpty());
  EXPECT_EQ(underlined.doc.section(Kind::kText)->text, "=====\nTitle\n=====");
}

TEST(DocComment, TakesTheIndentationOfTheSecondLine) {
  const auto result = parsed(
      "@X:\n\n@aligned: one\n          two\n@below:\n    three\n\n    four\n      five\n\nFeatures:\n@f: six\n   "
      "seven\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.doc.member("aligned")->text, "one\ntwo");
  EXPECT_EQ(result.doc.member("below")->text, "three\n\nfour\n  five");
  EXPECT_EQ(result.doc.feature("f")->text, "six\nseven");
}

TEST(DocComment, TakesAnExampleInTheFirstColumn) {
  const auto result =
      parsed("@X:\n\nExamples:\n\n1. First\n\n-> { \"a\":\n     1 }\n<- {}\n\nAnd so on.\n\nSince: 1\n\nText.\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  const auto* example = result.doc.section(Kind::kExample);
  ASSERT_NE(example, nullptr);
  EXPECT_EQ(example->text, "1. First\n\n-> { \"a\":\n     1 }\n<- {}\n\nAnd so on.");
  EXPECT_EQ(example->text_position.line, 6U);
  EXPECT_EQ(result.doc.section(Kind::kSince)->text, "1");
  EXPECT_EQ(result.doc.section(Kind::kText)->text, "Text.");
}

TEST(DocComment, TakesTheDirectivesOfTheNewerMarkup) {
  const auto result = parsed(
      "@X:\n\n.. note:: first\n   second\n\n   third\n\n.. warning:: hot\n\n.. admonition:: Aside\n\n    text\n\n"
      ".. qmp-example::\n   :annotated:\n   :title: Two\n\n   -> {}\n   <- {}\n\n.. code-block:: c\n\n   x\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  ASSERT_EQ(result.doc.sections.size(), 5U);
  const auto& sections = result.doc.sections;
  EXPECT_EQ(sections[0].kind, Kind::kNote);
  EXPECT_EQ(sections[0].text, "first\nsecond\n\nthird");
  EXPECT_EQ(sections[0].title, "");
  EXPECT_EQ(sections[1].title, "Warning");
  EXPECT_EQ(sections[2].title, "Aside");
  EXPECT_EQ(sections[2].text, "text");
  EXPECT_EQ(sections[3].kind, Kind::kExample);
  EXPECT_EQ(sections[3].title, "Two");
  EXPECT_TRUE(sections[3].annotated);
  EXPECT_EQ(sections[3].text, "-> {}\n<- {}");
  EXPECT_EQ(sections[3].text_position.line, 19U);
  EXPECT_EQ(sections[4].kind, Kind::kText);
  EXPECT_EQ(sections[4].text, ".. code-block:: c\n\n   x");
}

TEST(DocComment, TakesNoSectionFromWordsWithTwoColons) {
  const auto result = parsed("@X:\n\nExamples::\n\n  no code\n\nTODO: more\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.doc.section(Kind::kExample), nullptr);
  EXPECT_EQ(result.doc.section(Kind::kText)->text, "Examples::\n\n  no code");
  EXPECT_EQ(result.doc.section(Kind::kTodo)->text, "more");
}

TEST(DocComment, KeepsWhatItCanOfLegacyText) {
  const auto result =
      parsed("@X\n\n@a: #optional one\ntwo\n@a: three\n\nReturns: four\nfive\n\n@b:\n\nSince 1.5\n ##\n", true);
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.doc.symbol, "X");
  EXPECT_EQ(result.doc.member("a")->text, "one\ntwo");
  EXPECT_EQ(result.doc.section(Kind::kReturns)->text, "four\nfive");
  ASSERT_NE(result.doc.section(Kind::kSince), nullptr);
  EXPECT_EQ(result.doc.section(Kind::kSince)->text, "1.5");
}

TEST(DocComment, FindsMembersInLegacyTextWithoutAName) {
  const auto result = parsed("Does it.\n\n@a: one\n\nReturns: two\n\nSince: 1.1\n ##\n", true);
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.doc.symbol, "");
  EXPECT_EQ(result.doc.member("a")->text, "one");
  EXPECT_EQ(result.doc.section(Kind::kSince)->text, "1.1");
}

}  // namespace
}  // namespace guestd::schema
