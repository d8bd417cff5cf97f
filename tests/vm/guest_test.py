# SPDX-License-Identifier: Apache-2.0
"""What the VM tests share: the one guest they all run on, and figures that are worth a line in the report."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from host import HostClient  # noqa: E402  pylint: disable=wrong-import-position


class GuestTest(unittest.TestCase):
    """Each test starts with the agent running and a client that is in step with it, and may leave any mess behind."""

    machine = None  # set once by vm_test.py
    package = None
    figures = []

    def setUp(self):
        self.machine.plug_agent_port()
        self.start_agent()
        self.host = self.connect()
        self.addCleanup(lambda: self.host.close())  # pylint: disable=unnecessary-lambda
        self.host.sync()

    def start_agent(self):
        self.machine.run("systemctl start guestd")

    def agent_log(self):
        return self.machine.run("journalctl --boot --quiet --unit guestd --output cat")

    def connect(self):
        return HostClient(self.machine.agent_socket)

    def reconnect(self):
        self.host.close()
        self.host = self.connect()

    @classmethod
    def note(cls, name, value):
        cls.figures.append((name, value))

    def show(self, name, unit="guestd"):
        return self.machine.run(f"systemctl show -P {name} {unit}")

    def main_pid(self):
        pid = int(self.show("MainPID"))
        self.assertGreater(pid, 0, "guestd is not running")
        return pid

    def cpu_ticks(self, pid):
        """User and system time of a process, in hundredths of a second."""
        fields = self.machine.run(f"cat /proc/{pid}/stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def ended_cleanly(self):
        self.assertEqual("inactive", self.show("ActiveState"))
        self.assertEqual("success", self.show("Result"))
        self.assertEqual("0", self.show("ExecMainStatus"))
