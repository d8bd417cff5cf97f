# SPDX-License-Identifier: Apache-2.0
"""Accounts with the programs that they are for: login(1) with PAM on a real console, and a real sshd."""

import re
import select
import socket
import time

from guest_test import GuestTest

USER = "vm-tester"
PASSWORD = "correct horse battery"
SSH = ("ssh -i /root/vm-test-key -p 2222 -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
       "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR")


class Console:
    """The other end of the guest's second serial line, where getty waits."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self.seen = ""

    def close(self):
        self._socket.close()

    def type(self, text):
        self.seen = ""
        self._socket.sendall(text.encode() + b"\r")

    def wait_for(self, pattern, timeout=180):
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            if not select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"the console shows no {pattern}, but:\n{self.seen}")
            self.seen += self._socket.recv(65536).decode(errors="replace")


class Logins(GuestTest):
    @classmethod
    def setUpClass(cls):
        cls.machine.run(f"useradd --create-home --shell /bin/bash {USER}")

    @classmethod
    def tearDownClass(cls):
        cls.machine.run(f"loginctl terminate-user {USER}; systemctl stop serial-getty@ttyS1 user@$(id -u {USER}); "
                        f"pkill -KILL -u {USER}; userdel --remove {USER}", check=False)

    def console(self):
        """Listens before the guest asks: what is typed before that, it throws away."""
        console = Console(self.machine.isa_socket)
        self.addCleanup(console.close)
        self.machine.run("systemctl restart serial-getty@ttyS1")
        return console

    def log_in(self, console, password):
        console.wait_for("login: $")
        for _ in range(5):
            console.type(USER)
            console.wait_for("(login|Password): $")
            # The first question may have been that of a getty which was just ended.
            if console.seen.endswith("Password: "):
                break
        console.type(password)

    def users(self):
        return {entry["user"]: entry for entry in self.host.call("guest-get-users")}

    def test_1_password_is_good_for_a_login_which_is_seen(self):
        self.host.call("guest-set-user-password", username=USER, password="Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", crypted=False)
        console = self.console()
        self.log_in(console, "another one")
        console.wait_for("Login incorrect")
        self.assertNotIn(USER, self.users())
        self.log_in(console, PASSWORD)
        console.wait_for(r"\$ $")
        entry = self.users()[USER]
        self.assertLess(abs(entry["login-time"] - time.time()), 300)
        console.type("id -un; exit")
        console.wait_for(f"{USER}\r")
        deadline = time.monotonic() + 120
        while USER in self.users():
            self.assertLess(time.monotonic(), deadline, "a user who has logged out is still listed")
            time.sleep(0.5)

    def test_2_hash_is_good_for_a_login(self):
        crypted = self.machine.run("perl -e 'print crypt(\"sesame\", q($6$rounds=1000$saltsalt))' | base64 -w 0")
        self.host.call("guest-set-user-password", username=USER, password=crypted, crypted=True)
        console = self.console()
        self.log_in(console, "sesame")
        console.wait_for(r"\$ $")
        console.type("exit")

    def test_3_key_is_accepted_by_sshd_until_it_is_removed(self):
        self.machine.run("test -e /root/vm-test-key || ssh-keygen -q -t ed25519 -N '' -f /root/vm-test-key; "
                         "mkdir -p /run/sshd; /usr/sbin/sshd -p 2222", timeout=120)
        self.addCleanup(self.machine.run, "kill $(cat /run/sshd.pid)")
        key = self.machine.run("cat /root/vm-test-key.pub")
        attempt = f"{SSH} {USER}@127.0.0.1 id -un"
        self.assertIn("Permission denied", self.machine.run(attempt, check=False))
        self.host.call("guest-ssh-add-authorized-keys", username=USER, keys=[key])
        self.assertEqual(USER, self.machine.run(attempt))
        self.assertEqual([key], self.host.call("guest-ssh-get-authorized-keys", username=USER)["keys"])
        self.assertEqual(f"{USER} 600", self.machine.run(f"stat -c '%U %a' /home/{USER}/.ssh/authorized_keys"))
        self.host.call("guest-ssh-remove-authorized-keys", username=USER, keys=[key])
        self.assertIn("Permission denied", self.machine.run(attempt, check=False))
