#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes daemon/start_order.txt anew: the functions that guestd runs when it starts, and those of a small transfer. The
linker puts them side by side (docs/decisions/0020-functions-of-the-start-side-by-side.md). Needs valgrind, and a
binary with symbols:  start_order.py build/release/daemon/guestd > daemon/start_order.txt"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time


def wait(path, _folder):
    """For the start, and the look at CPUs and memory a second later."""
    while not os.path.exists(path):
        time.sleep(0.1)
    time.sleep(3)


def converse(path, folder):
    """What every host does at first, and one read and write, whose functions are hot."""
    wait(path, folder)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        replies = client.makefile("rb")

        def call(command, **arguments):
            client.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            reply = json.loads(replies.readline())
            if "return" not in reply:
                sys.exit(f"{command}: {reply}")
            return reply["return"]

        call("guest-sync", id=1)
        call("guest-ping")
        call("guest-info")
        handle = call("guest-file-open", path=os.path.join(folder, "file"), mode="w+")
        call("guest-file-write", **{"handle": handle, "buf-b64": "QUFB" * 1024})
        call("guest-file-seek", handle=handle, offset=0, whence=0)
        call("guest-file-read", handle=handle, count=4096)
        call("guest-file-close", handle=handle)


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


def run(binary, conversation):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sock")
        profile = os.path.join(folder, "profile")
        configuration = os.path.join(folder, "conf")
        with open(configuration, "w", encoding="ascii"):
            pass
        with subprocess.Popen(["valgrind", "-q", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}",
                               binary, "-m", "unix-listen", "-p", path, "-t", folder],
                              env=dict(os.environ, QGA_CONF=configuration)) as agent:
            conversation(path, folder)
            agent.terminate()
        if agent.returncode != 0:
            sys.exit(f"guestd ended with {agent.returncode}")
        with open(profile, encoding="utf-8") as file:
            return executed(file, binary)


def main():
    binary = os.path.abspath(sys.argv[1])
    start = run(binary, wait)
    if len(start) < 100:
        sys.exit(f"only {len(start)} functions: has {binary} symbols?")
    transfer = [name for name in run(binary, converse) if name not in start]
    print("# SPDX-License-Identifier: Apache-2.0\n"
          "# Written by tests/bench/start_order.py. What no longer exists does no harm, what is missing costs a page.")
    print("\n".join(start + transfer))


if __name__ == "__main__":
    main()
