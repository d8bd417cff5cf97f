#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lints against small trees: each must pass a good one and find what it is there for."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

LINTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"

GOOD = {
    "base/result.hpp": LICENCE + "#include <string>\n",
    "protocol/byte_stream.hpp": LICENCE + '#include "base/result.hpp"\n',
    "platform/root.hpp": LICENCE + '#include "base/result.hpp"\n',
    "schema/guest-agent/protocol.json": "{ 'command': 'guest-ping' }\n",
    "commands/ping.cpp": LICENCE + '#include "platform/root.hpp"\nResult<void> ping(Context& context) {}\n',
    "tests/commands/ping_test.cpp": LICENCE + "TEST(Ping, AnswersNothing) {\n}\n",
    "tests/transcripts/ping.txt": '> {"execute":"guest-ping"}\n< {"return": {}}\n',
}


class Lints(unittest.TestCase):
    def run_lint(self, name, changes):
        """Exit status and output of a lint over the good tree with `changes` (None: the file is taken away)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **changes}.items():
                if text is not None:
                    os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                        file.write(text)
            run = subprocess.run([sys.executable, "-B", os.path.join(LINTS, name)], capture_output=True, text=True,
                                 env={**os.environ, "GUESTD_LINT_ROOT": root}, check=False)
            return run.returncode, run.stdout

    def assert_finds(self, name, changes, text):
        status, output = self.run_lint(name, changes)
        self.assertEqual(1, status, output)
        self.assertIn(text, output)

    def test_good_tree_passes(self):
        for name in ("layers.py", "mirrors.py", "spdx.py"):
            self.assertEqual(0, self.run_lint(name, {})[0], name)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_unknown_request_in_a_manual_page_is_found(self):
        page = '.TH A 8 "" "" ""\n.SH NAME\na \\- b\n'
        self.assertEqual(0, self.run_lint("manual_pages.py", {"packaging/a.8": page})[0])
        self.assert_finds("manual_pages.py", {"packaging/a.8": page + ".XY c\n"}, "XY")

    def test_include_that_points_up_is_found(self):
        self.assert_finds("layers.py", {"base/result.hpp": '#include "protocol/byte_stream.hpp"\n'},
                          "base/ may not include protocol/byte_stream.hpp")
        self.assert_finds("layers.py", {"platform/root.hpp": '#include "protocol/byte_stream.hpp"\n'},
                          "platform/ may not")
        self.assert_finds("layers.py", {"client/main.cpp": '#include "platform/root.hpp"\n'}, "client/ may not")

    def test_include_by_bare_name_is_found(self):
        self.assert_finds("layers.py", {"base/a.cpp": '#include "result.hpp"\n'}, "by its path from the root")

    def test_commands_that_know_json_or_paths_are_found(self):
        self.assert_finds("layers.py", {"commands/a.cpp": '#include "protocol/json_reader.hpp"\n'},
                          "commands see no JSON")
        self.assert_finds("layers.py", {"commands/a.cpp": 'open("/etc/os-release");\n'}, "no absolute path")

    def test_daemon_that_names_a_command_is_found(self):
        self.assert_finds("layers.py", {"daemon/a.cpp": 'if (name == "guest-sync") {}\n'}, "names no command")

    def test_library_in_the_wrong_folder_is_found(self):
        self.assert_finds("layers.py", {"commands/a.cpp": "#include <simdjson.h>\n"}, "belongs in")

    def test_command_without_test_or_transcript_is_found(self):
        self.assert_finds("mirrors.py", {"tests/commands/ping_test.cpp": None}, "ping_test.cpp is missing")
        self.assert_finds("mirrors.py", {"tests/transcripts/ping.txt": None}, "ping.txt is missing")

    def test_empty_test_and_transcript_are_found(self):
        self.assert_finds("mirrors.py", {"tests/commands/ping_test.cpp": LICENCE}, "holds no test")
        self.assert_finds("mirrors.py", {"tests/transcripts/ping.txt": "# later\n"}, "holds no request")

    def test_command_that_the_schema_lacks_is_found(self):
        self.assert_finds("mirrors.py", {"schema/guest-agent/protocol.json": ""}, "no command of the schema")

    def test_shared_state_needs_its_test_and_no_transcript(self):
        state = {"commands/file_handles.cpp": LICENCE}
        self.assert_finds("mirrors.py", state, "file_handles_test.cpp is missing")
        state["tests/commands/file_handles_test.cpp"] = LICENCE + "TEST(FileHandles, AreNotUsedTwice) {\n}\n"
        self.assertEqual(0, self.run_lint("mirrors.py", state)[0])

    def test_missing_licence_is_found(self):
        self.assert_finds("spdx.py", {"base/result.hpp": "#include <string>\n"}, "base/result.hpp:1")

    def test_blanks_and_long_lines_are_found(self):
        self.assert_finds("style.py", {"base/result.hpp": LICENCE + "int x; \n"}, "blanks at the end")
        self.assert_finds("style.py", {"base/result.hpp": LICENCE + "// " + "x" * 120 + "\n"}, "longer than")

    def test_links_that_lead_nowhere_are_found(self):
        self.assert_finds("links.py", {"README.md": "See [it](docs/gone.md).\n"}, "no file docs/gone.md")
        self.assert_finds("links.py", {"README.md": "# Title\nSee [it](#other).\n"}, "no heading #other")
        self.assertEqual(0, self.run_lint("links.py", {"README.md": "# A `b` c\nSee [it](README.md#a-b-c).\n"})[0])

    def test_messages_that_nothing_says_are_found(self):
        code = {"base/a.cpp": LICENCE + 'Error{"cannot find the way to " + place + ": it is "\n  "closed"};\n',
                "docs/troubleshooting.md": "| `cannot find the way to <place>: it is closed` | it is night |\n"}
        self.assertEqual(0, self.run_lint("messages.py", code)[0])
        code["base/a.cpp"] = LICENCE
        self.assert_finds("messages.py", code, "nothing says 'cannot find the way to'")

    def test_keys_and_options_without_documentation_are_found(self):
        agent = {
            "daemon/configuration_file.cpp": LICENCE + 'constexpr std::array kExecKeys{Key{"grace", f}};\n'
                                             'if (group == "exec") return kExecKeys;\n',
            "daemon/options.cpp": LICENCE + 'option{"verbose", no_argument, nullptr, 0},\n',
            "docs/configuration.md": "## Group `exec`\n| key | meaning |\n| --- | --- |\n| `grace` | time |\n",
            "packaging/guestd.8": "\\-\\-verbose\n",
        }
        self.assertEqual(0, self.run_lint("configuration_docs.py", agent)[0])
        self.assert_finds("configuration_docs.py", {**agent, "docs/configuration.md": ""}, "no key 'grace'")
        self.assert_finds("configuration_docs.py", {**agent, "packaging/guestd.8": ""}, "no option --verbose")
        more = agent["docs/configuration.md"] + "| `gone` | nothing |\n"
        self.assert_finds("configuration_docs.py", {**agent, "docs/configuration.md": more}, "'gone' of group 'exec'")


unittest.main()
