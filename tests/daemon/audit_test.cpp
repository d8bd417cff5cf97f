// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/audit_report.hpp"
#include "daemon/dispatcher.hpp"
#include "protocol/json_reader.hpp"
#include "tests/daemon/session_bench.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Outcome = AuditRecord::Outcome;

/// What has been written, and whether the sink takes more.
struct Written {
  std::vector<AuditRecord> records;
  int reopened = 0;
  bool takes = true;
  bool held = false;
  int finished = 0;
};

class FakeSink final : public AuditSink {
 public:
  explicit FakeSink(std::shared_ptr<Written> written) : written_(std::move(written)) {}
  bool write(const AuditRecord& record) override {
    if (written_->takes) written_->records.push_back(record);
    return written_->takes;
  }
  Result<void> reopen() override {
    ++written_->reopened;
    return {};
  }
  void hold(bool hold) override { written_->held = hold; }
  void finish() override { ++written_->finished; }

 private:
  std::shared_ptr<Written> written_;
};

std::unique_ptr<protocol::Request> request(const std::string& text) {
  protocol::JsonParser parser;
  protocol::FrameReader frames;
  std::string_view bytes = text;
  auto frame = frames.next(bytes);
  auto read = protocol::read_request(*std::move(frame), parser);
  if (!read) throw std::runtime_error(read.error().text);
  return *std::move(read);
}

class AuditTest : public testing::Test {
 protected:
  static const protocol::CommandEntry& entry(std::string_view name) { return **Dispatcher({}).admit(name); }
  void ran(const std::string& text, const Error* error = nullptr, std::string_view result = "{}") {
    const auto asked = request(text);
    audit_.executed(1, entry(asked->command), *asked, 1500us, error, result);
  }
  static std::string open_request(const std::string& path) {
    return R"({"execute": "guest-file-open", "arguments": {"path": ")" + path + "\", \"mode\": \"w\"}}\n";
  }
  [[nodiscard]] const std::vector<AuditRecord>& records() const { return written_->records; }

  std::shared_ptr<Written> written_ = std::make_shared<Written>();
  std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::time_point(1h);
  Audit audit_{std::make_unique<FakeSink>(written_), false, [this] { return now_; }};
};

TEST_F(AuditTest, KeepsARecordOfWhatChangesTheGuest) {
  ran(open_request("/tmp/a"), nullptr, "1000");
  ASSERT_EQ(records().size(), 1U);
  const AuditRecord& record = records()[0];
  EXPECT_EQ(record.client, 1U);
  EXPECT_EQ(record.command, "guest-file-open");
  EXPECT_EQ(record.outcome, Outcome::kDone);
  EXPECT_EQ(record.object, "path=/tmp/a mode=w");
  EXPECT_EQ(record.result, "1000");
  EXPECT_EQ(record.error, "");
  EXPECT_EQ(record.duration, 1500us);
}

TEST_F(AuditTest, TellsFailuresFromRefusals) {
  const Error failure{"no such file"};
  const Error refusal = Error::refused("the policy forbids it");
  ran(open_request("/tmp/a"), &failure);
  ran(open_request("/tmp/b"), &refusal);
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[0].outcome, Outcome::kFailed);
  EXPECT_EQ(records()[0].error, "no such file");
  EXPECT_EQ(records()[1].outcome, Outcome::kRefused);
}

TEST_F(AuditTest, RecordsEveryCommandThatWasRefused) {
  const auto asked = request("{\"execute\": \"guest-get-users\"}\n");
  audit_.refused(3, entry("guest-get-users"), *asked, Error::unsupported("disabled"));
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0].client, 3U);
  EXPECT_EQ(records()[0].command, "guest-get-users");
}

TEST_F(AuditTest, NeverHoldsSecretsOrContents) {
  ran("{\"execute\": \"guest-set-user-password\", \"arguments\": {\"username\": \"alice\", \"password\": "
      "\"c2VjcmV0\", \"crypted\": false}}\n");
  ran("{\"execute\": \"guest-file-write\", \"arguments\": {\"handle\": 1000, \"buf-b64\": \"c2VjcmV0\"}}\n", nullptr,
      R"({"count": 6, "eof": false})");
  ran("{\"execute\": \"guest-ssh-add-authorized-keys\", \"arguments\": {\"username\": \"alice\", \"keys\": "
      "[\"c2VjcmV0\"]}}\n");
  ASSERT_EQ(records().size(), 3U);
  EXPECT_EQ(records()[0].object, "username=alice");
  EXPECT_EQ(records()[1].object, "handle=1000");
  for (const AuditRecord& record : records()) EXPECT_THAT(audit_line(record), Not(HasSubstr("c2VjcmV0")));
}

