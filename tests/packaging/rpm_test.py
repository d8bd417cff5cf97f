#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The RPM packages in a root of their own, with their scriptlets: over qemu-guest-agent, upgraded, and removed.

    rpm_test.py --packages build/rpm/RPMS

The root is a small Debian, where the programs of systemd only write down how they were called. Needs root, mmdebstrap
and rpm; without them, or without packages, it ends with 77.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from chroot import Chroot, differences, fast_folder, missing_tools  # noqa: E402

OPTIONS = argparse.Namespace()
SKIPPED = 77
SETTINGS = 'FILTER_RPC_ARGS="--allow-rpcs=guest-ping,guest-info"\n'
# The files that Red Hat's qemu-guest-agent brings.
PEER = f"""
Name: qemu-guest-agent
Epoch: 17
Version: 9.0.0
Release: 1
Summary: Plays the agent of a distribution
License: None
%description
Plays the agent of a distribution.
%install
mkdir -p %{{buildroot}}/etc/sysconfig %{{buildroot}}/etc/qemu-ga %{{buildroot}}/usr/bin
echo '{SETTINGS.strip()}' >%{{buildroot}}/etc/sysconfig/qemu-ga
echo '#!/bin/sh' >%{{buildroot}}/etc/qemu-ga/fsfreeze-hook
echo old >%{{buildroot}}/usr/bin/qemu-ga
%files
%dir /etc/qemu-ga
%config(noreplace) /etc/sysconfig/qemu-ga
%config(noreplace) /etc/qemu-ga/fsfreeze-hook
/usr/bin/qemu-ga
"""
RECORDER = '#!/bin/sh\necho "${0##*/} $*" >>/tmp/calls\n'
NAMES = ("guestd", "guestd-hooks", "guestd-selinux", "guestctl", "libguestclient-devel")


def package(name):
    found = glob.glob(os.path.join(OPTIONS.packages, "*", f"{name}-[0-9]*.rpm"))
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} packages {name} in {OPTIONS.packages}")
    return found[0]


def build(folder, spec):
    path = os.path.join(folder, "peer.spec")
    with open(path, "w", encoding="utf-8") as file:
        file.write(spec)
    subprocess.run(["rpmbuild", "-bb", "--define", f"_topdir {folder}", "--define", "debug_package %{nil}", path],
                   check=True, capture_output=True)
    return glob.glob(os.path.join(folder, "RPMS", "*", "*.rpm"))[0]


