#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real freezes of real file systems, in a world of their own (world.py). --agent names the agent."""

import argparse
import contextlib
import encodings.idna  # noqa: F401  pylint: disable=unused-import  (loaded now: later there is no file to load it from)
import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
import traceback
import unittest

import agent as agents
import world
from agent import Agent, Client
from world import Disk, is_frozen

FIFREEZE = 0xC0045877
BINARY = ""


def wait_for(condition, patience_s=30):
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class FreezeCase(unittest.TestCase):
    def setUp(self):
        self.agent = None
        self.clients = []

    def tearDown(self):
        world.thaw_everything()
        for client in self.clients:
            client.close()
        if self.agent is not None:
            with contextlib.suppress(Exception):
                self.agent.stop()
        world.collect_probes()
        world.unmount_everything()
        for folder in ("/images", "/hooks", agents.STATE):
            if os.path.isdir(folder):
                for name in os.listdir(folder):
                    os.unlink(f"{folder}/{name}")
        for name in ("agent.log", "hook.log"):
            with contextlib.suppress(OSError):
                os.unlink(f"/run/{name}")

    def begin(self, settings="", arguments=()):
        self.agent = Agent(BINARY, settings, arguments)
        return self.connect()

    def connect(self):
        deadline = time.monotonic() + agents.PATIENCE_S
        while True:
            self.clients.append(Client())
            # A hook that a killed agent was just starting holds that one's listening socket until it runs.
            try:
                self.clients[-1].ask("guest-ping")
                return self.clients[-1]
            except (ConnectionError, ValueError):
                if time.monotonic() > deadline:
                    raise
                self.clients.pop().close()

    def hook(self, name, script="exit 0"):
        path = f"/hooks/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "{name} $1" >> /run/hook.log\n{script}\n')
        os.chmod(path, 0o755)

    def hook_calls(self):
        with contextlib.suppress(OSError), open("/run/hook.log", encoding="utf-8") as file:
            return file.read().splitlines()
        return []

    def outcomes(self, client):
        report = client.call("guestd-fsfreeze-report")
        return {entry["mountpoint"]: entry["outcome"] for entry in report["filesystems"]}


class FileSystems(FreezeCase):
    def check_kind(self, kind):
        if not world.has(f"/sbin/mkfs.{kind}") or not world.kernel_has(kind):
            self.skipTest(f"no {kind} here")
        disk = Disk("a", kind).mount()
        client = self.begin()
        self.assertFalse(is_frozen(disk.place))
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
        self.assertTrue(is_frozen(disk.place))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        self.assertFalse(is_frozen(disk.place))

    def test_ext4(self):
        self.check_kind("ext4")

    def test_xfs(self):
        self.check_kind("xfs")

    def test_btrfs(self):
        self.check_kind("btrfs")

    def test_vfat(self):
        self.check_kind("vfat")

    def test_btrfs_on_two_devices_is_frozen_once(self):
        if not world.has("/sbin/mkfs.btrfs") or not world.kernel_has("btrfs"):
            self.skipTest("no btrfs here")
        devices = []
        try:
            for name in ("one", "two"):
                with open(f"/images/{name}", "wb") as file:
                    file.truncate(128 << 20)
                devices.append(world.sh("losetup", "--find", "--show", f"/images/{name}").stdout.strip())
            world.sh("mkfs.btrfs", "-q", "-f", "-d", "raid1", "-m", "raid1", *devices)
            os.makedirs("/mnt/pool", exist_ok=True)
            world.sh("mount", "-t", "btrfs", "-o", f"device={devices[0]},device={devices[1]}", devices[0], "/mnt/pool")
            client = self.begin()
            self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
            self.assertTrue(is_frozen("/mnt/pool"))
            self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
            self.assertFalse(is_frozen("/mnt/pool"))
        finally:
            world.unmount_everything()
            for device in devices:
                world.sh("losetup", "--detach", device, check=False)

    def test_memory_and_read_only_ones_and_squashfs_are_left_alone(self):
        Disk("a").mount()
        Disk("b").mount("loop,ro")
        os.makedirs("/tmp/snap", exist_ok=True)
        expected = {"/mnt/a": "frozen", "/mnt/b": "skipped", "/": "skipped"}
        if world.has("/usr/bin/mksquashfs") and world.kernel_has("squashfs"):
            world.sh("mksquashfs", "/tmp/snap", "/images/snap", "-quiet")
            os.makedirs("/mnt/snap", exist_ok=True)
            world.sh("mount", "-t", "squashfs", "-o", "loop,ro", "/images/snap", "/mnt/snap")
            expected["/mnt/snap"] = "skipped"
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        outcomes = self.outcomes(client)
        for place, outcome in expected.items():
            self.assertEqual(outcomes.get(place), outcome, place)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)


