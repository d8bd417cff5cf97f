// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

using Action = CommandLine::Action;
using Names = std::vector<std::string>;

constexpr std::array<std::string_view, 4> kKnown{"guest-sync", "guest-ping", "guest-exec", "guest-shutdown"};
constexpr const char* kRealAgent = "/usr/sbin/qemu-ga";

class Options : public testing::Test {
 protected:
  Options() { context_.sources.defaults.clear(); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    std::filesystem::permissions(folder_ + "/" + name, std::filesystem::perms{0600});
    return folder_ + "/" + name;
  }
  // The file that is read when no option names one.
  void configure(const std::string& text) { context_.sources.defaults = {write("default.conf", text)}; }

  CommandLine parse(Names arguments, std::string program = "guestd") {
    arguments.insert(arguments.begin(), std::move(program));
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    testing::internal::CaptureStderr();
    auto line = parse_command_line(static_cast<int>(arguments.size()), argv.data(), context_);
    stderr_ = testing::internal::GetCapturedStderr();
    return line;
  }

  support::TempDir directory_;
  std::string folder_ = directory_.str();
  std::string stderr_;  // of the last parse
  StartContext context_{kKnown, "{\"name\": \"a\"}\n{\"name\": \"b\"}\n", {}};
};

TEST_F(Options, TheHookOfTheEnvironmentStandsBetweenOptionAndFile) {
  configure("[general]\nfsfreeze-hook=/file\n");
  EXPECT_EQ(parse({}).configuration.fsfreeze_hook, "/file");
  context_.hook = "/environment";
  EXPECT_EQ(parse({}).configuration.fsfreeze_hook, "/environment");
  EXPECT_EQ(parse({"-F/option"}).configuration.fsfreeze_hook, "/option");
  context_.hook = "";
  EXPECT_EQ(parse({}).configuration.fsfreeze_hook, "/etc/qemu/fsfreeze-hook");
}

TEST_F(Options, RunWithDefaultsWhenThereAreNone) {
  const auto line = parse({});
  EXPECT_EQ(line.action, Action::kRun);
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_EQ(line.output + line.errors + stderr_, "");
  const Configuration& configuration = line.configuration;
  EXPECT_EQ(configuration.method, "virtio-serial");
  EXPECT_EQ(configuration.path, "/dev/virtio-ports/org.qemu.guest_agent.0");
  EXPECT_EQ(configuration.logfile, std::nullopt);
  EXPECT_EQ(configuration.pidfile, "/var/run/qemu-ga.pid");
  EXPECT_EQ(configuration.fsfreeze_hook, std::nullopt);
  EXPECT_EQ(configuration.statedir, "/var/run");
  EXPECT_FALSE(configuration.daemonize || configuration.verbose || configuration.retry_path);
}

TEST_F(Options, TakeTheShortForms) {
  const auto line = parse({"-m", "unix-listen", "-p/s", "-l", "/l", "-f", "/p", "-t", "/t", "-vdr", "-F/h", "-b",
                           "guest-exec", "-a", "guest-ping"});
  ASSERT_EQ(line.action, Action::kRun) << line.errors;
  EXPECT_EQ(line.configuration.method, "unix-listen");
  EXPECT_EQ(line.configuration.path, "/s");
  EXPECT_EQ(line.configuration.logfile, "/l");
  EXPECT_EQ(line.configuration.pidfile, "/p");
  EXPECT_EQ(line.configuration.statedir, "/t");
  EXPECT_EQ(line.configuration.fsfreeze_hook, "/h");
  EXPECT_TRUE(line.configuration.daemonize && line.configuration.verbose && line.configuration.retry_path);
  EXPECT_EQ(line.configuration.block_rpcs, Names{"guest-exec"});
  EXPECT_EQ(line.configuration.allow_rpcs, Names{"guest-ping"});
}

TEST_F(Options, TakeTheLongFormsAndTheirAbbreviations) {
  const auto line =
      parse({"--method=unix-listen", "--path", "/s", "--logf=/l", "--pidfile=/p", "--statedir=/t", "--verb", "--daemon",
             "--retry", "--fsfreeze-hook=/h", "--b=guest-exec", "--blacklist=guest-shutdown", "--allow=guest-ping"});
  ASSERT_EQ(line.action, Action::kRun) << line.errors << stderr_;
  EXPECT_EQ(line.configuration.method, "unix-listen");
  EXPECT_EQ(line.configuration.path, "/s");
  EXPECT_EQ(line.configuration.logfile, "/l");
  EXPECT_EQ(line.configuration.fsfreeze_hook, "/h");
  EXPECT_TRUE(line.configuration.daemonize && line.configuration.verbose && line.configuration.retry_path);
  EXPECT_EQ(line.configuration.block_rpcs, (Names{"guest-exec", "guest-shutdown"}));
  EXPECT_EQ(line.configuration.allow_rpcs, Names{"guest-ping"});
}

