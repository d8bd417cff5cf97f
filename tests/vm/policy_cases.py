# SPDX-License-Identifier: Apache-2.0
"""The policy in a real guest: every command under every profile, users who lay snares, the trail, and the walls."""

import base64
import json
import time

from guest_test import GuestTest
from host import AgentError

CONFIGURATION = "/etc/guestd/guestd.conf.d/vm-test.conf"
DROP_IN = "/etc/systemd/system/guestd.service.d/vm-test.conf"
# What does something to the guest if it is allowed; every other command is tried as it is.
LEFT_ALONE = {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-fstrim"}
# The same in every profile, so that a wall that hides something is seen.
COMPARED = ["guest-get-fsinfo", "guest-get-disks", "guest-get-osinfo", "guest-get-host-name", "guest-get-vcpus",
            "guest-get-timezone", "guest-network-get-interfaces"]


class EveryCommand(GuestTest):
    """Tries all that the agent has to offer, under a policy, from within whatever encloses it."""

    maxDiff = None

    def restore_policy(self):
        self.machine.run(f"rm -f {CONFIGURATION} {DROP_IN}; systemctl daemon-reload; systemctl restart guestd",
                         check=False)

    def set_policy(self, text, unit_drop_in=""):
        self.addCleanup(self.restore_policy)
        self.machine.run(f"mkdir -p {CONFIGURATION.rpartition('/')[0]}; printf '%s' '{text}' >{CONFIGURATION}")
        if unit_drop_in:
            self.machine.run(f"mkdir -p {DROP_IN.rpartition('/')[0]}; "
                             f"guestd --print-unit-drop-in={unit_drop_in} >{DROP_IN}; systemctl daemon-reload")
        self.machine.run("guestd --check-config && systemctl restart guestd")
        self.reconnect()
        self.host.sync()

    def stable_facts(self):
        facts = {name: self.host.call(name) for name in COMPARED}
        for file_system in facts["guest-get-fsinfo"]:
            self.assertIn("mountpoint", file_system)
            # How full they are changes meanwhile; that it is told does not.
            for key in [key for key in file_system if key.endswith("bytes")]:
                file_system[key] = file_system[key] > 0
        for disk in facts["guest-get-disks"]:
            disk.pop("smart", None)  # NVMe tells its health only to who may write to it
        for interface in facts["guest-network-get-interfaces"]:
            interface.pop("statistics", None)
        return facts

    def try_everything(self):
        """Asks for every command without arguments; returns how many were refused."""
        policy = self.host.call("guestd-get-policy")
        refused = 0
        for command in policy["commands"]:
            name = command["name"]
            if command["allowed"] and name in LEFT_ALONE:
                continue
            try:
                self.host.call(name)
                self.assertTrue(command["allowed"], f"{name} was not refused")
            except AgentError as error:
                if command["allowed"]:
                    self.assertNotIn("not permitted", error.desc, name)
                    self.assertNotIn("denied", error.desc, name)
                    self.assertNotIn("not allowed", error.desc, name)
                else:
                    refused += 1
                    self.assertIn("the command is not allowed", error.desc, name)
        return refused

    def refusal(self, command, **arguments):
        with self.assertRaises(AgentError, msg=f"{command} {arguments}") as caught:
            self.host.call(command, **arguments)
        return caught.exception.desc

    def output_of(self, **program):
        pid = self.host.call("guestd-exec", **program)["pid"]
        text = ""
        while True:
            news = self.host.call("guestd-exec-read", pid=pid, **{"wait-ms": 30000})
            text += "".join(base64.b64decode(piece["data"]).decode() for piece in news["output"])
            if news["finished"]:
                return text


class Policy(EveryCommand):
    def test_policy_every_command_under_every_profile(self):
        facts = self.stable_facts()
        for profile, least in (("monitor", 20), ("backup", 15), ("none", 40)):
            with self.subTest(profile):
                self.set_policy(f"[policy]\nprofile={profile}\n", profile)
                self.assertGreaterEqual(self.try_everything(), least)
                if profile != "none":
                    self.assertEqual(facts, self.stable_facts())
                pid = self.main_pid()
                status = self.machine.run(f"cat /proc/{pid}/status")
                self.assertIn("NoNewPrivs:\t1", status)
                self.assertIn("Seccomp:\t2", status)
        self.set_policy("[policy]\nprofile=backup\n", "backup")
        frozen = self.host.call("guest-fsfreeze-freeze")
        self.assertEqual(frozen, self.host.call("guest-fsfreeze-thaw"))
        self.host.call("guest-fstrim")

    def test_policy_unit_is_enclosed(self):
        self.set_policy("[policy]\nprofile=monitor\n", "monitor")
        report = json.loads(self.machine.run("systemd-analyze security --json=short guestd.service >/dev/null; "
                                             "systemd-analyze security guestd.service | tail -1 | "
                                             "sed 's/.*: \\([0-9.]*\\) .*/\\1/'"))
        self.note("systemd-analyze security, profile monitor", report)
        self.assertLessEqual(report, 4.0)

    def test_policy_user_cannot_lead_files_out(self):
        self.set_policy("[policy]\nread-files=/srv/**\nwrite-files=/srv/**\n")
        self.machine.run("useradd -m snare 2>/dev/null; mkdir -p /srv/open; chown snare /srv/open; "
                         "su snare -s /bin/sh -c 'mkdir -p /srv/open/a; echo mine >/srv/open/a/shadow'")
        # He exchanges the folder for a link to /etc as fast as he can.
        self.machine.run("su snare -s /bin/sh -c 'cd /srv/open; while [ -d /srv/open ]; do mv a b; ln -s /etc a; "
                         "rm -f a; mv b a; done' >/dev/null 2>&1 & echo $! >/run/snare.pid")
        self.addCleanup(self.machine.run, "kill $(cat /run/snare.pid); rm -rf /srv/open", 60, False)
        before = self.machine.run("sha256sum /etc/shadow")
        until, read = time.monotonic() + 8, 0
        while time.monotonic() < until:
            try:
                handle = self.host.call("guest-file-open", path="/srv/open/a/shadow", mode="r+")
            except AgentError:
                continue
            reply = self.host.call("guest-file-read", handle=handle)
            self.host.call("guest-file-close", handle=handle)
            self.assertEqual("bWluZQo=", reply["buf-b64"])
            read += 1
        self.note("files read while somebody exchanged their folder", read)
        self.assertEqual(before, self.machine.run("sha256sum /etc/shadow"))
        for path in ("/srv/../etc/shadow", "/proc/self/root/etc/shadow", "/etc/shadow"):
            with self.assertRaises(AgentError, msg=path):
                self.host.call("guest-file-open", path=path)

    def test_policy_holds_for_programs(self):
        self.set_policy("[policy]\nexec-programs=/usr/bin/id,/srv/tools/*\nexec-users=root,nobody\n")
        self.machine.run("mkdir -p /srv/tools; printf '#!/bin/sh\\necho script $1\\n' >/srv/tools/script; "
                         "chmod 755 /srv/tools/script; ln -sf /bin/sh /srv/tools/link")
        self.addCleanup(self.machine.run, "rm -rf /srv/tools", 60, False)
        for path in ("/bin/sh", "sh", "/srv/tools/link", "/srv/tools/../../bin/sh"):
            for command in ("guest-exec", "guestd-exec"):
                self.assertIn("exec-programs", self.refusal(command, path=path))
        self.assertIn("exec-users", self.refusal("guestd-exec", path="/usr/bin/id", user="daemon"))
        self.assertIn("exec-users", self.refusal("guestd-exec", path="/usr/bin/id", user="nobody", group="shadow"))
        self.assertIn("LD_PRELOAD", self.refusal("guest-exec", path="/usr/bin/id", env=["LD_PRELOAD=/srv/x.so"]))
        self.assertIn("uid=0(root)", self.output_of(path="id"))
        self.assertIn("uid=65534(nobody)", self.output_of(path="/usr/bin/id", user="nobody"))
        self.assertEqual("script one\n", self.output_of(path="/srv/tools/script", args=["one"]))

    def test_policy_holds_for_all_file_commands(self):
        self.set_policy("[policy]\nread-files=/srv,/srv/**\nwrite-files=/srv/**\n")
        self.machine.run("mkdir -p /srv/copy; echo mine >/srv/copy/file; ln -sfn /etc /srv/copy/etc")
        self.addCleanup(self.machine.run, "rm -rf /srv/copy", 60, False)
        for path in ("/etc/shadow", "/srv/copy/etc/shadow", "/srv/../etc/shadow", "/proc/self/root/etc/shadow"):
            self.assertIn("read-files", self.refusal("guestd-file-stat", path=path))
            self.assertIn("read-files", self.refusal("guestd-file-checksum", path=path))
            self.assertIn("write-files", self.refusal("guestd-file-set-attributes", path=path, mode=0o666))
            self.assertIn("write-files", self.refusal("guestd-file-make-link", path=path + ".new", target="x"))
            self.assertIn("write-files", self.refusal("guestd-file-make-directory", path=path + ".new"))
        for path in ("/etc", "/srv/copy/etc/", "/srv/../etc"):
            self.assertIn("read-files", self.refusal("guestd-file-list", path=path, follow=True))
        self.assertEqual("640", self.machine.run("stat -c %a /etc/shadow; ls /etc/*.new 2>/dev/null || true"))
        self.assertEqual(5, self.host.call("guestd-file-stat", path="/srv/copy/file")["status"]["size"])
        self.assertEqual({"created": True}, self.host.call("guestd-file-make-directory", path="/srv/copy/a/b",
                                                           parents=True))
        names = {entry["name"] for entry in self.host.call("guestd-file-list", path="/srv/copy")["entries"]}
        self.assertEqual({"a", "etc", "file"}, names)

    def test_policy_is_read_again_and_a_bad_one_is_not(self):
        self.addCleanup(self.restore_policy)
        self.machine.run(f"mkdir -p {CONFIGURATION.rpartition('/')[0]}; echo '[policy]\nblock=time' >{CONFIGURATION}; "
                         "systemctl reload guestd")
        self.wait_until_refused("guest-get-time")
        self.machine.run(f"echo '[policy]\nblok=info' >{CONFIGURATION}; systemctl reload guestd")
        self.machine.run("for i in $(seq 100); do journalctl -u guestd -b --no-pager | grep -q \"unknown key 'blok'\" "
                         "&& exit 0; sleep 0.2; done; exit 1")
        with self.assertRaises(AgentError):
            self.host.call("guest-get-time")
        self.host.call("guest-info")

    def wait_until_refused(self, command, timeout=60):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            try:
                self.host.call(command)
            except AgentError:
                return
        self.fail(f"{command} is still allowed")

    def test_policy_leaves_a_trail_that_is_read_back(self):
        self.set_policy("[policy]\nblock=guest-get-users\n")
        handle = self.host.call("guest-file-open", path="/var/tmp/vm-test-audit", mode="w")
        with self.assertRaises(AgentError):
            self.host.call("guest-get-users")
        trail = [json.loads(line) for line in self.machine.run("guestd audit --json").splitlines()]
        opened = [record for record in trail if record.get("object", "").startswith("path=/var/tmp/vm-test-audit")]
        self.assertEqual([("guest-file-open", "done", str(handle))],
                         [(record["command"], record["outcome"], record["result"]) for record in opened])
        self.assertEqual(("guest-get-users", "refused"), (trail[-1]["command"], trail[-1]["outcome"]))
        self.assertIn("guest-get-users refused", self.machine.run("guestd audit | tail -1"))
        # A journal that is started anew takes what comes after, and has kept what came before.
        self.machine.run("systemctl restart systemd-journald")
        second = self.host.call("guest-file-open", path="/var/tmp/vm-test-audit-2", mode="w")
        trail = [json.loads(line) for line in self.machine.run("guestd audit --json").splitlines()]
        self.assertEqual(("guest-file-open", str(second)), (trail[-1]["command"], trail[-1]["result"]))
        self.assertTrue([record for record in trail if record.get("result") == str(handle)])

    def test_policy_apparmor_lets_monitor_work(self):
        if self.machine.run("command -v apparmor_parser || echo none") == "none":
            self.skipTest("the guest has no apparmor_parser")
        self.machine.run("apparmor_parser -r /etc/apparmor.d/guestd-monitor")
        self.set_policy("[policy]\nprofile=monitor\n", "monitor")
        label = self.machine.run(f"cat /proc/{self.main_pid()}/attr/current")
        self.assertEqual("guestd-monitor (enforce)", label)
        self.try_everything()
        denials = self.machine.run("journalctl -k -b --no-pager | grep 'apparmor=\"DENIED\".*guestd' || true")
        self.assertEqual("", denials)
