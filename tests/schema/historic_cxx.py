#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C++ of a historic schema is complete and compiles without a warning.

usage: historic_cxx.py MANIFEST_NAME SOURCE_DIR QAPI_COMPILER CXX FLAG...

The schemas are not part of the project: they and their MANIFEST.txt are looked for in $GUESTD_SHARED/schemas, or in
shared/schemas beside the source folder or its parent. Exit code 77 where they are not.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
COMMON_SOURCES = {"decode.cpp", "encode.cpp", "events.cpp", "types.cpp"}


def schema_folder(source_dir):
    shared = os.environ.get("GUESTD_SHARED")
    source = pathlib.Path(source_dir)
    candidates = [pathlib.Path(shared)] if shared else [source.parent / "shared", source.parent.parent / "shared"]
    return next((path / "schemas" for path in candidates if (path / "schemas" / "MANIFEST.txt").exists()), None)


def manifest_row(folder, name):
    """(commands, events, flags) of a schema."""
    for line in (folder / "MANIFEST.txt").read_text(encoding="utf-8").splitlines():
        words = line.split("#", 1)[0].split()
        if words and words[0] == name:
            flags = [] if words[7] == "-" else words[7].split(",")
            return int(words[1]), int(words[2]), flags
    sys.exit(f"{name} is not in MANIFEST.txt")


def generate(qapi_compiler, schema, flags, out):
    subprocess.run([qapi_compiler, "c++", schema, "--out", out, "--namespace", "some::place", *flags], check=True,
                   stderr=subprocess.DEVNULL)  # --partial warns


def expect_count(out, file, pattern, expected):
    found = len(re.findall(pattern, (out / file).read_text(encoding="utf-8"), re.MULTILINE))
    if found != expected:
        sys.exit(f"{file} has {found} of {expected}: {pattern}")


def start_compiler(out, command):
    """All sources as one, which saves reading the headers again and again."""
    sources = sorted(path.name for path in out.glob("*.cpp"))
    if not COMMON_SOURCES < set(sources):
        sys.exit(f"only these files came out: {sources}")
    (out / "all.cc").write_text("".join(f'#include "{name}"\n' for name in sources), encoding="utf-8")
    return subprocess.Popen([*command, "-fsyntax-only", str(out / "all.cc")])


def main():
    name, source_dir, qapi_compiler, *compiler = sys.argv[1:]
    folder = schema_folder(source_dir)
    if folder is None:
        print("skipped: no shared/schemas here")
        sys.exit(SKIPPED)
    commands, events, flags = manifest_row(folder, name)
    with tempfile.TemporaryDirectory() as scratch:
        server, client = pathlib.Path(scratch, "server"), pathlib.Path(scratch, "client")
        generate(qapi_compiler, folder / name, flags, server)
        generate(qapi_compiler, folder / name, [*flags, "--client"], client)
        expect_count(server, "dispatch.cpp", r"^    \.name = ", commands)
        expect_count(client, "calls.hpp", r" kName = ", commands)
        for role in (server, client):
            expect_count(role, "events.hpp", r" kName = ", events)
        runs = [start_compiler(role, [*compiler, f"-I{source_dir}"]) for role in (server, client)]
        failed = [run.wait() != 0 for run in runs]
    sys.exit(any(failed))


main()
