// SPDX-License-Identifier: Apache-2.0
#include "base/version.hpp"
#include "daemon/options.hpp"

namespace guestd::daemon {
namespace {

constexpr std::string_view kOptionsText = R"(
guestd, the guest agent: serves the host of this virtual machine.

Channel:
  -m, --method NAME     virtio-serial (default), isa-serial, unix-listen or
                        vsock-listen
  -p, --path PATH       device or socket; <cid>:<port> for vsock-listen. Default
                        /dev/virtio-ports/org.qemu.guest_agent.0, for isa-serial
                        /dev/ttyS0
  -r, --retry-path      keep trying to open the channel when it is not there

What the host may do:
  -b, --block-rpcs LIST refuse these commands; LIST is separated by commas, and
                        "help" prints all names
  -a, --allow-rpcs LIST refuse all commands but these
  -F[PATH], --fsfreeze-hook[=PATH]
                        run this script before a freeze and after a thaw
                        (without PATH: /etc/qemu/fsfreeze-hook)

Files:
  -c, --config PATH     configuration file (also: QGA_CONF in the environment),
                        instead of /etc/guestd/guestd.conf or
                        /etc/qemu/qemu-ga.conf
  -l, --logfile PATH    write the log to this file
  -f, --pidfile PATH    default /var/run/qemu-ga.pid; only with -d
  -t, --statedir DIR    where state is kept over restarts, default /var/run

Running:
  -d, --daemonize       run in the background, return when it is ready
  -v, --verbose         log more

Information:
  -D, --dump-conf       print the configuration in effect and exit
      --schema          print what the agent can be asked, as JSON, and exit
      --thaw-stale      thaw what an agent that was killed has left frozen, and
                        exit; the service does that when it has stopped
      --check-config    check configuration and surroundings, print what the
                        host may do, and exit
      --print-unit-drop-in PROFILE
                        print a drop-in for guestd.service that encloses a
                        service of this profile, and exit
  -V, --version         print the version and exit
  -h, --help            print this and exit

Instead of serving:
  status                print how the running agent stands
  audit [--json]        print the trail of what hosts have changed
)";

}  // namespace

std::string help_text(std::string_view program) {
  std::string text = "Usage: " + std::string(program) + " [-m <method> -p <path>] [<options>]\n";
  return text.append(kOptionsText);
}

std::string schema_text(std::string_view introspection) {
  std::string text = "[";
  while (!introspection.empty()) {
    const auto end = introspection.find('\n');
    text.append(text.size() > 1 ? ",\n" : "\n").append(introspection.substr(0, end));
    introspection.remove_prefix(end == std::string_view::npos ? introspection.size() : end + 1);
  }
  return text + (text.size() > 1 ? "\n]\n" : "]\n");
}

std::string version_text(std::string_view program) {
  const bool as_qemu_ga = program.substr(program.rfind('/') + 1) == "qemu-ga";
  const std::string agent = "QEMU Guest Agent " + std::string(kCompatibleVersion);
  if (as_qemu_ga) return agent + "\n";
  return "guestd " + std::string(kVersion) + " (compatible with " + agent + ")\n";
}

}  // namespace guestd::daemon
