# SPDX-License-Identifier: Apache-2.0
"""freeze, which thaws whatever happens."""

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

from fake_agent import FakeAgent
from harness import OPTIONS, PATIENCE, Case, refuse, run


class Freeze(Case):
    def test_a_command_runs_while_frozen_and_its_status_passes_through(self):
        agent = self.fake()
        seen = self.path("seen")
        code = f"{OPTIONS.guestctl} --no-lock --socket {agent.path} freeze --status > {seen}; exit 9"
        self.assertEqual(run("freeze", "--", "sh", "-c", code, agent=agent.path).returncode, 9)
        self.assertEqual(self.read("seen"), b"frozen\n")
        self.assertFalse(agent.frozen)

    def start(self, agent, *words):
        process = subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, "freeze", "--", *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def wait_for_thaw(self, agent):
        deadline = time.monotonic() + PATIENCE
        while agent.frozen:
            self.assertLess(time.monotonic(), deadline, "still frozen")
            time.sleep(0.02)

    def test_signals_thaw(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            agent = FakeAgent(tempfile.mkdtemp(dir=self.folder))
            self.addCleanup(agent.close)
            process = self.start(agent, "sh", "-c", "echo ready; exec sleep 1000")
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(number)
            self.assertEqual(process.wait(PATIENCE), 128 + number)
            self.assertFalse(agent.frozen)

    def test_being_killed_thaws(self):
        agent = self.fake()
        process = self.start(agent, "sh", "-c", "echo ready; exec sleep 1000")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.assertTrue(agent.frozen)
        process.kill()
        process.wait()
        self.wait_for_thaw(agent)

    def test_a_command_that_is_not_there_thaws(self):
        agent = self.fake()
        self.assertEqual(run("freeze", "--", "/nonexistent", agent=agent.path).returncode, 127)
        self.assertFalse(agent.frozen)

    def test_a_lost_connection_thaws_over_a_new_one(self):
        clients = []
        agent = self.fake()

        def freeze(args, client):
            clients.append(client)
            return agent.guest_fsfreeze_freeze(args)

        agent.overrides["guest-fsfreeze-freeze"] = freeze
        process = self.start(agent, "sh", "-c", "echo ready; read a", )
        self.assertEqual(process.stdout.readline(), b"ready\n")
        clients[0].shutdown(socket.SHUT_RDWR)
        process.wait(PATIENCE)
        self.assertFalse(agent.frozen)

    def test_a_guest_that_thaws_too_early_is_an_error(self):
        agent = self.fake()
        thaw = f"{OPTIONS.guestctl} --no-lock --socket {agent.path} thaw"
        self.assert_fails(run("freeze", "--", "sh", "-c", thaw, agent=agent.path), 1, "of no use")

    def test_a_freeze_that_fails_runs_nothing(self):
        agent = self.fake({"guest-fsfreeze-freeze": lambda *_: refuse("failed to freeze /: Busy")})
        ran = self.path("ran")
        self.assert_fails(run("freeze", "--", "touch", ran, agent=agent.path), 1, "failed to freeze")
        self.assertFalse(os.path.exists(ran))

    def test_an_interrupt_while_it_freezes_thaws(self):
        entered = threading.Event()
        agent = self.fake()

        def freeze(args, _client):
            entered.set()
            time.sleep(0.3)
            return agent.guest_fsfreeze_freeze(args)

        agent.overrides["guest-fsfreeze-freeze"] = freeze
        process = self.start(agent, "true")
        self.assertTrue(entered.wait(PATIENCE))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertFalse(agent.frozen)
