#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes guestd.conf(5) from docs/configuration.md: configuration_page.py > packaging/guestd.conf.5. Needs lowdown(1).

What a browser shows as a table of keys becomes a list, since a terminal is narrow, and links become words."""

import os
import re
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "configuration.md")
INTRODUCTION = ("# NAME\n\nguestd.conf - configuration of guestd(8)\n\n# SYNOPSIS\n\n`/etc/guestd/guestd.conf`  \n"
                "`/etc/guestd/guestd.conf.d/*.conf`  \n`/etc/qemu/qemu-ga.conf`\n\n# DESCRIPTION\n")


def cells(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def as_list(table):
    """Each row: its first cell, and in the line below what it means; cells between go in brackets."""
    header, rows = cells(table[0]), [cells(row) for row in table[2:]]
    for row in rows:
        extra = [f"{name} {text}" for name, text in zip(header[1:-1], row[1:-1])]
        yield f"{row[0]}\n: {'(' + ', '.join(extra) + ') ' if extra else ''}{row[-1]}\n"


def without_tables(lines):
    table = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            yield from as_list(table)
            table = []
        yield line


def page(markdown):
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    title, _, body = words.partition("\n")
    assert title.startswith("# ")
    text = "\n".join(without_tables(body.splitlines()))
    text = re.sub(r"(?m)^## (.*)$", lambda match: "# " + match[1].upper().replace("`", ""), text)
    return INTRODUCTION + text


def main():
    with open(SOURCE, encoding="utf-8") as source:
        markdown = page(source.read())
    command = ["lowdown", "-s", "-T", "man"]
    for name, value in (("title", "guestd.conf"), ("section", "5"), ("source", "guestd"), ("volume", "guestd")):
        command += ["-M", f"{name}={value}"]
    run = subprocess.run(command, input=markdown, capture_output=True, text=True, check=True)
    # The typewriter font is none that terminals have, and mandoc(1) does not know it.
    text = run.stdout.replace("\\f(CR", "\\fB").replace("\\fC", "\\fB")
    text = re.sub(r"(?m)^\.SH\n(.*)\n(?:\.[LP]P\n)?", r".SH \1\n", text)
    sys.stdout.write('.\\" SPDX-License-Identifier: Apache-2.0\n.\\" Written by configuration_page.py.\n' + text)


main()
