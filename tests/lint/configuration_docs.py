#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every key of the configuration is documented in its group, every option in guestd(8), and nothing is that is not
there. Keys and options are those of the tables that the agent itself reads by."""

import re

from support import files, finish, lines

KEYS = "daemon/configuration_file.cpp"
OPTIONS = "daemon/options.cpp"
REFERENCE = "docs/configuration.md"
PAGE = "packaging/guestd.8"
# A second name, which is told of below its table.
OLD_NAMES = {("general", "blacklist")}


def known_keys():
    """Pairs of group and key: `Key{"name", ...}` in tables that `if (group == "name") return kTable;` hands out."""
    text = "\n".join(lines(KEYS))
    tables = {name: re.findall(r'Key\{"([a-z-]+)"', body)
              for name, body in re.findall(r"constexpr std::array (k\w+Keys)\{(.*?)\};", text, re.DOTALL)}
    return {(group, key) for group, table in re.findall(r'if \(group == "(\w+)"\) return (k\w+);', text)
            for key in tables[table]}


def documented_keys():
    """From tables whose head begins with `key`, below `## Group <name>`."""
    found, group, in_table = set(), None, False
    for line in lines(REFERENCE):
        heading = re.match(r"## (?:Group `(\w+)`)?", line)
        if heading:
            group = heading[1]
        in_table = line.startswith("|") and (in_table or line.startswith("| key |"))
        if in_table and group:
            found |= {(group, key) for key in re.findall(r"`([a-z-]+)`", line.split("|")[1])}
    return found


def main():
    if not files(KEYS):
        finish(0, [])
    keys, documented = known_keys(), documented_keys()
    findings = [f"{REFERENCE}: no key '{key}' in group '{group}'"
                for group, key in sorted(keys - documented - OLD_NAMES)]
    findings += [f"{REFERENCE}: key '{key}' of group '{group}' does not exist"
                 for group, key in sorted(documented - keys)]
    options = set(re.findall(r'\{"([a-z-]+)", (?:no|required|optional)_argument', "\n".join(lines(OPTIONS))))
    page = "\n".join(lines(PAGE)).replace("\\-", "-")
    findings += [f"{PAGE}: no option --{option}" for option in sorted(options) if f"--{option}" not in page]
    finish(len(keys) + len(options), findings)


main()
