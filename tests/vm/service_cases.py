# SPDX-License-Identifier: Apache-2.0
"""The service: stopping, restarting and being killed, idle and under load."""

import re
import threading
import time

from guest_test import GuestTest
from host import AgentError

CHUNK_BASE64 = "QUJD" * 16384


class Load:
    """A host that writes to a file without pause, and syncs and begins anew whenever the agent stops answering."""

    def __init__(self, host):
        self._host = host
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.answered = 0
        self.longest_gap = 0.0
        self.handles = []
        self.failure = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def wait_for(self, answers, timeout=60):
        """Returns when so many more requests have been answered."""
        target, deadline = self.answered + answers, time.monotonic() + timeout
        while self.answered < target:
            if self.failure or time.monotonic() > deadline:
                raise AssertionError(f"the agent stopped answering: {self.failure}")
            time.sleep(0.02)

    def _work(self):
        last = time.monotonic()
        self._host.timeout = 1.0
        try:
            while not self._stop.is_set():
                self._write()
                self.answered += 1
                self.longest_gap = max(self.longest_gap, time.monotonic() - last)
                last = time.monotonic()
        except Exception as failure:  # pylint: disable=broad-except  # reported by the test's own thread
            self.failure = failure

    def _write(self):
        try:
            if not self.handles:
                self.handles.append(self._host.call("guest-file-open", path="/var/tmp/vm-test-load", mode="w"))
            self._host.call("guest-file-write", handle=self.handles[-1], buf_b64=CHUNK_BASE64)
        except TimeoutError:
            self._host.sync(again_after=0.5)
            self.handles.append(self._host.call("guest-file-open", path="/var/tmp/vm-test-load", mode="w"))
        except AgentError as error:
            if "JSON parse error" in error.desc:  # a new agent got the end of a request that the old one began to read
                self._host.sync(again_after=0.5)
            elif "has not been found" not in error.desc:
                raise
            # else the agent was restarted between two requests, and the handle is gone with it
            self.handles.append(self._host.call("guest-file-open", path="/var/tmp/vm-test-load", mode="w"))


class Service(GuestTest):
    def restart_under_load(self, command, name):
        with Load(self.host) as load:
            load.wait_for(20)
            for _ in range(3):
                self.machine.run(command)
                load.wait_for(20)
        self.host.timeout = 20
        self.assertIsNone(load.failure)
        self.assertEqual(sorted(set(load.handles)), load.handles, "a handle number was used twice")
        self.note(f"longest silence under load, {name}", f"{load.longest_gap:.2f} s")
        self.assertLess(load.longest_gap, 15)
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-file-close", handle=load.handles[0])
        self.assertIn("has not been found", raised.exception.desc)

    def test_restart_under_load_loses_only_what_was_under_way(self):
        self.restart_under_load("systemctl restart guestd", "restart")

    def test_killed_agent_is_back_by_itself(self):
        self.restart_under_load("systemctl kill --signal KILL guestd", "SIGKILL")

    def stop_and_check(self):
        started = time.monotonic()
        self.machine.run("systemctl stop guestd")
        seconds = time.monotonic() - started
        self.ended_cleanly()
        self.assertLess(seconds, 8, "systemd had to wait for the agent")

    def test_stop_ends_cleanly_while_idle(self):
        self.stop_and_check()

    def test_stop_ends_cleanly_without_host(self):
        self.host.close()
        time.sleep(0.5)
        self.stop_and_check()

    def test_stop_ends_cleanly_under_load(self):
        load = Load(self.host)
        with load:
            load.wait_for(20)
            self.stop_and_check()
            self.machine.run("systemctl start guestd")
        self.assertIsNone(load.failure)

    def test_stop_ends_cleanly_in_mid_reply_that_nobody_reads(self):
        self.machine.run("head -c 16M /dev/zero > /var/tmp/vm-test-zero")
        handle = self.host.call("guest-file-open", path="/var/tmp/vm-test-zero")
        self.host.request("guest-file-read", {"handle": handle, "count": 16 << 20})
        time.sleep(1)
        self.stop_and_check()

    def test_stop_right_after_start_is_no_failure(self):
        # The signal may come before guestd is even loaded, so that the exit status says nothing.
        for _ in range(5):
            self.machine.run("systemctl stop guestd; systemctl start --no-block guestd; systemctl stop guestd")
            self.assertEqual("inactive", self.show("ActiveState"))
            self.assertEqual("success", self.show("Result"))

    def test_stop_ends_cleanly_without_port(self):
        self.machine.unplug_agent_port()
        self.addCleanup(self.machine.plug_agent_port)
        self.stop_and_check()

    def test_reload_keeps_agent_running(self):
        pid = self.main_pid()
        self.machine.run("systemctl reload guestd")
        self.assertEqual({}, self.host.call("guest-ping"))
        self.assertEqual(pid, self.main_pid())

    def test_journal_names_no_polling_command(self):
        mark = self.machine.run("date '+%F %T'; sleep 1").splitlines()[0]
        for _ in range(50):
            self.host.call("guest-ping")
            self.host.call("guest-info")
        lines = self.machine.run(f"journalctl --quiet --unit guestd --since '{mark}' --output cat")
        self.assertIsNone(re.search("guest-ping|guest-info", lines), lines)
