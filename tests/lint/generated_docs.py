#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/commands.md is what the schema compiler writes today. Skipped while no compiler has been built."""

import difflib
import glob
import os
import subprocess
import sys

from support import ROOT, exists, finish, lines

SCHEMA = "schema/guestd.json"
DOCUMENT = "docs/commands.md"
COMMAND = ["docs", SCHEMA, "--format", "markdown"]


def newest_compiler():
    found = glob.glob(os.path.join(ROOT, "build", "*", "schema", "**", "qapi-compiler"), recursive=True)
    built = [path for path in found if os.access(path, os.X_OK) and os.path.isfile(path)]
    return max(built, key=os.path.getmtime, default=None)


def main():
    compiler = sys.argv[1] if len(sys.argv) > 1 else newest_compiler()
    if compiler is None:
        print("skipped: no build/*/schema/qapi-compiler yet")
        sys.exit(0)
    wanted = subprocess.run([compiler, *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False)
    if wanted.returncode != 0:
        finish(1, [f"{compiler} failed: {wanted.stderr.strip()}"])
    have = lines(DOCUMENT) if exists(DOCUMENT) else []
    difference = list(difflib.unified_diff(have, wanted.stdout.splitlines(), DOCUMENT, "from the schema", lineterm=""))
    if difference:
        difference.append(f"{DOCUMENT} is stale; write it again with: qapi-compiler {' '.join(COMMAND)} > {DOCUMENT}")
    finish(1, difference)


main()