class Stacks(FreezeCase):
    def test_a_file_system_inside_a_file_is_frozen_before_the_one_that_holds_the_file(self):
        outer = Disk("outer", size_mib=64).mount()
        middle = Disk("middle", folder=outer.place, size_mib=40).mount()
        inner = Disk("inner", folder=middle.place, size_mib=16).mount()
        # The one that holds all others is mounted last once more, so that the order of mounting would be wrong.
        os.makedirs("/mnt/again", exist_ok=True)
        world.sh("mount", "--bind", outer.place, "/mnt/again")
        client = self.begin("timeout=20\n")
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 3)
        report = client.call("guestd-fsfreeze-report")
        self.assertEqual([entry["mountpoint"] for entry in report["filesystems"][:3]],
                         [inner.place, middle.place, outer.place])
        self.assertTrue(all(is_frozen(disk.place) for disk in (outer, middle, inner)))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 3)
        self.assertFalse(any(is_frozen(disk.place) for disk in (outer, middle, inner)))

    def test_many_mounts_of_one_device_are_one_file_system(self):
        disk = Disk("a").mount()
        for name in ("x", "y"):
            os.makedirs(f"{disk.place}/{name}", exist_ok=True)
            os.makedirs(f"/mnt/{name}", exist_ok=True)
            world.sh("mount", "--bind", f"{disk.place}/{name}", f"/mnt/{name}")
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertEqual(client.call("guest-fsfreeze-freeze-list", mountpoints=["/mnt/y"]), 1)
        self.assertTrue(is_frozen(disk.place))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)

    def test_a_hidden_mount_is_reached_by_another_one(self):
        disk = Disk("a").mount()
        os.makedirs("/mnt/other", exist_ok=True)
        world.sh("mount", "--bind", disk.place, "/mnt/other")
        above = Disk("above")
        above.place = disk.place
        above.mount()
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 2)
        self.assertTrue(is_frozen("/mnt/other"))
        self.assertTrue(is_frozen(disk.place))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 2)
        self.assertFalse(is_frozen("/mnt/other"))

    def test_an_overlay_stands_still_with_the_file_system_under_it(self):
        disk = Disk("a").mount()
        for name in ("lower", "upper", "work"):
            os.makedirs(f"{disk.place}/{name}")
        os.makedirs("/mnt/merged", exist_ok=True)
        options = ",".join(f"{name}dir={disk.place}/{name}" for name in ("lower", "upper", "work"))
        world.sh("mount", "-t", "overlay", "-o", options, "overlay", "/mnt/merged")
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertTrue(is_frozen("/mnt/merged"))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertFalse(is_frozen("/mnt/merged"))

    def test_what_is_unmounted_or_covered_while_frozen_is_thawed(self):
        covered, unmounted = Disk("covered").mount(), Disk("unmounted").mount()
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 2)
        world.raw_mount("tmpfs", covered.place, "tmpfs")
        world.sh("umount", unmounted.place)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 2)
        world.sh("umount", covered.place)
        self.assertFalse(is_frozen(covered.place))

    def test_exclusions_are_heeded(self):
        for name in ("db1", "db2", "c"):
            Disk(name).mount()
        if world.kernel_has("xfs") and world.has("/sbin/mkfs.xfs"):
            Disk("x", "xfs").mount()
        client = self.begin("exclude-mountpoints=/mnt/db*\nexclude-types=xfs;zfs\n")
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertFalse(is_frozen("/mnt/db1"))
        self.assertTrue(is_frozen("/mnt/c"))
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)


