#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verbs whose success QEMU's monitor proves: a fake agent, and a monitor that tells what a test wants it to.

    power_test.py --guestctl build/dev/client/main/guestctl
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from fake_agent import FakeAgent, Refused  # noqa: E402  pylint: disable=wrong-import-position
from harness import OPTIONS, take_options  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE = 120


class FakeMonitor:
    """QEMU's monitor as qemu-qmp-ref(7) has it, for one client after the other."""

    def __init__(self, folder, state="running"):
        self.path = os.path.join(folder, "qmp")
        self.state = state
        self.commands = []
        self.client = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(4)
        self.server = threading.Thread(target=self.serve, daemon=True)
        self.server.start()

    def close(self):
        # As for the fake agent: the next listener may get this one's descriptor.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.server.join(10)
        self.listener.close()

    def send(self, message):
        self.client.sendall(json.dumps(message).encode() + b"\r\n")

    def event(self, name, **data):
        self.send({"event": name, "data": data, "timestamp": {"seconds": 1, "microseconds": 2}})

    def hang_up(self):
        self.client.shutdown(socket.SHUT_RDWR)

    def serve(self):
        while True:
            try:
                self.client, _ = self.listener.accept()
            except OSError:
                return
            self.send({"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""},
                               "capabilities": []}})
            for line in self.client.makefile("rb"):
                request = json.loads(line)
                self.commands.append(request["execute"])
                result = {"status": self.state, "running": self.state == "running", "singlestep": False}
                self.send({"return": result if request["execute"] == "query-status" else {}, "id": request.get("id")})


class Power(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="guestctl-")  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.monitor = FakeMonitor(folder.name)
        self.addCleanup(self.monitor.close)
        self.agent = FakeAgent(folder.name)
        self.addCleanup(self.agent.close)

    def guest(self, command, reaction=lambda: None, answer=b""):
        """What the machine does when the agent is told `command`. No answer means success."""
        def react(*_):
            reaction()
            if isinstance(answer, Refused):
                raise answer
            return answer
        self.agent.overrides[command] = react

    def guestctl(self, *words, monitor=True):
        command = [OPTIONS.guestctl, "--socket", self.agent.path]
        command += ["--qmp", self.monitor.path] if monitor else []
        run = subprocess.run([*command, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return run.returncode, run.stderr

    def shut_down(self):
        self.monitor.event("SHUTDOWN", guest=True, reason="guest-shutdown")
        self.monitor.hang_up()

    def test_shutdown_waits_for_the_machine_to_be_off(self):
        self.guest("guest-shutdown", self.shut_down)
        self.assertEqual((0, ""), self.guestctl("shutdown", "--wait"))
        self.assertEqual([{"mode": "powerdown"}], self.agent.calls_of("guest-shutdown"))

    def test_shutdown_of_a_guest_that_does_not_go_down_is_told(self):
        self.guest("guest-shutdown")
        status, errors = self.guestctl("--timeout", "1", "shutdown", "--wait")
        self.assertEqual(4, status)
        self.assertIn("the machine did not shut down in time; it is running", errors)

    def test_a_guest_that_starts_again_or_panics_did_not_shut_down(self):
        for event, data in (("RESET", {"guest": True, "reason": "guest-reset"}),
                            ("GUEST_PANICKED", {"action": "pause"})):
            self.guest("guest-shutdown", lambda event=event, data=data: self.monitor.event(event, **data))
            status, errors = self.guestctl("shutdown", "--wait")
            self.assertEqual(1, status)
            self.assertIn(f"the machine did not shut down: QEMU reports {event}", errors)

    def test_a_refusal_is_told_at_once(self):
        self.guest("guest-shutdown", answer=Refused("no way to shut down"))
        status, errors = self.guestctl("shutdown", "--wait")
        self.assertEqual(1, status)
        self.assertIn("no way to shut down", errors)

    def test_nothing_is_asked_of_the_guest_when_there_is_no_monitor_to_wait_with(self):
        status, errors = self.guestctl("shutdown", "--wait", monitor=False)
        self.assertEqual(3, status)
        self.assertIn("--qmp", errors)
        self.assertEqual([], self.agent.calls_of("guest-shutdown"))

    def test_reboot_waits_for_the_reset(self):
        self.guest("guest-shutdown", lambda: self.monitor.event("RESET", guest=True, reason="guest-reset"))
        self.assertEqual((0, ""), self.guestctl("reboot", "--wait"))
        self.guest("guest-shutdown", self.shut_down)
        status, errors = self.guestctl("reboot", "--wait")
        self.assertEqual(1, status)
        self.assertIn("the machine did not reboot: QEMU reports SHUTDOWN", errors)

    def test_halt_has_nothing_to_wait_for(self):
        self.assertEqual(2, self.guestctl("halt", "--wait")[0])

    def test_suspend_waits_for_the_machine_to_sleep(self):
        self.guest("guest-suspend-ram", lambda: self.monitor.event("SUSPEND"))
        self.assertEqual((0, ""), self.guestctl("suspend"))
        self.guest("guest-suspend-disk", lambda: self.monitor.event("SUSPEND_DISK"))
        self.assertEqual((0, ""), self.guestctl("suspend", "disk"))
        self.guest("guest-suspend-ram")
        status, errors = self.guestctl("--timeout", "1", "suspend")
        self.assertEqual(4, status)
        self.assertIn("the machine did not go to sleep in time; it is running", errors)

    def test_suspend_without_a_monitor_takes_silence_for_success(self):
        self.guest("guest-suspend-ram")
        self.assertEqual((0, ""), self.guestctl("--timeout", "1", "suspend", monitor=False))
        self.assertEqual([], self.monitor.commands)

    def test_ticks_that_the_clock_still_owes_are_forgotten_once_the_time_is_set(self):
        self.agent.overrides["guest-get-time"] = lambda *_: 1_000_000_000
        asked_before = []
        self.agent.overrides["guest-set-time"] = lambda *_: asked_before.extend(self.monitor.commands)
        self.assertEqual((0, ""), self.guestctl("time", "--sync"))
        self.assertNotIn("rtc-reset-reinjection", asked_before)
        self.assertIn("rtc-reset-reinjection", self.monitor.commands)

    def test_the_clock_is_left_alone_when_the_guest_refuses_the_time(self):
        self.guest("guest-set-time", answer=Refused("no"))
        self.assertEqual(1, self.guestctl("time", "--sync")[0])
        self.assertNotIn("rtc-reset-reinjection", self.monitor.commands)

    def test_a_monitor_that_was_named_has_to_be_there(self):
        self.guest("guest-suspend-ram")
        self.monitor.path += "x"
        self.assertEqual(3, self.guestctl("suspend")[0])
        self.assertEqual([], self.agent.calls_of("guest-suspend-ram"))


unittest.main(argv=take_options())
