// SPDX-License-Identifier: Apache-2.0
#include "client/main/diagnosis.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>

#include "client/main/context.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"
#include "generated/agent/introspection.hpp"
#include "generated/qmp/calls.hpp"

namespace guestd::guestctl {
namespace {

using qmp::RunState;

constexpr std::string_view kAgentPort = "org.qemu.guest_agent.0";

constexpr const char* kHowToStart =
    "in the guest: install guestd or qemu-guest-agent, start it (`systemctl start guestd` or `systemctl start "
    "qemu-guest-agent`), and see `journalctl -u guestd`";

struct Stay {
  RunState state;
  const char* text;
  const char* remedy;
};

/// States in which no agent can answer.
constexpr std::array kStays{
    Stay{RunState::kPaused, "is paused", "let it go on: `guestctl qmp cont`"},
    Stay{RunState::kSuspended, "sleeps (suspend to RAM)", "wake it: `guestctl wakeup`"},
    Stay{RunState::kShutdown, "has shut down, and its QEMU was told to stay",
         "start it anew: `guestctl qmp system_reset`, then `guestctl qmp cont`; or end it: `guestctl qmp quit`"},
    Stay{RunState::kPrelaunch, "was not started yet", "start it: `guestctl qmp cont`"},
    Stay{RunState::kPreconfig, "was not started yet", "end its configuration: `guestctl qmp x-exit-preconfig`"},
    Stay{RunState::kGuestPanicked, "has panicked", "look at its console, then `guestctl qmp system_reset`"},
    Stay{RunState::kIoError, "was stopped because a disk failed",
         "make room or mend the disk on the host, then `guestctl qmp cont`"},
    Stay{RunState::kInternalError, "was stopped by an error inside of QEMU or KVM", "see QEMU's log"},
    Stay{RunState::kWatchdog, "was stopped by its watchdog", "let it go on: `guestctl qmp cont`"},
    Stay{RunState::kDebug, "was stopped by a debugger", "let the debugger go on"},
    Stay{RunState::kInmigrate, "waits for its state from another host", "wait for the migration"},
    Stay{RunState::kPostmigrate, "has moved to another host", "ask there"},
    Stay{RunState::kFinishMigrate, "is about to move to another host", "wait for the migration"},
    Stay{RunState::kSaveVm, "stands while a snapshot is taken", "wait until that is done"},
    Stay{RunState::kRestoreVm, "stands while a snapshot is restored", "wait until that is done"},
};

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t index = 0; index < std::min(names.size(), most); ++index) {
    text += (index == 0 ? "" : ", ") + names[index];
  }
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

const std::string* socket_path(const std::optional<client::Endpoint>& endpoint) {
  if (!endpoint) return nullptr;
  const auto* const unix = std::get_if<client::UnixEndpoint>(&*endpoint);
  return unix == nullptr ? nullptr : &unix->path;
}

bool is_connected(const qmp::ChardevInfo& chardev) { return !chardev.filename.starts_with("disconnected:"); }

std::string waited_text(std::chrono::milliseconds time) {
  return terminal::duration_text(std::chrono::duration_cast<std::chrono::seconds>(time));
}

/// Agents list commands of other systems too, switched off: nobody has blocked those.
bool is_linux_command(const std::string& name) {
  return agent::introspection().find("{\"name\": \"" + name + "\", \"meta-type\": \"command\"") !=
         std::string_view::npos;
}

/// Windows has about half of the commands, and its agent lists the others as switched off.
bool is_windows(client::Connection& agent) {
  const auto system = agent::get_osinfo(agent);
  return system && system->id == "mswindows";
}

/// guestd switches these off by itself where the guest's kernel cannot do it.
bool is_about_sleep(const std::string& name) { return name.starts_with("guest-suspend-"); }

}  // namespace

std::vector<std::string> blocked_commands(const std::vector<std::pair<std::string, bool>>& commands) {
  std::vector<std::string> blocked;
  for (const auto& [name, enabled] : commands) {
    if (!enabled && is_linux_command(name)) blocked.push_back(name);
  }
  std::sort(blocked.begin(), blocked.end());
  return blocked;
}