class Packages(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-packaging.", dir=fast_folder())
        self.addCleanup(shutil.rmtree, self.folder)
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        self.system = Chroot(root)
        for program in ("/usr/bin/systemctl", "/usr/bin/udevadm", "/usr/sbin/semodule", "/usr/sbin/restorecon"):
            self.system.write(program, RECORDER, 0o755)
        os.makedirs(self.system.path("/run/systemd/system"))
        self.rpm("--initdb")
        self.base = self.system.tree()

    def rpm(self, *words):
        """--nodeps: what the packages need has other names in the root."""
        done = subprocess.run(["rpm", "--root", self.system.folder, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        complaints = [line for line in done.stderr.splitlines() if "RPM should not be used directly" not in line and
                      "assuming you know what you are doing" not in line]
        self.assertEqual((0, []), (done.returncode, complaints), words)
        return done.stdout.strip()

    def calls(self):
        """Of the programs of systemd and SELinux, since the last time."""
        if not self.system.exists("/tmp/calls"):
            return []
        lines = self.system.read("/tmp/calls").splitlines()
        os.unlink(self.system.path("/tmp/calls"))
        return lines

    def test_all_packages_install_verify_and_leave_nothing(self):
        self.rpm("--nodeps", "--install", *(package(name) for name in NAMES))
        calls = self.calls()
        self.assertIn("systemctl --no-reload enable guestd.service", calls)
        self.assertIn("semodule -i /usr/share/selinux/packages/guestd.pp", calls)
        self.assertEqual("", self.rpm("--verify", "--nodeps", *NAMES))
        self.assertRegex(self.system.run("guestd --version"), "^guestd ")
        self.system.run("guestctl --version")
        self.rpm("--nodeps", "--erase", *NAMES)
        calls = self.calls()
        self.assertIn("systemctl --no-reload disable --now guestd.socket guestd.service", calls)
        self.assertIn("semodule -r guestd", calls)
        # Folders of the distribution, which there another package owns.
        left = [line for line in differences(self.base, self.system.tree()) if
                not line.startswith("+ ") or not os.path.isdir(self.system.path(line[2:]))]
        self.assertEqual([], left)

    def test_it_takes_the_agents_place_and_keeps_its_settings(self):
        self.rpm("--nodeps", "--install", build(self.folder, PEER))
        self.system.write("/etc/qemu-ga/fsfreeze-hook", "#!/bin/sh\n# mine\n", 0o755)
        self.rpm("--nodeps", "--upgrade", package("guestd"))
        self.assertRegex(self.rpm("--query", "--all"), r"^guestd-\S+$")
        self.assertEqual(SETTINGS, self.system.read("/etc/sysconfig/qemu-ga"))
        self.assertEqual("#!/bin/sh\n# mine\n", self.system.read("/etc/qemu-ga/fsfreeze-hook"))
        self.rpm("--erase", "guestd")
        self.assertEqual(SETTINGS, self.system.read("/etc/sysconfig/qemu-ga"))
        self.assertEqual("#!/bin/sh\n# mine\n", self.system.read("/etc/qemu-ga/fsfreeze-hook"))

    def test_the_unit_reads_the_old_settings(self):
        self.rpm("--nodeps", "--install", package("guestd"))
        settings = self.rpm("--query", "--list", "guestd").splitlines()
        drop_in = next(path for path in settings if path.endswith("/guestd.service.d/sysconfig.conf"))
        text = self.system.read(drop_in)
        self.assertIn("EnvironmentFile=-/etc/sysconfig/qemu-ga\n", text)
        # systemd's way of expanding: what is missing is nothing, and an unquoted word may become several.
        start = [line for line in text.splitlines() if line.startswith("ExecStart=")][-1].partition("=")[2]
        for environment, expected in (
                ("", ("block-rpcs=", "allow-rpcs=")),
                ("BLACKLIST_RPC=guest-exec", ("block-rpcs=guest-exec", "allow-rpcs=")),
                ("BLOCK_RPCS=guest-exec", ("block-rpcs=guest-exec", "allow-rpcs=")),
                (SETTINGS.strip(), ("block-rpcs=", "allow-rpcs=guest-info,guest-ping")),
                ("export FSFREEZE_HOOK_PATHNAME=/etc/qemu-ga/fsfreeze-hook",
                 ("fsfreeze-hook=/etc/qemu-ga/fsfreeze-hook", "block-rpcs="))):
            with self.subTest(environment):
                dump = self.system.run("\n".join(("BLACKLIST_RPC= BLOCK_RPCS= FILTER_RPC_ARGS=", environment,
                                                  f"{start} --dump-conf"))).splitlines()
                for line in expected:
                    self.assertIn(line, dump)

    def test_an_upgrade_keeps_changes_and_restarts_the_agent(self):
        self.rpm("--nodeps", "--install", package("guestd"))
        self.system.write("/etc/guestd/guestd.conf", "# mine\n")
        self.calls()
        self.rpm("--nodeps", "--upgrade", "--force", package("guestd"))
        self.assertIn("systemctl try-restart guestd.service", self.calls())
        self.assertEqual("# mine\n", self.system.read("/etc/guestd/guestd.conf"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", required=True, help="the folder with one folder of .rpm files per architecture")
    options, rest = parser.parse_known_args()
    vars(OPTIONS).update(vars(options))
    missing = missing_tools() or [tool for tool in ("rpm", "rpmbuild") if not shutil.which(tool)]
    if os.geteuid() != 0 or missing or not glob.glob(os.path.join(OPTIONS.packages, "*", "guestd-[0-9]*.rpm")):
        print("skipped: needs root, mmdebstrap, rpm and packages (./dev package --rpm)")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])


main()
