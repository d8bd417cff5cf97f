# SPDX-License-Identifier: Apache-2.0
"""What the tests of guestctl have in common."""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from fake_agent import FakeAgent, Refused

QEMU_GA = "/usr/sbin/qemu-ga"
PATIENCE = 60
OPTIONS = argparse.Namespace()


def take_options(**more):
    """Fills OPTIONS from the command line: --guestctl, and what is asked for besides. The rest is unittest's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--guestctl", required=True, type=os.path.abspath)
    for name, settings in more.items():
        parser.add_argument("--" + name, **settings)
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    return [sys.argv[0], *rest]


def run(*words, agent=None, stdin=b"", env=None, timeout=PATIENCE, options=()):
    command = [OPTIONS.guestctl]
    if agent:
        command += ["--socket", agent]
    environment = dict(os.environ, **(env or {}))
    return subprocess.run([*command, *options, *words], input=stdin, capture_output=True, env=environment,
                          timeout=timeout, check=False)


def refuse(text):
    """For commands of a fake agent."""
    raise Refused(text)


class RealAgent:
    """Stands where a fake one stood. What only the fake one can tell skips the test."""

    def __init__(self, path):
        self.path = path

    def __getattr__(self, name):
        raise unittest.SkipTest(f"only the fake agent has {name}")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestctl-test.")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def read(self, *names):
        with open(self.path(*names), "rb") as file:
            return file.read()

    def fake(self, overrides=None, hidden=()):
        agent = FakeAgent(self.folder, overrides, hidden)
        self.addCleanup(agent.close)
        return agent

    def real(self, binary, *arguments):
        path = self.path("real.sock")
        log = open(self.path("agent.log"), "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [binary, "-m", "unix-listen", "-p", path, "-t", self.folder, "-f", self.path("pid"), *arguments],
            stdout=log, stderr=log,
            env=dict(os.environ, GUESTD_HANDS_OFF="except-exec", QGA_CONF=self.write("conf", b"")))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(path)
                return path
            except OSError:
                self.assertIsNone(process.poll(), "the agent has ended")
                self.assertLess(time.monotonic(), deadline, "the agent does not listen")
                time.sleep(0.02)

    def guestd_with(self, command):
        """guestd, if it has the command."""
        path = self.real(OPTIONS.guestd)
        commands = run("info", "--commands", agent=path).stdout.decode()
        if not re.search(rf"^{command} +enabled", commands, re.MULTILINE):
            self.skipTest(f"this guestd does not have {command}")
        return RealAgent(path)

    def assert_fails(self, result, status, text):
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(text, result.stderr.decode())
