# SPDX-License-Identifier: Apache-2.0
"""The port itself: a host that goes, does not read, or pulls the device; and the other channels."""

import json
import time

from guest_test import GuestTest
from host import HostClient

MEBIBYTE = 1 << 20
BIG_FILE = "/var/tmp/vm-test-big"


class Port(GuestTest):
    def setUp(self):
        super().setUp()
        self.machine.run(f"test -e {BIG_FILE} || head -c {16 * MEBIBYTE} /dev/urandom > {BIG_FILE}")

    def ask_for_big_reply(self, count=16 * MEBIBYTE):
        handle = self.host.call("guest-file-open", path=BIG_FILE)
        self.host.request("guest-file-read", {"handle": handle, "count": count})

    def test_host_that_leaves_in_mid_reply_meets_fresh_stream(self):
        pid = self.main_pid()
        self.ask_for_big_reply()
        self.host.receive(time.monotonic() + 30)
        self.host.close()
        time.sleep(1)
        self.host = self.connect()
        stale = self.host.sync()
        # QEMU itself may still hold a piece of what the guest had sent; the rest of the 21 MB must not come.
        self.assertLess(stale, MEBIBYTE)
        self.assertEqual({}, self.host.call("guest-ping"))
        self.assertEqual(pid, self.main_pid(), "the agent was restarted")

    def test_half_a_request_is_not_completed_by_next_host(self):
        self.host.send(b'{"execute":"guest-pi')
        time.sleep(0.5)
        self.host.close()
        time.sleep(0.5)
        self.host = self.connect()
        self.host.request("guest-ping")
        self.assertEqual(b'{"return": {}}', self.host.line())

    def test_half_a_request_costs_a_host_that_is_back_at_once_one_error_at_most(self):
        # The kernel does not tell a guest of a host that went and came back before the guest could look.
        self.host.send(b'{"execute":"guest-pi')
        time.sleep(0.5)
        self.reconnect()
        self.host.request("guest-ping")
        first = self.host.line()
        if b"JSON parse error" in first:
            first = self.host.line()
        self.assertEqual(b'{"return": {}}', first)

    def test_hundred_hosts_in_a_row_are_answered(self):
        for _ in range(100):
            self.reconnect()
            self.host.sync()

    def test_request_of_host_that_left_at_once_does_not_disturb_next(self):
        for _ in range(10):
            self.reconnect()
            self.host.request("guest-get-osinfo")
        self.reconnect()
        self.host.sync()
        self.assertEqual({}, self.host.call("guest-ping"))

    def test_host_that_does_not_read_costs_no_cpu(self):
        pid = self.main_pid()
        self.ask_for_big_reply()
        time.sleep(2)
        before = self.cpu_ticks(pid)
        time.sleep(5)
        spent = self.cpu_ticks(pid) - before
        self.assertLessEqual(spent, 5, "hundredths of a second of CPU in 5 s")
        self.assertEqual(16 * MEBIBYTE, self.host.result(timeout=60)["count"])

    def wakeups(self, pid, seconds=10):
        """How often the threads of a process gave up the CPU by themselves while nothing was asked of it."""
        count = f"cat /proc/{pid}/task/*/status | awk '/^voluntary_ctxt_switches/ {{sum += $2}} END {{print sum}}'"
        before, after = self.machine.run(f"{count}; sleep {seconds}; {count}", timeout=seconds + 60).split()
        return int(after) - int(before)

    def test_idle_agent_never_wakes_up(self):
        pid = self.main_pid()
        time.sleep(4)  # workers end first
        connected = self.wakeups(pid)
        self.host.close()
        time.sleep(1)
        absent = self.wakeups(pid)
        self.note("wake-ups in 10 s, idle", f"{connected} with a host, {absent} without")
        self.assertEqual((0, 0), (connected, absent))
        self.host = self.connect()
        self.host.sync()

    def test_port_may_be_pulled_and_plugged_again(self):
        pid = self.main_pid()
        for number in (1, 3):  # at its own place, and as another device node
            self.machine.unplug_agent_port()
            self.machine.run("! grep -qsx org.qemu.guest_agent.0 /sys/class/virtio-ports/*/name")
            self.assertEqual("active", self.show("ActiveState"))
            self.machine.plug_agent_port(number)
            started = time.monotonic()
            self.host.sync()
            self.note(f"port {number} plugged to first reply", f"{time.monotonic() - started:.2f} s")
            self.assertEqual(pid, self.main_pid(), "the agent was restarted instead of following its port")
        self.machine.unplug_agent_port()
        self.machine.plug_agent_port()
        self.host.sync()

    def test_port_may_be_pulled_in_mid_reply(self):
        pid = self.main_pid()
        self.ask_for_big_reply()
        self.host.receive(time.monotonic() + 30)
        self.machine.unplug_agent_port()
        self.reconnect()
        self.machine.plug_agent_port()
        self.assertLess(self.host.sync(), MEBIBYTE)
        self.assertEqual(pid, self.main_pid(), "the agent was restarted instead of following its port")

    def test_agent_without_port_waits_without_waking_up(self):
        pid = self.main_pid()
        self.machine.unplug_agent_port()
        self.addCleanup(self.machine.plug_agent_port)
        time.sleep(12)  # the audit trail tells after ten seconds how often something was repeated
        self.assertLessEqual(self.wakeups(pid), 0)