TEST_F(AuditTest, CountsWhatRepeatsAndTellsItOnce) {
  int woken = 0;
  audit_.wake_with([&] { ++woken; });
  for (int i = 0; i < 500; ++i) ran(open_request("/tmp/a"), nullptr, std::to_string(i));
  ran(open_request("/tmp/b"));
  EXPECT_EQ(records().size(), 2U);
  EXPECT_EQ(woken, 1);
  audit_.flush();
  ASSERT_EQ(records().size(), 3U);
  EXPECT_EQ(records()[2].count, 499U);
  EXPECT_EQ(records()[2].duration, 499 * 1500us);
  EXPECT_EQ(records()[2].object, "path=/tmp/a mode=w");
  ran(open_request("/tmp/a"));
  EXPECT_EQ(records().size(), 4U);
  EXPECT_EQ(woken, 2);
}

TEST_F(AuditTest, CountsWhatComesTooFastAndSaysSo) {
  for (int i = 0; i < 1500; ++i) ran(open_request("/tmp/" + std::to_string(i)));
  EXPECT_EQ(records().size(), 1000U);
  now_ += 1s;
  ran(open_request("/tmp/last"));
  ASSERT_EQ(records().size(), 1002U);
  EXPECT_EQ(records()[1000].object, "500 records before this one were left out: too many that were done");
  EXPECT_EQ(records()[1001].object, "path=/tmp/last mode=w");
}

// Whoever is refused often must not get out of sight what he has changed.
TEST_F(AuditTest, HasAnAllowanceForEachOutcome) {
  const Error refusal = Error::refused("no");
  const Error failure{"no such file"};
  for (int i = 0; i < 1500; ++i) ran(open_request("/etc/" + std::to_string(i)), &refusal);
  for (int i = 0; i < 1500; ++i) ran(open_request("/nowhere/" + std::to_string(i)), &failure);
  ran(open_request("/srv/changed"), nullptr, "1000");
  ASSERT_EQ(records().size(), 2001U);
  EXPECT_EQ(records().back().object, "path=/srv/changed mode=w");
  now_ += 1s;
  ran(open_request("/etc/last"), &refusal);
  ASSERT_EQ(records().size(), 2003U);
  EXPECT_EQ(records()[2001].object, "500 records before this one were left out: too many that were refused");
}

TEST_F(AuditTest, CountsRepetitionsWithinTheAllowanceToo) {
  for (int i = 0; i < 1100; ++i) {
    for (int twice = 0; twice < 2; ++twice) ran(open_request("/tmp/" + std::to_string(i)));
  }
  audit_.flush();
  ASSERT_EQ(records().size(), 1001U);
  EXPECT_EQ(records().back().object, "1200 records before this one were left out: too many that were done");
}

TEST_F(AuditTest, ShowsWhereALongPathEnds) {
  const std::string steps = [] {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "x/../";
    return text;
  }();
  ran(open_request("/" + steps + "usr/bin/dash"));
  ASSERT_EQ(records().size(), 1U);
  EXPECT_THAT(records()[0].object, testing::StartsWith("path=/x/../x/"));
  EXPECT_THAT(records()[0].object, HasSubstr("usr/bin/dash mode=w"));
  EXPECT_LT(records()[0].object.size(), 1100U);
  std::string dots = "/";
  for (int i = 0; i < 260; ++i) dots += "./";
  ran(open_request(dots + "/usr//bin/dash"));
  EXPECT_EQ(records()[1].object, "path=/usr/bin/dash mode=w");
}

TEST_F(AuditTest, TakesNothingForARepetitionThatItDoesNotShowWhole) {
  const std::string filler(2000, 'x');
  for (const char* middle : {"one", "two"}) ran(open_request("/" + filler + middle + filler));
  for (const char* path : {"1.5", "2.5"}) {
    ran(R"({"execute": "guest-file-open", "arguments": {"path": )" + std::string(path) + "}}\n");
  }
  for (const char* character : {"\\u0001", "\\u0002"}) ran(open_request(std::string("/tmp/") + character));
  EXPECT_EQ(records().size(), 6U);
}

