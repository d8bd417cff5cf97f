// SPDX-License-Identifier: Apache-2.0
#include "client/main/diagnosis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "client/main/context.hpp"
#include "tests/client/monitor/fake_monitor.hpp"
#include "tests/support/agent.hpp"

namespace guestd::guestctl {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

/// A QEMU as it answers when all is well: the port leads to an agent that really runs.
class DiagnosisTest : public testing::Test {
 protected:
  DiagnosisTest() {
    set_state("running");
    qemu_.answer("query-name", R"({"name": "web"})");
    set_chardev("disconnected:", true);
    qemu_.answer("qom-list", R"([{"name": "port0", "type": "child<virtserialport>"}])");
    // All properties of the port are strings here, its number too, which makes it port 0.
    qemu_.answer("qom-get", R"("org.qemu.guest_agent.0")");
    set_driver(R"("VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready")");
  }

  void set_state(const std::string& state) {
    qemu_.answer("query-status", R"({"running": true, "singlestep": false, "status": ")" + state + "\"}");
  }
  void set_chardev(const std::string& prefix, bool open) {
    qemu_.answer("query-chardev", R"([{"label": "org.qemu.guest_agent.0", "filename": ")" + prefix +
                                      "unix:" + agent_.socket() + R"(,server=on", "frontend-open": )" +
                                      (open ? "true" : "false") + "}]");
  }
  void set_driver(const std::string& statuses) {
    const std::string features = R"({"transports": [], "dev-features": []})";
    qemu_.answer("x-query-virtio-status",
                 R"({"name": "virtio-serial", "device-id": 3, "vhost-started": false, "device-endian": "little",
 "guest-features": )" +
                     features + R"(, "host-features": )" + features + R"(, "backend-features": )" + features +
                     R"(, "num-vqs": 64, "status": {"statuses": [)" + statuses + R"(]}, "isr": 0, "queue-sel": 0,
 "vm-running": true, "broken": false, "disabled": false, "use-started": true, "started": true,
 "start-on-kick": false, "disable-legacy-check": false, "bus-name": "b", "use-guest-notifier-mask": true})");
  }
  Finding last(bool with_monitor = true) {
    Patient patient;
    patient.endpoint = client::UnixEndpoint{socket_.empty() ? agent_.socket() : socket_};
    patient.options = {limit_, 20s, lock_};
    auto monitor = client::Monitor::open(qemu_.path(), {20s, 20s});
    if (!monitor) throw std::runtime_error(monitor.error().text);
    if (with_monitor) patient.monitor = monitor->get();
    findings_ = Diagnosis(std::move(patient)).run();
    return findings_.back();
  }
  void expect_wrong(const std::string& subject, const std::string& text, int status) {
    const Finding finding = last();
    EXPECT_EQ(finding.outcome, Finding::Outcome::kWrong);
    EXPECT_EQ(finding.subject, subject);
    EXPECT_THAT(finding.text, HasSubstr(text));
    EXPECT_NE(finding.remedy, "");
    EXPECT_EQ(finding.status, status);
  }

  support::Agent agent_;
  support::FakeMonitor qemu_;
  std::string socket_;
  std::chrono::milliseconds limit_ = 20s;
  bool lock_ = false;
  std::vector<Finding> findings_;
};

TEST_F(DiagnosisTest, OfAHealthyAgentGoesThrough) {
  last();
  std::vector<std::string> good;
  for (const Finding& each : findings_) {
    if (each.outcome == Finding::Outcome::kGood) good.push_back(each.subject);
  }
  ASSERT_GE(good.size(), 6U) << findings_.back().text;
  good.resize(6);
  EXPECT_THAT(good, testing::ElementsAre("socket", "machine", "port", "driver", "guest", "agent"));
  // What an agent does not have yet counts as blocked, so this one may end there.
  EXPECT_THAT(findings_.back().subject, testing::AnyOf("version", "commands"));
}

