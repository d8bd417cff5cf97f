# SPDX-License-Identifier: Apache-2.0
"""guestctl on the host of a real guest: what doctor says in each broken state, and what the monitor proves."""

import json
import os
import subprocess
import tempfile
import time

from guest_test import GuestTest
from machine import BARE_PORT, connect

PATIENCE = 180


class GuestctlCase(GuestTest):
    """guestctl has the agent's socket for itself: the tests' own client is closed, and opened again by whoever wants
    it. The monitor is one of its own, since QEMU serves one client of each."""

    guestctl = None  # set once by vm_test.py

    def setUp(self):
        if self.guestctl is None or not os.path.exists(self.guestctl):
            self.fail(f"there is no guestctl at {self.guestctl}")
        super().setUp()
        self.host.close()
        self.addCleanup(self.mend)

    def mend(self):
        """Whatever a test has broken, the next one finds it whole."""
        self.machine.qmp.execute("cont")
        self.machine.run("systemctl kill --signal=CONT guestd; systemctl restart guestd", check=False)
        self.reconnect()
        self.host.sync()

    def command(self, *words):
        return [self.guestctl, "--socket", self.machine.agent_socket, "--qmp", self.machine.second_monitor, *words]

    def run_guestctl(self, *words):
        run = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=PATIENCE, check=False)
        return run.returncode, run.stdout, run.stderr

    def doctor(self, *words):
        """Exit status and the last finding."""
        status, output, errors = self.run_guestctl("--json", *words, "doctor")
        self.assertTrue(output, errors)
        return status, json.loads(output)["findings"][-1]

    def assert_finding(self, status, subject, text, *words):
        found, finding = self.doctor(*words)
        self.assertEqual((status, subject), (found, finding["subject"]), finding)
        self.assertIn(text, finding["text"])
        self.assertTrue(finding["remedy"])


class Doctor(GuestctlCase):
    def test_healthy_agent(self):
        status, output, errors = self.run_guestctl("--json", "doctor")
        self.assertTrue(output, errors)
        findings = {finding["subject"]: finding for finding in json.loads(output)["findings"]}
        for subject in ("socket", "machine", "port", "driver", "guest", "agent"):
            self.assertEqual("good", findings[subject]["outcome"], output)
        self.assertIn(status, (0, 1))  # 1: commands that this agent does not have yet count as blocked

    def test_paused_machine(self):
        self.machine.qmp.execute("stop")
        self.assert_finding(3, "machine", "is paused")
        self.machine.qmp.execute("cont")

    def test_missing_port(self):
        self.machine.unplug_agent_port()
        self.addCleanup(self.machine.plug_agent_port)
        self.assert_finding(3, "port", "no virtio-serial port for the agent")

    def test_stopped_agent(self):
        self.machine.run("systemctl stop guestd")
        self.assert_finding(3, "guest", "no program in the guest has opened it")

    def test_agent_that_hangs(self):
        self.machine.run("systemctl kill --signal=STOP guestd")
        self.assert_finding(4, "agent", "it does not read", "--timeout", "3")

    def test_second_client(self):
        self.reconnect()
        self.host.sync()
        self.assert_finding(4, "socket", "another client holds the socket", "--timeout", "3")
        self.host.close()

    def test_frozen_guest(self):
        # A file system of its own, on a disk in memory: what the test itself needs stays writable.
        self.machine.run("dd if=/dev/zero of=/run/vm-test.img bs=1M count=16 status=none && "
                         "mkfs.ext4 -q /run/vm-test.img && mkdir -p /run/vm-test && "
                         "mount -o loop /run/vm-test.img /run/vm-test")
        self.addCleanup(self.machine.run, "umount /run/vm-test; rm -f /run/vm-test.img", check=False)
        self.reconnect()
        self.host.sync()
        self.assertEqual(1, self.host.call("guest-fsfreeze-freeze-list", mountpoints=["/run/vm-test"]))
        self.host.close()
        self.assert_finding(1, "commands", "have been frozen for")
        self.reconnect()
        self.host.sync()
        self.assertEqual(1, self.host.call("guest-fsfreeze-thaw"))
        self.host.close()

    def test_blocked_commands(self):
        self.machine.run("mkdir -p /etc/systemd/system/guestd.service.d && printf '[Service]\\nExecStart=\\n"
                         "ExecStart=/usr/sbin/guestd --block-rpcs=guest-shutdown\\n' "
                         "> /etc/systemd/system/guestd.service.d/vm-test.conf && systemctl daemon-reload && "
                         "systemctl restart guestd")
        self.addCleanup(self.machine.run, "rm -rf /etc/systemd/system/guestd.service.d; systemctl daemon-reload; "
                        "systemctl restart guestd")
        self.assert_finding(1, "commands", "guest-shutdown")

    def test_watch_follows_the_agent_until_it_is_there(self):
        self.machine.run("systemctl stop guestd")
        with subprocess.Popen(self.command("doctor", "--watch"), stdout=subprocess.PIPE, text=True) as doctor:
            for line in doctor.stdout:
                if "no program in the guest has opened it" in line:
                    break
            self.machine.run("systemctl start guestd")
            rest = doctor.communicate(timeout=PATIENCE)[0]
        self.assertRegex(rest, r"good\s+agent\s+it answers")