// What a host has sent by mistake in place of a public key.
TEST_F(AuditTest, KeepsSecretsOutOfErrorsToo) {
  const std::string secret = "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA";
  const std::string long_secret = secret + std::string(3000, 's');
  const Error error{"invalid OpenSSH public key: '" + secret + "': it is not one"};
  const Error cut{"invalid OpenSSH public key: '" + long_secret.substr(0, 1021) + "...'"};
  const auto add = [](const std::string& key) {
    return R"({"execute": "guest-ssh-add-authorized-keys", "arguments": {"username": "alice", "keys": ["a", ")" + key +
           "\"]}}\n";
  };
  ran(add(secret), &error);
  ran(add(long_secret), &cut);
  const Error named{"failed to lookup user 'alice': no such user"};
  ran(add(secret), &named);
  const Error short_one{"env[0] is 'hunter2'"};
  ran("{\"execute\": \"guest-exec\", \"arguments\": {\"path\": \"/x\", \"env\": [\"hunter2\"]}}\n", &short_one);
  ASSERT_EQ(records().size(), 4U);
  EXPECT_EQ(records()[0].error, "invalid OpenSSH public key: <keys[1]>: it is not one");
  EXPECT_EQ(records()[1].error, "invalid OpenSSH public key: <keys[1]>");
  EXPECT_EQ(records()[2].error, "failed to lookup user 'alice': no such user");
  EXPECT_EQ(records()[3].error, "env[0] is <env[0]>");
}

TEST_F(AuditTest, HoldsNothingThatATerminalObeys) {
  const Error error = Error::refused(
      "the policy forbids '/etc/\x1b[2J\xc2\x9b"
      "31m\xe2\x80\xae\n'");
  ran(open_request("/etc/\\u001b[2J\\u009b31m\\u202e\\u2066"), &error);
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0].object, "path=/etc/?[2J?31m?? mode=w");
  EXPECT_EQ(records()[0].error,
            "the policy forbids '/etc/?[2J?31m?"
            "?'");
}

TEST_F(AuditTest, TellsOncePerHourHowOftenTheOthersWereRun) {
  for (int i = 0; i < 5; ++i) ran("{\"execute\": \"guest-ping\"}\n");
  ran("{\"execute\": \"guest-get-time\"}\n");
  EXPECT_TRUE(records().empty());
  now_ += 1h;
  ran("{\"execute\": \"guest-ping\"}\n");
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0].outcome, Outcome::kCounted);
  EXPECT_EQ(records()[0].object, "questions: guest-ping 6, guest-get-time 1");
  ran("{\"execute\": \"guest-ping\"}\n");
  EXPECT_EQ(records().size(), 1U);
  audit_.end();
  EXPECT_EQ(records().back().object, "questions: guest-ping 1");
}

TEST_F(AuditTest, WritesNothingWhileTheDiskIsFrozen) {
  audit_.hold();
  EXPECT_TRUE(written_->held);
  ran(open_request("/tmp/a"));
  EXPECT_TRUE(audit_.reopen());
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(written_->reopened, 0);
  EXPECT_TRUE(audit_.release());
  EXPECT_EQ(records().size(), 1U);
  EXPECT_EQ(written_->reopened, 1);
  EXPECT_FALSE(written_->held);
  audit_.end();
  EXPECT_EQ(written_->finished, 1);
}

TEST_F(AuditTest, KeepsRoomForChangesBehindRefusalsOfAFrozenDisk) {
  audit_.hold();
  const Error refusal = Error::refused("no");
  for (int i = 0; i < 1000; ++i) ran(open_request("/etc/" + std::to_string(i)), &refusal);
  ran(open_request("/srv/changed"));
  EXPECT_TRUE(audit_.release());
  ASSERT_EQ(records().size(), 502U);
  EXPECT_EQ(records()[500].object, "path=/srv/changed mode=w");
}

