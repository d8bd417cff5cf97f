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

Parsed parsed(const std::string& text) {
  Parsed result;
  result.doc = parse_doc(text, {result.sources.add("t", text), 1}, result.diagnostics);
  return result;
}

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
  EXPECT_THAT(parsed("@X\n").errors(), ElementsAre("t:2: error: line should end with ':'"));
  EXPECT_THAT(parsed("@X: y\n").errors(), ElementsAre("t:2: error: unexpected text after the name and ':'"));
  EXPECT_THAT(parsed("@:\n").errors(), ElementsAre("t:2: error: name required after '@'"));
  EXPECT_THAT(parsed("@X:\n\n@a: b\n@a: c\n").errors(), ElementsAre("t:5: error: 'a' is documented twice"));
  EXPECT_THAT(parsed("@X:\n\n@a:\n").errors(), ElementsAre("t:4: error: '@a:' has no text"));
  EXPECT_THAT(parsed("@X:\n\nSince:\n").errors(), ElementsAre("t:4: error: section has no text"));
}

}  // namespace
}  // namespace guestd::schema