# Serves as many clients at once as its arguments say: each pings, all hold their connections until the last has.
VSOCK_CLIENT = """
import socket, sys
port, clients = int(sys.argv[1]), int(sys.argv[2])
open_clients = []
for number in range(clients):
    client = socket.socket(socket.AF_VSOCK)
    client.settimeout(20)
    client.connect((1, port))
    open_clients.append(client)
for client in reversed(open_clients):
    client.sendall(b'{"execute":"guest-ping"}')
    print(client.recv(4096).decode(), end="")
"""


class OtherChannels(GuestTest):
    """A second agent beside the one of the service, so that the first one's answers stay a control."""

    UNIT = "guestd-second"

    def start_second(self, arguments, configuration=""):
        self.addCleanup(self.machine.run, f"systemctl stop {self.UNIT}; systemctl reset-failed {self.UNIT}",
                        check=False)
        self.machine.run(f"mkdir -p /run/{self.UNIT} && printf '{configuration}' > /run/{self.UNIT}/conf && "
                         f"systemd-run --quiet --unit {self.UNIT} --property Type=notify "
                         f"guestd --config /run/{self.UNIT}/conf --statedir /run/{self.UNIT} {arguments}")

    def vsock_clients(self, port, count):
        self.machine.run("modprobe vsock_loopback")
        return self.machine.run(f"python3 - {port} {count} <<'EOF'\n{VSOCK_CLIENT}\nEOF", check=False)

    def test_isa_serial_answers_and_outlives_its_host(self):
        self.start_second("--method isa-serial --path /dev/ttyS1")
        for _ in range(3):
            with HostClient(self.machine.isa_socket) as second:
                second.sync()
                self.assertEqual("guestd-vm", second.call("guest-get-host-name")["host-name"])
        self.assertEqual("active", self.show("ActiveState", self.UNIT))
        self.assertEqual({}, self.host.call("guest-ping"))

    def test_isa_serial_carries_every_byte_value(self):
        self.start_second("--method isa-serial --path /dev/ttyS1")
        text = "".join(map(chr, range(1, 256)))
        with HostClient(self.machine.isa_socket) as second:
            second.sync()
            second.send(json.dumps({"execute": "guest-ping", "id": text}, ensure_ascii=False).encode() + b"\n")
            self.assertEqual({"return": {}, "id": text}, json.loads(second.line()))

    def test_vsock_serves_16_clients_at_once(self):
        self.start_second("--method vsock-listen --path 1:4000", "[vsock]\\nallow-cid=1\\n")
        self.assertEqual(['{"return": {}}'] * 16, self.vsock_clients(4000, 16).splitlines())

    def test_vsock_serves_nobody_but_the_host_unless_told(self):
        self.start_second("--method vsock-listen --path 1:4001")
        self.assertNotIn("return", self.vsock_clients(4001, 1))
        self.assertEqual("active", self.show("ActiveState", self.UNIT))