TEST_F(AuditTest, KeepsOnlySoMuchForAFrozenDisk) {
  audit_.hold();
  for (int i = 0; i < 1000; ++i) ran(open_request("/tmp/" + std::to_string(i)));
  now_ += 10s;
  for (int i = 0; i < 10; ++i) ran(open_request("/srv/" + std::to_string(i)));
  EXPECT_TRUE(audit_.release());
  ASSERT_EQ(records().size(), 1001U);
  EXPECT_EQ(records().back().object, "10 records after these were dropped while file systems were frozen");
}

TEST_F(AuditTest, SaysHowManyRecordsItsServiceDidNotTake) {
  written_->takes = false;
  ran(open_request("/tmp/a"));
  ran(open_request("/tmp/b"));
  written_->takes = true;
  ran(open_request("/tmp/c"));
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[0].object, "2 records before this one were lost");
}

TEST(AuditFileSink, HoldsOneLineOfJsonPerRecordAndIsReadBack) {
  const support::TempDir dir;
  auto audit = Audit::open({.enabled = true, .file = dir / "audit", .foreground = false, .held = false});
  ASSERT_TRUE(audit);
  const auto asked = request("{\"execute\": \"guest-file-open\", \"arguments\": {\"path\": \"/a \\n\\\"\\u00e9\"}}\n");
  (*audit)->executed(7, **Dispatcher({}).admit("guest-file-open"), *asked, 20us, nullptr, "1000");
  (*audit)->end();
  const std::string text = dir.read("audit");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto line = protocol::JsonDocument::parse(protocol::Buffer(text));
  ASSERT_TRUE(line);
  const auto record = read_audit_record(line->root());
  ASSERT_TRUE(record);
  EXPECT_EQ(record->client, 7U);
  EXPECT_EQ(record->object, "path=/a ?\"\u00e9");
  EXPECT_EQ(record->result, "1000");
  EXPECT_EQ(record->duration, 20us);
  EXPECT_EQ(audit_line(*record), text);
}

TEST(AuditFileSink, IsNotTouchedBeforeAThaw) {
  const support::TempDir dir;
  auto audit = Audit::open({.enabled = true, .file = dir / "audit", .foreground = false, .held = true});
  ASSERT_TRUE(audit);
  EXPECT_FALSE(std::filesystem::exists(dir / "audit"));
  EXPECT_TRUE((*audit)->release());
  (*audit)->end();
  EXPECT_TRUE(std::filesystem::exists(dir / "audit"));
}

TEST(AuditFileSink, SaysWhyItCannotBeOpened) {
  const auto audit = Audit::open({.enabled = true, .file = "/nonexistent/audit", .foreground = false, .held = false});
  ASSERT_FALSE(audit);
  EXPECT_EQ(audit.error().text,
            "audit file '/nonexistent/audit': unable to open specified log file: No such file or directory");
}

// A folder that others can write: whoever lays a link there must not choose what is appended to.
TEST(AuditFileSink, FollowsNoLinkThatAnotherMayHaveLaid) {
  const support::TempDir dir;
  std::filesystem::create_symlink(dir.write("victim", ""), dir / "audit");
  ASSERT_EQ(::chmod(dir.str().c_str(), 01777), 0);
  const Audit::Settings settings{.enabled = true, .file = dir / "audit", .foreground = false, .held = false};
  const auto audit = Audit::open(settings);
  ASSERT_FALSE(audit);
  EXPECT_THAT(audit.error().text, testing::EndsWith("it is a link in a folder that others can write"));
  ASSERT_EQ(::chmod(dir.str().c_str(), 0755), 0);
  EXPECT_TRUE(Audit::open(settings));
}

TEST(AuditReport, AsksTheJournalForTheRecordsOfRootAlone) {
  EXPECT_THAT(audit_journal_command(), HasSubstr(" _UID=0 "));
}

TEST(AuditRecordText, IsOneSentenceForPeople) {
  AuditRecord record;
  record.client = 2;
  record.command = "guest-file-open";
  record.object = "path=/a";
  record.outcome = Outcome::kRefused;
  record.error = "no";
  record.count = 3;
  EXPECT_EQ(audit_sentence(record), "client 2: guest-file-open path=/a refused (3 times): no");
}

