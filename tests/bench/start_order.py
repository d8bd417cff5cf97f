#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes daemon/start_order.txt anew: the functions that guestd runs until its first reply, then those of the seconds
after it, then those of a small transfer. The linker puts them side by side
(docs/decisions/0020-functions-of-the-start-side-by-side.md). Needs valgrind, and a binary with symbols:
start_order.py build/bench/daemon/guestd > daemon/start_order.txt"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time


class Host:
    def __init__(self, path):
        while not os.path.exists(path):
            time.sleep(0.1)
        self._client = socket.socket(socket.AF_UNIX)
        self._client.connect(path)
        self._replies = self._client.makefile("rb")

    def call(self, command, **arguments):
        self._client.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        reply = json.loads(self._replies.readline())
        if "return" not in reply:
            sys.exit(f"{command}: {reply}")
        return reply["return"]

    def close(self):
        self._replies.close()
        self._client.close()


def transfer(host, folder):
    """What every host does at first, and one read and write, whose functions are hot."""
    host.call("guest-ping")
    host.call("guest-info")
    handle = host.call("guest-file-open", path=os.path.join(folder, "file"), mode="w+")
    host.call("guest-file-write", **{"handle": handle, "buf-b64": "QUFB" * 1024})
    host.call("guest-file-seek", handle=handle, offset=0, whence=0)
    host.call("guest-file-read", handle=handle, count=4096)
    host.call("guest-file-close", handle=handle)


def executed(profile, binary):
    """Names of the functions of `binary` in what callgrind has written (its manual: names are written out once)."""
    objects, names, found, is_ours = {}, {}, set(), False
    for line in profile:
        if match := re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?$", line.rstrip("\n")):
            is_call, kind, number, text = match.groups()
            known = objects if kind == "ob" else names
            if text:
                known[number] = text
            if kind == "ob" and not is_call:
                is_ours = os.path.basename(known[number]) == os.path.basename(binary)
            if kind == "fn" and not is_call and is_ours:
                found.add(re.sub(r"'\d+$", "", known[number]))
    return sorted(name for name in found if re.match(r"[A-Za-z_][\w.]*$", name))


def run(binary):
    """What was executed until the first reply, in the seconds after it, and in a small transfer."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sock")
        profile = os.path.join(folder, "profile")
        configuration = os.path.join(folder, "conf")
        with open(configuration, "w", encoding="ascii"):
            pass
        with subprocess.Popen(["valgrind", "-q", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}",
                               binary, "-m", "unix-listen", "-p", path, "-t", folder],
                              env=dict(os.environ, QGA_CONF=configuration)) as agent:
            def part(number):
                """What was executed since the part before."""
                subprocess.run(["callgrind_control", "--dump", str(agent.pid)], check=True, stdout=subprocess.DEVNULL)
                with open(f"{profile}.{number}", encoding="utf-8") as file:
                    return executed(file, binary)

            host = Host(path)
            host.call("guest-sync", id=1)
            parts = [part(1)]
            time.sleep(3)  # the look at CPUs and memory, and the end of the thread that has looked
            parts.append(part(2))
            transfer(host, folder)
            parts.append(part(3))
            host.close()
            agent.terminate()
        if agent.returncode != 0:
            sys.exit(f"guestd ended with {agent.returncode}")
        return parts


def main():
    binary = os.path.abspath(sys.argv[1])
    parts = run(binary)
    if len(parts[0]) < 100:
        sys.exit(f"only {len(parts[0])} functions: has {binary} symbols?")
    print("# SPDX-License-Identifier: Apache-2.0\n"
          "# Written by tests/bench/start_order.py. What no longer exists does no harm, what is missing costs a page.")
    print("\n".join(dict.fromkeys(name for part in parts for name in part)))


if __name__ == "__main__":
    main()
