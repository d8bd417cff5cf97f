#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C++ is formatted as .clang-format says (skipped without clang-format 14), text has no blanks at the end of a line."""

import re
import shutil
import subprocess

from support import ROOT, files, finish, lines

LONGEST_LINE = 120
TEXT = (".hpp", ".cpp", ".py", ".sh", "CMakeLists.txt", ".cmake", ".json", ".service", ".rules", "dev", ".ci/run")


def text_findings(path):
    for number, line in enumerate(lines(path), 1):
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end of the line"
        if "\t" in line:
            yield f"{path}:{number}: tab"
        if len(line) > LONGEST_LINE and path.endswith((".hpp", ".cpp", ".py", ".sh", "dev")):
            yield f"{path}:{number}: longer than {LONGEST_LINE} columns"


def clang_format():
    """Version 14 and no other: versions disagree about details."""
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(r"version 14\.", version):
                return path
    return None


def format_findings(sources):
    tool = clang_format()
    if tool is None or not sources:
        print("formatting skipped: no clang-format 14" if tool is None else "no C++ yet")
        return []
    run = subprocess.run([tool, "--dry-run", "--Werror", "-ferror-limit=1", *sources], cwd=ROOT, capture_output=True,
                         text=True, check=False)
    return [line for line in run.stderr.splitlines() if "error:" in line]


def main():
    texts = [path for path in files(*TEXT) if not path.startswith("tests/fixtures/")]
    findings = [finding for path in texts for finding in text_findings(path)]
    findings += format_findings([path for path in files(".hpp", ".cpp")])
    finish(len(texts), findings)


main()
