# SPDX-License-Identifier: Apache-2.0
"""The SELinux module, in a guest that enforces the policy of its distribution: all works, and what is switched off does
not."""

import base64
import os
import shutil
import subprocess

import transcript_cases
from policy_cases import EveryCommand

DEVELOPMENT_FILES = "/usr/share/selinux/devel/Makefile"
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "selinux")
USER = "vm-selinux"
HOOK = "/etc/guestd/freeze.d/50-vm-test"
KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode() + " vm-test"
DENIALS = ("journalctl --boot --output cat _TRANSPORT=audit + _TRANSPORT=kernel + _COMM=dbus-daemon + _PID=1 | "
           "grep -a 'avc: *denied.*scontext=[^ ]*:guestd' || true")


def make_module(folder):
    """As its first lines say. Returns the path of the module."""
    work = os.path.join(folder, "selinux")
    shutil.copytree(SOURCE, work)
    done = subprocess.run(["make", "-C", work, "-f", DEVELOPMENT_FILES, "guestd.pp"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"the SELinux module does not compile:\n{done.stdout}")
    return os.path.join(work, "guestd.pp")


class Enforcing(EveryCommand):
    """Begins with a guest that has guestd's package and a policy that knows nothing of it."""

    @classmethod
    def setUpClass(cls):
        cls.machine.run("semodule --install /root/payload/guestd.pp && "
                        "restorecon -R /usr/sbin/guestd /run/guestd* /run/qga.state; "
                        f"useradd --create-home {USER} && restorecon -R /home && "
                        "setenforce 1 && systemctl restart guestd", timeout=400)

    def setUp(self):
        super().setUp()
        self.assertEqual("Enforcing", self.machine.run("getenforce"))
        self.known = self.denials()

    def denials(self):
        return self.machine.run(DENIALS).splitlines()

    def assert_nothing_was_denied(self):
        self.assertEqual([], self.denials()[len(self.known):])

    def write(self, path, text):
        handle = self.host.call("guest-file-open", path=path, mode="w")
        self.host.call("guest-file-write", handle=handle, buf_b64=base64.b64encode(text.encode()).decode())
        self.host.call("guest-file-close", handle=handle)

    def read(self, path):
        handle = self.host.call("guest-file-open", path=path)
        text = base64.b64decode(self.host.call("guest-file-read", handle=handle)["buf-b64"]).decode()
        self.host.call("guest-file-close", handle=handle)
        return text

    def domain_of_agent(self):
        return self.machine.run(f"tr -d '\\0' </proc/{self.main_pid()}/attr/current").split(":")[2]

    def test_selinux_agent_and_its_programs_have_domains(self):
        self.assertEqual("guestd_t", self.domain_of_agent())
        for user in ({}, {"user": USER}):
            context = self.output_of(path="cat", args=["/proc/self/attr/current"], **user)
            self.assertEqual("guestd_program_t", context.split(":")[2])
        self.assertEqual("reached\n", self.output_of(path="/bin/sh", args=["-c", "echo reached"], pty={})
                         .replace("\r", ""))
        self.assertIn("guestd_runtime_t", self.machine.run("ls -Z /run/guestd.status"))
        self.assert_nothing_was_denied()

    def test_selinux_files_are_read_and_written_anywhere(self):
        for folder in ("/etc", "/root", "/srv", "/tmp", "/usr/local/sbin", "/var/lib", "/dev/shm", f"/home/{USER}"):
            path = f"{folder}/vm-test-selinux"
            self.write(path, folder)
            self.assertEqual(folder, self.read(path))
            self.machine.run(f"rm {path}")
        self.assertIn("root:", self.read("/etc/shadow"))
        self.assertIn("MemTotal", self.read("/proc/meminfo"))
        names = {entry["name"] for entry in self.host.call("guestd-file-list", path="/root")["entries"]}
        self.assertIn("payload", names)
        self.assert_nothing_was_denied()

    def test_selinux_users_get_passwords_and_keys(self):
        before = self.machine.run(f"getent shadow {USER}")
        self.host.call("guest-set-user-password", username=USER, password="c2VzYW1l", crypted=False)
        self.assertNotEqual(before, self.machine.run(f"getent shadow {USER}"))
        self.host.call("guest-ssh-add-authorized-keys", username=USER, keys=[KEY])
        labels = self.machine.run(f"ls -dZ /home/{USER}/.ssh /home/{USER}/.ssh/authorized_keys").splitlines()
        self.assertEqual(["ssh_home_t", "ssh_home_t"], [line.split(":")[2] for line in labels])
        self.assertEqual([KEY], self.host.call("guest-ssh-get-authorized-keys", username=USER)["keys"])
        self.assert_nothing_was_denied()

    def test_selinux_freezing_calls_hooks(self):
        self.write(HOOK, "#!/bin/sh\necho $1 $(cat /proc/self/attr/current | tr -d '\\0') >>/run/vm-test-hooks\n")
        self.machine.run(f"chmod 755 {HOOK}; rm -f /run/vm-test-hooks")
        self.addCleanup(self.machine.run, f"rm -f {HOOK}")
        self.assertGreater(self.host.call("guest-fsfreeze-freeze", timeout=60), 0)
        self.assertEqual("frozen", self.host.call("guest-fsfreeze-status"))
        self.assertGreater(self.host.call("guest-fsfreeze-thaw", timeout=60), 0)
        calls = self.machine.run("cat /run/vm-test-hooks").splitlines()
        self.assertEqual(["freeze", "thaw"], [line.split()[0] for line in calls])
        self.assertIn(":guestd_program_t:", calls[0])
        self.host.call("guest-fstrim")
        self.assert_nothing_was_denied()

    def test_selinux_hardware_obeys(self):
        now = self.host.call("guest-get-time")
        self.host.call("guest-set-time", time=now)
        self.host.call("guest-set-time")
        last = max(self.host.call("guest-get-vcpus"), key=lambda cpu: cpu["logical-id"])["logical-id"]
        for online in (False, True):
            self.assertEqual(1, self.host.call("guest-set-vcpus", vcpus=[{"logical-id": last, "online": online}]))
        self.assert_nothing_was_denied()

    def test_selinux_transcripts_answer_as_everywhere(self):
        for name, lines in transcript_cases.for_vm():
            with self.subTest(transcript=name):
                self.reconnect()
                self.host.sync()
                transcript_cases.play(self, lines)
        self.assert_nothing_was_denied()

    def test_selinux_profiles_work_in_the_domain(self):
        facts = self.stable_facts()
        for profile in ("monitor", "backup"):
            with self.subTest(profile):
                self.set_policy(f"[policy]\nprofile={profile}\n", profile)
                self.assertEqual("guestd_t", self.domain_of_agent())
                self.try_everything()
                self.assertEqual(facts, self.stable_facts())
        self.assert_nothing_was_denied()

    def test_selinux_switches_take_files_and_programs_away(self):
        self.machine.run("setsebool guestd_run_programs=0 guestd_use_all_files=0")
        self.addCleanup(self.machine.run, "setsebool guestd_run_programs=1 guestd_use_all_files=1")
        facts = self.stable_facts()
        self.assertGreater(self.host.call("guest-fsfreeze-freeze", timeout=60), 0)
        self.host.call("guest-fsfreeze-thaw", timeout=60)
        self.assert_nothing_was_denied()
        for path in ("/etc/shadow", f"/home/{USER}/.profile", "/root/payload/guestd.pp"):
            self.assertIn("Permission denied", self.refusal("guest-file-open", path=path))
        for path in ("/etc/vm-test-selinux", "/tmp/vm-test-selinux", "/usr/sbin/guestd"):
            self.assertIn("Permission denied", self.refusal("guest-file-open", path=path, mode="w"))
        self.assertIn("not permitted", self.refusal("guest-ssh-get-authorized-keys", username=USER))
        self.assertIn("Permission denied", self.refusal("guest-exec", path="/bin/true"))
        before = self.machine.run(f"getent shadow {USER}")
        self.refusal("guest-set-user-password", username=USER, password="c2VzYW1l", crypted=False)
        self.assertEqual(before, self.machine.run(f"getent shadow {USER}"))
        self.assertNotEqual([], self.denials()[len(self.known):], "denials are not found where there are some")
        self.machine.run("setsebool guestd_run_programs=1 guestd_use_all_files=1")
        self.assertEqual(facts, self.stable_facts())
