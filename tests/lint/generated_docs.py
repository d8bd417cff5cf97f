#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/commands.md is what the schema compiler writes today, and guestd.conf(5) what is made of docs/configuration.md.
What has no tool here is left out: a compiler that was built, and lowdown(1)."""

import difflib
import glob
import os
import shutil
import subprocess
import sys

from support import ROOT, exists, finish, lines

SCHEMA = "schema/guestd.json"
DOCUMENT = "docs/commands.md"
PAGE = "packaging/guestd.conf.5"
PAGE_WRITER = "packaging/configuration_page.py"
COMMAND = ["docs", SCHEMA, "--format", "markdown"]


def newest_compiler():
    found = glob.glob(os.path.join(ROOT, "build", "*", "schema", "**", "qapi-compiler"), recursive=True)
    built = [path for path in found if os.access(path, os.X_OK) and os.path.isfile(path)]
    return max(built, key=os.path.getmtime, default=None)


def differences(document, command):
    wanted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if wanted.returncode != 0:
        return [f"{command[0]} failed: {wanted.stderr.strip()}"]
    have = lines(document) if exists(document) else []
    found = list(difflib.unified_diff(have, wanted.stdout.splitlines(), document, "today's", lineterm=""))
    return [*found, f"{document} is stale; ./dev lint --fix writes it again"] if found else []


def main():
    compiler = sys.argv[1] if len(sys.argv) > 1 else newest_compiler()
    checked, findings = 0, []
    if compiler is None:
        print("left out: there is no build/*/schema/qapi-compiler yet")
    else:
        checked += 1
        findings += differences(DOCUMENT, [compiler, *COMMAND])
    if shutil.which("lowdown") is None:
        print("left out: lowdown is not installed")
    elif exists(PAGE_WRITER):
        checked += 1
        findings += differences(PAGE, [sys.executable, "-B", PAGE_WRITER])
    finish(checked, findings)


main()
