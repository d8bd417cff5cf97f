// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace guestd {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto parsed = Pattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern;
  return parsed && parsed->matches(text);
}

std::string fault(std::string_view pattern) {
  const auto parsed = Pattern::parse(pattern);
  return parsed ? "(none)" : parsed.error().text;
}

PatternList list(const std::vector<std::string>& items) {
  auto parsed = PatternList::parse(items);
  EXPECT_TRUE(parsed) << parsed.error().text;
  return parsed ? *parsed : PatternList();
}

TEST(Pattern, MatchesTheWholeTextAndNoPartOfIt) {
  EXPECT_TRUE(matches("/etc/hosts", "/etc/hosts"));
  EXPECT_FALSE(matches("/etc/hosts", "/etc/hosts2"));
  EXPECT_FALSE(matches("/etc/hosts", "/etc/host"));
  EXPECT_FALSE(matches("/etc/hosts", ""));
}

TEST(Pattern, KeepsOneStarWithinAFolder) {
  EXPECT_TRUE(matches("/srv/*", "/srv/a"));
  EXPECT_TRUE(matches("/srv/*", "/srv/"));
  EXPECT_FALSE(matches("/srv/*", "/srv/a/b"));
  EXPECT_TRUE(matches("/srv/*/c", "/srv/a/c"));
  EXPECT_FALSE(matches("/srv/*/c", "/srv/a/b/c"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
}

TEST(Pattern, LetsTwoStarsReachBelow) {
  EXPECT_TRUE(matches("/srv/**", "/srv/a"));
  EXPECT_TRUE(matches("/srv/**", "/srv/a/b/c"));
  EXPECT_FALSE(matches("/srv/**", "/srv"));
  EXPECT_FALSE(matches("/srv/**", "/srv2/a"));
  EXPECT_TRUE(matches("**", "/anything/at/all"));
  EXPECT_TRUE(matches("**.log", "/var/log/a.log"));
  EXPECT_TRUE(matches("/a/**/z*", "/a/b/c/zoo"));
  EXPECT_FALSE(matches("/a/**/z*", "/a/b/zoo/c"));
}

TEST(Pattern, TakesOneByteForAQuestionMarkOrASetButNoSlash) {
  EXPECT_TRUE(matches("eth?", "eth0"));
  EXPECT_FALSE(matches("eth?", "eth"));
  EXPECT_FALSE(matches("a?b", "a/b"));
  EXPECT_TRUE(matches("eth[0-3]", "eth2"));
  EXPECT_FALSE(matches("eth[0-3]", "eth4"));
  EXPECT_TRUE(matches("[!a]b", "cb"));
  EXPECT_FALSE(matches("[!a]b", "ab"));
  EXPECT_FALSE(matches("a[!b]c", "a/c"));
  EXPECT_TRUE(matches("[]a]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
}

TEST(Pattern, TakesWhatFollowsABackslashAsItIs) {
  EXPECT_TRUE(matches("a\\*b", "a*b"));
  EXPECT_FALSE(matches("a\\*b", "axb"));
  EXPECT_TRUE(matches("a\\[", "a["));
}

TEST(Pattern, RefusesWhatCouldNotMean) {
  EXPECT_EQ(fault(""), "it is empty");
  EXPECT_EQ(fault("a[b"), "a '[' is never closed");
  EXPECT_EQ(fault("a[]"), "a '[' is never closed");
  EXPECT_EQ(fault("[z-a]"), "a set in brackets is empty");
  EXPECT_EQ(fault("a\\"), "it ends in a backslash");
  EXPECT_EQ(fault(std::string(5000, 'a')), "it is too long");
}

// What the pattern says, tried in every way.
bool naive(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.starts_with("**")) {
    return naive(pattern.substr(2), text) || (!text.empty() && naive(pattern, text.substr(1)));
  }
  if (pattern.front() == '*') {
    const bool may_go_on = !text.empty() && text.front() != '/';
    return naive(pattern.substr(1), text) || (may_go_on && naive(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  const bool fits = pattern.front() == '?' ? text.front() != '/' : pattern.front() == text.front();
  return fits && naive(pattern.substr(1), text.substr(1));
}

TEST(Pattern, AgreesWithTryingEverythingOnRandomTexts) {
  std::mt19937 random(20240229);
  const auto word = [&](std::string_view letters, std::size_t longest) {
    std::string text;
    const std::size_t length = random() % (longest + 1);
    while (text.size() < length) text += letters[random() % letters.size()];
    return text;
  };
  int matched = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string pattern = "/" + word("ab/*?", 7);
    if (pattern.find("***") != std::string::npos) continue;  // the same as two
    const std::string text = "/" + word("ab/", 7);
    const bool expected = naive(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(matches(pattern, text), expected) << pattern << " on " << text;
  }
  EXPECT_GT(matched, 500);
}

TEST(Pattern, IsDoneSoonWithPatternsThatMakeOthersTryForEver) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "**a";
  EXPECT_FALSE(matches(pattern + "b", std::string(4000, 'a')));
}

TEST(PatternList, MatchesEverythingIfNobodySaysOtherwise) {
  EXPECT_TRUE(PatternList().matches_all());
  EXPECT_TRUE(PatternList().matches("x"));
  EXPECT_TRUE(list({"any"}).matches_all());
  EXPECT_EQ(list({"any"}).items(), std::vector<std::string>{"any"});
}

TEST(PatternList, MatchesNothingForNone) {
  EXPECT_FALSE(list({"none"}).matches("none"));
  EXPECT_FALSE(list({"none"}).matches(""));
  EXPECT_FALSE(list({"none"}).matches_all());
}

TEST(PatternList, TakesAwayWhatAnExclamationMarkNames) {
  const auto some = list({"/srv/**", "!/srv/secret/**", "/home/*"});
  EXPECT_TRUE(some.matches("/srv/a"));
  EXPECT_TRUE(some.matches("/home/b"));
  EXPECT_EQ(some.why_not("/srv/secret/a"), "'!/srv/secret/**' takes it away");
  EXPECT_EQ(some.why_not("/etc/a"), "nothing in the list matches it");
  const auto all_but = list({"!root", "!adm*"});
  EXPECT_TRUE(all_but.matches("alice"));
  EXPECT_FALSE(all_but.matches("root"));
  EXPECT_FALSE(all_but.matches_all());
}

TEST(PatternList, SaysWhichItemIsWrong) {
  EXPECT_EQ(PatternList::parse({}).error().text, "is empty: name a pattern, 'any' or 'none'");
  EXPECT_EQ(PatternList::parse({"a", "any"}).error().text, "has 'any' beside other items, which can only stand alone");
  EXPECT_EQ(PatternList::parse({"none", "!a"}).error().text,
            "has 'none' beside other items, which can only stand alone");
  EXPECT_EQ(PatternList::parse({"a", "b[c"}).error().text, "has the item 'b[c': a '[' is never closed");
  EXPECT_EQ(PatternList::parse({"!"}).error().text, "has the item '!': it is empty");
}

}  // namespace
}  // namespace guestd