bool is_old_version(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto [point, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc()) return false;  // of another agent, whose numbers mean something else
  if (point != end && *point == '.') std::from_chars(point + 1, end, minor);
  // With 5.2 came guest-get-disks and the commands for SSH keys.
  return major < 5 || (major == 5 && minor < 2);
}

bool Diagnosis::good(std::string subject, std::string text) {
  findings_.push_back({Outcome::kGood, std::move(subject), std::move(text), "", kExitDone});
  return true;
}

bool Diagnosis::note(std::string subject, std::string text) {
  findings_.push_back({Outcome::kNote, std::move(subject), std::move(text), "", kExitDone});
  return true;
}

bool Diagnosis::wrong(std::string subject, std::string text, std::string remedy, int status) {
  findings_.push_back({Outcome::kWrong, std::move(subject), std::move(text), std::move(remedy), status});
  return false;
}

std::vector<Finding> Diagnosis::run() {
  findings_.clear();
  chardev_.reset();
  port_.reset();
  if (!check_socket()) return std::move(findings_);
  if (patient_.monitor != nullptr) {
    const bool way_is_free = check_machine() && check_port() && check_driver() && check_frontend();
    if (!way_is_free) return std::move(findings_);
  }
  if (patient_.endpoint) {
    check_answer();
  } else {
    wrong("agent", "it is not known where the agent's socket is", "say so with --socket or --libvirt",
          kExitUnreachable);
  }
  return std::move(findings_);
}

bool Diagnosis::check_socket() {
  const std::string* const path = socket_path(patient_.endpoint);
  if (path == nullptr) return true;
  struct stat state {};
  if (::stat(path->c_str(), &state) != 0) {
    const int code = errno;
    if (code == ENOENT) {
      return wrong("socket", "there is no socket " + *path,
                   "start the machine, or find its socket with `guestctl list`; QEMU makes one for -chardev "
                   "socket,id=ID,path=PATH,server=on,wait=off",
                   kExitUnreachable);
    }
    return wrong("socket", Error::from_errno("cannot look at " + *path, code).text, "run this as root",
                 kExitUnreachable);
  }
  if (!S_ISSOCK(state.st_mode)) {
    return wrong("socket", *path + " is no socket", "name the agent's socket; `guestctl list` shows those of this host",
                 kExitUnreachable);
  }
  return good("socket", *path + " is there");
}

bool Diagnosis::check_machine() {
  const auto status = qmp::query_status(*patient_.monitor);
  if (!status) {
    return wrong("machine", "QEMU does not tell how the machine is: " + status.error().text, "see whether QEMU hangs",
                 kExitUnreachable);
  }
  const auto name = qmp::query_name(*patient_.monitor);
  const std::string machine = name && name->name ? "the machine " + *name->name : "the machine";
  const auto stay = std::ranges::find_if(kStays, [&](const Stay& each) { return each.state == status->status; });
  if (stay != kStays.end()) return wrong("machine", machine + " " + stay->text, stay->remedy, kExitUnreachable);
  const auto& version = patient_.monitor->version().qemu;
  return good("machine", machine + " runs (QEMU " + std::to_string(version.major_) + "." +
                             std::to_string(version.minor_) + "." + std::to_string(version.micro) + ")");
}

void Diagnosis::find_chardev() {
  const auto chardevs = qmp::query_chardev(*patient_.monitor);
  if (!chardevs) return;
  const std::string* const path = socket_path(patient_.endpoint);
  for (const auto& chardev : *chardevs) {
    const bool by_id = !patient_.chardev.empty() && chardev.label == patient_.chardev;
    const bool by_path = path != nullptr && chardev.filename.find("unix:" + *path + ",") != std::string::npos;
    if (by_id || by_path) chardev_ = chardev;
  }
}

