#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages in a chroot without a service manager: over qemu-guest-agent, upgraded, back again, and purged.

    debian_test.py --packages build/package

Needs root and mmdebstrap; without them, or without packages, it ends with 77. What a service manager does is tested in
the virtual machine (tests/vm/install_cases.py).
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from chroot import Chroot, differences, fast_folder, missing_tools  # noqa: E402
from host import HostClient  # noqa: E402

OPTIONS = argparse.Namespace()
SKIPPED = 77
ALIAS = "/etc/systemd/system/qemu-guest-agent.service"

CONFIGURATION = """[general]
block-rpcs=guest-exec
fsfreeze-hook=/etc/qemu/fsfreeze-hook
"""
DEFAULTS = """TRANSPORT=unix-listen:/run/agent.sock
DAEMON_ARGS="--block-rpcs=guest-shutdown"
"""
OWN_HOOK = "#!/bin/sh\n# mine\n"


def package(name):
    found = glob.glob(os.path.join(OPTIONS.packages, f"{name}_*.deb"))
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} packages {name} in {OPTIONS.packages}")
    return found[0]


def newer(deb, folder):
    """The package as a later version with another default configuration."""
    tree = os.path.join(folder, "tree")
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    with open(control, "w", encoding="utf-8") as file:
        file.writelines("Version: 9.9.9\n" if line.startswith("Version:") else line for line in lines)
    with open(os.path.join(tree, "etc/guestd/guestd.conf"), "a", encoding="utf-8") as file:
        file.write("# new in 9.9.9\n")
    made = os.path.join(folder, "newer.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, made], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return made


class InChroot(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestd-packaging.", dir=fast_folder())
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(os.path.join(self.folder, "root"))
        self.system = Chroot(os.path.join(self.folder, "root"))
        self.base = self.system.tree()

    def install(self, *files):
        for number, file in enumerate(files):
            self.system.copy_in(file, f"/root/new-{number}.deb")
        try:
            # As an administrator who keeps what she has changed.
            self.system.run("dpkg --force-confdef --force-confold --install /root/new-*.deb")
        finally:
            for number in range(len(files)):
                os.unlink(self.system.path(f"/root/new-{number}.deb"))

    def install_peer(self):
        self.system.run("dpkg --install /root/qemu-guest-agent_*.deb")

    def status_of(self, name):
        return self.system.run(f"dpkg-query --show --showformat='${{db:Status-Status}}' {name}")


class OverTheDistributionsAgent(InChroot):
    def setUp(self):
        super().setUp()
        self.install_peer()
        self.system.write("/etc/qemu/qemu-ga.conf", CONFIGURATION)
        self.system.write("/etc/default/qemu-guest-agent", DEFAULTS)
        self.system.write("/etc/qemu/fsfreeze-hook", OWN_HOOK, 0o755)
        self.system.write("/etc/qemu/fsfreeze-hook.d/10-mine", OWN_HOOK, 0o755)
        self.peer = self.system.tree()
        self.settings = {path: what for path, what in self.peer.items() if path.startswith("/etc/qemu/") or
                         path == "/etc/default/qemu-guest-agent"}
        self.assertGreaterEqual(len(self.settings), 5)
        self.install(package("guestd"))

    def assert_settings_kept(self):
        now = self.system.tree()
        self.assertEqual(self.settings, {path: now.get(path) for path in self.settings})

    def test_it_takes_its_place_and_keeps_its_settings(self):
        self.assertEqual("installed", self.status_of("guestd"))
        self.assertEqual("config-files", self.status_of("qemu-guest-agent"))
        self.assert_settings_kept()
        self.assertEqual("/lib/systemd/system/guestd.service", os.readlink(self.system.path(ALIAS)))
        self.assertRegex(self.system.run("qemu-ga --version"), "^QEMU Guest Agent ")
        self.system.run("guestd --check-config")
        effective = self.system.run("guestd --dump-conf").splitlines()
        self.assertIn("block-rpcs=guest-exec", effective)
        self.assertIn("fsfreeze-hook=/etc/qemu/fsfreeze-hook", effective)

    def test_the_init_script_takes_the_settings_of_the_old_one(self):
        process = self.system.start("exec 3>&1 >&2; /etc/init.d/guestd start; /etc/init.d/guestd status; "
                                    "echo started >&3; read _; /etc/init.d/guestd stop; "
                                    "/etc/init.d/guestd status || echo stopped >&3")
        try:
            self.assertEqual("started\n", process.stdout.readline())
            with HostClient(self.system.path("/run/agent.sock")) as host:
                host.sync(60.0)
                commands = {entry["name"]: entry["enabled"]
                            for entry in host.call("guest-info")["supported_commands"]}
            output, _ = process.communicate("\n", timeout=120)
        finally:
            process.kill()
            process.wait()
        self.assertEqual({"guest-exec": False, "guest-shutdown": False, "guest-ping": True},
                         {name: commands[name] for name in ("guest-exec", "guest-shutdown", "guest-ping")})
        self.assertEqual("stopped\n", output)

    def test_an_upgrade_keeps_what_was_changed(self):
        self.system.write("/etc/guestd/guestd.conf", "# mine\n")
        self.system.write("/etc/guestd/guestd.conf.d/50-mine.conf", "[policy]\nprofile=monitor\n")
        self.install(newer(package("guestd"), self.folder))
        self.assertEqual("9.9.9", self.system.run("dpkg-query --show --showformat='${Version}' guestd"))
        self.assertEqual("# mine\n", self.system.read("/etc/guestd/guestd.conf"))
        self.assertIn("new in 9.9.9", self.system.read("/etc/guestd/guestd.conf.dpkg-dist"))
        self.assertIn("profile=monitor", self.system.run("guestd --dump-conf"))
        self.assert_settings_kept()

    def test_going_back_and_purging_leave_the_machine_as_it_was(self):
        self.install(package("guestd-hooks"))
        self.system.write("/run/guestd.status", "")
        self.system.run("dpkg --purge guestd-hooks")
        self.system.run("dpkg --remove guestd")  # as apt does, told to install the other one
        self.install_peer()
        self.assertEqual("config-files", self.status_of("guestd"))
        self.assertEqual("installed", self.status_of("qemu-guest-agent"))
        self.assertFalse(self.system.exists(ALIAS))
        self.assertRegex(self.system.run("qemu-ga --version"), "^QEMU Guest Agent 7")
        self.assert_settings_kept()
        self.system.run("dpkg --purge guestd")
        self.assertEqual([], differences(self.peer, self.system.tree()))

    def test_purging_the_old_agent_leaves_guestd_its_name(self):
        self.system.run("dpkg --purge qemu-guest-agent")
        self.assertEqual("/lib/systemd/system/guestd.service", os.readlink(self.system.path(ALIAS)))
        self.assertEqual("installed", self.status_of("guestd"))
        # No package owns it, so no package takes it away.
        self.assertEqual(CONFIGURATION, self.system.read("/etc/qemu/qemu-ga.conf"))


class OnItsOwn(InChroot):
    def test_purging_all_packages_leaves_nothing(self):
        self.install(*(package(name) for name in ("guestd", "guestd-hooks", "guestctl")))
        # What an administrator may do with them.
        self.system.run("DPKG_MAINTSCRIPT_PACKAGE=guestd deb-systemd-helper enable guestd.socket")
        self.assertTrue(self.system.exists("/etc/systemd/system/sockets.target.wants/guestd.socket"))
        self.system.write("/var/cache/apparmor/0a1b2c3d.0/guestd-monitor", "")
        self.system.run("dpkg --purge guestd-hooks guestctl guestd")
        shutil.rmtree(self.system.path("/var/cache/apparmor"))
        self.assertEqual([], differences(self.base, self.system.tree()))

    def test_removing_leaves_only_the_configuration(self):
        self.install(package("guestd"), package("guestd-hooks"))
        self.system.run("dpkg --remove guestd-hooks guestd")
        left = [line for line in differences(self.base, self.system.tree())
                if "deb-systemd-helper" not in line and "/rc" not in line]
        self.assertEqual(left, [
            "+ /etc/apparmor.d/guestd-monitor", "+ /etc/apparmor.d/local/guestd-monitor", "+ /etc/guestd",
            "+ /etc/guestd/freeze.d",
            "+ /etc/guestd/freeze.d/50-mysql", "+ /etc/guestd/freeze.d/50-postgresql", "+ /etc/guestd/guestd.conf",
            "+ /etc/init.d/guestd"])
        self.assertFalse(os.access(self.system.path("/etc/init.d/guestd"), os.X_OK))

    def test_guestctl_comes_with_pages_and_completions(self):
        self.install(package("guestctl"))
        self.assertRegex(self.system.run("guestctl --version"), r"\d+\.\d+\.\d+")
        pages = [name for name in os.listdir(self.system.path("/usr/share/man/man1")) if name.startswith("guestctl")]
        self.assertGreater(len(pages), 20)
        for page in ("guestctl", "guestctl-exec", "guestctl-doctor"):
            self.assertIn("guestctl", self.system.run(f"man {page}"))
        for file in ("bash-completion/completions/guestctl", "zsh/vendor-completions/_guestctl",
                     "fish/vendor_completions.d/guestctl.fish"):
            self.assertIn("guestctl", self.system.read(f"/usr/share/{file}"))


class Library(unittest.TestCase):
    def test_the_example_of_the_package_builds_with_it(self):
        with tempfile.TemporaryDirectory(prefix="guestd-packaging.") as folder:
            subprocess.run(["dpkg-deb", "-x", package("libguestclient-dev"), folder], check=True)
            example = os.path.join(folder, "usr/share/doc/libguestclient-dev/examples")
            build = os.path.join(folder, "build")
            for command in (["cmake", "-S", example, "-B", build, f"-DCMAKE_PREFIX_PATH={folder}/usr"],
                            ["cmake", "--build", build]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertTrue(os.access(os.path.join(build, "list_filesystems"), os.X_OK))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", required=True, help="the folder of the .deb files")
    options, rest = parser.parse_known_args()
    vars(OPTIONS).update(vars(options))
    missing = missing_tools()
    if os.geteuid() != 0 or missing or not glob.glob(os.path.join(OPTIONS.packages, "guestd_*.deb")):
        print("skipped: needs root, mmdebstrap and packages (./dev package)")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])


main()
