#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tests' own way into the guest, beside the agent under test.

A line on the port is `<number> <base64 of a shell script>`; the answer is a line `<the same number> <exit status>
<base64 of the output>`. It lets a test stop the agent, pull its port, or look at /proc while no host is connected to
the agent.
"""

import base64
import os
import subprocess
import time

PORT_NAME = "org.guestd.test.0"


def find_port():
    """The device node, found through sysfs so that this works before udev has made its links."""
    base = "/sys/class/virtio-ports"
    for entry in os.listdir(base) if os.path.isdir(base) else []:
        with open(f"{base}/{entry}/name", encoding="ascii") as name:
            if name.read().strip() == PORT_NAME:
                return f"/dev/{entry}"
    return None


def run(script):
    # Into a file and not a pipe: a process that the script leaves behind must not hold up the answer.
    with open("/run/vm-test-hook.out", "w+b") as output:
        done = subprocess.run(["/bin/bash", "-c", script], stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        return done.returncode, output.read()


def serve(port):
    pending = b""
    while True:
        chunk = os.read(port, 65536)
        if not chunk:  # the host is not connected
            time.sleep(0.1)
            continue
        pending += chunk
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            number, script = line.split()
            status, output = run(base64.b64decode(script).decode())
            reply = b"%s %d %s\n" % (number, status, base64.b64encode(output))
            while reply:
                reply = reply[os.write(port, reply):]


def main():
    while (path := find_port()) is None:
        time.sleep(0.1)
    serve(os.open(path, os.O_RDWR))


main()
