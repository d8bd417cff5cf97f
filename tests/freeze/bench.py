#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long freezing and thawing many file systems takes, for the agent and another one, in turns in the same run."""

import argparse
import os
import statistics
import sys
import time

import encodings.idna  # noqa: F401  pylint: disable=unused-import
import subprocess

import agent as agents
import world

COUNT = 50
AGENTS = {}
ROUNDS = 7


class Peer:
    """An agent with qemu-ga's options on a socket of its own."""

    def __init__(self, name, binary):
        self.socket = f"/run/{name}.sock"
        state = f"/run/{name}"
        os.makedirs(state)
        with open(f"/run/{name}.conf", "w", encoding="utf-8") as file:
            file.write("[general]\n")
        environment = dict(os.environ, QGA_CONF=f"/run/{name}.conf")
        environment.pop("GUESTD_HANDS_OFF", None)
        self.process = subprocess.Popen([binary, "-m", "unix-listen", "-p", self.socket, "-t", state], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = agents.Client(self.socket)
        self.times = {"freeze": [], "thaw": []}

    def round(self):
        for action in ("freeze", "thaw"):
            began = time.monotonic()
            count = self.client.call(f"guest-fsfreeze-{action}")
            self.times[action].append((time.monotonic() - began) * 1000)
            if count != COUNT:
                raise AssertionError(f"{action} of {count} file systems instead of {COUNT}")


def inside():
    disks = [world.Disk(f"d{number}", size_mib=8).mount() for number in range(COUNT)]
    peers = {name: Peer(name, binary) for name, binary in AGENTS.items()}
    for turn in range(ROUNDS):
        for name in sorted(peers, reverse=turn % 2 == 1):
            for disk in disks:
                with open(f"{disk.place}/data", "wb") as file:
                    file.write(os.urandom(65536))
            peers[name].round()
    for name, peer in peers.items():
        for action, times in peer.times.items():
            print(f"{name:8} {action:6} of {COUNT}: median {statistics.median(times):7.1f} ms, "
                  f"{min(times):7.1f} to {max(times):7.1f} ms")
        peer.process.terminate()
    world.unmount_everything()
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True)
    parser.add_argument("--peer", default="/usr/sbin/qemu-ga")
    arguments = parser.parse_args()
    AGENTS["guestd"] = os.path.realpath(arguments.agent)
    if os.path.exists(arguments.peer):
        AGENTS["qemu-ga"] = os.path.realpath(arguments.peer)
    sys.exit(world.run_in_world(list(AGENTS.values()), inside, 300))


if __name__ == "__main__":
    main()
