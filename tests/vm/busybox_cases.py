# SPDX-License-Identifier: Apache-2.0
"""The statically linked agent in a guest that has neither systemd nor udev nor any library: a busybox initramfs."""

import hashlib
import os
import subprocess

import machine_cases
from guest_test import GuestTest
from hardware import MEBIBYTE
from host import AgentError, HostClient
from power_cases import End, Sleep

START = ("pidof guestd >/dev/null || "
         "{ setsid guestd --statedir /run {options} </dev/null >>/run/guestd.log 2>&1 & }")


def make_disks(folder, program):
    """vda: a read-only root with the agent in it, as container-optimised systems have one. vdb: ext4."""
    tree = os.path.join(folder, "tree")
    for name in ("bin", "dev", "proc", "sys", "run", "etc"):
        os.makedirs(os.path.join(tree, name))
    subprocess.run(["cp", program, os.path.join(tree, "bin", "guestd")], check=True)
    erofs, ext4 = os.path.join(folder, "erofs.img"), os.path.join(folder, "ext4.img")
    subprocess.run(["mkfs.erofs", "--quiet", erofs, tree], stdout=subprocess.DEVNULL, check=True)
    with open(ext4, "wb") as image:
        image.truncate(32 * MEBIBYTE)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", ext4], check=True)
    return ["-drive", f"file={erofs},format=raw,if=none,id=erofs,readonly=on",
            "-device", "virtio-blk-pci,drive=erofs,addr=0x10,serial=ROOT",
            "-drive", f"file={ext4},format=raw,if=none,id=ext4,cache=unsafe",
            "-device", "virtio-blk-pci,drive=ext4,addr=0x11,serial=DATA"]


class Busybox(GuestTest):
    def start_agent(self):
        self.machine.run(START.replace("{options}", ""))

    def agent_log(self):
        return self.machine.run("cat /run/guestd.log")

    def main_pid(self):
        return int(self.machine.run("pidof guestd"))


class Basics(Busybox):
    def test_program_needs_nothing_of_the_guest(self):
        self.assertEqual("", self.machine.run("find / -xdev -name '*.so*'"))
        self.assertIn("guestd ", self.machine.run("guestd --version"))

    def test_sync_and_info(self):
        self.assertEqual(0, self.host.sync())
        enabled = {entry["name"]: entry["enabled"] for entry in self.host.call("guest-info")["supported_commands"]}
        for name in ("guest-ping", "guest-shutdown", "guest-fsfreeze-freeze", "guest-get-fsinfo", "guest-set-vcpus"):
            self.assertTrue(enabled[name], name)

    def test_what_is_asked_most_is_answered(self):
        self.assertEqual({"host-name": "busybox-guest"}, self.host.call("guest-get-host-name"))
        self.assertEqual(self.machine.run("uname -r"), self.host.call("guest-get-osinfo")["kernel-release"])
        self.assertEqual([], self.host.call("guest-get-users"))
        self.assertEqual(0, self.host.call("guest-get-timezone")["offset"])
        self.assertEqual(["lo"], [entry["name"] for entry in self.host.call("guest-network-get-interfaces")])
        self.assertGreater(self.host.call("guestd-get-memory-stats")["total"], 256 * MEBIBYTE)

    def test_file_travels_both_ways(self):
        content = os.urandom(MEBIBYTE)
        self.host.write_file("/run/file", content)
        self.assertEqual(content, self.host.read_file("/run/file"))

    def test_names_and_checksums_come_without_libraries(self):
        content = os.urandom(100_000)
        self.host.write_file("/run/summed", content)
        self.machine.run("echo wheel:x:10: >>/etc/group; chown 0:10 /run/summed")
        status = self.host.call("guestd-file-stat", path="/run/summed")["status"]
        self.assertEqual(("root", "wheel"), (status["user"], status["group"]))
        self.assertEqual({"sha256": hashlib.sha256(content).hexdigest(), "count": len(content)},
                         self.host.call("guestd-file-checksum", path="/run/summed"))

    def test_account_of_passwd_is_found_and_gets_its_keys(self):
        key = "ssh-ed25519 " + "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43 + " tester"
        self.machine.run("mkdir -p /home/somebody && chown 1000:1000 /home/somebody && "
                         "echo somebody:x:1000:1000::/home/somebody:/bin/sh >>/etc/passwd")
        self.host.call("guest-ssh-add-authorized-keys", username="somebody", keys=[key])
        self.assertEqual([key], self.host.call("guest-ssh-get-authorized-keys", username="somebody")["keys"])
        self.assertEqual("1000:1000 600", self.machine.run("stat -c '%u:%g %a' /home/somebody/.ssh/authorized_keys"))
        with self.assertRaises(AgentError):
            self.host.call("guest-ssh-get-authorized-keys", username="nobody-at-all")


class Disks(Busybox):
    @classmethod
    def setUpClass(cls):
        cls.machine.run("mkdir -p /data /erofs && mount -t ext4 /dev/vdb /data && mount -t erofs /dev/vda /erofs")

    def test_disks_are_told_without_udev(self):
        told = {disk["name"]: disk["address"] for disk in self.host.call("guest-get-disks")}
        for name, serial, slot in (("/dev/vda", "ROOT", 0x10), ("/dev/vdb", "DATA", 0x11)):
            self.assertEqual(("virtio", serial, slot), (told[name]["bus-type"], told[name]["serial"],
                                                        told[name]["pci-controller"]["slot"]))

    def test_file_systems_are_told(self):
        infos = {info["mountpoint"]: info for info in self.host.call("guest-get-fsinfo")}
        self.assertEqual(("ext4", "DATA"), (infos["/data"]["type"], infos["/data"]["disk"][0]["serial"]))
        self.assertEqual("erofs", infos["/erofs"]["type"])

    def test_freeze_and_thaw(self):
        self.assertEqual(1, self.host.call("guest-fsfreeze-freeze"))
        self.assertEqual("frozen", self.host.call("guest-fsfreeze-status"))
        self.assertEqual(1, self.host.call("guest-fsfreeze-thaw"))
        self.machine.run("echo x >/data/file")

    def test_read_only_root_tells_true_numbers(self):
        """An agent whose root is EROFS: a second one, as seen from in there."""
        self.machine.run("for kind in dev proc sys; do mount --bind /$kind /erofs/$kind; done; "
                         "mount -t tmpfs tmpfs /erofs/run; setsid chroot /erofs /bin/guestd --statedir /run "
                         "--method isa-serial --path /dev/ttyS1 </dev/null >/run/second.log 2>&1 & "
                         "echo $! >/run/second")
        self.addCleanup(self.machine.run, "kill $(cat /run/second); sleep 1; "
                        "umount /erofs/dev /erofs/proc /erofs/sys /erofs/run")
        with HostClient(self.machine.isa_socket) as second:
            second.sync()
            roots = [info for info in second.call("guest-get-fsinfo") if info["mountpoint"] == "/"]
        self.assertEqual(["erofs"], [root["type"] for root in roots])
        size = os.path.getsize(os.path.join(self.machine.folder, "erofs.img"))
        self.assertEqual(size, roots[0]["total-bytes"])
        self.assertEqual(size, roots[0]["used-bytes"])
        self.assertEqual(["/dev/vda"], [disk["dev"] for disk in roots[0]["disk"]])


class BusyboxCpus(Busybox, machine_cases.Cpus):
    pass


class BusyboxMemory(Busybox, machine_cases.Memory):
    pass


class BusyboxClocks(Busybox, machine_cases.Clocks):
    pass


class BusyboxSleep(Busybox, Sleep):
    pass


class BusyboxEnd(End):
    pass
