#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far the unit is enclosed under each profile, by systemd's own measure (0: fully, 10: not at all), and whether
systemd understands what --print-unit-drop-in prints. Argument: the agent."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# What must not get worse. `full` runs any program for its host, so that there is nothing to enclose.
AT_MOST = {"full": 10.0, "backup": 7.1, "monitor": 4.0, "none": 4.0}
SKIPPED = 77


def measure(agent, profile, root):
    """The score, and what systemd has to say about the unit."""
    folder = os.path.join(root, "etc/systemd/system/guestd.service.d")
    os.makedirs(folder, exist_ok=True)
    os.makedirs(os.path.join(root, "usr/sbin"), exist_ok=True)
    shutil.copy(os.path.join(SOURCE, "packaging/systemd/guestd.service"), os.path.dirname(folder))
    shutil.copy(agent, os.path.join(root, "usr/sbin/guestd"))
    drop_in = subprocess.run([agent, f"--print-unit-drop-in={profile}"], capture_output=True, text=True, check=True)
    with open(os.path.join(folder, "profile.conf"), "w", encoding="utf-8") as file:
        file.write(drop_in.stdout)
    run = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--root={root}", "guestd.service"],
                         capture_output=True, text=True, check=False)
    score = re.search(r"guestd\.service: ([0-9.]+)", run.stdout)
    complaints = [line for line in run.stderr.splitlines()
                  if "guestd" in line and ("nknown" in line or "ailed to parse" in line or "nvalid" in line)]
    return float(score[1]) if score else None, complaints + ([] if score else run.stderr.splitlines())


def main():
    if shutil.which("systemd-analyze") is None:
        print("there is no systemd-analyze")
        return SKIPPED
    failed = False
    for profile, limit in AT_MOST.items():
        with tempfile.TemporaryDirectory(prefix="guestd-unit-") as root:
            score, complaints = measure(sys.argv[1], profile, root)
        for line in complaints:
            print(line)
        good = score is not None and score <= limit and not complaints
        failed = failed or not good
        print(f"{profile}: {score}, at most {limit}{'' if good else ': FAILED'}")
    return 1 if failed else 0


sys.exit(main())
