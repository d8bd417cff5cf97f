# SPDX-License-Identifier: Apache-2.0
"""With guestd, and with qemu-ga if it is installed."""

import json
import os
import signal
import subprocess
import time
import unittest

import copying_cases
import programs_cases
from harness import OPTIONS, PATIENCE, QEMU_GA, Case, run


class RealAgents:
    """Once with guestd, once with qemu-ga."""

    def test_it_answers(self):
        self.assertEqual(run("ping", "-c", "2", "-i", "0", agent=self.agent).returncode, 0)
        info = json.loads(run("--json", "info", agent=self.agent).stdout)
        self.assertIn("version", info["agent"])
        self.assertEqual(run("info", "--commands", agent=self.agent).returncode, 0)

    def test_facts_of_this_machine_are_shown(self):
        for words in (["net"], ["net", "-a"], ["net", "-s"], ["cpu"], ["time"], ["users"]):
            result = run(*words, agent=self.agent)
            self.assertEqual(result.returncode, 0, (words, result.stderr))
            self.assertTrue(result.stdout, words)
            json.loads(run("--json", *words, agent=self.agent).stdout)

    def test_files_are_moved_both_ways(self):
        data = os.urandom(5 << 20)
        source = self.write("source", data)
        self.assertEqual(run("cp", source, ":" + self.path("there"), agent=self.agent).returncode, 0)
        self.assertEqual(run("cp", ":" + self.path("there"), self.path("back"), agent=self.agent).returncode, 0)
        self.assertEqual(self.read("back"), data)
        self.assertEqual(run("cat", source, agent=self.agent).stdout, data)
        self.assertEqual(run("cat", "/proc/version", agent=self.agent).stdout[:5], b"Linux")
        self.assert_fails(run("cat", "/nonexistent", agent=self.agent), 1, "No such file")


class WithGuestd(RealAgents, Case):
    def setUp(self):
        super().setUp()
        self.agent = self.real(OPTIONS.guestd)

    def test_it_is_recognised(self):
        self.assertIn(b"guestd (as qemu-ga", run("info", agent=self.agent).stdout)
        self.assertEqual(run("mem", agent=self.agent).returncode, 0)
        self.assertEqual(run("top", "-n", "1", "-d", "0.1", agent=self.agent).returncode, 0)

    def test_call_asks_the_agent_for_its_schema(self):
        schema = json.loads(run("--json", "call", "guestd-get-schema", agent=self.agent).stdout)
        types = {entry["name"] for entry in schema}
        self.assertIn("guest-ping", types)

    def test_it_speaks_to_many_at_once(self):
        processes = [subprocess.Popen([OPTIONS.guestctl, "--socket", self.agent, "ping"], stdout=subprocess.DEVNULL)
                     for _ in range(8)]
        self.assertEqual([process.wait(PATIENCE) for process in processes], [0] * 8)


class FakesReplaced:
    """The cases of the fake agent once more, with guestd."""

    def fake(self, overrides=None, hidden=()):
        if overrides or hidden:
            self.skipTest("only the fake agent misbehaves")
        return self.guestd_with(self.needed)


class ExecWithGuestd(FakesReplaced, programs_cases.Exec):
    needed = "guestd-exec"


class TerminalWithGuestd(FakesReplaced, programs_cases.Terminal):
    needed = "guestd-exec"


class CpWithGuestd(FakesReplaced, copying_cases.Cp):
    needed = "guestd-file-stat"

    def test_names_that_are_not_utf_8_are_left_out_and_told_with_escapes(self):
        agent = self.fake()
        top = os.fsencode(self.path("tree"))
        for name in (b"good", b"odd\xff\xfe\nname", b"sub/\xe4\x1b[31m", b"both\x80/in"):
            os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
            with open(os.path.join(top, name), "wb") as file:
                file.write(b"1")
        os.symlink(b"to\xff", os.path.join(top, b"link"))
        for source, target, name in ((self.path("tree"), ":" + self.path("there"), "there"),
                                     (":" + self.path("tree"), self.path("here"), "here")):
            result = run("cp", "-r", source, target, agent=agent.path)
            self.assertEqual(result.returncode, 1)
            why = "its name is not UTF-8, so the agent cannot be told of it; it is left out"
            self.assertEqual(sorted(result.stderr.decode().splitlines()), [
                f"guestctl: {self.path('tree')}/" + line for line in (
                    rf"both\x80: {why}", "link: what it points to is not UTF-8; it is left out",
                    rf"odd\xff\xfe\nname: {why}", rf"sub/\xe4\x1b[31m: {why}")])
            self.assertEqual(sorted(os.listdir(self.path(name))), ["good", "sub"])
            self.assertEqual(os.listdir(self.path(name, "sub")), [])


@unittest.skipUnless(os.path.exists(QEMU_GA), "qemu-ga is not installed")
class WithQemuGa(RealAgents, Case):
    def setUp(self):
        super().setUp()
        self.agent = self.real(QEMU_GA)

    def test_programs_are_followed_by_asking(self):
        result = run("exec", "-i", "-e", "A=b", "-w", "/tmp", "--", "sh", "-c",
                     "cat; echo $A; pwd; echo no >&2; exit 3", agent=self.agent, stdin=b"in\n")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (3, b"in\nb\n/tmp\n", b"no\n"))
        self.assertEqual(run("exec", "sh", "-c", "kill -TERM $$", agent=self.agent).returncode, 143)

    def test_an_interrupt_reaches_a_program_that_is_asked_for(self):
        ready = self.path("ready")
        process = subprocess.Popen([OPTIONS.guestctl, "--socket", self.agent, "exec", "sh", "-c",
                                    f"trap 'exit 5' TERM; touch {ready}; while :; do sleep 0.05; done"])
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(ready):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 5)

    def test_a_time_limit_ends_it(self):
        self.assert_fails(run("--timeout", "0.2", "exec", "sleep", "1000", agent=self.agent), 4, "time limit")

    def test_memory_is_told_as_far_as_it_goes(self):
        result = run("mem", agent=self.agent)
        self.assertIn(result.returncode, (0, 1))
