#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manual pages have nothing that groff or mandoc warns of: those of packaging/, and the one that the schema compiler
writes. Whichever of the two tools is not installed is left out, and so is the generated page while no compiler has been
built."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

from support import ROOT, files, finish

SCHEMA = "schema/guestd.json"
# The same sources make the same page, so no page has a date.
TAKEN = "missing date, using"
TOOLS = {
    "groff": ["groff", "-man", "-Tutf8", "-ww", "-z"],
    "mandoc": ["mandoc", "-Tlint", "-W", "warning"],
}


def newest_compiler():
    found = glob.glob(os.path.join(ROOT, "build", "*", "schema", "**", "qapi-compiler"), recursive=True)
    return max((path for path in found if os.path.isfile(path)), key=os.path.getmtime, default=None)


def warnings(path):
    found = []
    for tool, command in TOOLS.items():
        if shutil.which(tool) is None:
            continue
        run = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        found += [line for line in (run.stdout + run.stderr).splitlines() if TAKEN not in line]
    return found


def main():
    pages = [os.path.join(ROOT, path) for path in files(".1", ".5", ".7", ".8") if path.startswith("packaging/")]
    findings = [line for page in pages for line in warnings(page)]
    compiler = sys.argv[1] if len(sys.argv) > 1 else newest_compiler()
    if compiler is not None and os.path.exists(os.path.join(ROOT, SCHEMA)):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "guestd-commands.7")
            run = subprocess.run([compiler, "docs", SCHEMA, "--format", "man", "--out", page], cwd=ROOT,
                                 capture_output=True, text=True, check=False)
            findings += run.stderr.splitlines() if run.returncode != 0 else warnings(page)
            pages.append(page)
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}")
    finish(len(pages), findings)


main()
