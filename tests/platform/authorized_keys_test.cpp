// SPDX-License-Identifier: Apache-2.0
#include "platform/authorized_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/keys.hpp"

namespace guestd::platform {
namespace {

using support::kEcdsaKey;
using support::kEd25519Key;
using support::kRsaKey;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(AuthorizedKeys, AreListedInTheirOrderWithoutCommentsAndBlanks) {
  EXPECT_THAT(keys_in("# one\n\n  key b \r\n\t# two\nkey a"), ElementsAre("key b", "key a"));
  EXPECT_THAT(keys_in(""), IsEmpty());
  EXPECT_THAT(keys_in("\n \n#"), IsEmpty());
}

TEST(AuthorizedKeys, AreAddedBehindTheLastLineAndNothingElseChanges) {
  EXPECT_EQ(with_keys("", {"a", "b"}), "a\nb\n");
  EXPECT_EQ(with_keys("# mine\nz\n", {"a"}), "# mine\nz\na\n");
  EXPECT_EQ(with_keys("z", {"a"}), "z\na\n");
  EXPECT_EQ(with_keys("z\n\n", {"a"}), "z\n\na\n");
}

TEST(AuthorizedKeys, AreAddedOnceOnly) {
  EXPECT_EQ(with_keys("  a \nb", {"b", " a", "c", "c"}), "  a \nb\nc\n");
  EXPECT_EQ(with_keys("a", {"a"}), "a");
  EXPECT_EQ(with_keys("#a\n", {"a"}), "#a\na\n") << "a comment is no key";
}

TEST(AuthorizedKeys, AreRemovedWithAllTheirDoublesAndNothingElse) {
  EXPECT_EQ(without_keys("# a\na\nb\n\n a\t\nc", {"a"}), "# a\nb\n\nc");
  EXPECT_EQ(without_keys("ab\nb a\n", {"a"}), "ab\nb a\n");
  EXPECT_EQ(without_keys("a", {"a"}), "");
  EXPECT_EQ(without_keys("", {"a"}), "");
}

TEST(AuthorizedKeys, TakeKeysOfAllTypesWithOptionsAndComments) {
  const std::string bare = kEd25519Key.substr(0, kEd25519Key.rfind(' '));
  for (const std::string& key :
       {kEd25519Key, kRsaKey, kEcdsaKey, bare, bare + " a comment of many words # here", "  " + bare + "\r",
        "restrict,pty " + bare, "from=\"10.0.0.0/8,!10.1.0.0/16\" " + bare,
        "command=\"echo \\\"two words\\\"; ls\",no-pty\t" + bare, "environment=\"A=b c\" " + bare}) {
    EXPECT_FALSE(fault_of_key(key)) << key << ": " << *fault_of_key(key);
  }
}

TEST(AuthorizedKeys, RefuseInFewWordsWhatTheModelRefuses) {
  for (const char* key : {"# comment", "  # comment", "a\nb", "", " \t"}) EXPECT_EQ(fault_of_key(key), "") << key;
  EXPECT_EQ(fault_of_key(kEd25519Key + "\n"), "");
}

TEST(AuthorizedKeys, RefuseWhatCannotBeAKey) {
  const std::string blob = kEd25519Key.substr(12, 68);
  for (const std::string& key :
       {std::string("ssh-ed25519"), std::string("hello world"), "ssh-rsa " + blob, "ssh-ed25519 " + blob.substr(1),
        "ssh-ed25519 " + blob.substr(0, 67) + "!", std::string("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"),
        std::string("command=\"x\" ssh-ed25519"), std::string("ssh-ed25519 ===="), blob, "a b ssh-ed25519 " + blob}) {
    const auto fault = fault_of_key(key);
    ASSERT_TRUE(fault) << key;
    EXPECT_NE(*fault, "") << key;
  }
  EXPECT_EQ(fault_of_key("command=\"ls ssh-ed25519 " + blob), "a quote is open at its end");
  EXPECT_EQ(fault_of_key(kEd25519Key + "\x1b[2J"), "it has control characters in it");
  EXPECT_EQ(fault_of_key(kEd25519Key + std::string(1, '\0') + "x"), "it has control characters in it");
  EXPECT_EQ(fault_of_key(kEd25519Key + "\rssh-rsa"), "it has control characters in it");
}

}  // namespace
}  // namespace guestd::platform
