# SPDX-License-Identifier: Apache-2.0
"""The life of the service: what it tells, what kills and revives it, and a guest that is restored or moves."""

import base64
import tempfile
import time

from guest_test import GuestTest


class Life(GuestTest):
    def test_life_status_for_admin_and_manager(self):
        status = self.machine.run("guestd status")
        self.assertIn("profile: full", status)
        self.assertIn("frozen: no", status)
        self.assertIn("org.qemu.guest_agent.0: open", status)
        self.assertIn("profile=full", self.show("StatusText"))

    def test_life_watchdog_replaces_an_agent_that_hangs(self):
        self.machine.run("mkdir -p /run/systemd/system/guestd.service.d; printf '[Service]\\nWatchdogSec=3s\\n' "
                         ">/run/systemd/system/guestd.service.d/vm-test.conf; systemctl daemon-reload; "
                         "systemctl restart guestd")
        self.addCleanup(self.machine.run, "rm -r /run/systemd/system/guestd.service.d; systemctl daemon-reload; "
                                          "systemctl restart guestd", 120, False)
        self.reconnect()
        self.host.sync()
        restarts = int(self.show("NRestarts"))
        pid = self.main_pid()
        self.machine.run(f"kill -STOP {pid}")
        self.machine.run(f"for i in $(seq 300); do [ $(systemctl show -P NRestarts guestd) -gt {restarts} ] && "
                         "[ $(systemctl show -P ActiveState guestd) = active ] && exit 0; sleep 0.2; done; exit 1")
        self.assertNotEqual(pid, self.main_pid())
        self.reconnect()
        self.host.sync(again_after=1.0)
        self.host.call("guest-ping")

    def test_life_without_port_nothing_has_failed(self):
        self.machine.run("systemctl stop guestd")
        self.machine.unplug_agent_port()
        self.machine.run("systemctl start guestd")
        self.assertEqual("active", self.show("ActiveState"))
        self.assertIn("missing", self.machine.run("guestd status"))
        self.assertNotIn("guestd", self.machine.run("systemctl --failed --no-legend"))
        self.machine.plug_agent_port()
        self.reconnect()
        self.host.sync(again_after=1.0)

    def test_life_goes_on_over_a_stop_of_the_whole_guest(self):
        self.host.call("guest-ping")
        self.machine.qmp.execute("stop")
        self.machine.qmp.execute("cont")
        self.assertEqual({}, self.host.call("guest-ping"))


class Saved(GuestTest):
    """The machine goes back to an earlier moment: what the agent knows then is older than what its host knows."""

    def setUp(self):
        super().setUp()
        self.pid = self.main_pid()

    def assert_same_agent(self):
        """It went on, and was not started anew."""
        self.assertEqual(self.pid, self.main_pid())
        self.assertEqual("0", self.show("NRestarts"))


class Restored(Saved):
    def test_restored_agent_knows_what_it_knew(self):
        self.machine.run("printf 0123456789 >/run/vm-test-restore")
        handle = self.host.call("guest-file-open", path="/run/vm-test-restore")
        self.host.call("guest-file-read", handle=handle, count=4)
        self.machine.save("known")
        self.host.call("guest-file-close", handle=handle)
        self.machine.restore("known")
        self.host.sync()
        rest = self.host.call("guest-file-read", handle=handle)
        self.assertEqual(b"456789", base64.b64decode(rest["buf-b64"]))
        self.host.call("guest-file-close", handle=handle)
        self.assert_same_agent()

    def test_restored_amid_a_request_of_a_host_that_has_gone(self):
        self.host.send(b'{"execute": "guest-file-write", "arguments": {"handle": 1')
        self.machine.save("amid-request")
        self.reconnect()
        self.machine.restore("amid-request")
        self.host.sync()
        self.assertEqual({}, self.host.call("guest-ping"))
        self.assert_same_agent()

    def test_restored_without_host_and_a_host_comes(self):
        self.host.close()
        self.machine.save("alone")
        self.reconnect()
        self.host.sync()
        self.machine.restore("alone")
        self.reconnect()
        self.host.sync()
        self.assert_same_agent()

    def test_restored_frozen_and_thawed(self):
        frozen = self.host.call("guest-fsfreeze-freeze")
        self.assertGreater(frozen, 0)
        self.machine.save("frozen")
        self.assertEqual(frozen, self.host.call("guest-fsfreeze-thaw"))
        self.machine.restore("frozen")
        self.host.sync()
        self.assertEqual("frozen", self.host.call("guest-fsfreeze-status"))
        self.assertEqual(frozen, self.host.call("guest-fsfreeze-thaw"))
        self.assert_same_agent()

    def test_restored_clock_is_stepped(self):
        self.machine.save("clock")
        time.sleep(5)
        self.machine.restore("clock")
        self.host.sync()
        report = self.host.call("guestd-after-restore", time=time.time_ns())
        self.note("steps after a restore", ", ".join(f"{step['step']} {step['outcome']}" for step in report["steps"]))
        self.assertLess(abs(self.host.call("guest-get-time") - time.time_ns()), 2e9)


class RestoredAmidAReply(Saved):
    """QEMU 7.2 does not always take back what it saved of a full port, and then stands still."""

    def test_restored_amid_a_reply_of_a_host_that_has_gone(self):
        self.machine.run("truncate -s 40M /run/vm-test-large")
        self.addCleanup(self.machine.run, "rm -f /run/vm-test-large")
        handle = self.host.call("guest-file-open", path="/run/vm-test-large")
        self.host.request("guest-file-read", {"handle": handle, "count": 40 << 20})
        self.host.receive(time.monotonic() + 60)  # it has begun
        self.machine.save("amid-reply")
        self.reconnect()
        self.host.sync()
        self.machine.restore("amid-reply")
        self.reconnect()
        self.host.sync(60)
        self.host.call("guest-file-close", handle=handle)
        self.assert_same_agent()


class Moved(GuestTest):
    """The guest leaves for another QEMU, where its host is another one, too."""

    def move(self):
        folder = tempfile.TemporaryDirectory(prefix="guestd-vm-")  # as long as the machine: the end of the tests
        self.host.close()
        machine = self.machine.move(folder.name)
        machine.kept = folder
        GuestTest.machine = machine
        started = time.monotonic()
        self.host = self.connect()
        self.host.sync()
        self.note("moved to another QEMU, first reply after", f"{time.monotonic() - started:.2f} s")

    def test_moved_agent_answers_the_new_host(self):
        pid = self.main_pid()
        self.machine.run("printf 0123456789 >/run/vm-test-move")
        handle = self.host.call("guest-file-open", path="/run/vm-test-move")
        self.host.call("guest-file-read", handle=handle, count=4)
        self.host.send(b'{"execute": "guest-ping", "arguments": {')  # the old host was not done
        self.move()
        rest = self.host.call("guest-file-read", handle=handle)
        self.assertEqual(b"456789", base64.b64decode(rest["buf-b64"]))
        self.assertEqual(pid, self.main_pid())

    def test_moved_frozen_and_thawed_by_the_new_host(self):
        frozen = self.host.call("guest-fsfreeze-freeze")
        self.assertGreater(frozen, 0)
        self.move()
        self.assertEqual("frozen", self.host.call("guest-fsfreeze-status"))
        self.assertEqual(frozen, self.host.call("guest-fsfreeze-thaw"))
