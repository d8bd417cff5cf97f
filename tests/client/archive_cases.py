# SPDX-License-Identifier: Apache-2.0
"""cp -r with agents that know no folders: by tar in the guest, which is this machine."""

import base64
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import unittest

from fake_agent import FakeAgent
from harness import OPTIONS, PATIENCE, QEMU_GA, Case, run

NO_FOLDERS = ("guestd-file-stat", "guestd-file-list", "guestd-file-checksum", "guestd-file-set-attributes",
              "guestd-file-make-directory")


class Programs:
    """guest-exec for a fake agent. `instead` may answer a program's words itself, with (status, output, errors)."""

    def __init__(self, instead=lambda words: None, path=None):
        self.instead = instead
        self.path = path
        self.ran = []

    def commands(self):
        return {"guest-exec": self.start, "guest-exec-status": self.status}

    def start(self, args, _client):
        words = [args["path"], *args.get("arg", [])]
        words = words[2:] if words[:2] == ["env", "LC_ALL=C"] else words
        # The numbers that it is told are none of this machine's.
        end = (0, b"", b"") if words[0] == "kill" else self.instead(words)
        if end is None:
            env = dict(os.environ, LC_ALL="C", **({"PATH": self.path} if self.path else {}))
            ran = subprocess.run(["env", *words], capture_output=True, env=env, check=False)
            end = (ran.returncode, ran.stdout, ran.stderr)
        self.ran.append((words, end))
        return {"pid": len(self.ran) - 1}

    def status(self, args, _client):
        code, output, errors = self.ran[args["pid"]][1]
        return {"exited": True, "exitcode": code, "out-data": base64.b64encode(output).decode(),
                "err-data": base64.b64encode(errors).decode()}


class ArchiveCase(Case):
    def tree(self):
        """Whatever names and files there may be."""
        top = os.fsencode(self.path("tree"))
        for name in (b"plain", b"-rf", b"new\nline", b"not\xff\xfeutf-8", "übung".encode(), b"n" * 250,
                     b"sub/" + b"d" * 200 + b"/" + b"e" * 200 + b"/deep", b"sub/empty"):
            path = os.path.join(top, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(b"" if name.endswith(b"empty") else b"content of " + name)
        os.chmod(os.path.join(top, b"plain"), 0o640)
        os.chmod(os.path.join(top, b"-rf"), 0o444)
        os.utime(os.path.join(top, b"plain"), ns=(10 ** 18, 10 ** 18 + 5))
        os.symlink("../plain", os.path.join(top, b"sub/link"))
        os.symlink(b"x" * 200, os.path.join(top, b"sub/long link"))
        os.symlink(b"not\xffutf-8", os.path.join(top, b"sub/odd link"))
        os.mkdir(os.path.join(top, b"closed"), 0o750)
        with open(os.path.join(top, b"holes"), "wb") as file:
            file.write(b"begin")
            file.seek(8 << 20)
            file.write(b"middle")
            file.truncate(16 << 20)
        with open(os.path.join(top, b"hollow"), "wb") as file:
            file.truncate(4 << 20)
        os.utime(os.path.join(top, b"closed"), ns=(10 ** 18, 10 ** 18))
        return self.path("tree")

    def assert_same_tree(self, one, other, exact=True):
        one, other = os.fsencode(one), os.fsencode(other)
        for base, folders, files in os.walk(one):
            there = os.path.join(other, os.path.relpath(base, one))
            self.assertEqual(set(os.listdir(there)), set(folders + files), base)
            for name in [b".", *folders, *files]:
                a, b = os.path.join(base, name), os.path.join(there, name)
                self.assertEqual(os.lstat(a).st_mode, os.lstat(b).st_mode, a)
                if os.path.islink(a):
                    self.assertEqual(os.readlink(a), os.readlink(b))
                    continue
                if exact:
                    self.assertEqual(os.stat(a).st_mtime_ns, os.stat(b).st_mtime_ns, a)
                elif os.path.isfile(a):
                    self.assertEqual(int(os.stat(a).st_mtime), int(os.stat(b).st_mtime), a)
                if os.path.isfile(a):
                    with open(a, "rb") as first, open(b, "rb") as second:
                        self.assertEqual(first.read(), second.read(), a)
        if exact:
            for name in (b"holes", b"hollow"):
                self.assertLess(os.stat(os.path.join(other, name)).st_blocks * 512, 1 << 19)

    def assert_nothing_is_left(self):
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".guestctl")], [])