TEST_F(Options, TakeTheHookOnlyWhenItIsAttached) {
  EXPECT_EQ(parse({"-F"}).configuration.fsfreeze_hook, "/etc/qemu/fsfreeze-hook");
  EXPECT_EQ(parse({"-F", "/x"}).configuration.fsfreeze_hook, "/etc/qemu/fsfreeze-hook");
  EXPECT_EQ(parse({"--fsfreeze-hook"}).configuration.fsfreeze_hook, "/etc/qemu/fsfreeze-hook");
  EXPECT_EQ(parse({"-F/x"}).configuration.fsfreeze_hook, "/x");
}

TEST_F(Options, IgnorePositionalArgumentsAndTheServiceOptionOfWindows) {
  const auto line = parse({"one", "-s", "install", "two", "-v"});
  EXPECT_EQ(line.action, Action::kRun);
  EXPECT_TRUE(line.configuration.verbose);
}

TEST_F(Options, FailWhenTheyAreUnknown) {
  const auto line = parse({"--nope"}, "/usr/sbin/qemu-ga");
  EXPECT_EQ(line.action, Action::kFail);
  EXPECT_EQ(line.exit_code, 1);
  EXPECT_EQ(line.output, "Unknown option, try '/usr/sbin/qemu-ga --help' for more information.\n");
  EXPECT_EQ(stderr_, "/usr/sbin/qemu-ga: unrecognized option '--nope'\n");
  for (const Names& arguments : {Names{"-Z"}, Names{"-p"}, Names{"--ver"}, Names{"--verbose=1"}}) {
    EXPECT_EQ(parse(arguments).exit_code, 1) << arguments[0];
    EXPECT_NE(stderr_, "") << arguments[0];
  }
}

TEST_F(Options, PrintTheVersionUnderBothNames) {
  EXPECT_EQ(parse({"-V"}).output, "guestd 0.1.0 (compatible with QEMU Guest Agent 10.2.2)\n");
  const auto line = parse({"--version"}, "/usr/sbin/qemu-ga");
  EXPECT_EQ(line.action, Action::kPrintVersion);
  EXPECT_EQ(line.output, "QEMU Guest Agent 10.2.2\n");
  EXPECT_EQ(line.exit_code, 0);
}

TEST_F(Options, PrintHelpThatNamesEveryOption) {
  const auto line = parse({"-h"}, "/x/guestd");
  EXPECT_EQ(line.action, Action::kPrintHelp);
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_TRUE(line.output.starts_with("Usage: /x/guestd [-m <method> -p <path>] [<options>]\n"));
  for (const char* name : {"allow-rpcs", "block-rpcs", "check-config", "config", "daemonize", "dump-conf",
                           "fsfreeze-hook", "help", "logfile", "method", "path", "pidfile", "print-unit-drop-in",
                           "retry-path", "schema", "statedir", "thaw-stale", "verbose", "version"}) {
    EXPECT_NE(line.output.find("--" + std::string(name)), std::string::npos) << name;
  }
}

TEST_F(Options, ListTheCommandsInTheOrderOfTheSchema) {
  for (const Names& arguments : {Names{"-b", "help"}, Names{"-b", "?"}, Names{"--allow-rpcs=help"}, Names{"-a?"}}) {
    const auto line = parse(arguments);
    EXPECT_EQ(line.action, Action::kListCommands);
    EXPECT_EQ(line.output, "guest-sync\nguest-ping\nguest-exec\nguest-shutdown\n");
    EXPECT_EQ(line.exit_code, 0);
  }
  EXPECT_EQ(parse({"-b", "help,guest-exec"}).action, Action::kFail);
}

TEST_F(Options, PrintTheSchemaAsOneJsonArray) {
  const auto line = parse({"--schema"});
  EXPECT_EQ(line.action, Action::kPrintSchema);
  EXPECT_EQ(line.output, "[\n{\"name\": \"a\"},\n{\"name\": \"b\"}\n]\n");
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_EQ(schema_text(""), "[]\n");
}

