# SPDX-License-Identifier: Apache-2.0
"""cp and cat."""

import base64
import os
import signal
import stat
import subprocess
import threading

from harness import OPTIONS, PATIENCE, Case, run


def kill_and_resume(case, agent):
    """A download, with a fake agent."""
    source = case.write("source", os.urandom(8 << 20))
    started = threading.Event()

    def read(args, _client):
        # The fifth and later requests are sent when replies have been written.
        if len(agent.calls_of("guest-file-read")) > 5:
            started.wait(PATIENCE)
            process.kill()
        return agent.guest_file_read(args)

    agent.overrides["guest-file-read"] = read
    with subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, "cp", ":" + source, case.path("x")]) as process:
        started.set()
        case.assertEqual(process.wait(PATIENCE), -signal.SIGKILL)
    del agent.overrides["guest-file-read"]
    there = os.path.getsize(case.path("x"))
    case.assertGreater(there, 0)
    before = len(agent.calls_of("guest-file-read"))
    case.assertEqual(run("cp", "--resume", ":" + source, case.path("x"), agent=agent.path).returncode, 0)
    case.assertEqual(case.read("x"), case.read("source"))
    case.assertEqual(sum(args["count"] for args in agent.calls_of("guest-file-read")[before:]), (8 << 20) - there)


