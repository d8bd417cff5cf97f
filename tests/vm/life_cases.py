# SPDX-License-Identifier: Apache-2.0
"""The life of the service: what it tells, what kills and revives it, and a guest that is restored or moves."""

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
