// SPDX-License-Identifier: Apache-2.0
#include "platform/sshd_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(SshdConfig, IsReadAsSshdDoes) {
  EXPECT_THAT(parse_sshd_config("# comment\n\n  PORT 22\nx=y\n x =  y\r\nA \"b c\" d\\ e 'f' # rest\n"),
              ElementsAre(SshdSetting{"port", {"22"}}, SshdSetting{"x", {"y"}}, SshdSetting{"x", {"y"}},
                          SshdSetting{"a", {"b c", "d e", "f"}}));
}

TEST(SshdConfig, PassesOverLinesThatAreNoSettings) {
  EXPECT_THAT(parse_sshd_config("alone\n=value\na \"open\nb # only a comment\n"), IsEmpty());
}

TEST(SshdConfig, MatchesNamesByPatterns) {
  EXPECT_TRUE(matches_patterns("alice", "bob,alice"));
  EXPECT_TRUE(matches_patterns("alice", "a*e"));
  EXPECT_TRUE(matches_patterns("alice", "?lic?"));
  EXPECT_TRUE(matches_patterns("alice", "*,!bob"));
  EXPECT_FALSE(matches_patterns("alice", "!alice,*"));
  EXPECT_FALSE(matches_patterns("alice", "*,!al*"));
  EXPECT_FALSE(matches_patterns("alice", "!bob")) << "nothing but negations matches nobody";
  EXPECT_FALSE(matches_patterns("alice", "Alice,alic,alicee,"));
  EXPECT_FALSE(matches_patterns(std::string(5000, 'a'), "*a*a*a*a*a*a*a*a*a*a*b"));
}

class KeyFilesOfSshd : public testing::Test {
 protected:
  std::vector<std::string> files() {
    auto found = authorized_keys_files(*Root::at(dir_.str()), account_);
    if (!found) return {"error: " + found.error().text};
    return *found;
  }
  std::vector<std::string> files_with(std::string_view config) {
    dir_.write("etc/ssh/sshd_config", config);
    return files();
  }

  support::TempDir dir_;
  Account account_{"alice", 1000, 1000, "/home/alice", {1000}};
};

TEST_F(KeyFilesOfSshd, AreTheUsualOneWithoutAnyConfiguration) {
  EXPECT_THAT(files(), ElementsAre(".ssh/authorized_keys"));
  EXPECT_THAT(files_with("Port 22\n"), ElementsAre(".ssh/authorized_keys"));
}

TEST_F(KeyFilesOfSshd, AreThoseOfTheFirstSettingWithTokensReplaced) {
  EXPECT_THAT(files_with("AuthorizedKeysFile /keys/%u-%U%% %h/k\nAuthorizedKeysFile other\n"),
              ElementsAre("/keys/alice-1000%", "/home/alice/k"));
}

TEST_F(KeyFilesOfSshd, AreNoneIfItSaysSo) { EXPECT_THAT(files_with("AuthorizedKeysFile NONE\n"), IsEmpty()); }

TEST_F(KeyFilesOfSshd, WithAnUnknownTokenAreAnError) {
  EXPECT_THAT(files_with("AuthorizedKeysFile %x/k\n"), ElementsAre(HasSubstr("unknown token: '%x/k'")));
  EXPECT_THAT(files_with("AuthorizedKeysFile k%\n"), ElementsAre(HasSubstr("unknown token: 'k%'")));
}

TEST_F(KeyFilesOfSshd, ComeFromIncludedFilesInTheirOrder) {
  dir_.write("etc/ssh/sshd_config.d/20-b.conf", "AuthorizedKeysFile second\n");
  dir_.write("etc/ssh/sshd_config.d/10-a.conf", "AuthorizedKeysFile first\n");
  dir_.write("etc/ssh/sshd_config.d/.hidden.conf", "AuthorizedKeysFile hidden\n");
  dir_.write("etc/ssh/sshd_config.d/05-x.conf.bak", "AuthorizedKeysFile backup\n");
  EXPECT_THAT(files_with("Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile last\n"), ElementsAre("first"));
  EXPECT_THAT(files_with("Include missing.conf sshd_config.d/20-b.conf\n"), ElementsAre("second"));
  EXPECT_THAT(files_with("AuthorizedKeysFile own\nInclude sshd_config.d/*.conf\n"), ElementsAre("own"));
}

TEST_F(KeyFilesOfSshd, ThatIncludeThemselvesAreAnErrorAndNoHang) {
  dir_.write("etc/ssh/a.conf", "Include b.conf a.conf\n");
  dir_.write("etc/ssh/b.conf", "Include a.conf b.conf\n");
  EXPECT_THAT(files_with("Include *.conf\n"), ElementsAre(HasSubstr("one included file too many")));
}

TEST_F(KeyFilesOfSshd, OfABlockForTheUserCountMore) {
  constexpr std::string_view kGlobal = "AuthorizedKeysFile everyone\n";
  const auto with = [&](const std::string& rest) { return files_with(std::string(kGlobal) + rest); };
  EXPECT_THAT(with("Match User bob\nAuthorizedKeysFile bobs\nMatch User a*\nAuthorizedKeysFile as\n"),
              ElementsAre("as"));
  EXPECT_THAT(with("Match all\nAuthorizedKeysFile one\nMatch User alice\nAuthorizedKeysFile two\n"),
              ElementsAre("one"));
  EXPECT_THAT(with("Match User alice Address 10.0.0.0/8\nAuthorizedKeysFile far\n"), ElementsAre("everyone"));
  EXPECT_THAT(with("Match Group users\nAuthorizedKeysFile theirs\n"), ElementsAre("everyone"));
  EXPECT_THAT(with("Match User\nAuthorizedKeysFile broken\n"), ElementsAre("everyone"));
}

TEST_F(KeyFilesOfSshd, OfABlockInAnIncludedFileEndWithThatFile) {
  dir_.write("etc/ssh/a.conf", "Match User bob\nAuthorizedKeysFile bobs\n");
  EXPECT_THAT(files_with("Include a.conf\nAuthorizedKeysFile everyone\n"), ElementsAre("everyone"));
  EXPECT_THAT(files_with("Match User bob\nInclude a.conf\n"), ElementsAre(".ssh/authorized_keys"));
}

TEST_F(KeyFilesOfSshd, ComeFromTheDistributionsFolderIfThereIsNoOtherFile) {
  dir_.write("usr/etc/ssh/sshd_config", "AuthorizedKeysFile vendor\n");
  EXPECT_THAT(files(), ElementsAre("vendor"));
  EXPECT_THAT(files_with("AuthorizedKeysFile admin\n"), ElementsAre("admin"));
}

TEST_F(KeyFilesOfSshd, AreUnknownIfTheConfigurationCannotBeRead) {
  dir_.write("etc/ssh/sshd_config/folder", "");
  EXPECT_THAT(files(), ElementsAre("error: cannot read /etc/ssh/sshd_config: Is a directory"));
}

}  // namespace
}  // namespace guestd::platform
