#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs guestd's package in a Debian guest under QEMU and, as its host, tests what answers.

    vm_test.py --package build/package/guestd_0.1.0_amd64.deb --static build/static/daemon/guestd
               [--only PATTERN] [--keep-logs FOLDER] [--shell] [--capture FOLDER]

Five rounds: the package is installed in a Debian of old hardware; the same guest on today's; the same on a machine that
goes back to snapshots of itself, and moves; the statically linked agent in a guest that has nothing but busybox; the
package in another Debian, which enforces SELinux. The guests' image is built first if it is not in the cache
(build_image.sh).
"""

import argparse
import base64
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import busybox_cases  # noqa: E402  pylint: disable=wrong-import-position
import guest_test  # noqa: E402  pylint: disable=wrong-import-position
import channel_cases  # noqa: E402  pylint: disable=wrong-import-position
import command_cases  # noqa: E402  pylint: disable=wrong-import-position
import disk_cases  # noqa: E402  pylint: disable=wrong-import-position
import exec_cases  # noqa: E402  pylint: disable=wrong-import-position
import freeze_cases  # noqa: E402  pylint: disable=wrong-import-position
import guestctl_cases  # noqa: E402  pylint: disable=wrong-import-position
import hardware  # noqa: E402  pylint: disable=wrong-import-position
import install_cases  # noqa: E402  pylint: disable=wrong-import-position
import life_cases  # noqa: E402  pylint: disable=wrong-import-position
import login_cases  # noqa: E402  pylint: disable=wrong-import-position
import machine_cases  # noqa: E402  pylint: disable=wrong-import-position
import policy_cases  # noqa: E402  pylint: disable=wrong-import-position
import power_cases  # noqa: E402  pylint: disable=wrong-import-position
import selinux_cases  # noqa: E402  pylint: disable=wrong-import-position
import service_cases  # noqa: E402  pylint: disable=wrong-import-position
import transcript_cases  # noqa: E402  pylint: disable=wrong-import-position
from machine import Machine  # noqa: E402  pylint: disable=wrong-import-position

# Sleep comes on a machine that nothing is plugged into afterwards: neither works after the other.
AFTER_INSTALLATION = (disk_cases.OldBoard, power_cases.Sleep, guestctl_cases.Monitor)
# Those that only read and write come first, those that pull devices and kill last.
AFTER_BOOT = (
    command_cases.Protocol, command_cases.System, command_cases.Network, command_cases.Files,
    transcript_cases.Transcripts, disk_cases.Disks, disk_cases.Filesystems, login_cases.Logins, machine_cases.Clocks,
    exec_cases.Programs, channel_cases.Port, channel_cases.OtherChannels, service_cases.Service, freeze_cases.Freezing,
    guestctl_cases.Doctor, policy_cases.Policy, life_cases.Life,
)
PLUGGED_IN = (machine_cases.Cpus, machine_cases.Memory)
# On a machine without other devices, since not all can be saved.
ON_THE_MOVE = (life_cases.Restored, life_cases.Moved)
IN_BUSYBOX = (
    busybox_cases.Basics, busybox_cases.Disks, busybox_cases.BusyboxSleep, busybox_cases.BusyboxClocks,
    busybox_cases.BusyboxCpus, busybox_cases.BusyboxMemory,
)
ENFORCING = (selinux_cases.Enforcing,)
# Cases that have not passed yet in every run on a slow machine. ./dev vm runs them, ./dev test does not.
ON_PROBATION = (guestctl_cases.Speed,)
ON_PROBATION_ON_THE_MOVE = (life_cases.RestoredAmidAReply,)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", required=True, help="the .deb to install")
    parser.add_argument("--static", required=True,
                        help="the statically linked guestd; if it is missing, its guest is left out")
    parser.add_argument("--guestctl", help="the host's client to test with (default: beside the package)")
    parser.add_argument("--only", action="append", help="run only the tests whose names match (as unittest -k)")
    parser.add_argument("--established", action="store_true", help="without the cases that are on probation")
    parser.add_argument("--keep-logs", help="where the logs of QEMU and of the guest's console go")
    parser.add_argument("--capture", help="write what guestd reads about disks to machines in this folder of fixtures")
    parser.add_argument("--shell", action="store_true", help="after the installation, run commands from stdin instead")
    return parser.parse_args()


def load(case, only):
    loader = unittest.TestLoader()
    if only:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*" for pattern in only]
    return loader.loadTestsFromTestCase(case)


class TimedResult(unittest.TextTestResult):
    """Remembers how long each test took."""

    durations = []

    def startTest(self, test):
        self._started = time.monotonic()  # pylint: disable=attribute-defined-outside-init
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.durations.append((time.monotonic() - self._started, test.id()))


def run(suite, verbosity=2):
    """Whether all went well. A missing test is no success: --only may name none in one of the rounds, though."""
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=verbosity, resultclass=TimedResult)
    result = runner.run(suite)
    return result.wasSuccessful() and not result.skipped


def shell(machine):
    print("Commands for the guest's shell, one per line; end with Ctrl-D. The agent listens on", machine.agent_socket)
    for line in sys.stdin:
        try:
            print(machine.run(line, check=False))
        except TimeoutError as late:
            print(late)


def suite_of(cases, only):
    return unittest.TestSuite(load(case, only) for case in cases)


def end(case, mode, options):
    """The last test of a round: it ends the machine. Without it the plug is pulled."""
    case.machine = guest_test.GuestTest.machine
    good = bool(options.only) or run(unittest.TestSuite([case(mode)]))
    case.machine.stop()
    return good


def with_disks(machine, disks):
    for disk in disks:
        disk.make(machine.folder)
    return hardware.options(disks, machine.folder)


def capture(machine, options, name):
    """What tests/fixtures/capture finds in the guest, as a machine of that name."""
    if not options.capture:
        return
    with open(os.path.join(HERE, "..", "fixtures", "capture"), encoding="utf-8") as script:
        text = machine.run(f"cat >/run/capture <<'CAPTURE'\n{script.read()}\nCAPTURE\n"
                           "sh /run/capture 2>/dev/null | gzip | base64 -w 0", timeout=300)
    target = os.path.join(options.capture, name)
    shutil.rmtree(target, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text)), mode="r:gz") as archive:
        archive.extractall(target)


def first_round(machine, options):
    """A guest that runs the distribution's agent, on a board of old: guestd is installed over it."""
    machine.make_disk()
    machine.start(options.package, "pc", with_disks(machine, hardware.OLD))
    install_cases.Installing.machine = guest_test.GuestTest.machine = machine
    install_cases.Installing.package_size = os.path.getsize(options.package)
    case = install_cases.Installing
    # With --only, the shortest way to an installed package.
    suite = load(case, None) if not options.only else unittest.TestSuite(
        [case("test_1_distribution_agent_answers_first"), case("test_2_package_takes_its_place_in_running_guest")])
    good = run(suite) and run(suite_of(AFTER_INSTALLATION, options.only))
    capture(machine, options, "i440fx")
    if options.shell:
        return good
    if options.only:
        machine.run("sync")
    return end(power_cases.End, "test_power_off_is_seen_by_the_host", options) and good


