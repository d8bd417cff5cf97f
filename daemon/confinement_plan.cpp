// SPDX-License-Identifier: Apache-2.0
#include "daemon/confinement_plan.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "daemon/agent.hpp"
#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

using platform::Capabilities;
using platform::Confinement;

using Names = std::array<std::string_view, 2>;

Capabilities set_of(const Names& names) {
  Capabilities set = 0;
  for (const auto name : names) set |= platform::capability_named(name);
  return set;
}

enum class Reach : std::uint8_t {
  kFacts,     ///< reads files of the system
  kMounts,    ///< opens mount points, wherever they are
  kHooks,     ///< runs programs that the administrator has chosen
  kAnything,  ///< any file, any program, or tools of the system that need who knows what
};

/// What commands of a family need beyond the rights of the user root, by whether they change the guest.
struct Needs {
  std::string_view family;
  Names facts;
  Names changes;
  Reach reach_of_changes = Reach::kFacts;
  bool changes_switch_devices = false;  ///< CPUs and memory, in sysfs
};

// CAP_DAC_READ_SEARCH: mount points may lie below folders that are closed to all but their owner.
constexpr std::array kNeeds{
    Needs{"cpus", {}, {}, Reach::kFacts, true},
    Needs{"devices", {}, {}},
    Needs{"disks", {"CAP_DAC_READ_SEARCH"}, {}},
    Needs{"exec", {}, {}, Reach::kAnything},
    Needs{"figures", {}, {}},
    Needs{"files", {}, {}, Reach::kAnything},
    Needs{"fsfreeze", {"CAP_DAC_READ_SEARCH"}, {"CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"}, Reach::kHooks},
    Needs{"fstrim", {}, {"CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"}, Reach::kMounts},
    Needs{"info", {}, {}},
    Needs{"introspection", {}, {}},
    Needs{"memory", {}, {}, Reach::kFacts, true},
    Needs{"network", {}, {}},
    Needs{"passwords", {}, {}, Reach::kAnything},
    Needs{"policy", {}, {}},
    Needs{"power", {}, {}, Reach::kAnything},
    Needs{"processes", {}, {}, Reach::kAnything},
    Needs{"protocol", {}, {}},
    Needs{"restore", {}, {}, Reach::kAnything},
    Needs{"routes", {}, {}},
    Needs{"ssh-keys", {}, {}, Reach::kAnything},
    Needs{"statistics", {}, {}},
    Needs{"suspend", {}, {}, Reach::kAnything},
    Needs{"system", {}, {}},
    Needs{"time", {}, {"CAP_SYS_TIME"}, Reach::kAnything},
};

// What hooks for databases were seen to need: becoming the database's user, and ending what hangs.
constexpr std::array<std::string_view, 8> kForHooks{"CAP_CHOWN",        "CAP_DAC_OVERRIDE", "CAP_FOWNER",
                                                    "CAP_KILL",         "CAP_SETGID",       "CAP_SETUID",
                                                    "CAP_SYS_RESOURCE", "CAP_AUDIT_WRITE"};

// Families whose every command, also one that changes nothing, reaches for anything.
bool reaches_by_reading(std::string_view family) {
  return family == "exec" || family == "files" || family == "processes" || family == "ssh-keys";
}

const Needs* needs_of(std::string_view family) {
  const auto found = std::ranges::find(kNeeds, family, &Needs::family);
  return found == kNeeds.end() ? nullptr : &*found;
}

/// What is known of the needs while commands are looked at one by one.
struct Sum {
  Capabilities capabilities = 0;
  Reach reach = Reach::kFacts;
  bool switches_devices = false;

  void add(const protocol::CommandEntry& entry) {
    const Needs* needs = needs_of(entry.family);
    const bool changes = entry.has_feature(feature::kChanges);
    if (needs == nullptr || reaches_by_reading(entry.family)) {
      reach = Reach::kAnything;
      return;
    }
    capabilities |= set_of(changes ? needs->changes : needs->facts);
    if (!changes) return;
    reach = std::max(reach, needs->reach_of_changes);
    switches_devices = switches_devices || needs->changes_switch_devices;
  }
};

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