class Protocol(FreezeCase):
    def test_two_freezes_in_a_row(self):
        Disk("a").mount()
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        for command in ("guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-file-open", "guest-get-time",
                        "guestd-fsfreeze-check"):
            self.assertEqual(client.error(command), {
                "class": "CommandNotFound",
                "desc": f"Command {command} has been disabled: the command is not allowed"})
        self.assertEqual(client.call("guest-ping"), {})
        self.assertEqual(client.call("guest-sync", id=5), 5)
        enabled = {entry["name"] for entry in client.call("guest-info")["supported_commands"] if entry["enabled"]}
        self.assertTrue(enabled >= {"guest-ping", "guest-info", "guest-sync", "guest-sync-delimited",
                                    "guest-fsfreeze-status", "guest-fsfreeze-thaw"})
        self.assertFalse({name for name in enabled if name.startswith("guest-file") or "set" in name})
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertGreater(client.call("guest-get-time"), 0)

    def test_a_thaw_can_always_be_called_also_if_it_is_blocked(self):
        Disk("a").mount()
        client = self.begin(arguments=["-b", "guest-fsfreeze-thaw,guest-ping"])
        self.assertIn("error", client.ask("guest-fsfreeze-thaw"))
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(client.call("guest-ping"), {})
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertIn("error", client.ask("guest-ping"))

    def test_a_thaw_without_a_freeze(self):
        disk = Disk("a").mount()
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 0)
        fd = os.open(disk.place, os.O_RDONLY)
        fcntl.ioctl(fd, FIFREEZE, 0)
        os.close(fd)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertFalse(is_frozen(disk.place))

    def test_what_somebody_else_has_frozen_is_left_to_him(self):
        mine, other = Disk("mine").mount(), Disk("other").mount()
        fd = os.open(other.place, os.O_RDONLY)
        client = self.begin()
        fcntl.ioctl(fd, FIFREEZE, 0)
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(self.outcomes(client)[other.place], "skipped")
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertFalse(is_frozen(mine.place))
        self.assertTrue(is_frozen(other.place))
        fcntl.ioctl(fd, world.FITHAW, 0)
        os.close(fd)

    def test_a_check_freezes_nothing(self):
        disk = Disk("a").mount()
        self.hook("db")
        client = self.begin()
        check = client.call("guestd-fsfreeze-check")
        self.assertTrue(check["ready"])
        self.assertEqual(check["hooks"], ["/hooks/db"])
        self.assertEqual(check["filesystems"][0]["outcome"], "planned")
        self.assertFalse(is_frozen(disk.place))
        self.assertEqual(self.hook_calls(), [])

    def test_a_log_on_a_frozen_disk_hangs_nothing_and_loses_nothing(self):
        disk = Disk("a").mount()
        client = self.begin("timeout=600\n", ["-v", "-l", f"{disk.place}/log"])
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.agent.process.send_signal(signal.SIGHUP)  # opens the log anew: not before the thaw
        for number in range(50):
            self.assertEqual(client.call("guest-sync", id=number), number)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)

        def is_told():
            with open(f"{disk.place}/log", encoding="utf-8") as file:
                return "1 file system thawed by the host" in file.read()

        self.assertTrue(wait_for(is_told))
        # And an agent that starts frozen does not open it either.
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.agent.restart()
        client = self.connect()
        self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)


