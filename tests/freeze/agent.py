# SPDX-License-Identifier: Apache-2.0
"""An agent in the world of world.py, and its host."""

import json
import os
import signal
import socket
import subprocess
import time

import world

SOCKET = "/run/agent.sock"
STATE = "/run/state"
PATIENCE_S = 30


class Client:
    def __init__(self, path=SOCKET):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
        self.file = self.socket.makefile("rb")

    def send(self, command, **arguments):
        world.assert_safe()
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def reply(self, timeout_s=PATIENCE_S):
        self.socket.settimeout(timeout_s)
        return json.loads(self.file.readline())

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        return self.reply()

    def call(self, command, **arguments):
        reply = self.ask(command, **arguments)
        if "error" in reply:
            raise AssertionError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def error(self, command, **arguments):
        return self.ask(command, **arguments)["error"]

    def close(self):
        self.file.close()
        self.socket.close()


class Agent:
    """The binary under test as a process; its state directory survives it."""

    def __init__(self, binary, settings="", arguments=()):
        self.binary = binary
        self.arguments = list(arguments)
        self.process = None
        os.makedirs(STATE, exist_ok=True)
        with open("/run/guestd.conf", "w", encoding="utf-8") as file:
            file.write(f"[general]\n[fsfreeze]\nhook-folder=/hooks\n{settings}")
        os.chmod("/run/guestd.conf", 0o600)
        self.start()

    def start(self):
        world.assert_safe()
        environment = {name: value for name, value in os.environ.items() if name != "GUESTD_HANDS_OFF"}
        with open("/run/agent.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "-c", "/run/guestd.conf", "-m", "unix-listen", "-p", SOCKET, "-t", STATE,
                 *self.arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def restart(self):
        self.kill()
        self.start()

    @staticmethod
    def log():
        with open("/run/agent.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    @staticmethod
    def has_marker():
        return os.path.exists(f"{STATE}/guestd.frozen")