class BothWays(ArchiveCase):
    def assert_both_ways(self, agent, exact=True):
        tree = self.tree()
        result = run("cp", "-r", tree, ":" + self.path("there"), agent=agent)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assert_same_tree(tree, self.path("there"), exact)
        result = run("cp", "-r", ":" + self.path("there"), self.path("back"), agent=agent)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assert_same_tree(tree, self.path("back"), exact)
        self.assert_nothing_is_left()

    @unittest.skipUnless(os.path.exists(QEMU_GA), "qemu-ga is not installed")
    def test_qemu_ga(self):
        self.assert_both_ways(self.real(QEMU_GA))

    @unittest.skipUnless(os.path.exists(QEMU_GA), "qemu-ga is not installed")
    def test_qemu_ga_that_may_run_nothing_is_told(self):
        agent = self.real(QEMU_GA, "-b", "guest-exec")
        self.write("tree/a", b"1")
        self.assert_fails(run("cp", "-r", self.path("tree"), ":" + self.path("x"), agent=agent), 1, "takes guestd")
        self.assert_fails(run("cp", "-r", ":" + self.path("tree"), self.path("x"), agent=agent), 1, "takes guestd")
        self.assertFalse(os.path.exists(self.path("x")))

    def test_gnu_tar(self):
        programs = Programs()
        self.assert_both_ways(self.fake(programs.commands(), NO_FOLDERS).path)
        self.assertEqual(sum("sha256sum" in words[2] for words, _ in programs.ran if words[0] == "sh"), 2)

    def with_tar_by(self, program, *words):
        found = shutil.which(program)
        if not found:
            self.skipTest(f"{program} is not installed")
        os.mkdir(self.path("bin"))
        self.write("bin/tar", f'#!/bin/sh\nexec {" ".join([found, *words])} "$@"\n'.encode(), 0o755)
        return self.fake(Programs(path=self.path("bin") + ":" + os.environ["PATH"]).commands(), NO_FOLDERS).path

    def test_tar_of_busybox(self):
        # It knows whole seconds, makes links at the end, which changes the times of their folders, and no holes.
        self.assert_both_ways(self.with_tar_by("busybox", "tar"), exact=False)

    def test_tar_of_libarchive(self):
        self.assert_both_ways(self.with_tar_by("bsdtar"))