TEST_F(DiagnosisTest, NamesASocketThatIsNotThere) {
  socket_ = "/no/such/socket";
  expect_wrong("socket", "there is no socket /no/such/socket", kExitUnreachable);
  socket_ = "/etc/passwd";
  expect_wrong("socket", "/etc/passwd is no socket", kExitUnreachable);
}

TEST_F(DiagnosisTest, NamesASocketAtWhichNobodyListens) {
  agent_.process().signal(SIGKILL);
  ASSERT_TRUE(agent_.process().wait());
  expect_wrong("socket", "nobody listens", kExitUnreachable);
}

TEST_F(DiagnosisTest, NamesAMachineThatStands) {
  set_state("paused");
  expect_wrong("machine", "the machine web is paused", kExitUnreachable);
  set_state("suspended");
  expect_wrong("machine", "sleeps", kExitUnreachable);
  set_state("shutdown");
  expect_wrong("machine", "has shut down", kExitUnreachable);
  set_state("of the future");
  expect_wrong("machine", "does not accept value 'of the future'", kExitUnreachable);
}

TEST_F(DiagnosisTest, NamesAPortThatIsMissing) {
  qemu_.answer("qom-list", "[]");
  set_chardev("", false);
  qemu_.answer("x-query-virtio", R"([{"name": "virtio-net", "path": "/machine/x"}])");
  expect_wrong("port", "no virtio-serial port for the agent; its virtio devices are virtio-net", kExitUnreachable);
}

TEST_F(DiagnosisTest, NamesADriverThatIsNotUp) {
  set_driver("");
  expect_wrong("driver", "no driver for virtio-serial running", kExitUnreachable);
  set_driver(R"("VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device")");
  expect_wrong("driver", "has begun and is not ready", kExitUnreachable);
}

TEST_F(DiagnosisTest, NamesAPortThatNobodyHasOpened) {
  set_chardev("disconnected:", false);
  expect_wrong("guest", "no program in the guest has opened it", kExitUnreachable);
  EXPECT_THAT(findings_.back().remedy, HasSubstr("systemctl start guestd"));
}

TEST_F(DiagnosisTest, NamesAnAgentThatHangs) {
  agent_.process().signal(SIGSTOP);
  limit_ = 1s;
  expect_wrong("agent", "did not answer in 1s", kExitTimedOut);
  set_chardev("", true);
  expect_wrong("socket", "another client holds the socket", kExitTimedOut);
  const Finding without = last(false);
  EXPECT_EQ(without.subject, "agent");
  EXPECT_THAT(without.remedy, StartsWith("with --qmp PATH"));
  agent_.process().signal(SIGCONT);
}

TEST_F(DiagnosisTest, NamesAnotherGuestctlThatHoldsTheSocket) {
  const auto other = client::Connection::open(client::UnixEndpoint{agent_.socket()}, {20s, 20s, true});
  ASSERT_TRUE(other) << other.error().text;
  lock_ = true;
  limit_ = 200ms;
  expect_wrong("socket", "is in use by", kExitTimedOut);
}

TEST_F(DiagnosisTest, GoesOnWhereAnOlderQemuTellsLess) {
  qemu_.refuse("x-query-virtio-status", "unknown");
  last();
  ASSERT_GE(findings_.size(), 6U);
  EXPECT_EQ(findings_[3].outcome, Finding::Outcome::kNote);
  EXPECT_EQ(findings_[3].subject, "driver");
  EXPECT_EQ(findings_[5].subject, "agent");
}

TEST(Diagnosis, NamesBlockedCommands) {
  support::Agent::Options options;
  options.arguments = {"--block-rpcs=guest-ping,guest-get-time"};
  const support::Agent agent(std::move(options));
  Patient patient;
  patient.endpoint = client::UnixEndpoint{agent.socket()};
  patient.options = {20s, 20s, false};
  const Finding finding = Diagnosis(std::move(patient)).run().back();
  EXPECT_EQ(finding.subject, "commands");
  EXPECT_EQ(finding.status, kExitFailed);
  EXPECT_THAT(finding.text, testing::AllOf(HasSubstr("guest-ping"), HasSubstr("guest-get-time")));
}

