# SPDX-License-Identifier: Apache-2.0
"""CPUs, memory and clocks: switched by the agent and seen by the kernel, plugged in by the host, read back over QMP."""

import calendar
import time

from guest_test import GuestTest

MEBIBYTE = 1 << 20


class Waiting(GuestTest):
    def wait_for(self, script, expected, timeout=60):
        deadline = time.monotonic() + timeout
        while (found := self.machine.run(script)) != expected:
            self.assertLess(time.monotonic(), deadline, f"`{script}` says {found}, not {expected}")
            time.sleep(0.2)


class Cpus(Waiting):
    def online(self):
        return self.machine.run("cat /sys/devices/system/cpu/online")

    def test_1_cpu_goes_off_and_on_again(self):
        self.addCleanup(self.machine.run, "echo 1 > /sys/devices/system/cpu/cpu1/online || true", check=False)
        self.assertEqual("0-1", self.online())
        self.assertEqual(1, self.host.call("guest-set-vcpus", vcpus=[{"logical-id": 1, "online": False}]))
        self.assertEqual("0", self.online())
        told = {cpu["logical-id"]: cpu["online"] for cpu in self.host.call("guest-get-vcpus")}
        self.assertEqual({0: True, 1: False}, told)
        self.assertEqual(1, self.host.call("guest-set-vcpus", vcpus=[{"logical-id": 1, "online": True}]))
        self.assertEqual("0-1", self.online())

    def test_2_cpu_that_is_plugged_in_is_taken_into_use(self):
        free = [slot for slot in self.machine.qmp.execute("query-hotpluggable-cpus") if "qom-path" not in slot]
        self.machine.qmp.execute("device_add", id="cpu-added", driver=free[-1]["type"], **{
            key.replace("-", "_"): value for key, value in free[-1]["props"].items()})
        self.wait_for("cat /sys/devices/system/cpu/online", "0-2")
        self.assertEqual([True] * 3, [cpu["online"] for cpu in self.host.call("guest-get-vcpus")])
        self.assertIn("brought online what was plugged in: cpu2", self.agent_log())


class Memory(Waiting):
    DIMM = 128 * MEBIBYTE

    def online_bytes(self):
        size = self.host.call("guest-get-memory-block-info")["size"]
        return size * sum(block["online"] for block in self.host.call("guest-get-memory-blocks"))

    def test_1_memory_that_is_plugged_in_is_taken_into_use(self):
        before = {block["phys-index"] for block in self.host.call("guest-get-memory-blocks")}
        bytes_before = self.online_bytes()
        self.machine.qmp.execute("object-add", qom_type="memory-backend-ram", id="dimm-memory", size=self.DIMM)
        self.machine.qmp.execute("device_add", driver="pc-dimm", id="dimm", memdev="dimm-memory")
        deadline = time.monotonic() + 60
        while self.online_bytes() < bytes_before + self.DIMM:
            self.assertLess(time.monotonic(), deadline, "the memory stays offline")
            time.sleep(0.2)
        added = {block["phys-index"] for block in self.host.call("guest-get-memory-blocks")} - before
        states = self.machine.run("cat " + " ".join(f"/sys/devices/system/memory/memory{n}/state" for n in added))
        self.assertEqual({"online"}, set(states.split()))
        type(self).added = added

    def test_2_memory_goes_off_and_on_again(self):
        block = max(self.added)
        for online, word in ((False, "offline"), (True, "online")):
            result = self.host.call("guest-set-memory-blocks", mem_blks=[{"phys-index": block, "online": online}])
            self.assertEqual("success", result[0]["response"], result)
            self.assertEqual(word, self.machine.run(f"cat /sys/devices/system/memory/memory{block}/state"))


class Clocks(Waiting):
    # 2031-03-04 05:06:07 UTC
    THEN = calendar.timegm((2031, 3, 4, 5, 6, 7))

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: self.host.call("guest-set-time", time=time.time_ns()))

    def rtc(self):
        """As QEMU's clock chip shows it, in seconds."""
        told = self.machine.qmp.execute("qom-get", path="/machine", property="rtc-time")
        return calendar.timegm((told["tm_year"] + 1900, told["tm_mon"] + 1, told["tm_mday"], told["tm_hour"],
                                told["tm_min"], told["tm_sec"]))

    def test_clock_that_is_set_reaches_the_rtc(self):
        self.host.call("guest-set-time", time=self.THEN * 10**9)
        self.assertLess(abs(int(self.machine.run("date +%s")) - self.THEN), 60)
        self.assertLess(abs(self.rtc() - self.THEN), 60)

    def test_clock_is_taken_from_the_rtc(self):
        self.machine.run(f"date -u -s @{self.THEN}")
        self.assertLess(abs(self.rtc() - time.time()), 60, "the RTC was not to be touched")
        self.host.call("guest-set-time")
        self.assertLess(abs(int(self.machine.run("date +%s")) - time.time()), 60)

    def test_time_that_no_clock_can_show_changes_nothing(self):
        before = self.rtc()
        with self.assertRaises(Exception):
            self.host.call("guest-set-time", time=2**63 - 1)
        self.assertLess(abs(self.rtc() - before), 30)
        self.assertLess(abs(int(self.machine.run("date +%s")) - time.time()), 60)

    def test_restored_guest_catches_up(self):
        self.machine.run(f"date -u -s @{self.THEN - 86400 * 365}")
        steps = self.host.call("guestd-after-restore", time=int(time.time() * 10**9))
        self.assertLess(abs(int(self.machine.run("date +%s")) - time.time()), 60, steps)