class Folders(ArchiveCase):
    def setUp(self):
        super().setUp()
        self.programs = Programs()
        self.agent = self.fake(self.programs.commands(), NO_FOLDERS)

    def test_a_folder_that_is_there_takes_it_in(self):
        self.write("tree/a", b"1")
        os.mkdir(self.path("in"))
        self.assertEqual(run("cp", "-r", self.path("tree"), ":" + self.path("in"), agent=self.agent.path).returncode, 0)
        self.assertEqual(self.read("in", "tree", "a"), b"1")
        os.mkdir(self.path("here"))
        self.assertEqual(run("cp", "-r", ":" + self.path("in"), self.path("here"), agent=self.agent.path).returncode, 0)
        self.assertEqual(self.read("here", "in", "tree", "a"), b"1")

    def test_a_file_among_the_sources_is_a_file(self):
        source = self.write("a", b"1")
        self.assertEqual(run("cp", "-r", source, ":" + self.path("b"), agent=self.agent.path).returncode, 0)
        self.assertEqual(run("cp", "-r", ":" + self.path("b"), self.path("c"), agent=self.agent.path).returncode, 0)
        self.assertEqual(self.read("c"), b"1")
        self.assertNotIn("tar", {words[0] for words, _ in self.programs.ran})

    def test_hard_links_stay_files_of_one_content(self):
        os.link(self.write("tree/a/one", b"1"), self.path("tree", "two"))
        self.assertEqual(run("cp", "-r", ":" + self.path("tree"), self.path("x"), agent=self.agent.path).returncode, 0)
        self.assertEqual((self.read("x", "a", "one"), self.read("x", "two")), (b"1", b"1"))

    def test_pipes_are_left_out_and_told(self):
        self.write("tree/a", b"1")
        os.mkfifo(self.path("tree", "pipe"))
        for source, target in ((self.path("tree"), ":" + self.path("x")), (":" + self.path("tree"), self.path("y"))):
            result = run("cp", "-r", source, target, agent=self.agent.path)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stderr.count(b"left out"), 1, result.stderr)
        self.assertEqual((self.read("x", "a"), self.read("y", "a")), (b"1", b"1"))
        self.assertFalse(os.path.lexists(self.path("x", "pipe")) or os.path.lexists(self.path("y", "pipe")))

    def test_a_folder_that_is_not_there_is_told(self):
        result = run("cp", "-r", ":" + self.path("none"), self.path("x"), agent=self.agent.path)
        self.assert_fails(result, 1, "No such file")
        self.assertFalse(os.path.exists(self.path("x")))
        self.write("tree/a", b"1")
        result = run("cp", "-r", self.path("tree"), ":" + self.path("none", "x"), agent=self.agent.path)
        self.assert_fails(result, 1, "mktemp in the guest")

    def test_a_guest_without_tar_is_told(self):
        self.programs.instead = lambda words: (127, b"", b"env: 'tar': No such file or directory\n") \
            if words[0] == "tar" else None
        self.write("tree/a", b"1")
        for words in ((self.path("tree"), ":" + self.path("x")), (":" + self.path("tree"), self.path("y"))):
            self.assert_fails(run("cp", "-r", *words, agent=self.agent.path), 1, "has no tar")
        self.assert_nothing_is_left()

    def test_an_archive_that_changes_on_its_way_is_told(self):
        self.programs.instead = lambda words: (0, b"0" * 64 + b"  -\n", b"") if words[0] == "sh" else None
        self.write("tree/a", b"1")
        for words in ((self.path("tree"), ":" + self.path("x")), (":" + self.path("tree"), self.path("y"))):
            self.assert_fails(run("cp", "-r", *words, agent=self.agent.path), 1, "checksums of the archive differ")
        self.assertFalse(os.path.exists(self.path("x")))
        self.assert_nothing_is_left()

    def test_the_target_may_have_any_name(self):
        self.write("tree/a", b"1")
        for name in ("back\\slash", "new\nline"):
            os.mkdir(self.path(name))
            result = run("cp", "-r", self.path("tree"), ":" + self.path(name, "x"), agent=self.agent.path)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertEqual(os.listdir(self.path(name)), ["x"])

    def test_a_folder_whose_name_is_not_utf_8_does_not_become_another_one(self):
        os.mkdir(self.path("in"))
        os.mkdir(os.fsencode(self.path("odd")) + b"\xff")
        result = run("cp", "-r", os.fsencode(self.path("odd")) + b"\xff", ":" + self.path("in"), agent=self.agent.path)
        self.assert_fails(result, 1, "odd\\xff is not UTF-8")
        self.assertEqual(os.listdir(self.path("in")), [])

    def test_nothing_is_left_in_the_guest_after_an_interrupt(self):
        self.write("tree/a", b"1" * 1000000)
        process = None

        def write(args, _client):
            process.send_signal(signal.SIGINT)
            return self.agent.guest_file_write(args)

        self.agent.overrides["guest-file-write"] = write
        with subprocess.Popen([OPTIONS.guestctl, "--socket", self.agent.path, "cp", "-r", self.path("tree"),
                               ":" + self.path("x")], stderr=subprocess.PIPE, stdin=subprocess.PIPE) as process:
            errors = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual((process.returncode, errors), (1, b"guestctl: interrupted\n"))
        self.assert_nothing_is_left()
        self.assertFalse(os.path.exists(self.path("x")))

    def test_what_tar_could_not_read_is_told(self):
        self.programs.instead = lambda words: (2, b"", b"tar: ./a: Cannot open: \x1b[31m\n") if "-c" in words else None
        os.mkdir(self.path("tree"))
        result = run("cp", "-r", ":" + self.path("tree"), self.path("x"), agent=self.agent.path)
        self.assert_fails(result, 1, "in the guest: tar: ./a: Cannot open: \\x1b[31m")


