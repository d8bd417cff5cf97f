# SPDX-License-Identifier: Apache-2.0
"""cp --resume, and checksums, with agents that know bytes alone: by programs in the guest, which is this machine."""

import base64
import hashlib
import os
import signal
import socket
import subprocess
import threading
import unittest

import copying_cases
from archive_cases import NO_FOLDERS, Programs
from fake_agent import Server
from harness import OPTIONS, PATIENCE, QEMU_GA, Case, refuse, run

MIB = 1 << 20


class Relay(Server):
    """Between guestctl and an agent, to count what goes over."""

    def __init__(self, path, agent):
        self.agent = agent
        self.to_agent = self.to_client = 0
        super().__init__(path)

    def converse(self, client):
        with socket.socket(socket.AF_UNIX) as agent:
            agent.connect(self.agent)
            back = threading.Thread(target=self.pump, args=(agent, client, "to_client"), daemon=True)
            back.start()
            self.pump(client, agent, "to_agent")
            back.join()

    def pump(self, source, target, counter):
        try:
            while piece := source.recv(65536):
                setattr(self, counter, getattr(self, counter) + len(piece))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Resuming:
    """With any agent that runs programs."""

    def setUp(self):
        super().setUp()
        self.relay = Relay(self.path("relay.sock"), self.agent_path())
        self.addCleanup(self.relay.close)
        self.data = os.urandom(3 * MIB)
        self.source = self.write("source", self.data)

    def copy(self, source, target, *words):
        """How much went over, in either direction."""
        before = self.relay.to_agent + self.relay.to_client
        result = run("cp", *words, source, target, agent=self.relay.path)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return self.relay.to_agent + self.relay.to_client - before

    def assert_copies(self, part, least, most, *words):
        """Both ways, over what is there in part, and with so many bytes over the wire."""
        for source, target, name in ((self.source, ":" + self.write("there", part), "there"),
                                     (":" + self.source, self.write("here", part), "here")):
            moved = self.copy(source, target, *(words or ("--resume",)))
            self.assertEqual(self.read(name), self.data, name)
            self.assertGreaterEqual(moved, least, name)
            self.assertLessEqual(moved, most, name)

    def test_a_file_is_resumed_where_it_ended(self):
        self.assert_copies(self.data[:2 * MIB + 1], MIB, 2 * MIB)

    def test_a_file_that_is_there_is_left(self):
        self.assert_copies(self.data, 0, MIB)

    def test_another_beginning_is_copied_anew(self):
        self.assert_copies(b"x" + self.data[1:2 * MIB], 4 * MIB, 6 * MIB)

    def test_what_is_longer_is_copied_anew(self):
        self.assert_copies(self.data + b"tail", 4 * MIB, 6 * MIB)

    def test_nothing_there_is_copied_whole(self):
        self.assert_copies(b"", 4 * MIB, 6 * MIB)
        os.unlink(self.path("there"))
        self.copy(self.source, ":" + self.path("there"), "--resume")
        self.assertEqual(self.read("there"), self.data)

    def test_without_the_wish_all_is_copied(self):
        self.assert_copies(self.data[:2 * MIB], 4 * MIB, 6 * MIB, "--no-checksum")

    def test_the_shell_reads_no_word_of_a_name(self):
        names = ["$(touch harm)", "`touch harm`", "a;touch harm", "'\"\\", "new\nline", "-c", "a b", "*"]
        os.mkdir(self.path("odd"))
        for name in names:
            there = self.write("odd/" + name, self.data[:2 * MIB])
            self.assertLess(self.copy(self.source, ":" + there, "--resume"), 2 * MIB, name)
            self.assertEqual(self.read("odd", name), self.data, name)
            self.write("back", self.data[:2 * MIB])
            self.assertLess(self.copy(":" + there, self.path("back"), "--resume"), 2 * MIB, name)
            self.assertEqual(self.read("back"), self.data, name)
        self.assertEqual(sorted(os.listdir(self.path("odd"))), sorted(names))
        self.assertFalse(any("harm" in names for _, _, names in os.walk(self.folder)))


class WithPrograms(Resuming, Case):
    def agent_path(self):
        self.agent = self.fake(Programs().commands(), NO_FOLDERS)
        return self.agent.path

    def test_what_an_interrupt_leaves_is_resumed(self):
        copying_cases.kill_and_resume(self, self.agent)


