# SPDX-License-Identifier: Apache-2.0
"""The package: taking the place of the distribution's agent in a running guest, removal, and the first boot after."""

import time
import unittest

from guest_test import GuestTest
from host import HostClient

INSTALL = "head -c {size} /dev/vdb > /tmp/guestd.deb && dpkg --install /tmp/guestd.deb && rm /tmp/guestd.deb"


class Installing(unittest.TestCase):
    """In the order of their names: each step starts where the one before it ended."""

    machine = None
    package_size = 0

    def sync(self, timeout=60.0):
        with HostClient(self.machine.agent_socket) as host:
            host.sync(timeout)
            return host.call("guest-info")["version"]

    def install(self):
        self.machine.run(INSTALL.format(size=self.package_size), timeout=300)

    def test_1_distribution_agent_answers_first(self):
        self.sync(300.0)
        self.assertEqual("/usr/sbin/qemu-ga", self.machine.run("readlink /proc/$(pidof qemu-ga)/exe"))

    def test_2_package_takes_its_place_in_running_guest(self):
        started = time.monotonic()
        self.install()
        self.sync()
        GuestTest.note("installation of the package, until the first reply", f"{time.monotonic() - started:.1f} s")
        self.assertEqual("", self.machine.run("readlink /proc/[0-9]*/exe | grep qemu-ga", check=False))
        self.assertEqual("active", self.machine.run("systemctl is-active guestd"))
        status = self.machine.run("dpkg-query --show --showformat='${db:Status-Status}' qemu-guest-agent")
        self.assertEqual("config-files", status)

    def test_3_old_service_name_is_alias(self):
        self.assertEqual("guestd.service", self.machine.run("systemctl show -P Id qemu-guest-agent.service"))
        self.machine.run("systemctl restart qemu-guest-agent.service")
        self.sync()

    def test_4_configuration_is_safe_and_valid(self):
        self.assertEqual("root:root 644", self.machine.run("stat -c '%U:%G %a' /etc/guestd/guestd.conf"))
        self.machine.run("guestd --check-config")

    def test_5_udev_rule_starts_agent_when_port_appears(self):
        self.machine.run("systemctl stop guestd")
        self.machine.unplug_agent_port()
        self.machine.plug_agent_port()
        self.sync()
        self.assertEqual("active", self.machine.run("systemctl is-active guestd"))

    def test_6_upgrade_restarts_agent_and_keeps_changed_configuration(self):
        before = self.machine.run("systemctl show -P MainPID guestd")
        self.machine.run("echo '# mine' >> /etc/guestd/guestd.conf")
        self.install()
        self.sync()
        self.assertNotEqual(before, self.machine.run("systemctl show -P MainPID guestd"))
        self.assertEqual("# mine", self.machine.run("tail -n 1 /etc/guestd/guestd.conf"))

    def test_7_removal_stops_agent_and_purge_leaves_nothing(self):
        self.machine.run("dpkg --remove guestd", timeout=300)
        self.assertEqual("", self.machine.run("pidof guestd", check=False))
        self.assertEqual("yes", self.machine.run("test -e /etc/guestd/guestd.conf && echo yes"))
        self.machine.run("dpkg --purge guestd", timeout=300)
        left = self.machine.run("find /etc /lib/systemd /lib/udev /usr/sbin /usr/share /var/lib -name '*guestd*'; "
                                "find /etc/systemd/system -name 'qemu-guest-agent*'")
        self.assertEqual("", left)

    def test_8_installs_again_after_purge(self):
        self.install()
        self.sync()


class FirstBoot(unittest.TestCase):
    machine = None

    def test_agent_answers_from_cold(self):
        with HostClient(self.machine.agent_socket) as host:
            host.sync(300.0)
        GuestTest.note("QEMU started to first reply", f"{time.monotonic() - self.machine.started:.1f} s")
        self.assertEqual("active", self.machine.run("systemctl is-active guestd"))
        self.assertEqual("0", self.machine.run("systemctl show -P NRestarts guestd"))

    def test_boot_leaves_no_complaint_in_journal(self):
        complaints = self.machine.run("journalctl --boot --quiet --unit guestd --priority warning --output cat")
        self.assertEqual("", complaints)