TEST(AuditRecordText, HasAFieldForTheJournalPerMember) {
  AuditRecord record;
  record.command = "guest-fstrim";
  record.duration = 12us;
  const std::string datagram = audit_datagram(record);
  EXPECT_THAT(datagram, HasSubstr("MESSAGE=client 0: guest-fstrim done\n"));
  EXPECT_THAT(datagram, HasSubstr("GUESTD_COMMAND=guest-fstrim\n"));
  EXPECT_THAT(datagram, HasSubstr("GUESTD_OUTCOME=done\n"));
  EXPECT_THAT(datagram, HasSubstr("GUESTD_DURATION_US=12\n"));
  EXPECT_THAT(datagram, HasSubstr("MESSAGE_ID=" + std::string(kAuditMessageId) + "\n"));
  EXPECT_THAT(datagram, Not(HasSubstr("GUESTD_ERROR")));
}

TEST(AuditRecordText, IsReadFromTheJournalToo) {
  const auto line = protocol::JsonDocument::parse(protocol::Buffer(std::string_view(
      R"({"GUESTD_TIME": "2026-11-29T20:40:01.000042Z", "GUESTD_CLIENT": "3", "GUESTD_COMMAND": "guest-fstrim",)"
      R"( "GUESTD_OUTCOME": "failed", "GUESTD_ERROR": "no", "MESSAGE": "x", "_PID": "7"})")));
  const auto record = read_audit_record(line->root());
  ASSERT_TRUE(record);
  EXPECT_EQ(utc_text(record->time), "2026-11-29T20:40:01.000042Z");
  EXPECT_EQ(record->client, 3U);
  EXPECT_EQ(record->outcome, Outcome::kFailed);
  EXPECT_EQ(record->error, "no");
}

TEST(AuditRecordText, IsNotReadFromOtherThings) {
  for (const std::string_view text : {"[]", "7", "{}", R"({"time": "yesterday", "outcome": "done"})",
                                      R"({"time": "2026-11-29T20:40:01.000042Z", "outcome": "perhaps"})"}) {
    EXPECT_FALSE(read_audit_record(protocol::JsonDocument::parse(protocol::Buffer(text))->root())) << text;
  }
}

TEST(AuditRecordText, TakesResultsThatAreNumbers) {
  EXPECT_EQ(result_of("1000"), "1000");
  EXPECT_EQ(result_of(R"({"pid": 77})"), "77");
  EXPECT_EQ(result_of("{}"), "");
  EXPECT_EQ(result_of(R"("secret")"), "");
  EXPECT_EQ(result_of(R"({"key": "secret"})"), "");
  EXPECT_EQ(result_of(R"({"count": 6, "eof": false})"), "");
}

// ---- as sessions tell it

TEST(AuditOfASession, NumbersConversationsAndSeesWorkersAndRefusals) {
  SessionBench bench;
  const auto written = std::make_shared<Written>();
  Audit audit(std::make_unique<FakeSink>(written), false);
  PolicyConfiguration policy;
  policy.block = {"guest-get-time"};
  Dispatcher dispatcher(CommandRules(policy, {}));
  Services services = bench.services();
  const Services with_audit{services.io, dispatcher, services.context, services.workers, services.log, &audit};
  Conversation first(bench);
  for (int round = 1; round <= 2; ++round) {
    SocketPair sockets;
    HostEnd host(bench.loop(), std::move(sockets.host));
    auto stream = make_stream(bench.loop().io(), std::move(sockets.agent));
    auto session = std::make_shared<Session>(with_audit, stream, Session::ZeroRead::kEnds, [](Session::End) {});
    session->start();
    EXPECT_THAT(host.ask("{\"execute\": \"guest-file-open\", \"arguments\": {\"path\": \"/etc/hostname\"}}\n"),
                HasSubstr("return"));
    EXPECT_THAT(host.ask("{\"execute\": \"guest-get-time\"}\n"), HasSubstr("has been disabled"));
    EXPECT_THAT(host.ask("{\"execute\": \"guest-no-such\"}\n"), HasSubstr("has not been found"));
    session->mute();
    stream->close();
  }
  ASSERT_EQ(written->records.size(), 4U);
  EXPECT_EQ(written->records[0].client, 1U);
  EXPECT_EQ(written->records[0].outcome, Outcome::kDone);
  EXPECT_EQ(written->records[0].object, "path=/etc/hostname");
  EXPECT_EQ(written->records[1].outcome, Outcome::kRefused);
  EXPECT_EQ(written->records[1].command, "guest-get-time");
  EXPECT_EQ(written->records[2].client, 2U);
}

}  // namespace
}  // namespace guestd::daemon