def second_round(machine, options):
    """The same guest from cold, on a board of today."""
    machine.start(board="q35", devices=with_disks(machine, hardware.TODAYS))
    install_cases.FirstBoot.machine = guest_test.GuestTest.machine = machine
    if not run(load(install_cases.FirstBoot, None)):
        return False  # nothing answers: the others would only wait
    good = run(suite_of(after_boot(options), options.only))
    capture(machine, options, "q35")
    return end(power_cases.End, "test_reboot_is_seen_by_the_host", options) and good


def third_round(machine, options):
    """The same guest restored from snapshots, and on its way to another QEMU."""
    machine.start(board="q35")
    machine.run("true", timeout=300)
    machine.let_disk_hold_snapshots()
    guest_test.GuestTest.machine = machine
    good = run(suite_of(on_the_move(options), options.only))
    guest_test.GuestTest.machine.stop()  # not `machine`, which it has left
    return good


def fourth_round(machine, options):
    """The guest without systemd, udev and libraries."""
    guest_test.GuestTest.machine = machine
    devices = busybox_cases.make_disks(machine.folder, options.static)
    machine.start_busybox(options.static, devices)
    started = time.monotonic()
    machine.run("true", timeout=300)
    guest_test.GuestTest.note("busybox guest, QEMU started to shell", f"{time.monotonic() - started:.1f} s")
    good = run(suite_of(IN_BUSYBOX, options.only))
    good = end(busybox_cases.BusyboxEnd, "test_reboot_is_seen_by_the_host", options) and good
    if options.only:
        return good
    machine.start_busybox(options.static, devices)
    machine.run("setsid guestd --statedir /run </dev/null >/dev/null 2>&1 &", timeout=300)
    return end(busybox_cases.BusyboxEnd, "test_power_off_is_seen_by_the_host", options) and good


