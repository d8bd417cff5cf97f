#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file says its licence in its first line (scripts: in the line after the interpreter)."""

from support import files, finish, lines

LICENCE = "SPDX-License-Identifier: Apache-2.0"
SUFFIXES = (".hpp", ".cpp", ".py", ".sh", ".cmake", "CMakeLists.txt", ".service", ".rules", ".conf", ".yml", ".spec",
            ".toml")
SCRIPTS = ("dev", ".ci/run", *(f"packaging/debian/{name}" for name in (
    "rules", "guestd.init", "guestd.postinst", "guestd.prerm", "guestd.postrm")))


def says_licence(path):
    first = [line for line in lines(path)[:2] if not line.startswith("#!")]
    return bool(first) and LICENCE in first[0]


def main():
    sources = [path for path in files(*SUFFIXES, *SCRIPTS)
               if path.endswith(SUFFIXES) or path in SCRIPTS]
    sources = [path for path in sources if not path.startswith("tests/fixtures/")]
    finish(len(sources), [f"{path}:1: no {LICENCE}" for path in sources if not says_licence(path)])


main()
