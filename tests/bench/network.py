#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the network commands cost on a guest with many interfaces, next to qemu-ga in the same run.

    network.py PATH-OF-GUESTD [PAIRS [ADDRESSES]]      (1,500 pairs and 10,000 addresses if not told otherwise)

Makes veth pairs in a network namespace of its own, where both agents run, and prints a table: CPU time of the agent's
process for one request (the median of five, of qemu-ga one), the length of the reply, and the agent's peak memory.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

# pylint: disable=wrong-import-position
import network_namespace  # noqa: E402
from host import HostClient  # noqa: E402

PEER = os.environ.get("QEMU_GA", "/usr/sbin/qemu-ga")
PATIENCE = 600
ROUNDS = 5


def cpu_seconds(pid):
    # clock_getcpuclockid(3): MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of Linux, include/linux/posix-timers.h.
    return time.clock_gettime((~pid << 3) | 2)


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def start(binary, folder):
    path = os.path.join(folder, "sock")
    config = os.path.join(folder, "conf")
    with open(config, "w", encoding="ascii") as file:
        file.write("[general]\n")
    os.chmod(config, 0o600)
    process = subprocess.Popen([binary, "-m", "unix-listen", "-p", path, "-t", folder],
                               env={**os.environ, "QGA_CONF": config})
    while not os.path.exists(path) and process.poll() is None:
        time.sleep(0.01)
    return process, HostClient(path)


def measure(binary, command, rounds):
    """Prints a row, and returns the entries of the last reply."""
    with tempfile.TemporaryDirectory() as folder:
        process, host = start(binary, folder)
        spent, walls = [], []
        for _ in range(rounds):
            cpu, wall = cpu_seconds(process.pid), time.monotonic()
            host.send(json.dumps({"execute": command}).encode() + b"\n")
            reply = host.line(PATIENCE)
            spent.append(cpu_seconds(process.pid) - cpu)
            walls.append(time.monotonic() - wall)
        print(f"| {command} | {os.path.basename(binary)} | {statistics.median(spent) * 1000:.1f} | "
              f"{statistics.median(walls) * 1000:.1f} | {len(reply) / 1e6:.2f} | {peak_kib(process.pid)} |", flush=True)
        host.close()
        process.kill()
        process.wait()
        return json.loads(reply)["return"]


def without_statistics(entries):
    return [{key: value for key, value in entry.items() if key != "statistics"} for entry in entries]


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    pairs, addresses = [int(each) for each in sys.argv[2:]] + [1500, 10000][len(sys.argv) - 2:]
    refused = network_namespace.enter()
    if refused:
        sys.exit(refused)
    network_namespace.add_many(pairs, addresses)
    print(f"{2 * pairs} interfaces, {addresses} addresses\n")
    print("| request | agent | CPU ms | wall ms | reply MB | peak KiB |\n|---|---|---:|---:|---:|---:|")
    ours = measure(sys.argv[1], "guest-network-get-interfaces", ROUNDS)
    if os.access(PEER, os.X_OK):
        theirs = measure(PEER, "guest-network-get-interfaces", 1)
        if without_statistics(ours) != without_statistics(theirs):
            sys.exit("the two replies differ in more than statistics")
    measure(sys.argv[1], "guestd-network-get-summary", ROUNDS)
    measure(sys.argv[1], "guest-network-get-route", ROUNDS)


main()