TEST_F(Options, ActAtOnceWhenTheyOnlyAsk) {
  configure("broken\n");
  EXPECT_EQ(parse({"-V", "--nope"}).action, Action::kPrintVersion);
  EXPECT_EQ(stderr_, "");
  EXPECT_EQ(parse({"-h", "-V"}).action, Action::kPrintHelp);
  EXPECT_EQ(parse({"--schema", "--nope"}).action, Action::kPrintSchema);
  EXPECT_EQ(parse({"--nope", "-V"}).action, Action::kFail);
}

TEST_F(Options, BeatTheFileInSingleValuesAndAddToItsLists) {
  configure("[general]\nmethod=isa-serial\nstatedir=/file\nblock-rpcs=guest-exec,guest-sync\nverbose=1\n");
  const auto line = parse({"-t", "/first", "-t", "/last", "-b", "guest-ping,guest-shutdown"});
  ASSERT_EQ(line.action, Action::kRun) << line.errors;
  EXPECT_EQ(line.configuration.method, "isa-serial");
  EXPECT_EQ(line.configuration.path, "/dev/ttyS0");
  EXPECT_EQ(line.configuration.statedir, "/last");
  EXPECT_TRUE(line.configuration.verbose);
  EXPECT_EQ(line.configuration.block_rpcs, (Names{"guest-sync", "guest-exec", "guest-shutdown", "guest-ping"}));
}

TEST_F(Options, NameAFileThatBeatsTheEnvironment) {
  context_.sources.environment = write("environment", "[general]\npath=/environment\n");
  const auto file = write("option", "[general]\npath=/option\n");
  EXPECT_EQ(parse({"-v"}).configuration.path, "/environment");
  EXPECT_EQ(parse({"-v", "-c", file}).configuration.path, "/option");
  EXPECT_EQ(parse({"--config=" + file, "-p", "/x"}).configuration.path, "/x");
}

TEST_F(Options, FailWithoutTheFileThatTheyName) {
  const auto line = parse({"-c", folder_ + "/none"});
  EXPECT_EQ(line.action, Action::kFail);
  EXPECT_EQ(line.exit_code, 1);
  EXPECT_EQ(line.errors,
            "guestd: error loading configuration from path: " + folder_ + "/none, No such file or directory\n");
  EXPECT_EQ(line.output, "");
}

TEST_F(Options, FailOnAnUnknownCommandInAList) {
  const auto line = parse({"-b", "guest-ping; guest-exce"});
  EXPECT_EQ(line.action, Action::kFail);
  EXPECT_EQ(line.exit_code, 1);
  EXPECT_EQ(line.errors, "guestd: unknown command 'guest-exce' in block-rpcs; did you mean 'guest-exec'?\n");
}

TEST_F(Options, FailOnAChannelThatCannotBe) {
  EXPECT_EQ(parse({"-m", "unix-listen"}).errors, "guestd: must specify a path for this channel\n");
  EXPECT_EQ(parse({"-m", "foo"}).errors, "guestd: must specify a path for this channel\n");
  EXPECT_EQ(parse({"-m", "foo", "-p", "/x"}).errors, "guestd: unsupported channel method/type: foo\n");
  EXPECT_EQ(parse({"-m", "vsock-listen", "-p", "3"}).errors, "guestd: error parsing address '3'\n");
}

TEST_F(Options, HandWarningsToTheLog) {
  configure("[general]\ndaemonize=1\n");
  const auto line = parse({});
  EXPECT_EQ(line.action, Action::kRun);
  ASSERT_EQ(line.warnings.size(), 1U);
  EXPECT_NE(line.warnings[0].find("unknown key 'daemonize'"), std::string::npos);
}

TEST_F(Options, MakePathsAbsoluteForADaemonOnly) {
  EXPECT_EQ(parse({"-m", "unix-listen", "-p", "s"}).configuration.path, "s");
  EXPECT_EQ(parse({"-m", "unix-listen", "-p", "s", "-d"}).configuration.path,
            std::filesystem::current_path().string() + "/s");
}

