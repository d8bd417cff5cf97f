# SPDX-License-Identifier: Apache-2.0
"""The transcripts that say `# vm`, played against the agent in the guest.

`> ` is sent with a newline, `< ` is the next line of the reply; `<*>` in it stands for anything, `<FF>` for 0xFF, and
`<#>` for a number, which stands for the same one in later requests.
"""

import glob
import os
import re

from guest_test import GuestTest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "transcripts")


def expected(line):
    pattern = b".*".join(re.escape(part.encode()) for part in line.split("<*>"))
    pattern = pattern.replace(b"<FF>", b"\xff").replace(re.escape(b"<#>"), b"(?P<number>[0-9]+)")
    return re.compile(pattern, re.DOTALL)


def for_vm():
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.txt"))):
        with open(path, encoding="utf-8") as transcript:
            lines = transcript.read().splitlines()
        if any(re.fullmatch(r"#\s*vm\s*", line) for line in lines):
            yield os.path.basename(path), lines


def play(test, lines):
    remembered = b""
    for number, line in enumerate(lines, 1):
        if line.startswith("> "):
            test.host.send(line[2:].encode().replace(b"<#>", remembered) + b"\n")
        elif line.startswith("< "):
            reply = test.host.line()
            match = expected(line[2:]).fullmatch(reply)
            test.assertIsNotNone(match, f"line {number}: {reply}")
            remembered = match.groupdict().get("number") or remembered


class Transcripts(GuestTest):
    def test_transcripts_answer_in_guest_as_they_do_on_fixture(self):
        played = 0
        for name, lines in for_vm():
            with self.subTest(transcript=name):
                self.reconnect()
                self.host.sync()
                play(self, lines)
                played += 1
        self.assertGreater(played, 0, "no transcript says `# vm`")
        self.note("transcripts played", str(played))
