#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point downwards only, and each library stays in the folders that may know it (docs/architecture.md)."""

import re

from support import files, finish, lines

MAY_INCLUDE = {
    "base": {"base"},
    "protocol": {"base", "protocol"},
    "schema": {"base", "schema"},
    "generated": {"base", "protocol", "generated"},
    "platform": {"base", "platform"},
    "commands": {"base", "protocol", "generated", "platform", "commands"},
    "daemon": {"base", "protocol", "generated", "platform", "commands", "daemon"},
    "client": {"base", "protocol", "generated", "client"},
    "tests": {"base", "protocol", "generated", "platform", "commands", "daemon", "client", "schema", "tests"},
}

# Headers of the protocol that hold no JSON; commands see these and no others.
PROTOCOL_FOR_COMMANDS = {"protocol/base64.hpp", "protocol/byte_stream.hpp"}

# The one thing of the guest's side that the client has too.
PLATFORM_FOR_CLIENT = {"platform/sha256.hpp"}

LIBRARIES = {
    "simdjson": {"protocol", "tests"},
    "boost/": {"daemon", "client", "tests"},
    "spdlog/": {"daemon"},
    "fmt/": {"daemon"},
    "CLI/": {"client"},
    "systemd/": {"daemon", "platform", "tests"},
    "libudev": {"daemon", "platform", "tests"},
    "gtest/": {"tests"},
    "gmock/": {"tests"},
    "benchmark/": {"tests"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ABSOLUTE_PATH = re.compile(r'"/[A-Za-z]')
WIRE_NAME = re.compile(r'"guest-[a-z]')


def include_finding(path, quoted, target):
    folder = path.split("/", 1)[0]
    if quoted:
        to = target.split("/", 1)[0]
        if "/" not in target or to not in MAY_INCLUDE:
            return f'include "{target}" by its path from the root of the project'
        if folder == "client" and target in PLATFORM_FOR_CLIENT:
            return None
        if to not in MAY_INCLUDE[folder]:
            return f"{folder}/ may not include {target}"
        if folder == "commands" and to == "protocol" and target not in PROTOCOL_FOR_COMMANDS:
            return f"commands see no JSON: {target}"
        return None
    for prefix, allowed in LIBRARIES.items():
        if target.startswith(prefix) and folder not in allowed:
            return f"<{target}> belongs in {', '.join(sorted(allowed))}"
    return None


def text_finding(path, line):
    code = line.split("//", 1)[0] if line.lstrip().startswith("//") else line
    if path.startswith("commands/") and ABSOLUTE_PATH.search(code):
        return "commands know no absolute path; ask platform/"
    if path.startswith("daemon/") and WIRE_NAME.search(code):
        return "the daemon names no command; use a feature of the schema"
    return None


def findings_in(path):
    for number, line in enumerate(lines(path), 1):
        include = INCLUDE.match(line)
        finding = include_finding(path, include[1] == '"', include[2]) if include else text_finding(path, line)
        if finding:
            yield f"{path}:{number}: {finding}"


def main():
    sources = [path for path in files(".hpp", ".cpp") if path.split("/", 1)[0] in MAY_INCLUDE]
    finish(len(sources), [finding for path in sources for finding in findings_in(path)])


main()
