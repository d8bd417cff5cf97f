#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links of the documents lead somewhere: to a file of the project, and to a heading in it where they name one."""

import os
import re

from support import exists, files, finish, lines

LINK = re.compile(r"\]\(([^()\s]+)\)")


def anchors(path):
    """As those that show Markdown name headings: in small letters, dashes for blanks, no other signs."""
    found = set()
    for line in without_code(lines(path)):
        if re.match(r"#{1,6} ", line):
            title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip())
            found.add(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"))
    return found


def without_code(text):
    fenced = False
    for line in text:
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield re.sub(r"`[^`]*`", "", line) if not line.startswith("#") else line


def problem(document, link):
    path, _, anchor = link.partition("#")
    if re.match(r"[a-z]+:", path):
        return None  # another site: not asked
    target = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
    if not exists(target):
        return f"{document}: no file {target} ({link})"
    if anchor and anchor not in anchors(target):
        return f"{document}: no heading #{anchor} in {target}"
    return None


def main():
    checked, findings = 0, []
    for document in files(".md"):
        for line in without_code(lines(document)):
            for link in LINK.findall(line):
                checked += 1
                finding = problem(document, link)
                if finding:
                    findings.append(finding)
    finish(checked, findings)


main()