@unittest.skipUnless(os.path.exists(QEMU_GA), "qemu-ga is not installed")
class WithQemuGa(Resuming, Case):
    def agent_path(self):
        return self.real(QEMU_GA)

    def test_a_small_rest_is_written_before_the_sum_is_taken(self):
        self.write("there", self.data[:-5])
        self.copy(self.source, ":" + self.path("there"), "--resume")
        self.assertEqual(self.read("there"), self.data)
        small = self.write("small", b"hello")
        self.copy(small, ":" + self.path("x"))

    def test_files_that_are_shorter_than_they_say(self):
        said = "/sys/kernel/mm/transparent_hugepage/enabled"
        if not os.path.exists(said):
            self.skipTest("no such file here")
        self.copy(":" + said, self.path("x"))
        with open(said, "rb") as file:
            self.assertEqual(self.read("x"), file.read())


@unittest.skipUnless(os.path.exists(QEMU_GA), "qemu-ga is not installed")
class WithQemuGaThatRunsNothing(Case):
    def test_it_is_told_once_and_copied_whole(self):
        agent = self.real(QEMU_GA, "-b", "guest-exec")
        os.mkdir(self.path("in"))
        sources = [self.write("a", b"a" * 1000), self.write("b", b"b" * 1000)]
        for name in ("in/a", "in/b", "a2"):
            self.write(name, b"a" * 500)
        result = run("cp", "--resume", *sources, ":" + self.path("in") + "/", agent=agent)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.decode(), f"guestctl: --resume: {self.path('in', 'a')} is copied from its start "
                         "(this agent computes no checksums, and may run no programs)\n")
        self.assertEqual((self.read("in", "a"), self.read("in", "b")), (b"a" * 1000, b"b" * 1000))
        result = run("cp", "--resume", ":" + sources[0], self.path("a2"), agent=agent)
        self.assertEqual((result.returncode, result.stderr.count(b"from its start")), (0, 1))
        self.assertEqual(self.read("a2"), b"a" * 1000)
        result = run("cp", ":" + sources[0], self.path("a2"), agent=agent)
        self.assertEqual((result.returncode, result.stderr), (0, b""))


