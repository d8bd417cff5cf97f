#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The version is the same wherever it is written down."""

import re

from support import finish, lines

PLACES = (
    ("CMakeLists.txt", r"project\(guestd VERSION ([0-9.]+)"),
    ("packaging/debian/changelog", r"guestd \(([0-9.]+)\)"),
    ("packaging/rpm/guestd.spec", r"Version: +([0-9.]+)"),
    ("packaging/rpm/guestd.spec", r"\* .* - ([0-9.]+)-[0-9]+$"),
)


def version_in(path, pattern):
    """Of the first line that has one: changelogs begin with the newest."""
    return next((found[1] for found in (re.match(pattern, line) for line in lines(path)) if found), None)


def main():
    found = [(path, version_in(path, pattern)) for path, pattern in PLACES]
    wanted = found[0][1]
    finish(len(found), [f"{path}: version {version}, and {wanted} in {PLACES[0][0]}" for path, version in found
                        if version is None or version != wanted])


main()