/// The last finding about an agent that is scripted.
Finding about(const support::FakeMonitor& agent) {
  Patient patient;
  patient.endpoint = client::UnixEndpoint{agent.path()};
  patient.options = {20s, 20s, false};
  return Diagnosis(std::move(patient)).run().back();
}

TEST(Diagnosis, NamesAFrozenGuestAndForHowLong) {
  support::FakeMonitor agent("");
  agent.answer("guest-fsfreeze-status", "\"frozen\"");
  EXPECT_EQ(about(agent).text, "the guest's file systems are frozen") << "all that qemu-ga tells";
  agent.answer("guestd-fsfreeze-report",
               R"({"status": "frozen", "busy": false, "frozen": 1, "filesystems": [], "hooks": [],
 "frozen-ms": 65000, "deadline-left-ms": 535000})");
  const Finding finding = about(agent);
  EXPECT_EQ(finding.outcome, Finding::Outcome::kWrong);
  EXPECT_EQ(finding.text,
            "the guest's file systems have been frozen for 1m05s; the agent thaws them by itself in 8m55s");
  EXPECT_EQ(finding.status, kExitFailed);
}

TEST(Diagnosis, NamesAnOldAgent) {
  support::FakeMonitor agent("");
  agent.answer("guest-fsfreeze-status", "\"thawed\"");
  agent.answer("guest-info", R"({"version": "2.12.0", "supported_commands": []})");
  EXPECT_EQ(about(agent).subject, "version");
  EXPECT_EQ(about(agent).outcome, Finding::Outcome::kWrong);
  agent.answer("guest-info", R"({"version": "7.2.22", "supported_commands": []})");
  EXPECT_EQ(about(agent).outcome, Finding::Outcome::kGood);
}

TEST(Diagnosis, DoesNotBlameWindowsForWhatItDoesNotHave) {
  support::FakeMonitor agent("");
  agent.answer("guest-fsfreeze-status", "\"thawed\"");
  agent.answer("guest-info", R"({"version": "9.0.0", "supported_commands": [
 {"name": "guest-set-vcpus", "enabled": false, "success-response": true}]})");
  EXPECT_EQ(about(agent).subject, "commands");
  agent.answer("guest-get-osinfo", R"({"id": "mswindows"})");
  EXPECT_EQ(about(agent).outcome, Finding::Outcome::kGood);
}

TEST(Diagnosis, DoesNotBlameGuestsThatCannotSleep) {
  support::FakeMonitor agent("");
  agent.answer("guest-fsfreeze-status", "\"thawed\"");
  agent.answer("guest-info", R"({"version": "10.2.2", "supported_commands": [
 {"name": "guest-suspend-ram", "enabled": false, "success-response": false}]})");
  EXPECT_EQ(about(agent).outcome, Finding::Outcome::kGood);
  agent.answer("guest-info", R"({"version": "10.2.2", "supported_commands": [
 {"name": "guest-suspend-ram", "enabled": false, "success-response": false},
 {"name": "guest-exec", "enabled": false, "success-response": true}]})");
  EXPECT_EQ(about(agent).subject, "commands");
  EXPECT_EQ(about(agent).text, "the agent may not run guest-exec");
}

TEST(Diagnosis, ListsBlockedCommandsInOrder) {
  // As qemu-ga on Linux lists them: guest-get-devices is for Windows.
  EXPECT_THAT(blocked_commands(
                  {{"guest-ping", false}, {"guest-info", true}, {"guest-exec", false}, {"guest-get-devices", false}}),
              testing::ElementsAre("guest-exec", "guest-ping"));
}

TEST(Diagnosis, KnowsOldVersions) {
  for (const char* version : {"2.12.0", "5.1.99", "4", "5"}) EXPECT_TRUE(is_old_version(version)) << version;
  for (const char* version : {"5.2.0", "7.2.22", "10.2.0", "", "guest"})
    EXPECT_FALSE(is_old_version(version)) << version;
}

}  // namespace
}  // namespace guestd::guestctl