void add_own_files(const Configuration& configuration, Confinement& confinement) {
  confinement.readable = {"/etc", "/lib", "/lib64", "/proc", "/run", "/sys", "/usr", "/var/run", "/dev/urandom"};
  auto& writable = confinement.writable;
  // Of its state only the socket of `guestd status` is left: what has handles, programs and frozen file systems to
  // remember reaches for more than facts. The folder may be /run, which is not to be written to.
  confinement.readable.push_back(configuration.statedir);
  confinement.sockets = {configuration.statedir};
  confinement.devices = {"/dev/null"};
  if (configuration.logfile) writable.push_back(folder_of(*configuration.logfile));
  if (configuration.audit.file) writable.push_back(folder_of(*configuration.audit.file));
  if (configuration.daemonize) confinement.sockets.push_back(folder_of(configuration.pidfile));
  if (configuration.method == "unix-listen" && configuration.path) {
    confinement.sockets.push_back(folder_of(*configuration.path));
  } else if (configuration.method != "vsock-listen") {
    // A port is opened again under any number when it has been unplugged, so its folder has to stay open.
    confinement.devices.emplace_back("/dev");
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool are_in(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::ranges::all_of(some, [&](const auto& each) { return std::ranges::find(all, each) != all.end(); });
}

}  // namespace

Confinement plan_confinement(const Configuration& configuration, const CommandRules& rules) {
  if (!configuration.policy.confine) return {};
  Sum sum;
  for (const auto& entry : protocol::command_table()) {
    if (entry.run != nullptr && rules.allowed(entry)) sum.add(entry);
    if (sum.reach == Reach::kAnything) return {};
  }
  Confinement confinement;
  confinement.capabilities = sum.capabilities;
  if (configuration.method == "vsock-listen") confinement.capabilities |= set_of({"CAP_NET_BIND_SERVICE"});
  confinement.may_set_clock = false;
  confinement.may_reboot = false;
  confinement.may_run_programs = sum.reach == Reach::kHooks;
  if (confinement.may_run_programs) {
    for (const auto name : kForHooks) confinement.capabilities |= platform::capability_named(name);
    return confinement;
  }
  if (sum.reach == Reach::kMounts) return confinement;
  confinement.restricts_files = true;
  add_own_files(configuration, confinement);
  // What is plugged in is brought online by the agent itself, whatever the host may ask.
  if (configuration.auto_online || sum.switches_devices) confinement.devices.emplace_back("/sys/devices/system");
  return confinement;
}

bool covers(const Confinement& has, const Confinement& wants) {
  const bool has_capabilities = (wants.capabilities & ~has.capabilities) == 0;
  const bool has_files =
      !has.restricts_files ||
      (wants.restricts_files && are_in(has.readable, wants.readable) && are_in(has.writable, wants.writable) &&
       are_in(has.sockets, wants.sockets) && are_in(has.devices, wants.devices));
  return has_capabilities && has_files && (has.may_run_programs || !wants.may_run_programs);
}

bool needs_are_known(std::string_view family) { return needs_of(family) != nullptr; }

std::string unit_drop_in(Profile profile) {
  Configuration configuration;
  configuration.policy.profile = profile;
  const Confinement confinement = plan_confinement(configuration, command_rules(configuration));
  std::string text = "# For guestd with profile=" + std::string(name_of(profile)) +
                     ", by guestd --print-unit-drop-in=" + std::string(name_of(profile)) + ".\n";
  if (!confinement.is_any()) {
    return text + "# This profile lets the host touch any file and run any program: there is nothing to enclose.\n";
  }
  text += "[Service]\n";
  text += "CapabilityBoundingSet=" + joined(platform::capability_names(confinement.capabilities)) + "\n";
  text +=
      "NoNewPrivileges=yes\n"
      "LockPersonality=yes\n"
      "RestrictRealtime=yes\n"
      "RestrictSUIDSGID=yes\n"
      "ProtectKernelModules=yes\n"
      "ProtectKernelLogs=yes\n"
      "ProtectClock=yes\n"
      "DevicePolicy=closed\n"
      "DeviceAllow=char-virtio-portsdev rw\n"
      "DeviceAllow=char-ttyS rw\n"
      "DeviceAllow=char-rtc r\n"
      "SystemCallArchitectures=native\n";
  if (confinement.may_run_programs) return text;
  // Programs (hooks) may want what follows.
  text +=
      "ProtectKernelTunables=yes\n"
      "ProtectControlGroups=yes\n"
      "ProtectSystem=strict\n"
      "ReadWritePaths=/run -/var/log /sys/devices/system\n"
      "MemoryDenyWriteExecute=yes\n"
      "RestrictNamespaces=yes\n"
      "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_VSOCK\n"
      "IPAddressDeny=any\n"
      "SystemCallFilter=@system-service landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp\n"
      "SystemCallErrorNumber=EPERM\n"
      "InaccessiblePaths=-/run/systemd/private -/run/dbus\n"
      "AppArmorProfile=-guestd-monitor\n";
  return text;
}

}  // namespace guestd::daemon