bool Diagnosis::check_port() {
  find_chardev();
  const auto ports = virtio_ports(*patient_.monitor);
  if (!ports) return note("port", "QEMU does not tell its ports: " + ports.error().text);
  for (const VirtioPort& port : *ports) {
    const bool is_ours = chardev_ ? port.chardev == chardev_->label : port.name == kAgentPort;
    if (is_ours && !port_) port_ = port;
  }
  if (!port_) return check_other_port(*ports);
  if (!chardev_) {
    patient_.chardev = port_->chardev;
    find_chardev();
  }
  if (port_->name == kAgentPort) return good("port", "the machine has a port " + port_->name);
  return note("port", "the port is called '" + port_->name + "', not " + std::string(kAgentPort) +
                          ": the agent in the guest has to be told");
}

bool Diagnosis::check_other_port(const std::vector<VirtioPort>& ports) {
  // An isa-serial line has no port, and nobody can tell whether the guest listens on it.
  if (chardev_ && chardev_->frontend_open) return note("port", "the line is no virtio port, so QEMU tells less of it");
  std::vector<std::string> names;
  for (const VirtioPort& port : ports) names.push_back(port.name.empty() ? port.path : port.name);
  std::string text = "the machine has no virtio-serial port for the agent";
  if (!names.empty()) text += "; its ports are " + listed(names, 8);
  if (const auto devices = qmp::x_query_virtio(*patient_.monitor); devices && names.empty()) {
    for (const auto& device : *devices) names.push_back(device.name);
    text += names.empty() ? ", nor any virtio device" : "; its virtio devices are " + listed(names, 8);
  }
  return wrong("port", std::move(text),
               "start QEMU with -device virtio-serial-pci -chardev socket,id=qga0,path=PATH,server=on,wait=off -device "
               "virtserialport,chardev=qga0,name=" +
                   std::string(kAgentPort) + "; with Proxmox VE `qm set ID --agent 1`; with libvirt a <channel>",
               kExitUnreachable);
}

bool Diagnosis::check_driver() {
  if (!port_ || port_->device.empty()) return true;
  const std::string remedy = "in the guest: `modprobe virtio_console`, and see dmesg; if it is booting, wait";
  switch (driver_state(*patient_.monitor, port_->device)) {
    case DriverState::kUnknown:
      return note("driver", "this QEMU does not tell how the guest's driver is (it takes 7.2 or newer)");
    case DriverState::kAbsent:
      return wrong("driver", "the guest has no driver for virtio-serial running; it may still be booting", remedy,
                   kExitUnreachable);
    case DriverState::kStarting:
      return wrong("driver", "the guest's driver for virtio-serial has begun and is not ready", remedy,
                   kExitUnreachable);
    case DriverState::kBroken:
      return wrong("driver", "the guest's driver for virtio-serial has failed",
                   "unplug and plug the device, or reboot the guest", kExitUnreachable);
    case DriverState::kReady:
      break;
  }
  return good("driver", "the guest's driver for virtio-serial is up");
}

bool Diagnosis::check_frontend() {
  if (!chardev_ || !port_) return true;
  if (chardev_->frontend_open) return good("guest", "a program in the guest has opened the port");
  return wrong("guest",
               "the port is there, but no program in the guest has opened it: the agent is not installed or not "
               "started",
               kHowToStart, kExitUnreachable);
}

bool Diagnosis::check_answer() {
  const auto begin = client::Clock::now();
  auto agent = client::Connection::open(*patient_.endpoint, patient_.options);
  if (!agent) {
    explain_silence(agent.error());
    return false;
  }
  const std::chrono::duration<double, std::milli> took = client::Clock::now() - begin;
  good("agent", "it answers, after " + terminal::decimal_text(took.count(), 1) + " ms");
  return check_frozen(**agent) && check_commands(**agent);
}

