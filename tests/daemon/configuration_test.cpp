// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "daemon/config_text.hpp"
#include "daemon/configuration_file.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

using Names = std::vector<std::string>;

class ConfigurationFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path(name)) << text;
    EXPECT_EQ(::chmod(path(name).c_str(), mode), 0);
    return path(name);
  }

  // What the file of this text, named by -c, makes of the defaults.
  void load_text(const std::string& text) { load({.option = write("c.conf", text), .environment = {}}); }
  void load(const ConfigurationSources& sources) { load_configuration(sources, configuration_, findings_); }

  std::string prefix(const std::string& name) const {
    return "error loading configuration from path: " + path(name) + ", ";
  }

  support::TempDir directory_;
  std::string folder_ = directory_.str();
  Configuration configuration_;
  Findings findings_;
};

TEST_F(ConfigurationFile, SetsEveryKeyOfQemuGa) {
  load_text(
      "[general]\ndaemon=true\nmethod=unix-listen\npath=/run/a b\nlogfile=/l\npidfile=/p\nfsfreeze-hook=/h\n"
      "statedir=/s\nverbose=1\nretry-path=true\nblock-rpcs=a,b\nallow-rpcs=c\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  EXPECT_TRUE(configuration_.daemonize);
  EXPECT_EQ(configuration_.method, "unix-listen");
  EXPECT_EQ(configuration_.path, "/run/a b");
  EXPECT_EQ(configuration_.logfile, "/l");
  EXPECT_EQ(configuration_.pidfile, "/p");
  EXPECT_EQ(configuration_.fsfreeze_hook, "/h");
  EXPECT_EQ(configuration_.statedir, "/s");
  EXPECT_TRUE(configuration_.verbose);
  EXPECT_TRUE(configuration_.retry_path);
  EXPECT_EQ(configuration_.block_rpcs, (Names{"b", "a"}));
  EXPECT_EQ(configuration_.allow_rpcs, Names{"c"});
}

TEST_F(ConfigurationFile, TakesTheOldNameOfTheBlockListToo) {
  load_text("[general]\nblacklist=a,b\nblock-rpcs=c\n");
  EXPECT_EQ(configuration_.block_rpcs, (Names{"b", "a", "c"}));
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings,
            Names{path("c.conf") + ": key 'blacklist' is deprecated: its name is 'block-rpcs' now"});
}

