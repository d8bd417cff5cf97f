#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts an agent on a Unix socket of its own and plays the host: `./dev run`.

    demo.py PATH-OF-GUESTD

Everything printed was answered by the agent that was just started; anything unexpected ends it with 1.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time

from host import HostClient

PINGS = 2000
FILE_SIZE = 8 << 20


def show(what, value):
    print(f"  {what:<16} {value}")


def start(binary, folder):
    """Returns the process and its socket's path once a host can connect."""
    path = os.path.join(folder, "agent.sock")
    agent = subprocess.Popen(  # pylint: disable=consider-using-with
        [binary, "--method", "unix-listen", "--path", path, "--statedir", folder], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not os.path.exists(path):
        if agent.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{binary} did not open {path} (exit status {agent.poll()})")
        time.sleep(0.001)
    return agent, path


def show_information(host):
    started = time.monotonic()
    host.sync()
    show("sync", f"answered after {(time.monotonic() - started) * 1000:.1f} ms")
    info = host.call("guest-info")
    enabled = sum(command["enabled"] for command in info["supported_commands"])
    show("agent", f"version {info['version']}, {enabled} of {len(info['supported_commands'])} commands enabled")
    system = host.call("guest-get-osinfo")
    show("os", f"{system.get('pretty-name')}, kernel {system.get('kernel-release')} ({system.get('machine')})")
    show("host name", host.call("guest-get-host-name")["host-name"])
    zone = host.call("guest-get-timezone")
    clock = time.strftime("%F %T", time.gmtime(host.call("guest-get-time") // 10**9))
    show("time", f"{clock} UTC, zone {zone.get('zone', 'unnamed')} at {zone['offset']:+d} s")


def show_file(host, folder):
    path = os.path.join(folder, "from-host")
    content = os.urandom(FILE_SIZE)
    started = time.monotonic()
    host.write_file(path, content)
    written = time.monotonic()
    back = host.read_file(path)
    read = time.monotonic()
    checksum = hashlib.sha256(content).hexdigest()
    if hashlib.sha256(back).hexdigest() != checksum:
        sys.exit("the file came back changed")
    size = FILE_SIZE >> 20
    show("file written", f"{size} MiB at {size / (written - started):.0f} MiB/s (most of it spent in this client)")
    show("file read back", f"{size} MiB at {size / (read - written):.0f} MiB/s, sha256 {checksum[:16]}... is the same")


def show_pings(host):
    times = []
    for _ in range(PINGS):
        started = time.monotonic()
        host.call("guest-ping")
        times.append((time.monotonic() - started) * 1e6)
    times.sort()
    show("ping", f"median {times[PINGS // 2]:.0f} us, 99 of 100 within {times[PINGS * 99 // 100]:.0f} us, "
                 f"{PINGS} pings")


def end(agent):
    agent.terminate()
    try:
        status = agent.wait(10)
    except subprocess.TimeoutExpired:
        agent.kill()
        sys.exit("the agent did not end on SIGTERM")
    show("SIGTERM", f"the agent ended with status {status}")
    return status


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="guestd-run-") as folder:
        agent, path = start(binary, folder)
        try:
            print(f"\n{binary} listens on {path}; this is what a host sees:\n")
            with HostClient(path) as host:
                show_information(host)
                show_file(host, folder)
                show_pings(host)
        except BaseException:
            agent.kill()
            raise
        sys.exit(end(agent))


main()
