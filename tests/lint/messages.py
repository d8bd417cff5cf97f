#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The messages that docs/troubleshooting.md explains are those of the sources. Only messages of guestd and guestctl:
rows whose first cell names another program are not looked at."""

import re

from support import exists, files, finish, lines

DOCUMENT = "docs/troubleshooting.md"
OTHERS = ("libvirt", "Proxmox")
# Shorter pieces, between two placeholders, would be found anywhere.
SHORTEST = 8


def messages():
    """From first cells; those in backquotes that have a blank in them."""
    for line in lines(DOCUMENT):
        first = line.split("|")[1] if line.startswith("|") else ""
        if not first.strip().startswith(OTHERS):
            yield from (message for message in re.findall(r"`([^`]+)`", first) if " " in message)


def pieces(message):
    return [piece for piece in re.split(r"<[^>]*>", message) if len(piece.strip()) >= SHORTEST]


def sources():
    """All literals; those that are broken into several lines are put together again."""
    text = "\n".join("\n".join(lines(path)) for path in files(".cpp", ".hpp") if not path.startswith("tests/"))
    return re.sub(r'"\s*\n\s*"', "", text)


def main():
    if not exists(DOCUMENT):
        finish(0, [])
    text, checked, findings = sources(), 0, []
    for message in messages():
        checked += 1
        findings += [f"{DOCUMENT}: nothing says '{piece.strip()}'"
                     for piece in pieces(message) if piece.strip(" '()") not in text]
    finish(checked, findings)


main()