TEST_F(Options, DumpTheConfigurationInTheFormOfQemuGa) {
  configure("[general]\nblock-rpcs=guest-exec, guest-ping\n");
  const auto line = parse({"-D", "-b", "guest-sync,guest-shutdown", "-l", "/log", "-F"});
  EXPECT_EQ(line.action, Action::kDumpConfiguration);
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_EQ(line.output,
            "[general]\ndaemon=false\nmethod=virtio-serial\npath=/dev/virtio-ports/org.qemu.guest_agent.0\n"
            "logfile=/log\npidfile=/var/run/qemu-ga.pid\nfsfreeze-hook=/etc/qemu/fsfreeze-hook\nstatedir=/var/run\n"
            "verbose=false\nretry-path=false\nblock-rpcs=guest-ping,guest-exec,guest-shutdown,guest-sync\n"
            "allow-rpcs=\n");
}

TEST_F(Options, DumpUnknownCommandsButNoChannelWithoutPath) {
  EXPECT_EQ(parse({"-D", "-b", "x"}).exit_code, 0);
  const auto line = parse({"-D", "-m", "unix-listen"});
  EXPECT_EQ(line.action, Action::kFail);
  EXPECT_EQ(line.errors, "guestd: must specify a path for this channel\n");
}

TEST_F(Options, CheckAConfigurationThatIsValid) {
  configure("[general]\nstatedir=" + folder_ + "\nblock-rpcs=guest-exec\n");
  const auto line = parse({"--check-config"});
  EXPECT_EQ(line.action, Action::kCheckConfiguration);
  EXPECT_TRUE(line.output.ends_with("\n\nconfiguration is valid\n")) << line.output;
  EXPECT_EQ(line.exit_code, 0);
}

TEST_F(Options, CheckAConfigurationAndShowThePolicyThatItMakes) {
  configure("[general]\nstatedir=" + folder_ + "\n[policy]\nprofile=monitor\nallow=files\nread-files=/srv/**\n");
  const auto line = parse({"--check-config", "-b", "guest-ping"});
  EXPECT_TRUE(std::regex_search(line.output, std::regex("guest-ping +protocol +no +block-rpcs\n"))) << line.output;
  EXPECT_TRUE(std::regex_search(line.output, std::regex("guest-file-open +files +yes +allow: files\n")));
  EXPECT_TRUE(std::regex_search(line.output, std::regex("guest-shutdown +power +no +profile=monitor\n")));
  EXPECT_TRUE(std::regex_search(line.output, std::regex("read-files +/srv/\\*\\*\n")));
}

TEST_F(Options, NeverStartWithAPolicyThatWasMistyped) {
  for (const std::string text :
       {"[policy]\nprofile=moniter\n", "[policy]\nblock=file\n", "[policy]\nblok=files\n", "[polcy]\nprofile=none\n",
        "[policy]\nread-files=srv/*\n", "[policy]\nread-files=\n", "[general]\nblock-rpc=guest-ping\n",
        "[policy]\nblock=files\nblock=power\n", "[policy]\nprofile=none\nprofile=full\n"}) {
    configure(text);
    const auto line = parse({});
    EXPECT_EQ(line.action, Action::kFail) << text;
    EXPECT_NE(line.errors, "") << text;
  }
}

TEST_F(Options, NeverStartWithAPathThatIsTakenAwayBehindALink) {
  std::filesystem::create_symlink("/usr", folder_ + "/link");
  for (const char* action : {"", "--check-config"}) {
    configure("[general]\nstatedir=" + folder_ + "\n[policy]\nwrite-files=!" + folder_ + "/link/**\n");
    const auto line = *action == 0 ? parse({}) : parse({action});
    EXPECT_EQ(line.exit_code, 1);
    EXPECT_NE((line.errors + line.output).find("the true path of '" + folder_ + "/link' is '/usr'"), std::string::npos);
  }
  configure("[policy]\nwrite-files=" + folder_ + "/link/**\n");
  EXPECT_EQ(parse({}).action, Action::kRun);
  EXPECT_EQ(parse({}).warnings.size(), 1U);
}

