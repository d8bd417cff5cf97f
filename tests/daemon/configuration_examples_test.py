#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The configurations that the documents show as examples are valid. Argument: the agent."""

import glob
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def examples(document):
    """Indented blocks in which a group begins; an empty line between two ends one."""
    block = []
    with open(document, encoding="utf-8") as text:
        for line in [*text.read().splitlines(), ""]:
            if line.startswith("    "):
                block.append(line[4:])
                continue
            if any(re.match(r"\[[a-z]+\]", inner) for inner in block):
                yield "\n".join(block) + "\n"
            block = []


def complaint(agent, example):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "example.conf")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(example)
        run = subprocess.run([agent, "--check-config", "-c", path, "-t", folder], capture_output=True, text=True,
                             check=False)
        text = run.stdout + run.stderr
        return "" if run.returncode == 0 and "warning" not in text else text


def main():
    documents = sorted([*glob.glob(os.path.join(SOURCE, "docs", "*.md")), os.path.join(SOURCE, "README.md")])
    found = [(document, example) for document in documents for example in examples(document)]
    bad = 0
    for document, example in found:
        text = complaint(sys.argv[1], example)
        if text:
            bad += 1
            print(f"{os.path.relpath(document, SOURCE)}:\n{example}{text}")
    print(f"{len(found)} examples, {bad} of them bad")
    sys.exit(1 if bad or not found else 0)


main()
