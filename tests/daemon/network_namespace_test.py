#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the agent tells of a real network, compared with `ip -j` (iproute2), /proc/net and qemu-ga, which see the same.

    network_namespace_test.py PATH-OF-GUESTD

Everything happens in a network namespace of the test's own. Skipped where that is not allowed, or without iproute2.
Kinds of interfaces that the kernel does not have are left out, with a message.
"""

import faulthandler
import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

# pylint: disable=wrong-import-position
import network_namespace  # noqa: E402
from host import HostClient  # noqa: E402

PEER = os.environ.get("QEMU_GA", "/usr/sbin/qemu-ga")
GUESTD = ""
PATIENCE = 20


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


def ip(arguments):
    return run("ip", *arguments.split())


def ip_json(arguments):
    return json.loads(run("ip", "-j", "-d", *arguments.split()) or "[]")


def can_make(arguments):
    made = subprocess.run(["ip", "link", "add", *arguments.split()], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        print(f"left out: ip link add {arguments}: {made.stderr.strip().splitlines()[0]}")
    return made.returncode == 0


class Agent:
    """An agent on a Unix socket, for as long as the `with` lasts."""

    def __init__(self, binary, configuration="[general]\n"):
        self.binary = binary
        self.configuration = configuration

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(dir="/tmp")
        config = os.path.join(self.folder.name, "conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(self.configuration)
        os.chmod(config, 0o600)
        path = os.path.join(self.folder.name, "sock")
        self.process = subprocess.Popen([self.binary, "-m", "unix-listen", "-p", path, "-t", self.folder.name],
                                        env={**os.environ, "QGA_CONF": config}, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(path) and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        self.host = HostClient(path)
        return self

    def __exit__(self, *_):
        self.host.close()
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def ask(self, command, **arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self.host.send(json.dumps(request).encode() + b"\n")
        return json.loads(self.host.line(PATIENCE))["return"]


def ask_guestd(command, **arguments):
    with Agent(GUESTD) as agent:
        return agent.ask(command, **arguments)


def make_network():
    """As many kinds of interfaces, addresses and routes as this kernel has."""
    ip("link set lo up")
    ip("link add eth7 type veth peer name far7")
    ip("address add 192.0.2.10/24 dev eth7")
    ip("address add 192.0.2.11/24 dev eth7 label eth7:1")
    ip("address add 198.51.100.1 peer 198.51.100.2/32 dev far7")
    ip("address add 2001:db8::10/64 dev eth7 nodad")
    ip("address add 2001:db8::99/64 dev eth7 nodad preferred_lft 0")
    ip("link set eth7 mtu 1400 address 52:54:00:12:34:56")
    ip("link add br7 type bridge")
    ip("address add 172.17.0.1/16 dev br7")
    ip("link add port7 type veth peer name port8")
    ip("link set port7 master br7")
    ip("tuntap add dev tap7 mode tap")
    ip("tuntap add dev tun7 mode tun")
    for kind in ("dummy7 type dummy", "bond7 type bond", "vlan7 link eth7 type vlan id 7", "wg7 type wireguard",
                 "vx7 type vxlan id 7 dstport 4789 dev eth7", "mv7 link eth7 type macvlan", "sit7 type sit remote any",
                 "ifb7 type ifb"):
        can_make(kind)
    for name in ("eth7", "far7", "br7", "port7", "port8"):
        ip(f"link set {name} up")
    ip("route add default via 192.0.2.1 metric 100")
    ip("route add 203.0.113.0/24 via 192.0.2.2 mtu 1300 window 5000 rtt 100ms")
    ip("route add unreachable 10.77.0.0/16")
    ip("route add 10.78.0.0/16 metric 4294967295 nexthop via 192.0.2.7 nexthop via 192.0.2.8")
    ip("route add 10.81.0.0/16 via 192.0.2.1 table 77")
    ip("-6 route add default via fe80::1 dev eth7 metric 4000000000")
    ip("-6 route add unreachable 2001:db8:77::/64")
    ip("-6 route add 2001:db8:78::/64 nexthop via 2001:db8::7 nexthop via 2001:db8::8")
    wait_until_settled()


def wait_until_settled():
    """Until no address is tentative any more: before that they change by themselves."""
    deadline = time.monotonic() + PATIENCE
    while ip("-6 address show tentative").strip() and time.monotonic() < deadline:
        time.sleep(0.05)


def addresses_by_ip():
    """{interface or alias: ["address/prefix"]}, as `ip` tells it."""
    found = {}
    for link in ip_json("address show"):
        for each in link["addr_info"]:
            found.setdefault(each.get("label", link["ifname"]), []).append(f"{each['local']}/{each['prefixlen']}")
    return found


class Interfaces(unittest.TestCase):
    def setUp(self):
        self.entries = ask_guestd("guest-network-get-interfaces")
        self.by_name = {entry["name"]: entry for entry in self.entries}

    def test_are_all_that_ip_lists_in_its_order_then_aliases(self):
        names = [link["ifname"] for link in ip_json("link show")]
        self.assertEqual(names + ["eth7:1"], [entry["name"] for entry in self.entries])

    def test_have_the_addresses_that_ip_lists(self):
        told = {entry["name"]: [f"{each['ip-address']}/{each['prefix']}" for each in entry["ip-addresses"]]
                for entry in self.entries if "ip-addresses" in entry}
        self.assertEqual(addresses_by_ip(), told)
        for entry in self.entries:
            for each in entry.get("ip-addresses", []):
                version = ipaddress.ip_address(each["ip-address"]).version
                self.assertEqual(f"ipv{version}", each["ip-address-type"])

    def test_have_the_hardware_address_that_ip_lists(self):
        for link in ip_json("link show"):
            if link["link_type"] in ("ether", "loopback"):
                self.assertEqual(link["address"], self.by_name[link["ifname"]]["hardware-address"])
        self.assertEqual("00:00:00:00:00:00", self.by_name["tun7"]["hardware-address"])

    def told_between_equal_statistics(self, names):
        """What guestd tells of these, and `ip`: the kernel sends something by itself now and then."""
        def of_ip():
            return {link["ifname"]: link["stats64"] for link in ip_json("-s link show") if link["ifname"] in names}

        deadline = time.monotonic() + PATIENCE
        while True:
            before = of_ip()
            entries = ask_guestd("guest-network-get-interfaces")
            if before == of_ip():
                return {entry["name"]: entry.get("statistics") for entry in entries}, before
            self.assertLess(time.monotonic(), deadline, "the statistics never stand still")

    def test_all_have_the_statistics_that_ip_lists(self):
        ip("link set far7 down")  # nothing moves any more, but on the bridge and its port
        self.addCleanup(wait_until_settled)
        self.addCleanup(ip, "link set far7 up")
        told, expected = self.told_between_equal_statistics(("eth7", "far7", "lo", "tap7"))
        for name, counted in expected.items():
            self.assertEqual({f"{way}-{ours}": counted[way][theirs] for way in ("rx", "tx") for ours, theirs in
                              (("bytes", "bytes"), ("packets", "packets"), ("errs", "errors"),
                               ("dropped", "dropped"))}, told[name])
        self.assertEqual(["eth7:1"], [entry["name"] for entry in self.entries if "statistics" not in entry])

    @unittest.skipUnless(os.access(PEER, os.X_OK), "no qemu-ga here")
    def test_are_those_of_qemu_ga_but_for_the_statistics_that_it_lacks(self):
        with Agent(PEER) as peer:
            theirs = peer.ask("guest-network-get-interfaces")
        ours = ask_guestd("guest-network-get-interfaces")
        for entry in ours + theirs:
            entry.pop("statistics", None)
        # Of an address of a link layer that is not six bytes long, or none, it shows six bytes.
        self.assertEqual([entry for entry in theirs if entry["name"] != "sit7"],
                         [entry for entry in ours if entry["name"] != "sit7"])

    def test_that_are_hidden_are_left_out(self):
        with Agent(GUESTD, "[network]\nhide-interfaces = eth*, port[78], br7\n") as agent:
            names = [entry["name"] for entry in agent.ask("guest-network-get-interfaces")]
        self.assertEqual([name for name in self.by_name if name not in ("eth7", "eth7:1", "port7", "port8", "br7")],
                         names)


class Routes(unittest.TestCase):
    def test_of_version_4_are_those_of_proc_and_every_next_station(self):
        members = ("iface", "destination", "gateway", "mask", "flags", "metric", "window", "irtt")
        told = [tuple(each[member] for member in members)
                for each in ask_guestd("guest-network-get-route") if each["version"] == 4]
        expected = []
        for line in lines_of("/proc/net/route")[1:]:
            name, destination, gateway, flags, _, _, metric, mask, _, window, irtt = line.split()
            dotted = [str(ipaddress.ip_address(bytes.fromhex(each)[::-1])) for each in (destination, gateway, mask)]
            expected.append((name, *dotted, int(flags, 16), int(metric), int(window), int(irtt)))
        second = ("eth7", "10.78.0.0", "192.0.2.8", "255.255.0.0", 3, 4294967295, 0, 0)
        self.assertEqual(sorted(expected + [second]), sorted(told))

    def test_have_the_mtu_that_ip_lists(self):
        routes = ask_guestd("guest-network-get-route")
        self.assertEqual([1300], [each["mtu"] for each in routes if each["destination"] == "203.0.113.0"])

    def test_of_version_6_are_those_of_proc(self):
        told = [(each["destination"], each["desprefixlen"], each["source"], each["srcprefixlen"], each["nexthop"],
                 each["metric"], each["flags"], each["iface"])
                for each in ask_guestd("guest-network-get-route") if each["version"] == 6]
        expected = []
        for line in lines_of("/proc/net/ipv6_route"):
            target, length, source, source_length, hop, metric, _, _, flags, name = line.split()
            # The kernel's entry for "no route at all", which it keeps in each table.
            if name == "lo" and metric == "ffffffff":
                continue
            texts = [str(ipaddress.ip_address(bytes.fromhex(each))) for each in (target, source, hop)]
            expected.append((texts[0], str(int(length, 16)), texts[1], str(int(source_length, 16)), texts[2],
                             int(metric, 16), int(flags, 16), name))
        self.assertEqual(sorted(expected), sorted(told))


class Summary(unittest.TestCase):
    def setUp(self):
        self.summary = ask_guestd("guestd-network-get-summary")
        self.by_name = {entry["name"]: entry for entry in self.summary["interfaces"]}

    def test_tells_the_kind_of_every_interface(self):
        kinds = {"lo": "loopback", "eth7": "veth", "br7": "bridge", "tap7": "virtual", "tun7": "tunnel",
                 "dummy7": "virtual", "bond7": "bond", "vlan7": "vlan", "wg7": "tunnel", "vx7": "tunnel",
                 "mv7": "virtual", "ifb7": "virtual"}
        for name, kind in kinds.items():
            if name in self.by_name:
                self.assertEqual(kind, self.by_name[name]["kind"], name)

    def test_tells_what_ip_tells(self):
        for link in ip_json("link show"):
            told = self.by_name[link["ifname"]]
            self.assertEqual(link["ifindex"], told["index"])
            self.assertEqual(link["mtu"], told["mtu"])
            self.assertEqual(link["operstate"], told["state"].replace("-", "").upper())
            self.assertEqual(link.get("master"), told.get("master"))
            self.assertEqual(link.get("linkinfo", {}).get("info_kind"), told.get("driver"))

    def test_tells_how_the_guest_is_reached(self):
        self.assertEqual({"interface": "eth7", "gateway": "192.0.2.1", "address": "192.0.2.10", "metric": 100},
                         self.summary["ipv4"])
        self.assertEqual({"interface": "eth7", "gateway": "fe80::1", "address": "2001:db8::10",
                          "metric": 4000000000}, self.summary["ipv6"])
        self.assertEqual(["ipv4", "ipv6"], self.by_name["eth7"]["default-routes"])
        self.assertEqual("172.17.0.1", self.by_name["br7"]["ipv4"]["ip-address"])

    def test_knows_an_interface_whose_other_end_is_in_a_container(self):
        ip("link add near7 type veth peer name inside7")
        container = subprocess.Popen(["unshare", "--net", "sleep", "60"])  # both ends go when it does
        self.addCleanup(container.wait)
        self.addCleanup(container.kill)
        own = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + PATIENCE
        while os.readlink(f"/proc/{container.pid}/ns/net") == own and time.monotonic() < deadline:
            time.sleep(0.01)
        ip(f"link set inside7 netns {container.pid}")
        told = ask_guestd("guestd-network-get-summary", kinds=["container"])
        self.assertEqual(["near7"], [entry["name"] for entry in told["interfaces"]])


class WithoutIpv6(unittest.TestCase):
    def test_nothing_is_an_error(self):
        self.addCleanup(self.restore)
        with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="ascii") as switch:
            switch.write("1")
        self.assertEqual({4}, {each["version"] for each in ask_guestd("guest-network-get-route")
                               if each["iface"] != "lo"})
        types = {each["ip-address-type"] for entry in ask_guestd("guest-network-get-interfaces")
                 for each in entry.get("ip-addresses", [])}
        self.assertEqual({"ipv4"}, types)
        self.assertNotIn("ipv6", ask_guestd("guestd-network-get-summary"))

    def restore(self):
        with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="ascii") as switch:
            switch.write("0")
        ip("address add 2001:db8::10/64 dev eth7 nodad")
        ip("-6 route add default via fe80::1 dev eth7 metric 4000000000")


class ManyInterfaces(unittest.TestCase):
    """They stay, which the tests after this one do not mind."""

    def test_are_told_whole(self):
        network_namespace.add_many(pairs=50, addresses=400)
        entries = ask_guestd("guest-network-get-interfaces")
        told = [(entry["name"], each["ip-address"]) for entry in entries for each in entry.get("ip-addresses", [])
                if entry["name"].startswith("a")]
        self.assertEqual(400, len(told))
        self.assertEqual(400, len(set(told)))
        self.assertEqual(100, sum(entry["name"][0] in "ab" and entry["name"][1:].isdigit() for entry in entries))
        self.assertEqual(addresses_by_ip()["a49"],
                         [f"{each['ip-address']}/{each['prefix']}" for entry in entries if entry["name"] == "a49"
                          for each in entry["ip-addresses"]])


def main():
    global GUESTD  # pylint: disable=global-statement
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    GUESTD = os.environ.get("GUESTD", sys.argv[1])
    refused = "no iproute2 (ip)" if shutil.which("ip") is None else network_namespace.enter()
    if refused:
        print(f"skipped: {refused}")
        sys.exit(77)
    faulthandler.dump_traceback_later(170, exit=True)  # before ctest ends it without a word
    make_network()
    unittest.main(argv=sys.argv[:1], verbosity=2)


main()
