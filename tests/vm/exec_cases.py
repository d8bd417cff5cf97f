# SPDX-License-Identifier: Apache-2.0
"""Programs that the host runs, under systemd, with the packaged service."""

import base64
import time

from guest_test import GuestTest
from host import AgentError

WAIT_MS = 60_000


class Programs(GuestTest):
    def start(self, script, **more):
        return self.host.call("guestd-exec", path="/bin/sh", args=["-c", script], **more)["pid"]

    def follow(self, pid, **more):
        """The output and the last reply of a program that ends."""
        output = b""
        while True:
            reply = self.host.call("guestd-exec-read", timeout=120, pid=pid, wait_ms=WAIT_MS, **more)
            output += b"".join(base64.b64decode(piece["data"]) for piece in reply["output"])
            if reply["finished"]:
                return output, reply

    def collect(self, pid):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            status = self.host.call("guest-exec-status", pid=pid)
            if status["exited"]:
                return status
            time.sleep(0.1)
        raise AssertionError(f"PID {pid} does not end")

    def listed(self, pid):
        return next((each for each in self.host.call("guestd-exec-list") if each["pid"] == pid), None)

    def wait_for_unit(self, pid):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            unit = self.listed(pid).get("unit")
            if unit:
                return unit
            time.sleep(0.1)
        raise AssertionError(f"PID {pid} gets no unit")

    def eventually(self, condition):
        """Waits until a command of the shell succeeds."""
        self.machine.run(f"for i in $(seq 300); do {condition} && exit 0; sleep 0.1; done; exit 1")

    def count(self, command_line):
        """How many processes have just these words; the guest has no pgrep(1)."""
        return int(self.machine.run("n=0; for p in /proc/[0-9]*/cmdline; do "
                                    f"[ \"$(tr '\\0' ' ' 2>/dev/null < $p)\" = '{command_line} ' ] && n=$((n + 1)); "
                                    "done; echo $n"))

    def is_alive(self, pid):
        return self.machine.run(f"test -d /proc/{pid} && echo alive || echo gone") == "alive"

    def test_exec_modes_tell_what_qemu_ga_promises(self):
        for mode, out, err in (("stdout", b"out\n", None), ("stderr", None, b"err\n"), ("merged", b"out\nerr\n", None),
                               ("separated", b"out\n", b"err\n"), ("none", None, None)):
            with self.subTest(mode=mode):
                started = self.host.call("guest-exec", path="/bin/sh", arg=["-c", "echo out; echo err >&2; exit 3"],
                                         capture_output=mode)
                status = self.collect(started["pid"])
                self.assertEqual(3, status["exitcode"])
                for name, wanted in (("out-data", out), ("err-data", err)):
                    self.assertEqual(wanted, base64.b64decode(status[name]) if name in status else None)

    def test_exec_gives_long_programs_a_unit_with_all_that_they_start(self):
        # One of another session; one that had left its parent before the unit was made would belong to nobody.
        pid = self.start("setsid sleep 4712 & sleep 0.02; exec sleep 1000")
        unit = self.wait_for_unit(pid)
        self.assertEqual("active", self.show("ActiveState", unit))
        group = self.machine.run(f"cat /proc/{pid}/cgroup")
        self.assertTrue(group.endswith("/" + unit), group)
        self.assertEqual(1, self.count("sleep 4712"))
        late = self.start("exec sleep 1000", stdout="none", stderr="none")
        second = self.wait_for_unit(late)
        self.assertNotEqual(unit, second)
        for each in (pid, late):
            self.host.call("guestd-exec-signal", pid=each, signal="KILL", target="all")
            self.assertEqual(9, self.collect(each)["signal"])
        self.eventually(f"! systemctl is-active -q {second}")
        self.assertEqual(0, self.count("sleep 4712"))

    def test_exec_ends_all_that_a_program_left_behind(self):
        pid = self.start("sleep 0.5; setsid sleep 4711 & sleep 1; exit 0", stdout="none", stderr="none")
        self.wait_for_unit(pid)
        self.follow(pid)
        self.assertEqual(1, self.count("sleep 4711"))
        self.host.call("guestd-exec-signal", pid=pid, signal="KILL", target="all")
        deadline = time.monotonic() + 60
        while self.count("sleep 4711") > 0:
            self.assertLess(time.monotonic(), deadline, "what was left behind lives on")
        self.collect(pid)

    def restarted(self, command):
        pid = self.start("echo before; while [ ! -e /run/vm-test-go ]; do sleep 0.1; done; echo after; exec sleep 1000",
                         stdout="spool", stderr="none")
        self.addCleanup(lambda: self.machine.run("rm -f /run/vm-test-go"))
        self.wait_for_unit(pid)
        before = self.main_pid()
        self.machine.run(command)
        self.reconnect()
        self.host.sync()
        self.assertNotEqual(before, self.main_pid())
        self.assertTrue(self.is_alive(pid), "it ended with the agent")
        process = self.listed(pid)
        self.assertTrue(process["recovered"])
        self.assertFalse(process["exited"])
        self.machine.run("touch /run/vm-test-go")
        output = b""
        while b"after" not in output:
            reply = self.host.call("guestd-exec-read", timeout=120, pid=pid, wait_ms=WAIT_MS)
            output += b"".join(base64.b64decode(piece["data"]) for piece in reply["output"])
        self.assertEqual(b"before\nafter\n", output)
        self.host.call("guestd-exec-signal", pid=pid, signal="TERM", target="all")
        status = self.collect(pid)
        self.assertEqual(b"before\nafter\n", base64.b64decode(status["out-data"]))

    def test_exec_survives_restart_of_the_service(self):
        self.restarted("systemctl restart guestd")

    def test_exec_survives_killed_agent(self):
        self.restarted("systemctl kill --kill-whom=main --signal KILL guestd; sleep 3")

    def test_exec_as_user_with_terminal(self):
        pid = self.start("id -un; stty size; echo $HOME", user="nobody", pty={"rows": 33, "columns": 99})
        output, last = self.follow(pid, forget=True)
        self.assertEqual(b"nobody\r\n33 99\r\n/nonexistent\r\n", output)
        self.assertEqual(0, last["exitcode"])

    def test_exec_fork_bomb_in_bounded_group_leaves_agent_answering(self):
        pid = self.start("until [ -e /run/vm-test-bomb ]; do sleep 0.1; done; f() { f & f & }; f; sleep 1; exit 0",
                         stdout="none", stderr="none")
        self.addCleanup(lambda: self.machine.run("rm -f /run/vm-test-bomb"))
        unit = self.wait_for_unit(pid)
        self.machine.run(f"systemctl set-property --runtime {unit} TasksMax=50 && touch /run/vm-test-bomb")
        longest = 0.0
        for _ in range(30):
            begun = time.monotonic()
            self.assertEqual({}, self.host.call("guest-ping"))
            longest = max(longest, time.monotonic() - begun)
        self.note("longest ping beside a fork bomb", f"{longest * 1000:.0f} ms")
        deadline = time.monotonic() + 60
        while True:
            try:
                self.host.call("guestd-exec-signal", pid=pid, signal="KILL", target="all")
            except AgentError:
                break  # the unit went away with its last process
            if time.monotonic() > deadline:
                self.fail("the bomb cannot be ended")
            time.sleep(0.2)
        self.collect(pid)

    def test_exec_leaves_no_zombie_and_no_growth(self):
        for _ in range(20):
            self.collect(self.host.call("guest-exec", path="/bin/true")["pid"])
        main = self.main_pid()
        descriptors = self.machine.run(f"ls /proc/{main}/fd | wc -l")
        for _ in range(200):
            self.collect(self.host.call("guest-exec", path="/bin/true")["pid"])
        self.assertEqual(descriptors, self.machine.run(f"ls /proc/{main}/fd | wc -l"))
        self.assertEqual("0", self.machine.run(f"cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z {main} ' || true"))

    def test_exec_idle_agent_has_one_thread_again(self):
        # Whoever collects a result that other cases have left, or waits for its end, needs a thread.
        for left in self.host.call("guestd-exec-list"):
            if not left["exited"]:
                self.host.call("guestd-exec-signal", pid=left["pid"], signal="KILL")
            self.collect(left["pid"])
        self.collect(self.host.call("guest-exec", path="/bin/true")["pid"])
        main = self.main_pid()
        self.eventually(f"[ $(ls /proc/{main}/task | wc -l) = 1 ]")
