# SPDX-License-Identifier: Apache-2.0
"""Every command against the guest's own view of itself, and files in both directions."""

import hashlib
import os
import time

from guest_test import GuestTest
from host import SENTINEL, AgentError

MEBIBYTE = 1 << 20


class Protocol(GuestTest):
    def test_sync_echoes_64_bit_number_without_sentinel(self):
        self.host.request("guest-sync", {"id": 9007199254740993})
        self.assertEqual(b'{"return": 9007199254740993}', self.host.line())

    def test_sync_delimited_puts_sentinel_before_reply(self):
        self.host.request("guest-sync-delimited", {"id": 5})
        self.assertEqual(SENTINEL + b'{"return": 5}', self.host.line())

    def test_ping_answers_byte_for_byte(self):
        self.host.request("guest-ping")
        self.assertEqual(b'{"return": {}}', self.host.line())

    def test_sync_and_command_in_one_write_answer_in_order(self):
        self.host.send(b'{"execute":"guest-sync-delimited","arguments":{"id":70}}\n'
                       b'{"execute":"guest-ping","arguments":{}}\n')
        self.assertEqual(SENTINEL + b'{"return": 70}', self.host.line())
        self.assertEqual(b'{"return": {}}', self.host.line())

    def test_half_a_request_is_dropped_at_sentinel(self):
        self.host.send(b'{"execute":"guest-' + SENTINEL + b'{"execute":"guest-ping"}')
        self.assertEqual(b'{"return": {}}', self.host.line())

    def test_info_lists_commands_with_their_state(self):
        info = self.host.call("guest-info")
        commands = {entry["name"]: entry for entry in info["supported_commands"]}
        for name in ("guest-ping", "guest-sync", "guest-get-osinfo", "guest-file-open", "guest-file-write"):
            self.assertEqual({"name": name, "enabled": True, "success-response": True}, commands[name])

    def test_unknown_command_is_told_so(self):
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-nonsense")
        self.assertEqual("CommandNotFound", raised.exception.error_class)
        self.assertEqual("The command guest-nonsense has not been found", raised.exception.desc)


class Network(GuestTest):
    def test_interfaces_are_those_of_sysfs(self):
        told = self.host.call("guest-network-get-interfaces")
        names = self.machine.run("ls /sys/class/net").split()
        self.assertEqual(sorted(names), sorted(entry["name"] for entry in told))
        for entry in told:
            address = self.machine.run(f"cat /sys/class/net/{entry['name']}/address")
            self.assertEqual(address, entry["hardware-address"])

    def test_summary_knows_the_loopback_interface(self):
        summary = self.host.call("guestd-network-get-summary", kinds=["loopback"])
        self.assertEqual(["lo"], [entry["name"] for entry in summary["interfaces"]])


