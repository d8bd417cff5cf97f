#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `guestctl cp` moves a file to guestd and back, over a Unix socket and in memory (/dev/shm). Rates by the
clock, which says little on a busy machine, and the CPU time of both sides, which says more."""

import argparse
import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_agent(binary, folder):
    path = os.path.join(folder, "agent.sock")
    configuration = os.path.join(folder, "conf")
    with open(configuration, "w", encoding="ascii"):
        pass
    agent = subprocess.Popen([binary, "-m", "unix-listen", "-p", path, "-t", folder],
                             env=dict(os.environ, GUESTD_HANDS_OFF="1", QGA_CONF=configuration))
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
            return agent, path
        except OSError:
            if agent.poll() is not None:
                raise SystemExit("the agent has ended")
            time.sleep(0.02)


def measure(title, agent, size, command):
    used = cpu_s(agent.pid)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, check=True)
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    agent_cpu = cpu_s(agent.pid) - used
    slower = max(client, agent_cpu)
    print(f"{title:32} {size / took / 1e6:7.0f} MB/s   CPU: guestctl {client:.2f} s, agent {agent_cpu:.2f} s "
          f"(alone on two processors: {size / slower / 1e6:.0f} MB/s)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("guestctl")
    parser.add_argument("agent")
    parser.add_argument("--mib", type=int, default=1024)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="guestctl-bench.", dir="/dev/shm")
    try:
        agent, path = start_agent(arguments.agent, folder)
        source, there, back = (os.path.join(folder, name) for name in ("source", "there", "back"))
        piece = os.urandom(1 << 20)
        with open(source, "wb") as file:
            for _ in range(arguments.mib):
                file.write(piece)
        size = arguments.mib << 20
        copy = [arguments.guestctl, "--socket", path, "cp", "-q"]
        measure("to the agent, no checksum", agent, size, [*copy, "--no-checksum", source, ":" + there])
        measure("to the agent", agent, size, [*copy, source, ":" + there])
        os.remove(source)
        measure("from the agent, no checksum", agent, size, [*copy, "--no-checksum", ":" + there, back])
        measure("from the agent", agent, size, [*copy, ":" + there, back])
        agent.kill()
        agent.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
