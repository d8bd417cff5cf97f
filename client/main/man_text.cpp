// SPDX-License-Identifier: Apache-2.0
#include "client/main/man_text.hpp"

#include <algorithm>
#include <array>

#include "client/main/context.hpp"

namespace guestd::guestctl {
namespace {

using Text = std::pair<std::string_view, std::string_view>;

constexpr std::array kTexts{
    Text{"",
         "guestctl is the host's side of the guest agent protocol. It speaks to guestd, to qemu-ga, and to any other\n"
         "agent of that kind; what only guestd can do is said where it is so.\n"
         "\n"
         "The agent is named by one of the options below. Without one, guestctl looks where Proxmox VE and libvirt "
         "have\n"
         "their sockets, and takes the agent that it finds if there is just one.\n"
         "\n"
         "  guestctl --socket /run/vm/qga.sock ping\n"
         "  guestctl --vsock 3:1234 exec -it -- bash\n"
         "  guestctl --libvirt web cp -r :/etc backup\n"
         "\n"
         "While one guestctl speaks over a socket or serial line, others wait for it.\n"
         "\n"
         "What comes from the guest is not trusted: control characters are escaped before they reach a terminal, "
         "replies\n"
         "are limited in size, and copying from the guest writes nothing outside of the folder that was named."},
    Text{"ping",
         "Asks the agent to answer, and tells how long it took, as ping(8) does. It succeeds if at least one answer "
         "came."},
    Text{"info", "Tells the version of the agent, how many commands it has, and what system the guest runs."},
    Text{
        "call",
        "Calls any command of the agent and prints its result. Arguments are NAME=VALUE, or one JSON object. They are\n"
        "checked against the schema before they are sent; of a command that guestctl does not know, the agent is "
        "asked.\n"
        "A list takes its elements one by one, or as JSON.\n"
        "\n"
        "  guestctl call guest-file-open path=/etc/motd\n"
        "  guestctl call guest-exec path=ls arg=-l arg=/ capture-output=true\n"
        "  guestctl call guest-set-vcpus 'vcpus=[{\"logical-id\": 1, \"online\": false}]'"},
    Text{
        "exec",
        "Runs a program in the guest. Its output comes as it is written, Ctrl-C goes to it, and its exit status "
        "becomes\n"
        "that of guestctl (128 and the number of the signal that ended it). A third Ctrl-C in a row kills it.\n"
        "\n"
        "With -it it has a terminal that follows the size of this one; Ctrl-] typed three times leaves it. Without -t\n"
        "control characters in its output are escaped if this side is a terminal.\n"
        "\n"
        "An agent without guestd-exec (qemu-ga) starts it with guest-exec and is asked again and again: the output "
        "comes\n"
        "at the end, input is sent whole before, and there is neither -t nor -u.\n"
        "\n"
        "  guestctl exec -- systemctl status nginx\n"
        "  guestctl exec -it -u alice -- bash\n"
        "  guestctl exec -i -- tar -xC /srv < site.tar"},
    Text{"shell", "Logs in: the user's login shell, in the user's home, with a terminal. Takes guestd in the guest."},
    Text{"cat", "Writes files of the guest to standard output. If that is a terminal, control characters are escaped."},
    Text{"cp",
         "Copies files between host and guest. Paths of the guest begin with a colon and are absolute. A dash is\n"
         "standard input or output.\n"
         "\n"
         "With guestd in the guest, modes, times, owners and holes are kept, -r copies folders, --resume goes on with "
         "a\n"
         "file that is there in part, and SHA-256 sums are compared at the end. Owners are kept by name where both\n"
         "sides have the name, and on the host only for root. Modes from the guest come without set-user-ID and\n"
         "set-group-ID. Devices, pipes and sockets are left out.\n"
         "\n"
         "Other agents move the bytes of files only. If they run programs, as qemu-ga does, sha256sum in the guest\n"
         "computes the sums, for --resume too, and -r takes tar in the guest. Where --resume cannot compare what is\n"
         "there, files are copied from their start, and a line says why.\n"
         "\n"
         "From the guest nothing is written outside of the target: names with a slash are refused, and symbolic links\n"
         "that are there are not followed."},
    Text{"fs", "Lists the file systems of the guest as df(1) does, or with --tree its disks and what is on them."},
    Text{"freeze",
         "Freezes the file systems of the guest, so that what is on its disks is consistent. With a command behind "
         "`--`,\n"
         "the command is run on this host meanwhile, and the file systems are thawed when it ends, also if it fails, "
         "if\n"
         "guestctl is interrupted, or even killed. It is an error if the guest has thawed by itself before the end.\n"
         "\n"
         "  guestctl freeze -- lvcreate -s -n snapshot vg/vm"},
    Text{"thaw", "Thaws the file systems that were frozen."},
    Text{"trim",
         "Tells the disks of the guest which pieces are free. It fails if any file system could not be trimmed."},
    Text{"net",
         "Lists the interfaces of the guest, with guestd what each is for and by which address the guest is reached."},
    Text{"cpu", "Lists the CPUs of the guest and its load, or brings CPUs online and takes them offline."},
    Text{"mem", "Tells how much memory the guest has and uses. Takes guestd in the guest for most of it."},
    Text{"time",
         "Tells what time it is in the guest, and how far that is from this host's time; or sets the guest's clock. "
         "Where\n"
         "QEMU's monitor is found or named, interrupts that it still owes the guest's clock are then forgotten, or "
         "they\n"
         "would move the time again."},
    Text{"users", "Lists who is logged in."},
    Text{"keys", "Lists the SSH keys with which a user may log in, adds some, or removes some."},
    Text{"passwd", "Sets the password of a user of the guest."},
    Text{"shutdown",
         "Tells the guest to shut down and switch itself off. It succeeds once the agent has taken the order; with\n"
         "--wait once QEMU's monitor tells that the machine is off, which may take five minutes, or --timeout."},
    Text{"reboot",
         "Tells the guest to start anew. It succeeds once the agent has taken the order; with --wait once QEMU's\n"
         "monitor tells that the machine was reset. When the agent is there again, doctor --watch tells."},
    Text{
        "halt",
        "Tells the guest to stop without switching itself off. QEMU sees no difference to a guest that runs, so there\n"
        "is nothing to wait for."},
    Text{"suspend",
         "Puts the guest to sleep: its state in memory (ram), on its disk (disk), or both (hybrid). Where QEMU's "
         "monitor\n"
         "is found or named, it succeeds once that tells that the machine sleeps; else once the agent has taken the "
         "order.\n"
         "\n"
         "  guestctl suspend && guestctl wakeup"},
    Text{"top", "Shows what the guest's CPUs, memory, disks and network do, anew every few seconds."},
    Text{"completion", "Prints a completion script for a shell. Packages install them."},
    Text{"man", "Prints a manual page as roff."},
    Text{
        "list",
        "Shows the machines that run on this host, with the sockets of their agents and monitors. They are found by "
        "the\n"
        "command lines of running QEMUs, and by the sockets in the usual places of Proxmox VE and libvirt. Nothing is\n"
        "connected to."},
    Text{"doctor",
         "Walks the way from the host to the agent and names the first thing that is wrong, and what to do about it: "
         "the\n"
         "socket, the machine's state, the virtio-serial port, the guest's driver, whether a program in the guest has\n"
         "opened the port, other clients, the agent's answer, frozen file systems, blocked commands, and the agent's\n"
         "version. Without a monitor only the socket and the agent itself can be looked at.\n"
         "\n"
         "The status is 0 if all is well, 1 if the agent answers but is frozen, old, or may not run some commands, 3 "
         "if\n"
         "it cannot be reached, 4 if it does not answer or another client holds its socket."},
    Text{"qmp",
         "Calls a command of QEMU's monitor and prints what it returns. The arguments are checked with what that QEMU\n"
         "says of itself (query-qmp-schema) before anything is sent.\n"
         "\n"
         "  guestctl --qmp /run/vm/qmp qmp query-status"},
    Text{"watch",
         "Prints the events of QEMU's monitor as they come: the time, the name, and what belongs to it. With names of\n"
         "events only these. It ends with status 0 when it is interrupted, or when QEMU ends after a shutdown."},
    Text{"wakeup",
         "Wakes a guest that was suspended to RAM, and returns when QEMU reports that it is awake. It is an error if "
         "the\n"
         "guest does not sleep."},
};

}  // namespace

std::string_view man_text(std::string_view verb) {
  const auto found = std::ranges::find(kTexts, verb, &Text::first);
  return found == kTexts.end() ? std::string_view() : found->second;
}

std::span<const std::pair<int, std::string_view>> exit_statuses() {
  static constexpr std::array<std::pair<int, std::string_view>, 5> kStatuses{
      {{kExitDone, "it is done"},
       {kExitFailed, "the agent refused, or something on this side went wrong"},
       {kExitUsage, "the command line makes no sense"},
       {kExitUnreachable, "there is no agent at the place that was named, or it went away"},
       {kExitTimedOut, "no answer in time"}}};
  return kStatuses;
}

}  // namespace guestd::guestctl
