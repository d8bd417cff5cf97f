#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the rtnetlink dumps of the fixture machine debian12: compose_network.py FOLDER (tests/fixtures/debian12).

A guest with one card, a bridge of Docker with a container on it, WireGuard and a VLAN, as rtnetlink(7) tells of it.
The numbers are those of <linux/rtnetlink.h>, <linux/if_link.h> and <linux/if_addr.h>.
"""

import ipaddress
import os
import struct
import sys

RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE = 16, 20, 24
ETHER, LOOPBACK, NONE = 1, 772, 0xFFFE
UP_BROADCAST, UP_LOOPBACK, UP_POINT = 0x11043, 0x10049, 0x100D1
UNKNOWN, DOWN, LOWER_LAYER_DOWN, OPERATIONAL = 0, 2, 3, 6
MAIN, LOCAL = 254, 255


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def attribute(kind, value):
    return padded(struct.pack("=HH", 4 + len(value), kind) + value)


def u32(kind, value):
    return attribute(kind, struct.pack("=I", value))


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def message(kind, body):
    return padded(struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body)


def ip(address):
    return ipaddress.ip_address(address).packed


def link(index, name, hardware, flags, mac, state, mtu=1500, kind="", counts=(0,) * 8, more=b""):
    body = struct.pack("=BBHiII", 0, 0, hardware, index, flags, 0)
    body += text(3, name) + attribute(16, bytes([state])) + u32(4, mtu)
    if mac is not None:
        body += attribute(1, bytes.fromhex(mac.replace(":", "")))
    # rtnl_link_stats64: packets, bytes, errors and dropped packets, each received and sent; 17 more numbers.
    body += attribute(23, struct.pack("=25Q", *counts, *(0,) * 17))
    if kind:
        body += attribute(18, text(1, kind))
    return message(RTM_NEWLINK, body + more)


def address(index, own, prefix, scope=0, flags=0x80, label=""):
    family = 2 if "." in own else 10
    body = struct.pack("=BBBBI", family, prefix, flags & 0xFF, scope, index) + attribute(1, ip(own))
    if family == 2:
        body += attribute(2, ip(own)) + text(3, label)
    return message(RTM_NEWADDR, body + u32(8, flags))


def route(destination, index, table=MAIN, protocol=2, scope=253, kind=1, metric=0, gateway="", source="", expires=0):
    network = ipaddress.ip_network(destination)
    family = 2 if network.version == 4 else 10
    body = struct.pack("=BBBBBBBBI", family, network.prefixlen, 0, 0, table, protocol, scope, kind, 0) + u32(15, table)
    if network.prefixlen > 0:
        body += attribute(1, network.network_address.packed)
    if metric:
        body += u32(6, metric)
    if source:
        body += attribute(7, ip(source))
    if gateway:
        body += attribute(5, ip(gateway))
    body += u32(4, index)
    if family == 10:
        body += attribute(12, struct.pack("=IIiIIIII", 0, 0, expires, 0, 0, 0, 0, 0)) + attribute(20, b"\0")
    return message(RTM_NEWROUTE, body)


def links():
    yield link(1, "lo", LOOPBACK, UP_LOOPBACK, "00:00:00:00:00:00", UNKNOWN, 65536,
               counts=(10, 10, 1234, 1234, 0, 0, 0, 0))
    yield link(2, "eth0", ETHER, UP_BROADCAST, "52:54:00:12:34:56", OPERATIONAL,
               counts=(7000, 5000, 5 << 32, 1 << 20, 1, 2, 3, 4))
    yield link(3, "docker0", ETHER, UP_BROADCAST, "02:42:ac:11:00:01", LOWER_LAYER_DOWN, kind="bridge")
    # Its other end is number 4 of network namespace 0, the container's.
    yield link(5, "veth1a2b3c4", ETHER, UP_BROADCAST, "b6:09:86:f1:b5:9f", OPERATIONAL, kind="veth",
               more=u32(5, 4) + u32(10, 3) + u32(37, 0))
    yield link(6, "wg0", NONE, UP_POINT, None, UNKNOWN, 1420, kind="wireguard")
    yield link(7, "eth0.10", ETHER, UP_BROADCAST, "52:54:00:12:34:56", OPERATIONAL, kind="vlan", more=u32(5, 2))


def addresses():
    yield address(1, "127.0.0.1", 8, 254, label="lo")
    yield address(2, "192.0.2.10", 24, label="eth0")
    yield address(2, "192.0.2.11", 24, flags=0x81, label="eth0:1")
    yield address(3, "172.17.0.1", 16, label="docker0")
    yield address(6, "10.8.0.2", 32, label="wg0")
    yield address(1, "::1", 128, 254)
    yield address(2, "2001:db8::10", 64, flags=0x100)
    yield address(2, "fe80::5054:ff:fe12:3456", 64, 253)


def routes():
    yield route("0.0.0.0/0", 2, protocol=16, scope=0, metric=100, gateway="192.0.2.1", source="192.0.2.10")
    yield route("10.8.0.0/16", 6, protocol=4)
    yield route("172.17.0.0/16", 3, source="172.17.0.1")
    yield route("192.0.2.0/24", 2, metric=100, source="192.0.2.10")
    yield route("127.0.0.0/8", 1, LOCAL, scope=254, kind=2, source="127.0.0.1")
    yield route("192.0.2.255/32", 2, LOCAL, kind=3, source="192.0.2.10")
    yield route("2001:db8::/64", 2, metric=256, scope=0)
    yield route("fe80::/64", 2, metric=256, scope=0)
    yield route("::/0", 2, protocol=9, scope=0, metric=1024, gateway="fe80::1", expires=1795)
    yield route("::1/128", 1, LOCAL, scope=0, kind=2)
    yield route("2001:db8::10/128", 2, LOCAL, scope=0, kind=2)
    yield route("ff00::/8", 2, LOCAL, scope=0, kind=5, metric=256)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, messages in (("links", links()), ("addresses", addresses()), ("routes", routes())):
        with open(os.path.join(sys.argv[1], "netlink", name), "wb") as file:
            file.write(b"".join(messages))


if __name__ == "__main__":
    main()
