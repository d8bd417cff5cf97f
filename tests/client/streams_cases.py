# SPDX-License-Identifier: Apache-2.0
"""The ways to an agent."""

import json
import os
import pty
import select
import socket
import subprocess
import threading

from fake_agent import FakeAgent
from harness import OPTIONS, PATIENCE, Case, run


class Streams(Case):
    def test_a_serial_line_is_spoken_to(self):
        master, slave = pty.openpty()
        path = os.ttyname(slave)
        agent = self.fake()
        line = os.fdopen(master, "r+b", buffering=0)
        self.addCleanup(line.close)
        threading.Thread(target=self.bridge, args=(agent, line), daemon=True).start()
        self.assertEqual(run("--serial", path, "ping").returncode, 0)
        os.close(slave)

    @staticmethod
    def bridge(agent, line):
        with socket.socket(socket.AF_UNIX) as to:
            to.connect(agent.path)
            try:
                while True:
                    ready, _, _ = select.select([line, to], [], [])
                    if line in ready:
                        to.sendall(os.read(line.fileno(), 4096))
                    if to in ready:
                        os.write(line.fileno(), to.recv(4096))
            except (OSError, ValueError):
                return

    def test_a_vsock_port_is_connected_to(self):
        agent = self.fake()
        local = 1  # VMADDR_CID_LOCAL
        try:
            listener = socket.socket(socket.AF_VSOCK)
            self.addCleanup(listener.close)
            listener.bind((local, socket.VMADDR_PORT_ANY))
            listener.listen()
            port = listener.getsockname()[1]
            with socket.socket(socket.AF_VSOCK) as probe:
                probe.connect((local, port))
            listener.accept()[0].close()
        except OSError as error:
            self.skipTest(f"no vsock within this machine: {error}")
        threading.Thread(target=lambda: self.bridge(agent, listener.accept()[0]), daemon=True).start()
        self.assertEqual(run("--vsock", f"{local}:{port}", "ping").returncode, 0)

    def test_a_hybrid_vsock_is_asked_for_its_port(self):
        agent = self.fake()
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path("hybrid"))
        listener.listen()
        asked = []

        def serve():
            client, _ = listener.accept()
            asked.append(client.recv(100))
            client.sendall(b"OK 1073741824\n")
            self.bridge(agent, client)

        threading.Thread(target=serve, daemon=True).start()
        self.assertEqual(run("--hybrid-vsock", self.path("hybrid") + ":52", "ping").returncode, 0)
        self.assertEqual(asked, [b"CONNECT 52\n"])

    def test_a_hybrid_vsock_without_a_listener_is_told(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path("hybrid"))
        listener.listen()

        def serve():
            client, _ = listener.accept()
            client.recv(100)
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        self.assert_fails(run("--hybrid-vsock", self.path("hybrid") + ":52", "ping"), 3, "nobody listens on that port")

    def test_a_path_that_no_address_holds_is_reached(self):
        deep = self.path("a" * 60, "b" * 60)
        os.makedirs(deep)
        os.chdir(deep)
        self.addCleanup(os.chdir, "/")
        agent = FakeAgent(".")
        self.addCleanup(agent.close)
        self.assertEqual(run("ping", agent=os.path.join(deep, "agent.sock")).returncode, 0)

    def test_libvirt_is_asked_to_pass_commands_on(self):
        for name in ("libvirt.so.0", "libvirt-qemu.so.0"):
            os.symlink(OPTIONS.libvirt, self.path(name))
        env = {"LD_LIBRARY_PATH": self.folder}

        def call(*words):
            return run("--libvirt", "web", *words, env=env)

        result = call("--timeout", "2.5", "--json", "call", "guest-ping")
        self.assertEqual(json.loads(result.stdout), {"asked": '{"execute": "guest-ping"}', "timeout": 3}, result.stderr)
        self.assert_fails(call("call", "--unchecked", "hang"), 4, "not responding")
        self.assert_fails(call("call", "--unchecked", "unknown"), 1, "has not been found")
        self.assert_fails(run("--libvirt", "other", "ping", env=env), 3, "no domain other")
        self.assert_fails(run("--libvirt", "web", "--connect", "test:///none", "ping", env=env), 3,
                          "no such hypervisor")

    def test_without_libvirt_the_library_is_named(self):
        if "libvirt.so.0" in subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, check=True).stdout.decode():
            self.skipTest("libvirt is installed")
        self.assert_fails(run("--libvirt", "web", "ping"), 3, "libvirt.so.0")

    def test_two_do_not_share_a_stream(self):
        entered = threading.Event()
        leave = threading.Event()

        def wait(_args, _client):
            entered.set()
            leave.wait(PATIENCE)
            return {}

        agent = self.fake({"guest-ping": wait})
        first = subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, "--timeout", "60", "call", "guest-ping"],
                                 stdout=subprocess.DEVNULL)
        self.assertTrue(entered.wait(PATIENCE))
        self.assert_fails(run("--timeout", "0.2", "info", agent=agent.path), 4, f"process {first.pid}")
        self.assertEqual(run("--no-lock", "info", agent=agent.path).returncode, 0)
        leave.set()
        self.assertEqual(first.wait(PATIENCE), 0)
        self.assertEqual(run("info", agent=agent.path).returncode, 0)
