# SPDX-License-Identifier: Apache-2.0
"""The command line itself: statuses, help, completion, manual pages."""

import re
import shutil
import socket
import subprocess

from harness import OPTIONS, Case, run


class CommandLine(Case):
    def test_the_status_tells_what_went_wrong(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("nonsense").returncode, 2)
        self.assertEqual(run("ping", "--nonsense").returncode, 2)
        self.assertEqual(run("ping", "--vsock", "x").returncode, 2)
        self.assertEqual(run("--socket", "a", "--serial", "b", "ping").returncode, 2)
        self.assert_fails(run("ping", agent=self.path("nothing")), 3, "there is no socket")
        with socket.socket(socket.AF_UNIX) as unused:
            unused.bind(self.path("unused"))
            self.assert_fails(run("ping", agent=self.path("unused")), 3, "nobody listens")
            unused.listen()
            self.assert_fails(run("--timeout", "0.2", "ping", agent=self.path("unused")), 4, "no agent answers")

    def test_help_and_version_go_to_standard_output(self):
        for words in (["--help"], ["ping", "--help"], ["--version"]):
            result = run(*words)
            self.assertEqual(result.returncode, 0)
            self.assertTrue(result.stdout)
        verbs = run("--help").stdout.decode()
        for verb in ("ping", "exec", "cp", "freeze", "top"):
            self.assertRegex(verbs, rf"\n  {verb} ")

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([OPTIONS.guestctl, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assert_fails(result, 1, "cannot write the output")

    def test_completions_are_scripts_of_their_shells(self):
        for shell in ("bash", "zsh", "fish"):
            script = run("completion", shell).stdout
            self.assertIn(b"freeze", script)
            self.assertIn(b"resume", script)
            if shutil.which(shell):
                path = self.write(shell, script)
                check = subprocess.run([shell, "-n", path], capture_output=True, check=False)
                self.assertEqual(check.returncode, 0, check.stderr)

    def test_bash_completes_verbs_options_and_files(self):
        script = self.write("completion", run("completion", "bash").stdout)

        def completed(*words):
            line = " ".join(f"'{word}'" for word in words)
            code = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _guestctl; "
                    "printf '%s\\n' \"${COMPREPLY[@]}\"")
            return subprocess.run(["bash", "-c", code], capture_output=True, check=True).stdout.decode().split()

        self.assertIn("freeze", completed("guestctl", "fr"))
        self.assertIn("--resume", completed("guestctl", "--socket", "x", "cp", "--re"))
        self.assertEqual(completed("guestctl", "--socket", script[:-2]), [script])

    def test_manual_pages_have_nothing_that_groff_or_mandoc_warns_of(self):
        names = re.findall(r"\n  (\w+) ", run("--help").stdout.decode().split("Options:")[0])
        self.assertGreater(len(names), 20)
        for name in ["", *names]:
            page = run("man", *([name] if name else [])).stdout
            self.assertIn(b".SH NAME", page)
            summary, _, body = page.partition(b".SH DESCRIPTION\n")
            self.assertNotIn(body.splitlines()[0], summary, f"{name} has no text of its own in man_text.cpp")
            if shutil.which("groff"):
                check = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True,
                                       check=False)
                self.assertEqual(check.stderr, b"", name)
            if shutil.which("mandoc"):
                check = subprocess.run(["mandoc", "-Tlint", "-W", "warning"], input=page, capture_output=True,
                                       check=False)
                warnings = [line for line in check.stdout.splitlines() if b"missing date" not in line]
                self.assertEqual(warnings, [], name)