class System(GuestTest):
    def test_time_is_the_guests(self):
        before = int(self.machine.run("date +%s%N"))
        told = self.host.call("guest-get-time")
        after = int(self.machine.run("date +%s%N"))
        self.assertLessEqual(before, told)
        self.assertLessEqual(told, after)

    def test_host_name_follows_the_guest(self):
        self.assertEqual({"host-name": "guestd-vm"}, self.host.call("guest-get-host-name"))
        self.addCleanup(self.machine.run, "hostname guestd-vm")
        self.machine.run("hostname renamed")
        self.assertEqual({"host-name": "renamed"}, self.host.call("guest-get-host-name"))

    def test_osinfo_is_os_release_and_uname(self):
        info = self.host.call("guest-get-osinfo")
        self.assertEqual("debian", info["id"])
        self.assertEqual("12", info["version-id"])
        self.assertEqual(self.machine.run(". /etc/os-release; echo $PRETTY_NAME"), info["pretty-name"])
        self.assertEqual(self.machine.run("uname -r"), info["kernel-release"])
        self.assertEqual(self.machine.run("uname -v"), info["kernel-version"])
        self.assertEqual(self.machine.run("uname -m"), info["machine"])

    def test_load_is_that_of_proc(self):
        before = self.machine.run("cat /proc/loadavg").split()[2]
        told = self.host.call("guest-get-load")["load15m"]
        after = self.machine.run("cat /proc/loadavg").split()[2]
        self.assertLessEqual(min(float(before), float(after)), told)
        self.assertLessEqual(told, max(float(before), float(after)))

    def test_memory_is_that_of_proc(self):
        total_kb = int(self.machine.run("awk '/^MemTotal/ {print $2}' /proc/meminfo"))
        self.assertEqual(total_kb * 1024, self.host.call("guestd-get-memory-stats")["total"])

    def test_every_online_cpu_has_its_times(self):
        online = {cpu["logical-id"] for cpu in self.host.call("guest-get-vcpus") if cpu["online"]}
        self.assertEqual(online, {entry["cpu"] for entry in self.host.call("guest-get-cpustats")})
        # Not nproc --all, which counts those that may be plugged in later, too.
        present = self.machine.run("ls -d /sys/devices/system/cpu/cpu[0-9]*").split()
        self.assertEqual(len(present), len(self.host.call("guest-get-vcpus")))

    def test_timezone_changes_are_seen_without_restart(self):
        self.assertEqual(0, self.host.call("guest-get-timezone")["offset"])
        self.machine.run("systemctl stop guestd; ln -sf /usr/share/zoneinfo/Asia/Kolkata /etc/localtime; "
                         "systemctl start guestd")
        self.addCleanup(self.machine.run, "ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime; systemctl restart guestd")
        self.host.sync()
        self.assertEqual({"zone": "IST", "offset": 19800}, self.host.call("guest-get-timezone"))


class Files(GuestTest):
    PATH = "/var/tmp/vm-test"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.machine.run, f"rm -f {self.PATH}")

    def rate(self, name, started, size):
        GuestTest.note(name, f"{size / MEBIBYTE / (time.monotonic() - started):.1f} MiB/s")

    def test_32_mebibytes_travel_both_ways(self):
        content = os.urandom(32 * MEBIBYTE)
        checksum = hashlib.sha256(content).hexdigest()
        started = time.monotonic()
        self.host.write_file(self.PATH, content)
        self.rate("file-write, 32 MiB in pieces of 1 MiB", started, len(content))
        self.assertEqual(checksum, self.machine.run(f"sha256sum {self.PATH}").split()[0])
        started = time.monotonic()
        back = self.host.read_file(self.PATH)
        self.rate("file-read, 32 MiB in pieces of 1 MiB", started, len(content))
        self.assertEqual(checksum, hashlib.sha256(back).hexdigest())

    def test_new_file_belongs_to_root_and_honours_umask(self):
        self.host.write_file(self.PATH, b"x")
        self.assertEqual("root 644", self.machine.run(f"stat -c '%U %a' {self.PATH}"))

    def test_seek_moves_where_the_next_read_starts(self):
        self.host.write_file(self.PATH, b"0123456789")
        handle = self.host.call("guest-file-open", path=self.PATH)
        self.assertEqual({"position": 4, "eof": False},
                         self.host.call("guest-file-seek", handle=handle, offset=4, whence="set"))
        self.assertEqual({"count": 2, "buf-b64": "NDU=", "eof": False},
                         self.host.call("guest-file-read", handle=handle, count=2))
        self.assertEqual({"position": 9, "eof": False},
                         self.host.call("guest-file-seek", handle=handle, offset=-1, whence=2))
        self.assertEqual({"count": 1, "buf-b64": "OQ==", "eof": True},
                         self.host.call("guest-file-read", handle=handle, count=2))
        self.host.call("guest-file-close", handle=handle)

    def test_flush_makes_writing_visible_before_close(self):
        handle = self.host.call("guest-file-open", path=self.PATH, mode="w")
        self.host.call("guest-file-write", handle=handle, buf_b64="c2Vlbg==")
        self.assertEqual({}, self.host.call("guest-file-flush", handle=handle))
        self.assertEqual("seen", self.machine.run(f"cat {self.PATH}"))
        self.assertEqual({}, self.host.call("guest-file-close", handle=handle))

    def test_missing_file_is_named_in_the_error(self):
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-file-open", path="/nowhere/at-all")
        self.assertEqual("failed to open file '/nowhere/at-all' (mode: 'r'): No such file or directory",
                         raised.exception.desc)

    def test_full_disk_is_reported_and_close_does_not_hide_it(self):
        handle = self.host.call("guest-file-open", path="/dev/full", mode="w")
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-file-write", handle=handle, buf_b64="eA==")
            self.host.call("guest-file-flush", handle=handle)
        self.assertIn("No space left on device", raised.exception.desc)
        with self.assertRaises(AgentError):
            self.host.call("guest-file-close", handle=handle)