def fifth_round(machine, options):
    """A fresh guest that enforces SELinux, with guestd's module."""
    payload = os.path.join(machine.folder, "payload.tar")
    with tarfile.open(payload, "w") as archive:
        archive.add(options.package, "guestd.deb")
        archive.add(selinux_cases.make_module(machine.folder), "guestd.pp")
    machine.make_disk()
    machine.start(payload, append="security=selinux selinux=1")
    guest_test.GuestTest.machine = machine
    machine.run("mkdir /root/payload; tar -C /root/payload -xf /dev/vdb && dpkg --install /root/payload/guestd.deb",
                timeout=400)
    good = run(suite_of(ENFORCING, options.only))
    machine.stop()
    return good


def after_boot(options):
    return AFTER_BOOT + (() if options.established else ON_PROBATION) + PLUGGED_IN


def on_the_move(options):
    return ON_THE_MOVE + (() if options.established else ON_PROBATION_ON_THE_MOVE)


def count(options):
    cases = (*AFTER_INSTALLATION, *after_boot(options), *on_the_move(options), *IN_BUSYBOX, *ENFORCING)
    return suite_of(cases, options.only).countTestCases()


def rounds(machine, options):
    """--only may leave rounds without a test: those are not begun."""
    needs = lambda *cases: suite_of(cases, options.only).countTestCases() > 0  # noqa: E731
    good = True
    if needs(*AFTER_INSTALLATION, *after_boot(options), *on_the_move(options)) or options.shell:
        good = first_round(machine, options)
        if options.shell:
            shell(machine)
            return good
    if needs(*after_boot(options)):
        good = second_round(machine, options) and good
    if needs(*on_the_move(options)):
        good = third_round(machine, options) and good
    if needs(*IN_BUSYBOX) and not os.path.exists(options.static):
        print(f"left out: the guest of busybox, since there is no {options.static}")
    elif needs(*IN_BUSYBOX):
        good = fourth_round(machine, options) and good
    if needs(*ENFORCING) and not os.path.exists(selinux_cases.DEVELOPMENT_FILES):
        print(f"left out: the guest that enforces SELinux, since there is no {selinux_cases.DEVELOPMENT_FILES}")
    elif needs(*ENFORCING):
        good = fifth_round(machine, options) and good
    return good


def main():
    options = arguments()
    # build/package/guestd_VERSION_ARCH.deb was built in build/package/guestd.
    beside = os.path.join(os.path.dirname(os.path.abspath(options.package)),
                          "guestd/build/release/client/main/guestctl")
    guestctl_cases.GuestctlCase.guestctl = options.guestctl or beside
    started = time.monotonic()
    if options.only and count(options) == 0:
        sys.exit("no test has such a name")
    image = subprocess.run([os.path.join(HERE, "build_image.sh")], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip()
    # Not below the build folder: the path of a Unix socket is short.
    with tempfile.TemporaryDirectory(prefix="guestd-vm-") as folder:
        machine = Machine(image, folder)
        good = False
        try:
            good = rounds(machine, options)
        finally:
            machine.stop()
            if options.keep_logs:
                machine.keep_logs(options.keep_logs)
    for seconds, name in sorted(TimedResult.durations, reverse=True)[:10]:
        print(f"  {seconds:.0f} s: {name}")
    for name, value in guest_test.GuestTest.figures:
        print(f"  {name}: {value}")
    print(f"VM tests {'passed' if good else 'FAILED'} in {time.monotonic() - started:.0f} s")
    sys.exit(0 if good else 1)


main()
