#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every commands/*.cpp has its test, every command its transcript, and every command is one that the schema knows."""

import os
import re

from support import exists, files, finish, lines

# The prefix of standard commands is dropped, that of extensions is part of the name.
COMMAND = re.compile(r"""['"]command['"]\s*:\s*['"](?:guest-)?([a-z0-9-]+)['"]""")
# A test or transcript that is there but empty mirrors nothing.
TEST_CASE = re.compile(r"^\s*(TEST|TEST_F|TEST_P|TYPED_TEST)\(")


def schema_commands():
    names = set()
    for path in files(".json"):
        if path.startswith("schema/") and not path.startswith("schema/qmp/"):
            for line in lines(path):
                names.update(name.replace("-", "_") for name in COMMAND.findall(line))
    return names


def implements_command(path, name):
    """Whether this file defines the handler that bears its name (and not state that several commands share)."""
    return any(re.search(rf"\b{name}\((\[\[\w+\]\]\s*)?Context\s*&", line) for line in lines(path))


def findings_for(path, known):
    name = os.path.basename(path).removesuffix(".cpp")
    test = f"tests/commands/{name}_test.cpp"
    transcript = f"tests/transcripts/{name}.txt"
    if not exists(test):
        yield f"{path}: {test} is missing"
    elif not any(TEST_CASE.match(line) for line in lines(test)):
        yield f"{test}: holds no test"
    if not implements_command(path, name):
        if name in known:
            yield f"{path}: is named after a command and does not implement it"
        return
    if name not in known:
        yield f"{path}: no command of the schema has this name"
    if not exists(transcript):
        yield f"{path}: {transcript} is missing"
    elif not any(line.startswith("> ") for line in lines(transcript)):
        yield f"{transcript}: holds no request"


def main():
    known = schema_commands()
    sources = [path for path in files(".cpp") if path.startswith("commands/")]
    finish(len(sources), [finding for path in sources for finding in findings_for(path, known)])


main()