class Accounts(GuestTest):
    """On a user of the test's own; real PAM and a real name service."""

    USER = "guestd-test"
    KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOCVKvqSOUFKxVenUCm0j9Ni3tK6bbIiYxovO4ssTCDk alice@desk"

    def setUp(self):
        super().setUp()
        self.machine.run(f"useradd --create-home --shell /bin/sh {self.USER}")
        self.addCleanup(self.machine.run, f"userdel --remove {self.USER}")

    def stored_hash(self):
        return self.machine.run(f"getent shadow {self.USER}").split(":")[1]

    def test_plain_password_is_hashed_and_stored(self):
        before = self.stored_hash()
        self.assertEqual({}, self.host.call("guest-set-user-password", username=self.USER, password="c2VzYW1l",
                                            crypted=False))
        self.assertNotEqual(before, self.stored_hash())
        self.assertTrue(self.stored_hash().startswith("$"))

    def test_hash_is_stored_as_it_is(self):
        self.assertEqual({}, self.host.call("guest-set-user-password", username=self.USER,
                                            password="JDYkc2FsdCRoYXNo", crypted=True))
        self.assertEqual("$6$salt$hash", self.stored_hash())

    def test_password_of_nobody_is_an_error_in_the_words_of_the_program(self):
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-set-user-password", username="no-such-user", password="eA==", crypted=False)
        self.assertIn("child process has failed to set user password: ", raised.exception.desc)
        self.assertIn("no-such-user", raised.exception.desc)

    def test_keys_belong_to_the_user_and_come_and_go(self):
        folder = f"/home/{self.USER}/.ssh"
        self.host.call("guest-ssh-add-authorized-keys", username=self.USER, keys=[self.KEY])
        self.assertEqual(f"{self.USER} {self.USER} 700", self.machine.run(f"stat -c '%U %G %a' {folder}"))
        self.assertEqual(f"{self.USER} {self.USER} 600",
                         self.machine.run(f"stat -c '%U %G %a' {folder}/authorized_keys"))
        self.assertEqual({"keys": [self.KEY]}, self.host.call("guest-ssh-get-authorized-keys", username=self.USER))
        self.host.call("guest-ssh-remove-authorized-keys", username=self.USER, keys=[self.KEY])
        self.assertEqual({"keys": []}, self.host.call("guest-ssh-get-authorized-keys", username=self.USER))

    def test_keys_behind_a_link_to_roots_folder_stay_untouched(self):
        self.machine.run(f"mkdir -p /root/.ssh; ln -s /root/.ssh /home/{self.USER}/.ssh")
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-ssh-add-authorized-keys", username=self.USER, keys=[self.KEY])
        self.assertIn("is a symbolic link", raised.exception.desc)
        self.assertEqual("", self.machine.run("grep -s AAAAC3 /root/.ssh/authorized_keys; true"))
