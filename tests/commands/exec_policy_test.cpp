// SPDX-License-Identifier: Apache-2.0
#include "commands/exec_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ExecPolicy : public ExecTest {
 protected:
  void SetUp() override {
    for (const char* path : {"allowed", "other", "search"}) fs::create_directories(dir() / path);
    copy("/bin/cat", "allowed/cat");
    copy("/bin/cat", "other/cat");
    script("allowed/script", "#!/bin/sh\necho script $1\n");
    script("allowed/bare", "echo bare $1\n");
    script("other/script", "#!/bin/sh\necho other\n");
    restrict(&AccessRules::programs, {true_dir() + "/allowed/*"});
  }
  [[nodiscard]] fs::path dir() const { return bench_.dir().str(); }
  [[nodiscard]] std::string true_dir() const { return fs::canonical(dir()).string(); }
  void copy(const std::string& from, const std::string& to) const { fs::copy_file(from, dir() / to); }
  void script(const std::string& name, const std::string& text) {
    bench_.dir().write(name, text);
    ASSERT_EQ(::chmod((dir() / name).c_str(), 0755), 0);
  }
  void restrict(AccessRule AccessRules::*rule, const std::vector<std::string>& items) {
    Settings settings = *bench_.context().settings.now();
    (settings.access.*rule).allowed = *PatternList::parse(items);
    bench_.context().settings.replace(std::move(settings));
  }
  [[nodiscard]] GuestdExecArgs program(const std::string& path, std::vector<std::string> arguments = {}) const {
    GuestdExecArgs args;
    args.path = path.find('/') == 0 || path.find('/') == std::string::npos ? path : (dir() / path).string();
    args.args = std::move(arguments);
    return args;
  }
  /// Of both commands that start programs, which have to agree.
  std::string refusal(const GuestdExecArgs& args) {
    const auto ours = guestd_exec(bench_.context(), args);
    if (ours) return "(started)";
    EXPECT_EQ(ours.error().kind, Error::Kind::kRefused) << ours.error().text;
    ExecArgs standard;
    standard.path = args.path;
    standard.arg = args.args;
    standard.env = args.env;
    const auto theirs = exec(bench_.context(), standard);
    if (!args.user && !args.group && !args.cwd) {
      EXPECT_EQ(theirs ? "(started)" : theirs.error().text, ours.error().text);
    }
    return ours.error().text;
  }
  Result<GuestdExecWriteResult> feed(std::int64_t pid, std::string text) {
    GuestdExecWriteArgs args;
    args.pid = pid;
    std::string encoded;
    protocol::base64::encode(std::as_bytes(std::span(text)), encoded);
    args.data = protocol::Base64Text(encoded);
    args.eof = true;
    protocol::Waiting waiting;
    waiting.is_over = true;
    auto written = guestd_exec_write(bench_.context(), args, waiting);
    if (!written) return std::move(written).error();
    return **std::move(written);
  }
};

TEST_F(ExecPolicy, RunsWhatIsAllowed) {
  auto args = program("allowed/cat");
  std::string encoded = "aGVsbG8=";
  args.input_data = protocol::Base64Text(encoded);
  EXPECT_EQ(run(args).out, "hello");
  EXPECT_EQ(run(program("allowed/script", {"one"})).out, "script one\n");
  EXPECT_EQ(run(program("allowed/bare", {"two"})).out, "bare two\n");
}

TEST_F(ExecPolicy, RefusesOtherPrograms) {
  EXPECT_EQ(refusal(program("other/cat")), "failed to start '" + (dir() / "other/cat").string() +
                                               "': the policy forbids running '" + true_dir() +
                                               "/other/cat': nothing in the list matches it (exec-programs)");
  EXPECT_THAT(refusal(program("/bin/sh")), EndsWith("nothing in the list matches it (exec-programs)"));
  EXPECT_THAT(refusal(program("sh")), EndsWith("nothing in the list matches it (exec-programs)"));
  EXPECT_THAT(refusal(program("other/script")), EndsWith("(exec-programs)"));
}

