# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own: enter() moves this process into new network and mount namespaces, where sysfs shows the
new network. Children, the agents among them, live there too, and everything is gone with the last of them."""

import ctypes
import os
import socket
import struct

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC_PRIVATE = 0x4000 | 0x40000
RTM_NEWLINK, RTM_NEWADDR = 16, 20
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 1, 4, 0x400
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 3, 18, 1, 2, 1
IFA_LOCAL, IFA_LABEL = 2, 3


def enter():
    """None, or why this machine does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        return f"no network namespace of our own: {os.strerror(ctypes.get_errno())}"
    private = libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) == 0
    if not private or libc.mount(b"sys", b"/sys", b"sysfs", 0, None) != 0:
        return f"no sysfs of our own: {os.strerror(ctypes.get_errno())}"
    return None


def attribute(kind, value):
    data = struct.pack("=HH", 4 + len(value), kind) + value
    return data + b"\0" * (-len(data) % 4)


class RouteSocket:
    """Makes many links and addresses fast: iproute2 looks every name up in all of them."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _ask(self, kind, body):
        flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        code = struct.unpack_from("=i", self._socket.recv(65536), 16)[0]
        if code != 0:
            raise OSError(-code, os.strerror(-code))

    def add_veth_pair(self, index, name, peer_index, peer_name):
        peer = struct.pack("=BBHiII", 0, 0, 0, peer_index, 0, 0) + attribute(IFLA_IFNAME, peer_name.encode() + b"\0")
        info = attribute(IFLA_INFO_KIND, b"veth") + attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, peer))
        header = struct.pack("=BBHiII", 0, 0, 0, index, 0, 0)
        self._ask(RTM_NEWLINK, header + attribute(IFLA_IFNAME, name.encode() + b"\0") + attribute(IFLA_LINKINFO, info))

    def add_ipv4(self, index, name, address, prefix):
        header = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index)
        own = attribute(IFA_LOCAL, socket.inet_aton(address))
        self._ask(RTM_NEWADDR, header + own + attribute(IFA_LABEL, name.encode() + b"\0"))


def add_many(pairs, addresses):
    """Veth pairs a0-b0, a1-b1... and `addresses` addresses of version 4, one after the other on the first ends."""
    with RouteSocket() as route:
        for number in range(pairs):
            route.add_veth_pair(1000 + 2 * number, f"a{number}", 1001 + 2 * number, f"b{number}")
        for number in range(addresses):
            pair = number % pairs
            host = socket.inet_ntoa(struct.pack("!I", (10 << 24) + 256 * pair + 1 + number // pairs))
            route.add_ipv4(1000 + 2 * pair, f"a{pair}", host, 24)