void Diagnosis::explain_silence(const Error& error) {
  if (error.kind != Error::Kind::kTimedOut) {
    wrong("socket", error.text, "QEMU has ended, or another program had the socket: start the machine anew",
          kExitUnreachable);
    return;
  }
  if (error.text.find("is in use by") != std::string::npos) {
    wrong("socket", error.text, "wait for that one, or end it", kExitTimedOut);
    return;
  }
  if (chardev_ && is_connected(*chardev_)) {
    wrong("socket", "another client holds the socket; QEMU serves one at a time",
          "find it with `ss -xp` and end it, or ask through it: `guestctl --libvirt` if it is libvirt", kExitTimedOut);
    return;
  }
  const std::string waited = waited_text(patient_.options.connect_timeout);
  if (patient_.monitor == nullptr) {
    wrong("agent", "there was no answer in " + waited,
          "with --qmp PATH this tells whether the machine runs, another client holds the socket, or the agent is not "
          "started",
          kExitTimedOut);
    return;
  }
  const auto queues = port_ ? port_queues(*patient_.monitor, *port_) : PortQueues{};
  std::string text = "it has the port open, but did not answer in " + waited;
  if (queues.in_use > 0) text += "; the queue is stuck: QEMU holds " + std::to_string(queues.in_use) + " buffers of it";
  if (queues.unread) {
    text += *queues.unread > 0 ? "; it does not read: the guest holds " + std::to_string(*queues.unread) +
                                     " of its buffers with what was sent"
                               : "; it has read what was sent";
  }
  wrong(
      "agent", std::move(text),
      "it hangs or was stopped; in the guest: `systemctl restart guestd` (or qemu-guest-agent), and see what it waits "
      "for: `cat /proc/$(pidof guestd)/stack`",
      kExitTimedOut);
}

bool Diagnosis::check_frozen(client::Connection& agent) {
  const auto status = agent::fsfreeze_status(agent);
  if (!status || *status != agent::GuestFsfreezeStatus::kFrozen) return true;
  std::string text = "the guest's file systems are frozen";
  const auto report = agent::guestd_fsfreeze_report(agent);
  if (report && report->frozen_ms) {
    text =
        "the guest's file systems have been frozen for " + waited_text(std::chrono::milliseconds(*report->frozen_ms));
    if (report->deadline_left_ms) {
      text +=
          "; the agent thaws them by itself in " + waited_text(std::chrono::milliseconds(*report->deadline_left_ms));
    }
  }
  return wrong("commands", std::move(text),
               "`guestctl thaw`, unless a backup is running; until then most commands are "
               "refused",
               kExitFailed);
}

bool Diagnosis::check_commands(client::Connection& agent) {
  const auto info = agent::info(agent);
  if (!info) {
    return wrong("commands", "guest-info failed: " + info.error().text, "see the agent's log",
                 exit_status_of(info.error()));
  }
  std::vector<std::pair<std::string, bool>> commands;
  for (const auto& command : info->supported_commands) commands.emplace_back(command.name, command.enabled);
  auto blocked = blocked_commands(commands);
  const auto awake = std::stable_partition(blocked.begin(), blocked.end(), std::not_fn(is_about_sleep));
  const std::vector<std::string> asleep(awake, blocked.end());
  blocked.erase(awake, blocked.end());
  if (!asleep.empty()) note("sleep", "the guest cannot sleep, or the agent may not let it: " + listed(asleep, 12));
  if (!blocked.empty() && is_windows(agent)) {
    note("commands", "the agent, which runs on Windows, has switched off " + listed(blocked, 12));
  } else if (!blocked.empty()) {
    return wrong("commands", "the agent may not run " + listed(blocked, 12),
                 "in the guest: block-rpcs and allow-rpcs in its configuration (guestd.conf, qemu-ga.conf, or "
                 "/etc/sysconfig/qemu-ga)",
                 kExitFailed);
  }
  if (blocked.empty()) good("commands", "the agent may run its commands");
  if (is_old_version(info->version)) {
    return wrong(
        "version",
        "the agent is of version " + info->version + ", which is old: it lacks guest-get-disks, SSH keys and more",
        "update it in the guest", kExitFailed);
  }
  return good("version", "the agent is of version " + info->version);
}

}  // namespace guestd::guestctl