TEST_F(ExecPolicy, GoesByWhereTheProgramTrulyLies) {
  fs::create_symlink(dir() / "other/cat", dir() / "allowed/link");
  fs::create_symlink(dir() / "other", dir() / "allowed/folder");
  for (const char* path : {"allowed/link", "allowed/folder/cat", "allowed/../other/cat"}) {
    EXPECT_THAT(refusal(program(path)), HasSubstr("running '" + true_dir() + "/other/cat'")) << path;
  }
  fs::create_symlink(dir() / "allowed/script", dir() / "other/good");
  EXPECT_EQ(run(program("other/good", {"by link"})).out, "script by link\n");
}

TEST_F(ExecPolicy, LooksWhereTheProgramWouldBeLookedFor) {
  // What is relative begins in the folder of the program.
  auto args = program("", {"-c", "x"});
  args.path = "./cat";
  args.cwd = (dir() / "other").string();
  EXPECT_THAT(refusal(args), HasSubstr("running '" + true_dir() + "/other/cat'"));
  args.args.reset();
  args.cwd = (dir() / "allowed").string();
  EXPECT_TRUE(run(args).last.exited);
}

TEST_F(ExecPolicy, TellsOfWhatCannotBeExecuted) {
  bench_.dir().write("allowed/text", "no program");
  EXPECT_THAT(start_error(program("allowed/text")), EndsWith("(Permission denied)"));
  EXPECT_THAT(start_error(program("allowed/missing")), EndsWith("(No such file or directory)"));
  EXPECT_THAT(start_error(program((dir() / "allowed").string())), EndsWith("(Permission denied)"));
  script("allowed/lost", "#!/no/such/interpreter\n");
  EXPECT_THAT(start_error(program("allowed/lost")), EndsWith("(No such file or directory)"));
}

// Between the question and the start somebody puts another program in its place.
TEST_F(ExecPolicy, ExecutesTheVeryFileThatWasAllowed) {
  ExecStart start;
  start.process.path = (dir() / "allowed/script").string();
  start.process.arguments = {"checked"};
  start.sinks = {ChildSink::kCapture, ChildSink::kCapture};
  ASSERT_TRUE(ask_policy(bench_.context(), std::nullopt, {}, start));
  EXPECT_EQ(start.identity.program, true_dir() + "/allowed/script");
  fs::rename(dir() / "allowed/script", dir() / "allowed/before");
  script("allowed/script", "#!/bin/sh\necho exchanged\n");
  const auto pid = bench_.processes().start(std::move(start));
  ASSERT_TRUE(pid) << pid.error().text;
  EXPECT_EQ(follow(*pid).out, "script checked\n");
}

TEST_F(ExecPolicy, LeavesNoDescriptorOpenInAProgram) {
  restrict(&AccessRules::programs, {"/**"});
  EXPECT_EQ(run(program("/bin/sh", {"-c", "ls /proc/$$/fd | tr '\\n' ' '"})).out, "0 1 2 ");
}

TEST_F(ExecPolicy, GivesRestrictedProgramsNoVariableThatSteersThem) {
  for (const char* variable : {"LD_PRELOAD=/tmp/evil.so", "PATH=/tmp", "ENV=/tmp/x", "BASH_ENV=/tmp/x", "LC_ALL=/tmp/x",
                               "LANGUAGE=../../tmp"}) {
    auto args = program("allowed/script");
    args.env = std::vector<std::string>{"TERM=dumb", variable};
    EXPECT_THAT(refusal(args), HasSubstr("the policy forbids giving programs the variable '")) << variable;
  }
  auto args = program("allowed/script", {"x"});
  args.env = std::vector<std::string>{"TERM=dumb", "LANG=C.UTF-8", "LC_ALL=C"};
  EXPECT_EQ(run(args).out, "script x\n");
  restrict(&AccessRules::programs, {"any"});
  args.env->push_back("PATH=/usr/bin:/bin");
  EXPECT_EQ(run(args).out, "script x\n");
}