class HostileArchives(ArchiveCase):
    """Archives that no tar would make."""

    def bring(self, archive):
        def instead(words):
            if words[0] != "tar" or "-c" not in words:
                return None
            with open(words[words.index("-f") + 1], "wb") as file:
                file.write(archive)
            return (0, b"", b"")

        agent = FakeAgent(tempfile.mkdtemp(dir=self.folder), Programs(instead).commands(), NO_FOLDERS)
        self.addCleanup(agent.close)
        os.makedirs(self.path("source"), exist_ok=True)
        return run("cp", "-r", ":" + self.path("source"), self.path("target"), agent=agent.path)

    @staticmethod
    def archive(*members, form=tarfile.GNU_FORMAT):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w", format=form) as archive:
            for name, kind, words in members:
                member = tarfile.TarInfo(name)
                member.type = kind
                data = b""
                if kind in (tarfile.LNKTYPE, tarfile.SYMTYPE):
                    member.linkname = words
                else:
                    data = words
                member.size = len(data)
                member.mode = 0o6755
                archive.addfile(member, io.BytesIO(data))
        return content.getvalue()

    def test_no_path_leads_out_of_the_target(self):
        outside = self.path("outside")
        victim = self.write("victim", b"mine")
        file, link, hard, folder = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
        result = self.bring(self.archive(
            ("../outside", file, b"x"), (outside, file, b"x"), ("a/../../outside", file, b"x"), ("..", folder, b""),
            ("door", link, self.folder), ("door/outside", file, b"x"), ("door/inside/outside", file, b"x"),
            ("window", link, victim), ("window", file, b"evil"),
            ("hard", hard, "../victim"), ("hard", hard, victim), ("hard", hard, "door/victim"),
            ("second", hard, "window"), ("second", file, b"evil"),
            ("", file, b"x"), (".", file, b"x"), ("good", file, b"good")))
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertFalse(os.path.lexists(outside), result.stderr)
        self.assertEqual(self.read("victim"), b"mine", result.stderr)
        self.assertEqual(sorted(os.listdir(self.path("target"))), ["door", "good", "second", "window"])
        self.assertEqual(self.read("target", "good"), b"good")
        self.assertEqual(os.stat(self.path("target", "good")).st_mode & 0o7777, 0o755)
        self.assertEqual(os.stat(self.folder).st_mode & 0o7777, 0o700)

    def test_devices_are_not_made(self):
        result = self.bring(self.archive(("device", tarfile.CHRTYPE, b""), ("disk", tarfile.BLKTYPE, b""),
                                         ("pipe", tarfile.FIFOTYPE, b""), ("good", tarfile.REGTYPE, b"good")))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(os.listdir(self.path("target")), ["good"])

    def test_broken_archives_are_told(self):
        good = self.archive(("good", tarfile.REGTYPE, b"x" * 2000))
        flipped = bytearray(good)
        flipped[3] ^= 1
        for archive, word in ((bytes(flipped), "checksum of a header"), (good[:1000], "ends in the middle"),
                              (b"x" * 512, "checksum of a header")):
            self.assert_fails(self.bring(archive), 1, word)

    def test_a_file_that_is_longer_than_any_disk_is_no_end_of_the_others(self):
        header = bytearray(self.archive(("good", tarfile.REGTYPE, b""))[:512])
        header[124:136] = b"\x80" + b"\0" * 3 + b"\x3f" + b"\xff" * 7
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        self.assert_fails(self.bring(bytes(header) + b"x" * 512), 1, "ends in the middle")