class Monitor(GuestctlCase):
    def test_port_changes_are_watched(self):
        command = self.command("--json", "watch", "--count", "2", "VSERPORT_CHANGE")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
            # Only a client that is served sees this, and QEMU may tell of something earlier at first.
            deadline = time.monotonic() + PATIENCE
            while watch.poll() is None:
                if time.monotonic() > deadline:
                    watch.kill()
                    self.fail(f"watch goes on after {watch.stdout.read()}")
                self.machine.run("systemctl restart guestd")
                time.sleep(1)
            events = [json.loads(line) for line in watch.stdout]
        self.assertEqual(["VSERPORT_CHANGE"] * 2, [event["event"] for event in events])
        self.assertEqual("agent-port", events[0]["data"]["id"])

    def test_sleeping_machine_is_named_and_woken(self):
        state = self.machine.run("cat /sys/power/mem_sleep 2>/dev/null || true")
        if "deep" not in state:
            self.skipTest("the guest cannot suspend to RAM")
        self.machine.run("systemd-run --on-active=1 sh -c 'echo mem > /sys/power/state'")
        self.machine.qmp.wait_event("SUSPEND", timeout=PATIENCE)
        self.assert_finding(3, "machine", "sleeps")
        status, output, errors = self.run_guestctl("wakeup")
        self.assertEqual((0, "the machine is awake\n"), (status, output), errors)
        self.assertEqual("running", self.machine.qmp.execute("query-status")["status"])


class Speed(GuestctlCase):
    """What `cp` moves through the agent's port, against what `cat` moves through a bare one of the same machine. The
    bytes of files are base64 on the way, so that three quarters are all that there is to be had where the port itself
    is what is slow. The best of some rounds each: the machine has other things to do."""

    SIZE = 64 << 20
    ROUNDS = 3
    THERE = "/dev/shm/vm-test-speed"
    PORT = f"/dev/virtio-ports/{BARE_PORT}"

    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")  # pylint: disable=consider-using-with
        self.addCleanup(self.folder.cleanup)
        # What waits for a port that nobody reads any more would wait for ever.
        self.addCleanup(self.machine.run, f"pkill -f '^(cat|head) .*(vm-test-speed|guestd.bare)'; rm -f {self.THERE}*",
                        check=False)
        self.here = os.path.join(self.folder.name, "file")
        self.bare = connect(self.machine.bare_socket, time.monotonic() + PATIENCE)
        self.bare.settimeout(PATIENCE)
        self.addCleanup(self.bare.close)

    def through_agent(self, source, target):
        began = time.monotonic()
        status, _, errors = self.run_guestctl("cp", "--quiet", "--no-checksum", source, target)
        self.assertEqual((0, ""), (status, errors))
        return self.SIZE / (time.monotonic() - began)

    def from_bare_port(self):
        """From the first bytes on: how a program is started is of no interest."""
        self.machine.run(f"cat {self.THERE} > {self.PORT} < /dev/null 2> /dev/null &")
        rest = self.SIZE - len(self.bare.recv(1 << 20))
        began = time.monotonic()
        missing = rest
        while missing > 0:
            piece = self.bare.recv(min(missing, 1 << 20))
            self.assertTrue(piece, "the bare port has gone")
            missing -= len(piece)
        return rest / (time.monotonic() - began)

    def to_bare_port(self):
        """`head` reads it to the end, and tells."""
        self.machine.run(f"rm -f {self.THERE} {self.THERE}.done; (head -c {self.SIZE} {self.PORT} > {self.THERE}; "
                         f"touch {self.THERE}.done) < /dev/null 2> /dev/null &")
        began = time.monotonic()
        self.bare.sendall(bytes(self.SIZE))
        self.machine.run(f"while ! test -e {self.THERE}.done; do sleep 0.05; done; rm {self.THERE}.done",
                         timeout=PATIENCE)
        return self.SIZE / (time.monotonic() - began)

    def assert_fast(self, direction, rates):
        cp_rate, cat_rate = (max(kind) for kind in zip(*rates))
        self.note(f"cp {direction} the guest / cat through a bare port",
                  f"{cp_rate / 1e6:.0f} / {cat_rate / 1e6:.0f} MB/s")
        self.assertGreaterEqual(cp_rate, 0.7 * cat_rate, rates)

    def test_from_the_guest(self):
        self.machine.run(f"head -c {self.SIZE} /dev/urandom > {self.THERE}")
        self.assert_fast("from", [(self.through_agent(":" + self.THERE, self.here), self.from_bare_port())
                                  for _ in range(self.ROUNDS)])
        self.assertEqual(self.SIZE, os.path.getsize(self.here))

    def test_to_the_guest(self):
        with open(self.here, "wb") as file:
            file.write(os.urandom(self.SIZE))
        self.assert_fast("to", [(self.through_agent(self.here, ":" + self.THERE), self.to_bare_port())
                                for _ in range(self.ROUNDS)])
        self.assertEqual(str(self.SIZE), self.machine.run(f"stat -c %s {self.THERE}"))