class Writers(FreezeCase):
    def test_writers_wait_and_lose_nothing(self):
        disk = Disk("a", size_mib=64).mount()
        writers = []
        for number in range(4):
            pid = os.fork()
            if pid == 0:
                with open(f"{disk.place}/w{number}", "w", encoding="utf-8") as file:
                    for line in range(3000):
                        file.write(f"{line}\n")
                        file.flush()
                        if line % 100 == 0:
                            os.fsync(file.fileno())
                            time.sleep(0.02)
                os._exit(0)
            writers.append(pid)
        client = self.begin()
        time.sleep(0.2)
        for _ in range(3):
            self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
            before = [os.stat(f"{disk.place}/w{number}").st_size for number in range(4)]
            time.sleep(0.2)
            self.assertEqual([os.stat(f"{disk.place}/w{number}").st_size for number in range(4)], before)
            self.assertEqual(os.waitpid(-1, os.WNOHANG)[0], 0, "a writer ended on a frozen disk")
            # What a snapshot would hold now is whole: the journal is empty.
            self.assertEqual(world.sh("fsck.ext4", "-n", "-f", disk.image, check=False).returncode, 0)
            self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        for pid in writers:
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
        expected = "".join(f"{line}\n" for line in range(3000))
        for number in range(4):
            with open(f"{disk.place}/w{number}", encoding="utf-8") as file:
                self.assertEqual(file.read(), expected)


class Hooks(FreezeCase):
    def test_they_are_called_in_order_and_in_reverse(self):
        Disk("a").mount()
        for name in ("20", "10"):
            self.hook(name)
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertEqual(self.hook_calls(), ["10 freeze", "20 freeze", "20 thaw", "10 thaw"])

    def test_a_failing_one_ends_the_freeze(self):
        disk = Disk("a").mount()
        self.hook("1")
        self.hook("2", 'echo "no connection to the database" >&2\n[ "$1" = thaw ] || exit 4')
        client = self.begin()
        self.assertEqual(client.error("guest-fsfreeze-freeze")["desc"],
                         "freeze hook /hooks/2 failed when called with 'freeze': exit status 4: "
                         "no connection to the database")
        self.assertEqual(self.hook_calls(), ["1 freeze", "2 freeze", "2 thaw", "1 thaw"])
        self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        self.assertFalse(is_frozen(disk.place))

    def test_a_slow_one_is_ended_with_its_children(self):
        Disk("a").mount()
        self.hook("slow", '[ "$1" = thaw ] || { sleep 1000 & echo $! > /run/sleeper; wait; }')
        client = self.begin("hook-timeout=1\n")
        began = time.monotonic()
        self.assertIn("not finished after 1 s", client.error("guest-fsfreeze-freeze")["desc"])
        self.assertLess(time.monotonic() - began, 20)
        with open("/run/sleeper", encoding="utf-8") as file:
            sleeper = int(file.read())
        self.assertTrue(wait_for(lambda: is_gone(sleeper)))

    def test_a_child_that_keeps_the_output_open_hangs_nothing(self):
        Disk("a").mount()
        self.hook("lock", '[ "$1" = thaw ] || sleep 15 &')
        client = self.begin()
        began = time.monotonic()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)

    def test_a_ping_is_answered_at_once_while_a_slow_hook_holds_up_the_freeze(self):
        Disk("a").mount()
        self.hook("slow", '[ "$1" = thaw ] || sleep 3')
        client = self.begin()
        client.send("guest-fsfreeze-freeze")
        self.assertTrue(wait_for(lambda: self.hook_calls() == ["slow freeze"]))
        other = self.connect()
        times = []
        for _ in range(100):
            began = time.monotonic()
            self.assertEqual(other.call("guest-ping"), {})
            times.append(time.monotonic() - began)
        print(f"ping during a slow hook: median {sorted(times)[50] * 1000:.2f} ms, longest {max(times) * 1000:.2f} ms")
        self.assertLess(sorted(times)[50], 0.010)
        # On the same connection too, for a client that syncs first: its freeze goes on.
        client.send("guest-sync", id=7)
        self.assertEqual(client.reply(2)["return"], 7)
        began = time.monotonic()
        self.assertEqual(client.call("guest-fsfreeze-status"), "frozen", "it waits for the freeze")
        self.assertGreater(time.monotonic() - began, 0.5)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Deadline(FreezeCase):
    def test_a_host_that_has_gone_leaves_nothing_frozen(self):
        disk = Disk("a").mount()
        self.hook("db")
        client = self.begin("timeout=2\n")
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertTrue(is_frozen(disk.place))
        client.close()
        self.clients.clear()
        self.assertTrue(wait_for(lambda: not is_frozen(disk.place)))
        client = self.connect()
        self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 0)
        self.assertEqual(self.hook_calls(), ["db freeze", "db thaw"])
        report = client.call("guestd-fsfreeze-report")
        self.assertEqual(report["end"], "deadline")
        self.assertGreaterEqual(report["frozen-ms"], 2000)
        self.assertIn("because the host did not thaw in time", self.agent.log())
        self.assertFalse(self.agent.has_marker())

    def test_it_is_met_also_when_all_workers_wait_for_the_thaw(self):
        disk = Disk("a").mount()
        client = self.begin("timeout=4\n")
        handles = [client.call("guest-file-open", path=f"{disk.place}/f{number}", mode="w") for number in range(24)]
        fd = os.open(disk.place, os.O_RDONLY)
        fcntl.ioctl(fd, FIFREEZE, 0)
        for handle in handles:  # each blocks one worker; the sync gives it up
            client.send("guest-file-write", **{"handle": handle, "buf-b64": "QUJD"})
            time.sleep(0.02)
            client.send("guest-sync", id=handle)
            while client.reply().get("return") != handle:
                pass
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1, "a thaw finds a thread of its own")
        os.close(fd)

    def test_a_stop_thaws_first(self):
        disk = Disk("a").mount()
        self.hook("db")
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(self.agent.stop(), 0)
        self.assertFalse(is_frozen(disk.place))
        self.assertEqual(self.hook_calls(), ["db freeze", "db thaw"])
        self.assertFalse(self.agent.has_marker())


