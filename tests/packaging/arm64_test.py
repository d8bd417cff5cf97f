#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages for arm64 in a root of their own: installed, and their programs run by QEMU's emulation of a processor.

    arm64_test.py --packages build/package-arm64 [--unit-tests FOLDER]

The root is this machine's architecture, with libraries of arm64 beside its own: scripts of packages run as they are.
The system calls that the programs make are those of this machine's kernel, as far as QEMU knows them: filters of system
calls and Landlock it does not. Needs root and mmdebstrap; without them, or without packages, it ends with 77.
"""

import argparse
import glob
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from chroot import Chroot, base_archive, fast_folder, missing_tools, output  # noqa: E402
from host import HostClient  # noqa: E402

OPTIONS = argparse.Namespace()
SKIPPED = 77
EMULATOR = "/usr/bin/qemu-aarch64-static"
INCLUDED = ("init-system-helpers", "libsimdjson14:arm64", "libstdc++6:arm64", "libnettle8:arm64", "qemu-user-static")
KEEP_ONE_EMULATOR = f"find \"$1/usr/bin\" -name 'qemu-*-static' ! -name {os.path.basename(EMULATOR)} -delete"
SOCKET = "/run/agent.sock"
ARCHITECTURES = {"guestd": "arm64", "guestd-hooks": "all", "guestctl": "arm64", "libguestclient-dev": "arm64"}
MACHINE_AARCH64 = 183  # e_machine in elf.h
FILE_BYTES = (4 << 20) + 1


def package(name):
    found = glob.glob(os.path.join(OPTIONS.packages, f"{name}_*.deb"))
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} packages {name} in {OPTIONS.packages}")
    return found[0]


def machine_of(path):
    """What the header of an ELF file says it is for; None if it is no such file."""
    with open(path, "rb") as file:
        header = file.read(20)
    return int.from_bytes(header[18:20], "little") if header.startswith(b"\x7fELF") else None


class Packages(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-packaging.", dir=fast_folder())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_they_say_what_they_are_for_and_hold_it(self):
        for name, architecture in ARCHITECTURES.items():
            with self.subTest(name):
                self.assertEqual(architecture, output("dpkg-deb", "--field", package(name), "Architecture"))
                tree = os.path.join(self.folder, name)
                subprocess.run(["dpkg-deb", "--extract", package(name), tree], check=True)
                paths = [os.path.join(folder, file) for folder, _, files in os.walk(tree) for file in files]
                machines = {machine_of(path) for path in paths if not os.path.islink(path)} - {None}
                self.assertEqual({MACHINE_AARCH64} if name in ("guestd", "guestctl") else set(), machines)
        libraries = glob.glob(os.path.join(self.folder, "libguestclient-dev/usr/lib/aarch64-linux-gnu/libguestd_*.a"))
        self.assertGreater(len(libraries), 1)
        for library in libraries:
            members = output("readelf", "--file-header", library)
            self.assertEqual({"AArch64"}, {line.split()[1] for line in members.splitlines() if "Machine:" in line})


class Emulated(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-packaging.", dir=fast_folder())
        self.addCleanup(shutil.rmtree, self.folder)
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        self.system = Chroot(root, base_archive(INCLUDED, KEEP_ONE_EMULATOR, ("arm64",)))

    def install(self, *names):
        for name in names:
            self.system.copy_in(package(name), f"/root/{name}.deb")
        self.system.run("dpkg --install /root/*.deb")

    def start_agent(self):
        agent = self.system.start(f"{EMULATOR} /usr/sbin/guestd --method unix-listen --path {SOCKET} --statedir /run & "
                                  "read _; kill $!; wait $! && echo ended")
        self.addCleanup(agent.__exit__, None, None, None)  # closes its pipes
        self.addCleanup(agent.kill)
        return agent

    def connect(self, agent):
        deadline = time.monotonic() + 60
        while not self.system.exists(SOCKET):
            self.assertIsNone(agent.poll(), "the agent has ended")
            self.assertLess(time.monotonic(), deadline, "the agent does not listen")
            time.sleep(0.05)
        host = HostClient(self.system.path(SOCKET), timeout=60.0)
        self.addCleanup(host.close)
        return host

    def test_the_agent_answers_its_host(self):
        self.install("guestd")
        agent = self.start_agent()
        host = self.connect(agent)
        host.sync()
        self.assertEqual({}, host.call("guest-ping"))
        version = self.system.run(f"{EMULATOR} /usr/sbin/guestd --version")
        self.assertIn(host.call("guest-info")["version"], version)
        system = host.call("guest-get-osinfo")
        self.assertEqual(("debian", "aarch64"), (system["id"], system["machine"]))
        content = random.Random(1).randbytes(FILE_BYTES)
        host.write_file("/tmp/from-host", content)
        self.assertEqual(content, host.read_file("/tmp/from-host"))
        with open(self.system.path("/tmp/from-host"), "rb") as file:
            self.assertEqual(content, file.read())
        # By libnettle, which is opened when it is needed.
        checksum = host.call("guestd-file-checksum", path="/tmp/from-host")
        self.assertEqual(hashlib.sha256(content).hexdigest(), checksum["sha256"])
        self.assertEqual("ended\n", agent.communicate("\n", timeout=60)[0])

    def test_the_client_copies_there_and_back(self):
        self.install("guestd", "guestctl")
        self.connect(self.start_agent()).sync()
        content = random.Random(2).randbytes(FILE_BYTES)
        with open(self.system.path("/tmp/sent"), "wb") as file:
            file.write(content)
        client = f"{EMULATOR} /usr/bin/guestctl --socket {SOCKET} --timeout 60"
        self.assertIn("aarch64", self.system.run(f"{client} info"))
        self.assertEqual('{}', self.system.run(f"{client} --json call guest-ping"))
        self.system.run(f"{client} cp /tmp/sent :/tmp/there && {client} cp :/tmp/there /tmp/back")
        for name in ("/tmp/there", "/tmp/back"):
            with open(self.system.path(name), "rb") as file:
                self.assertEqual(content, file.read())

    def test_unit_tests_of_what_goes_by_the_machine(self):
        if not OPTIONS.unit_tests:
            self.skipTest("no --unit-tests")
        for name in ("base/base_test", "protocol/protocol_test"):
            with self.subTest(name):
                program = "/tmp/" + os.path.basename(name)
                self.system.copy_in(os.path.join(OPTIONS.unit_tests, name), program)
                self.assertEqual(MACHINE_AARCH64, machine_of(self.system.path(program)))
                print(self.system.run(f"{EMULATOR} {program} --gtest_brief=1").splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", required=True, help="the folder with the .deb files")
    parser.add_argument("--unit-tests", help="the folder of tests in a build for arm64")
    options, rest = parser.parse_known_args()
    vars(OPTIONS).update(vars(options))
    if os.geteuid() != 0 or missing_tools() or not glob.glob(os.path.join(OPTIONS.packages, "guestd_*_arm64.deb")):
        print("skipped: needs root, mmdebstrap and packages (./dev package --arch arm64)")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])


main()