class Cp(Case):
    def tree(self):
        self.write("tree/plain", b"hello", 0o640)
        self.write("tree/sub/secret", b"x" * 3000000, 0o600)
        self.write("tree/sub/empty", b"")
        os.makedirs(self.path("tree", "hollow"), mode=0o750)
        os.symlink("../plain", self.path("tree", "sub", "link"))
        os.utime(self.path("tree", "plain"), ns=(10 ** 18, 10 ** 18 + 5))
        with open(self.path("tree", "holes"), "wb") as file:
            file.write(b"begin")
            file.seek(4 << 20)
            file.write(b"middle")
            file.truncate(8 << 20)
        os.mkfifo(self.path("tree", "pipe"))
        return self.path("tree")

    def assert_same_tree(self, one, other):
        left_out = {"pipe"}
        for base, folders, files in os.walk(one):
            there = os.path.join(other, os.path.relpath(base, one))
            self.assertEqual(set(os.listdir(there)), set(folders + files) - left_out, base)
            for name in set(folders + files) - left_out:
                a, b = os.path.join(base, name), os.path.join(there, name)
                self.assertEqual(os.lstat(a).st_mode, os.lstat(b).st_mode, a)
                if os.path.islink(a):
                    self.assertEqual(os.readlink(a), os.readlink(b))
                elif os.path.isfile(a):
                    self.assertEqual(os.stat(a).st_mtime_ns, os.stat(b).st_mtime_ns, a)
                    with open(a, "rb") as first, open(b, "rb") as second:
                        self.assertEqual(first.read(), second.read(), a)
        self.assertLess(os.stat(os.path.join(other, "holes")).st_blocks * 512, 4 << 20)

    def test_a_folder_goes_to_the_guest_and_back(self):
        agent = self.fake()
        tree = self.tree()
        result = run("cp", "-r", tree, ":" + self.path("there"), agent=agent.path)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count(b"left out"), 1, result.stderr)
        self.assert_same_tree(tree, self.path("there"))
        result = run("cp", "-r", ":" + self.path("there"), self.path("back"), agent=agent.path)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assert_same_tree(self.path("there"), self.path("back"))

    def test_a_name_that_is_not_utf_8_does_not_become_another_one(self):
        agent = self.fake()
        odd, other = os.fsencode(self.path("odd")) + b"\xff", self.write("odd\ufffd", b"other")
        with open(odd, "wb") as file:
            file.write(b"1")
        os.mkdir(self.path("in"))
        for words in (["cp", odd, ":" + self.path("in")], ["cp", odd, b":" + odd], ["cp", b":" + odd, self.path("x")],
                      ["cp", "-r", b":" + odd, self.path("x")], ["cp", "-", b":" + odd], ["cat", odd],
                      ["exec", "rm", odd]):
            self.assert_fails(run(*words, agent=agent.path), 1, "odd\\xff is not UTF-8")
        os.mkdir(odd + b".d")
        result = run("cp", "-r", odd + b".d", ":" + self.path("in"), agent=agent.path)
        self.assert_fails(result, 1, "odd\\xff.d: its name is not UTF-8")
        self.assertEqual((os.listdir(self.path("in")), os.path.exists(self.path("x"))), ([], False))
        self.assertEqual(run("cp", odd, ":" + self.path("y"), agent=agent.path).returncode, 0)
        self.assertEqual((self.read("y"), self.read(other)), (b"1", b"other"))

    def test_a_folder_needs_the_wish(self):
        agent = self.fake()
        os.mkdir(self.path("d"))
        self.assert_fails(run("cp", self.path("d"), ":" + self.path("e"), agent=agent.path), 1, "-r copies folders")
        self.assert_fails(run("cp", ":" + self.path("d"), self.path("e"), agent=agent.path), 1, "-r copies folders")
        self.assertFalse(os.path.exists(self.path("e")))

    def test_files_go_into_folders_under_their_names(self):
        agent = self.fake()
        os.mkdir(self.path("in"))
        files = [self.write("a", b"1"), self.write("b", b"2")]
        self.assertEqual(run("cp", *files, ":" + self.path("in"), agent=agent.path).returncode, 0)
        self.assertEqual(self.read("in", "b"), b"2")
        self.assertEqual(run("cp", *[":" + name for name in files], self.path("in"), agent=agent.path).returncode, 0)
        self.assert_fails(run("cp", *files, ":" + self.path("none"), agent=agent.path), 1, "no folder")

    def test_the_command_line_has_one_side_of_the_guest(self):
        for words in (["a", "b"], [":/a", ":/b"], ["a"]):
            self.assertEqual(run("cp", *words, agent=self.path("x")).returncode, 2, words)
        agent = self.fake()
        self.assert_fails(run("cp", ":relative", ".", agent=agent.path), 1, "no absolute path")

    def test_pipes_stand_for_either_side(self):
        agent = self.fake()
        data = os.urandom(3000000)
        self.assertEqual(run("cp", "-", ":" + self.path("f"), agent=agent.path, stdin=data).returncode, 0)
        self.assertEqual(self.read("f"), data)
        self.assertEqual(run("cp", ":" + self.path("f"), "-", agent=agent.path).stdout, data)

    def test_a_copy_is_resumed_where_it_ended(self):
        agent = self.fake()
        data = os.urandom(3 << 20)
        source = self.write("source", data)
        self.write("part", data[:2 << 20])
        self.assertEqual(run("cp", "--resume", source, ":" + self.path("part"), agent=agent.path).returncode, 0)
        self.assertEqual(self.read("part"), data)
        sent = [base64.b64decode(args["buf-b64"]) for args in agent.calls_of("guest-file-write")]
        self.assertEqual(b"".join(sent), data[2 << 20:])
        self.write("back", data[:2 << 20])
        self.assertEqual(run("cp", "--resume", ":" + source, self.path("back"), agent=agent.path).returncode, 0)
        self.assertEqual(self.read("back"), data)
        self.assertLessEqual(len(agent.calls_of("guest-file-read")), 2)

    def test_what_an_interrupt_leaves_is_resumed(self):
        kill_and_resume(self, self.fake())

    def test_what_is_there_and_something_else_is_not_resumed(self):
        agent = self.fake()
        data = os.urandom(1 << 20)
        source = self.write("source", data)
        self.write("part", b"other" * 1000)
        self.assertEqual(run("cp", "--resume", source, ":" + self.path("part"), agent=agent.path).returncode, 0)
        self.assertEqual(self.read("part"), data)

    def test_a_wrong_checksum_is_told(self):
        agent = self.fake({"guestd-file-checksum": lambda *_: {"sha256": "0" * 64, "count": 5}})
        source = self.write("source", b"hello")
        self.assert_fails(run("cp", source, ":" + self.path("x"), agent=agent.path), 1, "checksums differ")
        self.assert_fails(run("cp", ":" + source, self.path("y"), agent=agent.path), 1, "checksums differ")
        self.assertEqual(run("cp", "--no-checksum", source, ":" + self.path("x"), agent=agent.path).returncode, 0)

    def test_a_secret_is_never_open_to_others_on_its_way(self):
        modes = []
        agent = self.fake()

        def write(args, _client):
            modes.append(stat.S_IMODE(os.fstat(agent.files[args["handle"]]).st_mode))
            return agent.guest_file_write(args)

        agent.overrides["guest-file-write"] = write
        source = self.write("source", b"secret", 0o600)
        self.assertEqual(run("cp", source, ":" + self.path("there"), agent=agent.path).returncode, 0)
        self.assertEqual(modes, [0o600])

    def test_an_agent_without_folders_copies_files_and_says_so(self):
        agent = self.fake(hidden=[name for name in ("guestd-file-stat", "guestd-file-list", "guestd-file-checksum",
                                                    "guestd-file-set-attributes", "guestd-file-make-directory")])
        source = self.write("source", b"x" * 2500000)
        self.assertEqual(run("cp", source, ":" + self.path("there"), agent=agent.path).returncode, 0)
        self.assertEqual(run("cp", ":" + self.path("there"), self.path("back"), agent=agent.path).returncode, 0)
        self.assertEqual(self.read("back"), b"x" * 2500000)
        self.assert_fails(run("cp", "-r", self.folder, ":/tmp/x", agent=agent.path), 1, "takes guestd")
        self.assert_fails(run("cp", "-r", ":/etc", self.folder, agent=agent.path), 1, "takes guestd")