class Kill(FreezeCase):
    def thawed_by(self, disks, limit_s):
        self.assertTrue(wait_for(lambda: not any(is_frozen(disk.place, 0.05) for disk in disks), limit_s))

    def test_the_next_agent_goes_on_with_the_time_that_is_left(self):
        disk = Disk("a").mount()
        self.hook("db")
        client = self.begin("timeout=6\n")
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.agent.restart()
        client = self.connect()
        self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
        report = client.call("guestd-fsfreeze-report")
        self.assertLess(report["deadline-left-ms"], 6000)
        self.assertIn("error", client.ask("guest-get-time"))
        self.assertTrue(is_frozen(disk.place))
        self.thawed_by([disk], 30)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 0)
        self.assertEqual(self.hook_calls(), ["db freeze", "db thaw"])

    def test_the_host_can_thaw_by_the_next_agent(self):
        disk = Disk("a").mount()
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.agent.restart()
        client = self.connect()
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertFalse(is_frozen(disk.place))

    def test_at_ten_points_of_a_freeze(self):
        disks = [Disk(f"d{number}").mount() for number in range(6)]
        self.hook("db", "sleep 0.05")
        client = self.begin("timeout=5\n")
        began = time.monotonic()
        client.call("guest-fsfreeze-freeze")
        whole = time.monotonic() - began
        client.call("guest-fsfreeze-thaw")
        for point in range(10):
            client.send("guest-fsfreeze-freeze")
            time.sleep(whole * point / 5)
            self.agent.kill()
            frozen = [disk.place for disk in disks if is_frozen(disk.place, 0.03)]
            self.agent.start()
            client = self.connect()
            status = client.call("guest-fsfreeze-status")
            print(f"killed at {point}/5 of {whole * 1000:.0f} ms: {len(frozen)} took no write within 30 ms, "
                  f"then {status}")
            self.thawed_by(disks, 30)
            world.collect_probes()
            self.assertTrue(wait_for(lambda: client.call("guest-fsfreeze-status") == "thawed"))
            self.assertTrue(wait_for(lambda: not self.agent.has_marker()))
            self.assert_each_freeze_of_the_hook_was_thawed(kills=point + 1)

    def assert_each_freeze_of_the_hook_was_thawed(self, kills):
        """An agent notes that it calls a hook before it does. If it dies in between, the next one calls `thaw` for a
        `freeze` that never was: a hook that is thawed once too often is harmless, one that is not thawed holds its
        database's lock."""
        calls = self.hook_calls()
        freezes, thaws = calls.count("db freeze"), calls.count("db thaw")
        self.assertEqual(calls[-1], "db thaw")
        self.assertTrue(freezes <= thaws <= freezes + kills, calls)

    def test_an_agent_that_is_not_started_again_is_cleaned_up_after(self):
        disk = Disk("a").mount()
        self.hook("db")
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.agent.kill()
        command = [BINARY, "-c", "/run/guestd.conf", "-t", agents.STATE, "--thaw-stale"]
        environment = dict(os.environ, SERVICE_RESULT="signal")
        self.assertEqual(subprocess.run(command, env=environment, check=False).returncode, 0)
        self.assertTrue(is_frozen(disk.place), "systemd starts it again, so the time that is left is the next one's")
        environment["SERVICE_RESULT"] = "timeout"
        self.assertEqual(subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL).returncode, 0)
        self.assertFalse(is_frozen(disk.place))
        self.assertEqual(self.hook_calls(), ["db freeze", "db thaw"])
        self.assertFalse(self.agent.has_marker())

    def test_a_marker_of_an_earlier_boot_is_dropped(self):
        disk = Disk("a").mount()
        os.makedirs(agents.STATE, exist_ok=True)
        with open(f"{agents.STATE}/guestd.frozen", "w", encoding="utf-8") as file:
            file.write("guestd-freeze 1\nboot 0\nphase frozen\nsince 1\ndeadline 0\nend\n")
        client = self.begin()
        self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
        self.assertFalse(is_frozen(disk.place))


