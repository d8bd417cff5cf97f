# SPDX-License-Identifier: Apache-2.0
"""Sleep and the end of the machine, as its host sees them: by the events of QMP. Each ends or resets what it is on, so
vm_test.py calls them last."""

import unittest

from guest_test import GuestTest
from host import HostClient


class Sleep(GuestTest):
    def test_guest_info_shows_what_this_machine_can(self):
        enabled = {entry["name"]: entry["enabled"] for entry in self.host.call("guest-info")["supported_commands"]}
        states = self.machine.run("cat /sys/power/state").split()
        self.assertIn("mem", states)
        self.assertTrue(enabled["guest-suspend-ram"])
        self.assertEqual("disk" in states, enabled["guest-suspend-disk"])

    def test_suspend_to_ram_and_wake(self):
        pid = self.main_pid()
        self.machine.qmp.forget_events()
        self.host.request("guest-suspend-ram")
        self.machine.qmp.wait_event("SUSPEND", 180)
        self.machine.qmp.execute("system_wakeup")
        self.machine.qmp.wait_event("WAKEUP", 180)
        self.host.sync(180)
        self.assertEqual({}, self.host.call("guest-ping"))
        self.assertEqual(pid, self.main_pid())


class End(unittest.TestCase):
    """The machine is gone afterwards."""

    machine = None

    def end(self, mode):
        with HostClient(self.machine.agent_socket) as host:
            host.sync()
            host.request("guest-shutdown", {"mode": mode})
            event = self.machine.qmp.wait_event("SHUTDOWN", 300)
            self.assertTrue(event["data"]["guest"])
        self.machine.wait_end()
        return event["data"]["reason"]

    def test_power_off_is_seen_by_the_host(self):
        self.assertEqual("guest-shutdown", self.end("powerdown"))

    def test_reboot_is_seen_by_the_host(self):
        self.assertEqual("guest-reset", self.end("reboot"))