TEST_F(Options, PrintADropInForAProfile) {
  const auto line = parse({"--print-unit-drop-in=monitor"});
  EXPECT_EQ(line.action, Action::kPrintUnitDropIn);
  EXPECT_EQ(line.exit_code, 0);
  EXPECT_NE(line.output.find("[Service]\n"), std::string::npos);
  const auto wrong = parse({"--print-unit-drop-in", "monitr"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_EQ(wrong.errors,
            "option 'print-unit-drop-in' has the value 'monitr', which is no profile; did you mean 'monitor'?\n");
}

TEST_F(Options, ReadAFileFromTheFolderOfTheStartAfterTheProcessHasLeftIt) {
  write("relative.conf", "[policy]\nprofile=none\n");
  context_.folder = folder_;
  EXPECT_EQ(parse({"-c", "relative.conf"}).configuration.policy.profile, Profile::kNone);
}

TEST_F(Options, CheckForLinksThatWillNotBeFollowed) {
  std::filesystem::create_directory(folder_ + "/open");
  std::filesystem::permissions(folder_ + "/open", std::filesystem::perms{01777});
  std::filesystem::create_symlink(folder_ + "/nothing", folder_ + "/open/audit");
  configure("[general]\nstatedir=" + folder_ + "\n[audit]\nfile=" + folder_ + "/open/audit\n");
  const auto line = parse({"--check-config"});
  EXPECT_EQ(line.exit_code, 1);
  EXPECT_NE(line.output.find("unable to open audit file '" + folder_ + "/open/audit': Too many levels"),
            std::string::npos);
}

TEST_F(Options, CheckAConfigurationWithEverythingThatIsWrong) {
  configure("[general]\ndaemonize=1\nverbose=yes\nstatedir=/none\nblock-rpcs=guest-exce\n[audit]\nfile=/none/audit\n");
  const auto line = parse({"--check-config", "-m", "pigeon", "-p", "/x"});
  const std::string file = folder_ + "/default.conf";
  EXPECT_EQ(line.exit_code, 1);
  EXPECT_EQ(line.output, "warning: " + file +
                             ": unknown key 'daemonize' in group 'general' is ignored; did you mean 'daemon'?\n" +
                             "error: error loading configuration from path: " + file +
                             ", key 'verbose' has a value that cannot be interpreted: 'yes' is neither true nor false\n"
                             "error: unsupported channel method/type: pigeon\n"
                             "error: unknown command 'guest-exce' in block-rpcs; did you mean 'guest-exec'?\n"
                             "error: unable to write to state directory '/none': No such file or directory\n"
                             "error: unable to open audit file '/none/audit': No such file or directory\n");
}

// The output of the installed qemu-ga for this file and these arguments.
std::string dump_of_real_agent(const std::string& file, const Names& arguments) {
  std::string command = "QGA_CONF='" + file + "' " + kRealAgent + " -D";
  for (const auto& argument : arguments) command += " '" + argument + "'";
  std::string output;
  FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return output;
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe) != nullptr) output += piece.data();
  return ::pclose(pipe) == 0 ? output : "failed";
}

struct DumpCase {
  std::string file;
  Names arguments;
};

TEST_F(Options, DumpWhatTheRealAgentDumps) {
  if (::access(kRealAgent, X_OK) != 0) GTEST_SKIP() << "qemu-ga is not installed";
  const std::array cases{
      DumpCase{"", {}},
      DumpCase{"[general]\ndaemon=1\nverbose=true\nretry-path=1\nmethod=isa-serial\n", {}},
      DumpCase{"[general]\r\nlogfile=/l\\sx\r\nfsfreeze-hook=/h\r\npidfile=/p\r\n", {"-m", "unix-listen", "-p", "/s"}},
      DumpCase{"[general]\nblock-rpcs=a,b\n[other]\nverbose=1\n", {"-b", "x,y", "-b", "z"}},
      DumpCase{"[general]\npath=/a\n[general]\npath=/b\nverbose[de]=yes\n", {}},
      DumpCase{"", {"--daemon", "--fsf", "-r", "-v", "word", "-t", "/t"}},
      DumpCase{"", {"-m", "unix-listen", "-p", "", "-l", " lead", "-f", "c\\d", "-F/x"}},
      DumpCase{"", {"-p", "a\nb", "-l", "\ttab in\tfront", "-b", "q\\w"}},
  };
  for (const auto& [file, arguments] : cases) {
    const std::string path = write("shared.conf", file);
    context_.sources.environment = path;
    Names with_dump = arguments;
    with_dump.insert(with_dump.begin(), "-D");
    std::string expected = dump_of_real_agent(path, arguments);
    // Releases before 8.1 have no allow list.
    if (expected.find("allow-rpcs=") == std::string::npos) expected += "allow-rpcs=\n";
    EXPECT_EQ(parse(with_dump).output, expected) << file;
  }
}

}  // namespace
}  // namespace guestd::daemon