TEST_F(ExecPolicy, AsksWhoseProgramsRun) {
  restrict(&AccessRules::programs, {"any"});
  restrict(&AccessRules::exec_users, {"nobody"});
  auto args = program("/bin/true");
  if (::geteuid() == 0) {
    // Without a user it would be the agent's own.
    EXPECT_THAT(refusal(args), HasSubstr("the policy forbids running programs as 'root'"));
    for (const char* user : {"root", "0"}) {
      args.user = user;
      EXPECT_THAT(refusal(args), HasSubstr("the policy forbids running programs as 'root'")) << user;
    }
    args.user = "nobody";
    EXPECT_TRUE(run(args).last.exited);
    args.user = std::to_string(65534);
    EXPECT_TRUE(run(args).last.exited);
    args.group = "root";
    EXPECT_THAT(refusal(args), EndsWith("with a group that this user is not in (exec-users)"));
    args.user.reset();
    EXPECT_THAT(refusal(args), HasSubstr("running programs as 'root'"));
    args.group.reset();
    args.user = "4242424";
    args.group = "nogroup";
    EXPECT_THAT(refusal(args), HasSubstr("running programs as '4242424'"));
  } else {
    EXPECT_THAT(refusal(args), HasSubstr("the policy forbids running programs as '"));
  }
}

TEST_F(ExecPolicy, AsksAboutBothNamesOfAUser) {
  CommandBench bench("debian12");
  bench.machine().write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0:other:/root:/bin/sh\n");
  Settings settings = *bench.context().settings.now();
  settings.access.exec_users.allowed = *PatternList::parse({"!root"});
  bench.context().settings.replace(std::move(settings));
  GuestdExecArgs args;
  args.path = "/bin/true";
  args.user = "toor";
  const auto started = guestd_exec(bench.context(), args);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text,
            "failed to start '/bin/true': the policy forbids running programs as 'root': '!root' takes it away "
            "(exec-users)");
}

TEST_F(ExecPolicy, FeedsWhatMayStillRun) {
  auto args = program("allowed/cat");
  args.stdin_ = GuestdExecInput::kStream;
  const auto pid = start(args);
  EXPECT_TRUE(feed(pid, "text"));
  EXPECT_EQ(follow(pid).out, "text");
}

TEST_F(ExecPolicy, DoesNotFeedWhatMayNotRunAnyMore) {
  auto args = program("allowed/cat");
  args.stdin_ = GuestdExecInput::kStream;
  const auto pid = start(args);
  restrict(&AccessRules::programs, {"none"});
  const auto refused = feed(pid, "text");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Error::Kind::kRefused);
  EXPECT_EQ(refused.error().text, "the policy forbids running '" + true_dir() +
                                      "/allowed/cat': nothing in the list matches it (exec-programs)");
  // To end and to hear it is always allowed.
  GuestdExecSignalArgs signal;
  signal.pid = pid;
  signal.signal = std::string("KILL");
  EXPECT_TRUE(guestd_exec_signal(bench_.context(), signal));
  EXPECT_TRUE(follow(pid).last.exited);
}

TEST_F(ExecPolicy, DoesNotFeedWhatWasStartedBeforeThereWereRules) {
  restrict(&AccessRules::programs, {"any"});
  auto args = program("/bin/cat");
  args.stdin_ = GuestdExecInput::kStream;
  const auto pid = start(args);
  restrict(&AccessRules::programs, {"/**"});
  EXPECT_THAT(feed(pid, "text").error().text, EndsWith("was started before there was this rule (exec-programs)"));
  restrict(&AccessRules::programs, {"any"});
  restrict(&AccessRules::exec_users, {"*"});
  EXPECT_THAT(feed(pid, "text").error().text, EndsWith("was started before there was this rule (exec-users)"));
  restrict(&AccessRules::exec_users, {"any"});
  EXPECT_TRUE(feed(pid, "text"));
  EXPECT_EQ(follow(pid).out, "text");
}

}  // namespace
}  // namespace guestd::commands