TEST_F(ConfigurationFile, IgnoresUnknownKeysAndGroupsButNotSilently) {
  load_text("[general]\ndaemonize=true\nverbose=1\n[generel]\nx=1\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_FALSE(configuration_.daemonize);
  EXPECT_TRUE(configuration_.verbose);
  EXPECT_EQ(findings_.warnings,
            (Names{path("c.conf") + ": unknown key 'daemonize' in group 'general' is ignored; did you mean 'daemon'?",
                   path("c.conf") + ": unknown group 'generel' is ignored; did you mean 'general'?"}));
}

TEST_F(ConfigurationFile, WarnsOfAKeyThatIsGivenTwice) {
  load_text("[general]\nblock-rpcs=a\nblock-rpcs=b\n");
  EXPECT_EQ(configuration_.block_rpcs, Names{"b"});
  EXPECT_EQ(findings_.warnings, Names{path("c.conf") + ": key 'block-rpcs' is given twice: the last value counts"});
}

TEST_F(ConfigurationFile, ReportsEveryBadValueAtOnce) {
  load_text("[general]\nverbose=yes\ndaemon=\npath=/\\q\n");
  ASSERT_EQ(findings_.errors.size(), 3U);
  EXPECT_EQ(findings_.errors[0],
            prefix("c.conf") + "key 'verbose' has a value that cannot be interpreted: 'yes' is neither true nor false");
}

TEST_F(ConfigurationFile, ReportsABadLine) {
  load_text("[general]\nverbose\n");
  EXPECT_EQ(findings_.errors,
            Names{prefix("c.conf") + "line 2: 'verbose' is neither a group, nor key=value, nor a comment"});
}

TEST_F(ConfigurationFile, ReadsThePeersOfVsock) {
  EXPECT_TRUE(configuration_.vsock_peers.allows(2));
  EXPECT_FALSE(configuration_.vsock_peers.allows(3));
  load_text("[vsock]\nallow-cid = 1, 4294967295\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_TRUE(configuration_.vsock_peers.allows(1));
  EXPECT_TRUE(configuration_.vsock_peers.allows(4294967295U));
  EXPECT_FALSE(configuration_.vsock_peers.allows(2));
}

TEST_F(ConfigurationFile, LetsAnyVsockPeerInOnlyWhenToldSo) {
  load_text("[vsock]\nallow-cid=any\n");
  EXPECT_TRUE(configuration_.vsock_peers.allows(77));
}

TEST_F(ConfigurationFile, RefusesBadVsockPeersAndKeepsTheDefault) {
  for (const char* value : {"", "x", "-1", "4294967296", "2x", "2 3"}) {
    findings_ = {};
    load_text(std::string("[vsock]\nallow-cid=") + value + "\n");
    EXPECT_EQ(findings_.errors.size(), 1U) << value;
    EXPECT_FALSE(configuration_.vsock_peers.any);
    EXPECT_EQ(configuration_.vsock_peers.cids, std::vector<std::uint32_t>{kHostCid});
  }
}

TEST_F(ConfigurationFile, BringsPluggedDevicesOnlineUnlessToldNotTo) {
  EXPECT_TRUE(configuration_.auto_online);
  EXPECT_EQ(configuration_text(configuration_).find("hotplug"), std::string::npos);
  load_text("[hotplug]\nauto-online=false\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  EXPECT_FALSE(configuration_.auto_online);
  EXPECT_NE(configuration_text(configuration_).find("\n[hotplug]\nauto-online=false\n"), std::string::npos);
}

TEST_F(ConfigurationFile, RefusesABadValueForPluggedDevices) {
  load_text("[hotplug]\nauto-online=maybe\n");
  EXPECT_EQ(findings_.errors.size(), 1U);
  EXPECT_TRUE(configuration_.auto_online);
}

TEST_F(ConfigurationFile, ReadsWhichInterfacesToHide) {
  EXPECT_EQ(configuration_.hidden_interfaces, Names{});
  load_text("[network]\nhide-interfaces = docker*, veth[0-9]*; []a], x[[]\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  EXPECT_EQ(configuration_.hidden_interfaces, (Names{"docker*", "veth[0-9]*", "[]a]", "x[[]"}));
}

TEST_F(ConfigurationFile, RefusesAGlobThatCouldNeverMatch) {
  for (const std::string glob : {"veth[0-9", "[", "[]", "[!]", "a[b]c["}) {
    findings_ = {};
    load_text("[network]\nhide-interfaces=eth*," + glob + "\n");
    EXPECT_EQ(findings_.errors, Names{prefix("c.conf") + "key 'hide-interfaces' has the item '" + glob +
                                      "', in which a '[' is never closed"});
    EXPECT_EQ(configuration_.hidden_interfaces, Names{});
  }
  load_text("[network]\nhide-interfaces=a\\\\[b\n");
  EXPECT_EQ(configuration_.hidden_interfaces, Names{"a\\[b"});
}

TEST_F(ConfigurationFile, MayBeMissingUnlessTheOptionNamesIt) {
  load({.option = {}, .environment = {}, .defaults = {path("none"), path("x/none")}});
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  load({.option = {}, .environment = path("none")});
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings,
            Names{path("none") + ": the file that QGA_CONF names is missing: defaults are in effect"});
  load({.option = path("none"), .environment = {}});
  EXPECT_EQ(findings_.errors, Names{prefix("none") + "No such file or directory"});
}

TEST_F(ConfigurationFile, IsTheOneOfTheOptionThenOfTheEnvironmentThenTheDefault) {
  const auto option = write("o", "[general]\nmethod=o\n");
  const auto environment = write("e", "[general]\nmethod=e\n");
  const Names defaults{write("d", "[general]\nmethod=d\nverbose=1\n")};
  load({.option = option, .environment = environment, .defaults = defaults});
  EXPECT_EQ(configuration_.method, "o");
  EXPECT_FALSE(configuration_.verbose);
  load({.option = {}, .environment = environment, .defaults = defaults});
  EXPECT_EQ(configuration_.method, "e");
  load({.option = {}, .environment = {}, .defaults = defaults});
  EXPECT_EQ(configuration_.method, "d");
}

TEST_F(ConfigurationFile, FallsBackToThatOfQemuGaWhenItsOwnIsMissingOrSetsNothing) {
  const auto foreign = write("qemu-ga.conf", "[general]\nblock-rpcs=a\n");
  load({.option = {}, .environment = {}, .defaults = {path("none"), foreign}});
  EXPECT_EQ(configuration_.block_rpcs, Names{"a"});
  configuration_ = {};
  load({.option = {}, .environment = {}, .defaults = {write("own", "# only comments\n[general]\n"), foreign}});
  EXPECT_EQ(configuration_.block_rpcs, Names{"a"});
  EXPECT_EQ(findings_.warnings, Names{});
}

TEST_F(ConfigurationFile, HidesThatOfQemuGaWithAWarning) {
  const auto foreign = write("qemu-ga.conf", "[general]\nblock-rpcs=a\n");
  const auto own = write("own", "[general]\nverbose=1\n");
  load({.option = {}, .environment = {}, .defaults = {own, foreign}});
  EXPECT_EQ(configuration_.block_rpcs, Names{});
  EXPECT_EQ(findings_.warnings, Names{foreign + " is ignored, because " + own + " is in effect"});
}

TEST_F(ConfigurationFile, DoesNotFallBackFromABrokenFile) {
  const auto own = write("own", "verbose=1\n");
  const auto foreign = write("qemu-ga.conf", "[general]\nverbose=1\n");
  load({.option = {}, .environment = {}, .defaults = {own, foreign}});
  EXPECT_EQ(findings_.errors.size(), 1U);
  EXPECT_FALSE(configuration_.verbose);
}

TEST_F(ConfigurationFile, IsRefusedIfGroupOrOthersCanWriteIt) {
  for (const mode_t mode : {0666U, 0620U, 0602U}) {
    findings_ = {};
    load({.option = write("w", "[general]\nverbose=1\n", mode), .environment = {}});
    EXPECT_EQ(findings_.errors, Names{prefix("w") + "others than its owner can write it (chmod go-w corrects that)"});
    EXPECT_FALSE(configuration_.verbose);
  }
}

TEST_F(ConfigurationFile, IsRefusedIfItBelongsToSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const auto file = write("theirs", "[general]\nverbose=1\n", 0644);
  ASSERT_EQ(::chown(file.c_str(), 12345, 0), 0);
  load({.option = file, .environment = {}});
  EXPECT_EQ(findings_.errors, Names{prefix("theirs") + "it belongs to user id 12345, but must belong to root"});
  EXPECT_FALSE(configuration_.verbose);
}

TEST_F(ConfigurationFile, MayBeReachedThroughALink) {
  std::filesystem::create_symlink(write("real", "[general]\nverbose=1\n", 0644), path("link"));
  load({.option = path("link"), .environment = {}});
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_TRUE(configuration_.verbose);
}

TEST_F(ConfigurationFile, IsRefusedIfItIsNoRegularFile) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  load({.option = folder_, .environment = {}});
  load({.option = path("fifo"), .environment = {}});
  EXPECT_EQ(findings_.errors, (Names{"error loading configuration from path: " + folder_ + ", Not a regular file",
                                     prefix("fifo") + "Not a regular file"}));
}

TEST_F(ConfigurationFile, IsRefusedIfItIsHuge) {
  load({.option = write("huge", "[general]\n" + std::string(1U << 20U, '#')), .environment = {}});
  EXPECT_EQ(findings_.errors, Names{prefix("huge") + "it is larger than 1 MiB"});
}

TEST_F(ConfigurationFile, ReadsItsOwnDumpBack) {
  Configuration original;
  original.daemonize = true;
  original.path = " /odd\\path\n";
  original.logfile = "/log";
  original.fsfreeze_hook = "/hook";
  original.block_rpcs = {"b", "a"};
  original.vsock_peers = {.any = true, .cids = {3}};
  original.hidden_interfaces = {"docker*", "[!e]?\\*"};
  load_text(configuration_text(original));
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  EXPECT_EQ(configuration_.block_rpcs, (Names{"a", "b"}));  // reversed once more
  EXPECT_EQ(configuration_.hidden_interfaces, original.hidden_interfaces);
  configuration_.block_rpcs = original.block_rpcs;
  EXPECT_EQ(configuration_text(configuration_), configuration_text(original));
}

TEST_F(ConfigurationFile, HoldsThePolicy) {
  load_text(
      "[policy]\nprofile=backup\nallow=files, guest-shutdown\nblock=guest-fstrim\nread-files=/srv/**, !/srv/key\n"
      "write-files=none\nexec-programs=/usr/bin/*\nexec-users=!root\npassword-users=alice\nkey-users=svc-*\n"
      "show-interfaces=eth*\nshow-filesystems=/\nconfine=false\n[audit]\nenabled=false\nfile=/var/log/a\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  const auto& policy = configuration_.policy;
  EXPECT_EQ(policy.profile, Profile::kBackup);
  EXPECT_EQ(policy.allow, (Names{"files", "guest-shutdown"}));
  EXPECT_EQ(policy.block, Names{"guest-fstrim"});
  EXPECT_EQ(policy.access.read_files.allowed.items(), (Names{"/srv/**", "!/srv/key"}));
  EXPECT_FALSE(policy.access.write_files.allowed.matches("/"));
  EXPECT_FALSE(policy.access.exec_users.allowed.matches("root"));
  EXPECT_FALSE(policy.confine);
  EXPECT_FALSE(configuration_.audit.enabled);
  EXPECT_EQ(configuration_.audit.file, "/var/log/a");
  const std::string dumped = configuration_text(configuration_);
  configuration_ = {};
  load_text(dumped);
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(configuration_text(configuration_), dumped);
}

TEST_F(ConfigurationFile, WithAMistakeInThePolicyIsAnErrorAndNoWarning) {
  load_text("[policy]\nblok=files\nprofile=x\nallow=\nkey-users=a[\nblock=power\nblock=files\n[Policy]\n[unrelated]\n");
  EXPECT_EQ(findings_.errors, (Names{prefix("c.conf") + "unknown key 'blok' in group 'policy'; did you mean 'block'?",
                                     prefix("c.conf") + "key 'profile' has the value 'x', which is no profile",
                                     prefix("c.conf") + "key 'allow' is empty: name commands or families",
                                     prefix("c.conf") + "key 'key-users' has the item 'a[': a '[' is never closed",
                                     prefix("c.conf") + "key 'block' is given twice: put it all into one line",
                                     prefix("c.conf") + "unknown group 'Policy'; did you mean 'policy'?"}));
  EXPECT_EQ(findings_.warnings, Names{path("c.conf") + ": unknown group 'unrelated' is ignored"});
}

TEST_F(ConfigurationFile, IsFollowedByItsDropInsInTheOrderOfTheirNames) {
  write("c.conf", "[policy]\nprofile=full\nblock=power\nread-files=/srv/**\n");
  std::filesystem::create_directory(path("c.conf.d"));
  write("c.conf.d/20-second.conf", "[policy]\nprofile=monitor\nblock=suspend\n");
  write("c.conf.d/10-first.conf", "[policy]\nprofile=none\nread-files=/tmp/*\n");
  write("c.conf.d/.hidden.conf", "[policy]\nprofile=none\n");
  write("c.conf.d/30-third.cnf", "[policy]\nprofile=none\n");
  load({.option = path("c.conf"), .environment = {}});
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{path("c.conf.d/30-third.cnf") + " is ignored: its name does not end in .conf"});
  EXPECT_EQ(configuration_.policy.profile, Profile::kMonitor);
  EXPECT_EQ(configuration_.policy.block, (Names{"power", "suspend"}));
  EXPECT_EQ(configuration_.policy.access.read_files.allowed.items(), (Names{"/srv/**", "/tmp/*"}));
}

TEST_F(ConfigurationFile, IsFollowedByDropInsAlsoIfItIsTheOneOfQemuGa) {
  std::filesystem::create_directory(path("d"));
  write("d/policy.conf", "[policy]\nprofile=none\n");
  load({.option = {},
        .environment = {},
        .defaults = {path("none"), write("ga.conf", "[general]\nverbose=1\n")},
        .drop_in_folder = path("d")});
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_TRUE(configuration_.verbose);
  EXPECT_EQ(configuration_.policy.profile, Profile::kNone);
}

TEST_F(ConfigurationFile, HasNoDropInsThatOthersCanWrite) {
  std::filesystem::create_directory(path("d"));
  const auto drop_in = write("d/policy.conf", "[policy]\nprofile=none\n", 0666);
  const ConfigurationSources sources{.option = {}, .environment = {}, .defaults = {}, .drop_in_folder = path("d")};
  load(sources);
  ASSERT_EQ(findings_.errors.size(), 1U);
  EXPECT_NE(findings_.errors[0].find("others than its owner can write it"), std::string::npos);
  findings_ = {};
  ASSERT_EQ(::chmod(drop_in.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(path("d").c_str(), 0777), 0);
  load(sources);
  EXPECT_EQ(findings_.errors, Names{"error loading configuration from path: " + path("d") +
                                    " must belong to root, and others must not be able to write it"});
}

TEST_F(ConfigurationFile, ThatIsInstalledSetsNothingAndShowsTheDefaults) {
  const std::string source = GUESTD_SOURCE_DIR "/packaging/guestd.conf";
  std::ifstream stream(source);
  ASSERT_TRUE(stream) << source;
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  EXPECT_FALSE(apply_configuration_text(text, configuration_, findings_));

  // With every example in effect the only differences are those that the file explains.
  apply_configuration_text(std::regex_replace(text, std::regex("(^|\n)#([a-z]+(-[a-z]+)*=)"), "$1$2"), configuration_,
                           findings_);
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  Configuration expected;
  expected.path = kDefaultVirtioPath;
  expected.fsfreeze_hook = kDefaultFreezeHook;
  expected.logfile = "/var/log/guestd.log";
  expected.audit.file = "/var/log/guestd.audit";
  expected.hidden_interfaces = {"docker*", "br-*", "veth*", "cni*", "cali*", "flannel*"};
  EXPECT_EQ(configuration_text(configuration_), configuration_text(expected));
}

TEST_F(ConfigurationFile, IsCheckedAgainstTheMachine) {
  configuration_.statedir = folder_;
  configuration_.logfile = path("new.log");
  configuration_.fsfreeze_hook = write("hook", "#!/bin/sh\n", 0700);
  check_machine(configuration_, findings_);
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_FALSE(std::filesystem::exists(path("new.log")));

  configuration_.statedir = path("none");
  configuration_.logfile = path("none/new.log");
  configuration_.fsfreeze_hook = write("plain", "", 0600);
  check_machine(configuration_, findings_);
  EXPECT_EQ(findings_.errors,
            (Names{"unable to write to state directory '" + path("none") + "': No such file or directory",
                   "unable to open specified log file '" + path("none/new.log") + "': No such file or directory",
                   "freeze hook " + path("plain") + " is not run: it is not executable"}));
}

TEST_F(ConfigurationFile, SaysWhatIsFrozenAndForHowLong) {
  load_text(
      "[fsfreeze]\ntimeout=30\nhook-timeout=5\nhook-folder=/h\nexclude-mountpoints=/a*; "
      "/b\nexclude-devices=8:1,/dev/x\n"
      "exclude-types=xfs\n");
  EXPECT_EQ(findings_.errors, Names{});
  EXPECT_EQ(findings_.warnings, Names{});
  const FreezeConfiguration& freeze = configuration_.freeze;
  EXPECT_EQ(freeze.timeout.count(), 30);
  EXPECT_EQ(freeze.hook_timeout.count(), 5);
  EXPECT_EQ(freeze.hook_folder, "/h");
  EXPECT_EQ(freeze.exclude_mountpoints, (Names{"/b", "/a*"}));
  EXPECT_EQ(freeze.exclude_devices, (Names{"/dev/x", "8:1"}));
  EXPECT_EQ(freeze.exclude_types, Names{"xfs"});
  Configuration again;
  EXPECT_TRUE(apply_configuration_text(configuration_text(configuration_), again, findings_));
  EXPECT_EQ(again.freeze.timeout, freeze.timeout);
  EXPECT_EQ(again.freeze.exclude_types, freeze.exclude_types);
}

TEST_F(ConfigurationFile, RefusesTimesAndPatternsThatMakeNoSense) {
  for (const char* line : {"timeout=-1", "timeout=", "timeout=10s", "timeout=86401", "hook-timeout=0", "timeout=1e3",
                           "exclude-mountpoints=home"}) {
    findings_ = {};
    load_text("[fsfreeze]\n" + std::string(line) + "\n");
    EXPECT_EQ(findings_.errors.size(), 1U) << line;
  }
}

TEST(ConfigurationList, SplitsAtCommasAndSemicolonsAndTrims) {
  Names list{"first"};
  append_list(list, " a, b ;c;;,\td\n");
  EXPECT_EQ(list, (Names{"first", "d", "c", "b", "a"}));
}

TEST(ConfigurationList, IsEmptyWithoutNames) {
  Names list;
  append_list(list, "");
  append_list(list, " ,;, ");
  EXPECT_EQ(list, Names{});
}

constexpr std::array<std::string_view, 3> kKnown{"guest-exec", "guest-exec-status", "guest-ping"};
constexpr std::array<std::string_view, 2> kFamilies{"files", "processes"};

TEST(ConfigurationList, MayHoldOnlyKnownCommands) {
  Configuration configuration;
  append_list(configuration.block_rpcs, "guest-exec, guest-exce, nonsense-without-likeness");
  append_list(configuration.allow_rpcs, "guest_ping");
  Findings findings;
  check_command_names(configuration, kKnown, kFamilies, findings);
  EXPECT_EQ(findings.errors, (Names{"unknown command 'guest-exce' in block-rpcs; did you mean 'guest-exec'?",
                                    "unknown command 'nonsense-without-likeness' in block-rpcs",
                                    "unknown command 'guest_ping' in allow-rpcs; did you mean 'guest-ping'?"}));
}

TEST(ConfigurationList, MayNameFamiliesInThePolicy) {
  Configuration configuration;
  configuration.policy.block = {"files", "guest-exec", "file"};
  configuration.policy.allow = {"proceses"};
  configuration.block_rpcs = {"files"};
  Findings findings;
  check_command_names(configuration, kKnown, kFamilies, findings);
  EXPECT_EQ(findings.errors, (Names{"unknown command 'files' in block-rpcs",
                                    "unknown command or family 'proceses' in allow; did you mean 'processes'?",
                                    "unknown command or family 'file' in block; did you mean 'files'?"}));
}

TEST(ClosestName, PrefersTheNearest) {
  EXPECT_EQ(closest_name("guest-exec-statu", kKnown), "guest-exec-status");
  EXPECT_EQ(closest_name("guest-exe", kKnown), "guest-exec");
  EXPECT_EQ(closest_name("", kKnown), std::nullopt);
  EXPECT_EQ(closest_name(std::string(5000, 'x'), kKnown), std::nullopt);
}

Result<void> channel_of(std::string method, std::string path) {
  Configuration configuration;
  configuration.method = std::move(method);
  configuration.path = std::move(path);
  return check_channel(configuration);
}

TEST(ConfigurationChannel, HasDefaultPathsForSerialMethodsOnly) {
  Configuration configuration;
  ASSERT_TRUE(set_default_path(configuration));
  EXPECT_EQ(configuration.path, "/dev/virtio-ports/org.qemu.guest_agent.0");
  configuration = {};
  configuration.method = "isa-serial";
  ASSERT_TRUE(set_default_path(configuration));
  EXPECT_EQ(configuration.path, "/dev/ttyS0");
  for (const char* method : {"unix-listen", "vsock-listen", "carrier-pigeon"}) {
    configuration = {};
    configuration.method = method;
    EXPECT_EQ(set_default_path(configuration).error().text, "must specify a path for this channel") << method;
  }
}

TEST(ConfigurationChannel, RefusesUnknownMethods) {
  EXPECT_TRUE(channel_of("isa-serial", "/dev/ttyS0"));
  EXPECT_EQ(channel_of("carrier-pigeon", "/x").error().text, "unsupported channel method/type: carrier-pigeon");
}

TEST(ConfigurationChannel, RefusesASocketPathThatTheKernelWouldCut) {
  EXPECT_TRUE(channel_of("unix-listen", "/" + std::string(106, 'a')));
  const std::string path = "/" + std::string(107, 'a');
  EXPECT_EQ(channel_of("unix-listen", path).error().text, "UNIX socket path '" + path + "' is too long");
}

TEST(ConfigurationChannel, ReadsVsockAddresses) {
  const auto address = parse_vsock_address("4294967295:1234");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->cid, 4294967295U);
  EXPECT_EQ(address->port, 1234U);
  EXPECT_TRUE(channel_of("vsock-listen", "3:1024"));
}

TEST(ConfigurationChannel, RefusesBadVsockAddresses) {
  for (const std::string text : {"3", ":1", "1:", "", ":"}) {
    EXPECT_EQ(parse_vsock_address(text).error().text, "error parsing address '" + text + "'");
  }
  EXPECT_EQ(parse_vsock_address("-1:5").error().text, "Failed to parse cid '-1'");
  EXPECT_EQ(parse_vsock_address("0x2:5").error().text, "Failed to parse cid '0x2'");
  EXPECT_EQ(parse_vsock_address("4294967296:1").error().text, "Failed to parse cid '4294967296'");
  EXPECT_EQ(parse_vsock_address("1:2:3").error().text, "Failed to parse port '2:3'");
  EXPECT_EQ(channel_of("vsock-listen", "3").error().text, "error parsing address '3'");
}

TEST(ConfigurationPaths, BecomeAbsoluteForADaemon) {
  Configuration configuration;
  configuration.path = "socket";
  configuration.logfile = "log";
  configuration.fsfreeze_hook = "/absolute";
  make_paths_absolute(configuration, std::filesystem::current_path().string());
  EXPECT_EQ(configuration.path, std::filesystem::current_path().string() + "/socket");
  EXPECT_EQ(configuration.logfile, std::filesystem::current_path().string() + "/log");
  EXPECT_EQ(configuration.fsfreeze_hook, "/absolute");
  configuration.method = "vsock-listen";
  configuration.path = "3:1234";
  make_paths_absolute(configuration, std::filesystem::current_path().string());
  EXPECT_EQ(configuration.path, "3:1234");
}

}  // namespace
}  // namespace guestd::daemon