class Odd(Case):
    """Guests that lack something, or lie."""

    def setUp(self):
        super().setUp()
        self.end = None
        self.programs = Programs(lambda words: self.end if words[0] == "sh" else None)
        self.agent = self.fake(self.programs.commands(), NO_FOLDERS)
        self.data = os.urandom(100000)
        self.source = self.write("source", self.data)

    def both_ways(self, *words, part=b""):
        for source, target in ((self.source, ":" + self.write("there", part)),
                               (":" + self.source, self.write("here", part))):
            yield run(*words, source, target, agent=self.agent.path)

    def assert_told(self, why):
        """Without the sum a copy is as good as before; resuming begins anew, and says so."""
        for result in self.both_ways("cp"):
            self.assertEqual((result.returncode, result.stderr), (0, b""))
        for result in self.both_ways("cp", "--resume", part=self.data[:50000]):
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stderr.decode(),
                             rf"\Aguestctl: --resume: \S+ is copied from its start \({why}\)\n\Z")
        self.assertEqual((self.read("there"), self.read("here")), (self.data, self.data))

    def test_a_guest_without_sha256sum(self):
        self.end = (127, b"", b"sh: 1: sha256sum: not found\n")
        self.assert_told("sha256sum in the guest: sh: 1: sha256sum: not found")

    def test_a_guest_without_a_shell(self):
        self.end = (127, b"", b"env: 'sh': No such file or directory\n")
        self.assert_told("sha256sum in the guest: env: 'sh': No such file or directory")

    def test_a_guest_that_refuses_programs(self):
        self.agent.overrides["guest-exec"] = lambda *_: refuse("not \x1b[31mtoday")
        self.assert_told(r"sha256sum in the guest: not \\x1b\[31mtoday")

    def test_sums_that_are_none(self):
        good = hashlib.sha256(self.data[:50000]).hexdigest().encode()
        for output in (b"", good, good + b"\n", good[:-1] + b"  -\n", good + b"0  -\n", good.upper() + b"  -\n",
                       b"g" + good[1:] + b"  -\n", good + b"  -\n\n", b" " + good + b"  -\n", b"\0" * 68,
                       b"0" * (8 << 20)):
            self.end = (0, output, b"")
            self.assert_told("sha256sum in the guest: what it tells is no sum")

    def test_a_sum_of_what_could_not_be_read(self):
        sum_of_nothing = hashlib.sha256(b"").hexdigest().encode() + b"  -\n"
        self.end = (0, sum_of_nothing, b"head: error reading '-': Input/output error\n")
        self.assert_told("sha256sum in the guest: head: error reading '-': Input/output error")
        self.end = (3, sum_of_nothing, b"")
        self.assert_told("sha256sum in the guest: status 3")

    def test_another_sum_at_the_end_is_an_error(self):
        self.end = (0, b"0" * 64 + b"  -\n", b"")
        for result in self.both_ways("cp"):
            self.assert_fails(result, 1, "the checksums differ")
        for result in self.both_ways("cp", "--no-checksum"):
            self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_a_program_without_end_is_given_up(self):
        self.agent.overrides["guest-exec-status"] = lambda *_: {"exited": False}
        for result in self.both_ways("--timeout", "0.2", "cp"):
            self.assert_fails(result, 4, "it takes too long")
        self.assertEqual([words[0] for words, _ in self.programs.ran], ["sh", "kill"] * 2)

    def test_an_interrupt_ends_it(self):
        started = threading.Event()

        def status(*_):
            started.wait(PATIENCE)
            process.send_signal(signal.SIGINT)
            return {"exited": False}

        self.agent.overrides["guest-exec-status"] = status
        with subprocess.Popen([OPTIONS.guestctl, "--socket", self.agent.path, "cp", ":" + self.source,
                               self.path("x")], stderr=subprocess.PIPE) as process:
            started.set()
            errors = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual((process.returncode, errors), (1, b"guestctl: interrupted\n"))
        self.assertEqual([words[0] for words, _ in self.programs.ran], ["sh", "kill"])

    def test_sizes_that_cannot_be(self):
        for position in (-1, 1 << 62):
            self.agent.overrides["guest-file-seek"] = lambda args, _, end=position: {
                "position": end if args["whence"] == os.SEEK_END else args["offset"], "eof": False}
            there = self.write("there", self.data[:500])
            self.assertEqual(run("cp", "--resume", self.source, ":" + there, agent=self.agent.path).returncode, 0)
            self.assertEqual(self.read("there"), self.data)

    def test_a_file_that_grows_while_it_is_resumed_is_told(self):
        def write(args, _client):
            with open(self.path("there"), "ab") as file:
                file.truncate(len(self.data) + 10)
            return self.agent.guest_file_write(args)

        self.agent.overrides["guest-file-write"] = write
        there = self.write("there", self.data[:50000])
        result = run("cp", "--resume", self.source, ":" + there, agent=self.agent.path)
        self.assert_fails(result, 1, "has changed in the guest")

    def test_a_file_that_shrinks_on_its_way_gets_no_zeros(self):
        def read(args, _client):
            if len(self.agent.calls_of("guest-file-read")) > 1:
                return {"count": 0, "buf-b64": "", "eof": True}
            with open(self.source, "r+b") as file:
                file.truncate(1000)
            return self.agent.guest_file_read(dict(args, count=1000))

        self.agent.overrides["guest-file-read"] = read
        self.assertEqual(run("cp", ":" + self.source, self.path("x"), agent=self.agent.path).returncode, 0)
        self.assertEqual(self.read("x"), self.data[:1000])

    def test_folders_are_not_resumed_and_it_is_told(self):
        self.write("tree/a", self.data)
        result = run("cp", "-r", "--resume", self.path("tree"), ":" + self.path("x"), agent=self.agent.path)
        self.assertEqual((result.returncode, result.stderr.count(b"from its start")), (0, 1), result.stderr)
        self.assertEqual(self.read("x", "a"), self.data)

    def test_guestd_without_checksums_is_told_the_same_way(self):
        self.agent.hidden = {"guestd-file-checksum"}
        for result in self.both_ways("cp", "--resume", part=self.data[:50000]):
            self.assertEqual((result.returncode, result.stderr.count(b"is copied from its start")), (0, 1))
        self.assertEqual((self.read("there"), self.read("here")), (self.data, self.data))
        sent = b"".join(base64.b64decode(args["buf-b64"]) for args in self.agent.calls_of("guest-file-write"))
        self.assertEqual(sent, self.data)