class Safety(FreezeCase):
    def test_a_table_with_anything_else_is_refused(self):
        disk = Disk("a").mount()
        world.assert_safe()
        original = world.mount_table
        for entry in (("/", "ext4", "/dev/vda", "254:0"), ("/x", "ext4", "/dev/sda1", "8:1"),
                      ("/x", "xfs", "/dev/loop0", "8:1"), ("/x", "nfs4", "h:/", "0:50"),
                      ("/x", "btrfs", "/dev/vdb", "0:51")):
            world.mount_table = lambda entry=entry: [*original(), entry]
            try:
                with self.assertRaises(world.UnsafeError):
                    world.assert_safe()
            finally:
                world.mount_table = original
        self.assertTrue(os.path.ismount(disk.place))


def inside(names):
    def run():
        suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
        if names:
            suite = unittest.TestSuite(case for group in suite for case in group
                                       if any(name in case.id() for name in names))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
        return 0 if result.wasSuccessful() and result.testsRun > 0 else 1
    return run


def main():
    global BINARY  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True)
    parser.add_argument("--limit", type=int, default=400, help="seconds, after which all is thawed from outside")
    parser.add_argument("names", nargs="*", help="run only cases whose name contains one of these")
    arguments = parser.parse_args()
    BINARY = os.path.realpath(arguments.agent)
    traceback.format_exc()  # loads what a failing test will need
    errno.errorcode.get(0)
    sys.exit(world.run_in_world([BINARY], inside(arguments.names), arguments.limit))


if __name__ == "__main__":
    main()
