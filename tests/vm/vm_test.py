#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs guestd's package in a Debian guest under QEMU and, as its host, tests what answers.

    vm_test.py --package build/package/guestd_0.1.0_amd64.deb [--only PATTERN] [--keep-logs FOLDER] [--shell]

The guest's image is built first if it is not in the cache (build_image.sh).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import guest_test  # noqa: E402  pylint: disable=wrong-import-position
import channel_cases  # noqa: E402  pylint: disable=wrong-import-position
import command_cases  # noqa: E402  pylint: disable=wrong-import-position
import install_cases  # noqa: E402  pylint: disable=wrong-import-position
import service_cases  # noqa: E402  pylint: disable=wrong-import-position
import transcript_cases  # noqa: E402  pylint: disable=wrong-import-position
from machine import Machine  # noqa: E402  pylint: disable=wrong-import-position

# Those that only read and write come first, those that pull devices and kill last.
AFTER_BOOT = (
    command_cases.Protocol, command_cases.System, command_cases.Files,
    transcript_cases.Transcripts, channel_cases.Port, channel_cases.OtherChannels, service_cases.Service,
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", required=True, help="the .deb to install")
    parser.add_argument("--only", action="append", help="run only the tests whose names match (as unittest -k)")
    parser.add_argument("--keep-logs", help="where the logs of QEMU and of the guest's console go")
    parser.add_argument("--shell", action="store_true", help="after the installation, run commands from stdin instead")
    return parser.parse_args()


def load(case, only):
    loader = unittest.TestLoader()
    if only:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*" for pattern in only]
    return loader.loadTestsFromTestCase(case)


def run(suite, verbosity=2):
    """Whether all went well. A missing test is no success: --only may name none in one of the two rounds, though."""
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=verbosity).run(suite)
    return result.wasSuccessful() and not result.skipped


def shell(machine):
    print("Commands for the guest's shell, one per line; end with Ctrl-D. The agent listens on", machine.agent_socket)
    for line in sys.stdin:
        try:
            print(machine.run(line, check=False))
        except TimeoutError as late:
            print(late)


def first_round(machine, options):
    """A guest that runs the distribution's agent: guestd is installed over it."""
    machine.make_disk()
    machine.start(options.package)
    install_cases.Installing.machine = machine
    install_cases.Installing.package_size = os.path.getsize(options.package)
    case = install_cases.Installing
    # With --only, the shortest way to an installed package.
    suite = load(case, None) if not options.only else unittest.TestSuite(
        [case("test_1_distribution_agent_answers_first"), case("test_2_package_takes_its_place_in_running_guest")])
    good = run(suite)
    if not options.shell:
        machine.power_off()
    return good


def second_round(machine, options):
    """The same guest from cold."""
    machine.start()
    install_cases.FirstBoot.machine = guest_test.GuestTest.machine = machine
    if not run(load(install_cases.FirstBoot, None)):
        return False  # nothing answers: the others would only wait
    suite = unittest.TestSuite(load(case, options.only) for case in AFTER_BOOT)
    if suite.countTestCases() == 0:
        print("no test has such a name")
        return False
    return run(suite)


def main():
    options = arguments()
    started = time.monotonic()
    image = subprocess.run([os.path.join(HERE, "build_image.sh")], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip()
    # Not below the build folder: the path of a Unix socket is short.
    with tempfile.TemporaryDirectory(prefix="guestd-vm-") as folder:
        machine = Machine(image, folder)
        good = False
        try:
            good = first_round(machine, options)
            if good and options.shell:
                shell(machine)
            else:
                good = second_round(machine, options) and good
        finally:
            machine.stop()
            if options.keep_logs:
                machine.keep_logs(options.keep_logs)
    for name, value in guest_test.GuestTest.figures:
        print(f"  {name}: {value}")
    print(f"VM tests {'passed' if good else 'FAILED'} in {time.monotonic() - started:.0f} s")
    sys.exit(0 if good else 1)


main()
