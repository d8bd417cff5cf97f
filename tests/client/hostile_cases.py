# SPDX-License-Identifier: Apache-2.0
"""Guests that mean harm."""

import os
import stat
import tempfile
import time

from fake_agent import FakeAgent
from harness import Case, refuse, run


class Hostile(Case):
    def test_a_guest_that_never_stops_before_the_sync_is_cut_off(self):
        def flood(_args, client):
            junk = b'{"return": 1}\n' * 70000
            while True:
                client.sendall(junk)

        agent = self.fake({"guest-sync-delimited": flood})
        result = run("--timeout", "8", "ping", agent=agent.path)
        self.assertIn(result.returncode, (3, 4))

    def test_a_reply_that_never_ends_is_cut_off(self):
        def flood(_args, client):
            client.sendall(b'{"return": "')
            while True:
                client.sendall(b"x" * (1 << 20))

        agent = self.fake({"guest-ping": flood})
        self.assert_fails(run("--timeout", "50", "call", "guest-ping", agent=agent.path), 1, "larger than 64 MiB")

    def test_control_characters_do_not_reach_the_terminal(self):
        evil = "\x1b]0;owned\x07\x9b31m\r\u202e"
        agent = self.fake({
            "guest-get-osinfo": lambda *_: {"pretty-name": evil},
            "guest-get-host-name": lambda *_: {"host-name": evil},
            "guest-get-users": lambda *_: [{"user": evil, "login-time": 1e300}],
            "guest-get-fsinfo": lambda *_: [{"name": evil, "mountpoint": evil, "type": evil, "disk": []}],
            "guest-fail": lambda *_: refuse(evil),
        })
        for words in (["info"], ["users"], ["fs"], ["call", "guest-get-osinfo"], ["call", "--unchecked", "guest-fail"]):
            result = run(*words, agent=agent.path)
            for byte in b"\x1b\x07\r\x9b":
                self.assertNotIn(byte, (result.stdout + result.stderr).replace("\u202e".encode(), b""), words)
            self.assertNotIn("\u202e".encode(), result.stdout + result.stderr, words)

    def test_replies_of_the_wrong_shape_are_errors(self):
        for reply in (b"[]\n", b"5 \n", b'{"return": "x"}\n', b'{"error": 5}\n', b'{"return": {"version": 1}}\n',
                      b"{}\n"):
            agent = FakeAgent(tempfile.mkdtemp(dir=self.folder), {"guest-info": lambda *_, r=reply: r})
            self.addCleanup(agent.close)
            self.assertEqual(run("info", agent=agent.path).returncode, 1, reply)

    def test_one_endless_word_does_not_fill_the_memory_or_the_screen(self):
        word = "x" * (8 << 20)
        users = [{"user": word, "login-time": 0}] + [{"user": "a", "login-time": 0}] * 50000
        agent = self.fake({"guest-get-users": lambda *_: users, "guest-fail": lambda *_: refuse(word)})
        self.assertLess(len(run("users", agent=agent.path).stdout), 20 << 20)
        result = run("call", "--unchecked", "guest-fail", agent=agent.path)
        self.assertEqual(result.returncode, 1)
        self.assertLess(len(result.stderr), 5000)

    def test_disks_that_hold_each_other_are_shown_once(self):
        disks = [{"name": "/dev/a", "partition": False, "dependencies": ["/dev/b"]},
                 {"name": "/dev/b", "partition": False, "dependencies": ["/dev/a"]}]
        agent = self.fake({"guest-get-disks": lambda *_: disks, "guest-get-fsinfo": lambda *_: []})
        result = run("fs", "--tree", agent=agent.path)
        self.assertEqual(result.stdout.count(b"/dev/"), 2, result.stdout)

    def test_names_in_a_listing_do_not_lead_out_of_the_folder(self):
        outside = self.path("outside")
        status = {"type": "regular", "size": 3, "allocated": 0, "mode": 0o4755, "uid": 0, "gid": 0, "access-time": 0,
                  "modify-time": 0, "change-time": 0, "links": 1, "inode": 1,
                  "file-system": {"major": 0, "minor": 1}}
        link = dict(status, type="symlink", target=self.folder)
        folder = dict(status, type="directory")
        entries = [{"name": name, "status": status} for name in ("../outside", outside, "..", "", "a/b")]
        entries += [{"name": "door", "status": link}, {"name": "door", "status": folder},
                    {"name": "door", "status": status}, {"name": "good", "status": status}]
        source = self.write("source", b"abc")

        def listing(args, _client):
            return {"entries": entries if args["path"].count("/") == 1 else
                    [{"name": "outside", "status": status}]}

        agent = self.fake({
            "guestd-file-list": listing,
            "guestd-file-stat": lambda args, _: {"status": status if "handle" in args else folder, "data": [
                {"offset": 0, "length": 3}]},
            "guest-file-open": lambda *_: agent.guest_file_open({"path": source}),
        })
        result = run("cp", "-r", ":/x", self.path("target"), agent=agent.path)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertFalse(os.path.exists(outside))
        self.assertEqual(self.read("target", "good"), b"abc")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("target", "good")).st_mode), 0o755)
        self.assertEqual(sorted(os.listdir(self.path("target"))), ["door", "good"])

    def test_a_listing_without_end_is_cut_off(self):
        agent = self.fake({"guestd-file-list": lambda *_: {"entries": [], "cursor": "1"}})
        os.mkdir(self.path("x"))
        self.assert_fails(run("cp", "-r", ":" + self.path("x"), self.path("y"), agent=agent.path), 1, "has no end")

    def test_more_of_a_file_than_was_asked_for_is_refused(self):
        path = self.write("file", b"abc")
        agent = self.fake({"guest-file-read": lambda *_: {"count": 6, "buf-b64": "YWJjZGVm", "eof": False}})
        self.assert_fails(run("cp", ":" + path, self.path("out"), agent=agent.path), 1, "more of a file")
        self.assertLessEqual(os.path.getsize(self.path("out")), 3)

    def test_answers_without_news_are_asked_for_less_and_less_often(self):
        nothing = {"output": [], "exited": False, "timed-out": False, "finished": False}
        end = dict(nothing, exited=True, finished=True, exitcode=4)
        agent = self.fake({
            "guestd-exec": lambda *_: {"pid": 1},
            "guestd-exec-read": lambda *_: end if len(agent.calls_of("guestd-exec-read")) == 11 else nothing,
        })
        began = time.monotonic()
        self.assertEqual(run("exec", "x", agent=agent.path).returncode, 4)
        self.assertEqual(len(agent.calls_of("guestd-exec-read")), 11)
        self.assertGreaterEqual(time.monotonic() - began, 2)

    def test_a_program_that_never_has_room_is_asked_less_and_less_often(self):
        nothing = {"output": [], "exited": False, "timed-out": False, "finished": False}
        end = dict(nothing, exited=True, finished=True, exitcode=4)
        agent = self.fake({
            "guestd-exec": lambda *_: {"pid": 1},
            "guestd-exec-read": lambda *_: end if len(agent.calls_of("guestd-exec-write")) >= 12 else nothing,
            "guestd-exec-write": lambda *_: {"count": 0, "next-offset": 0, "room": 0},
        })
        began = time.monotonic()
        self.assertEqual(run("exec", "-i", "x", agent=agent.path, stdin=b"word").returncode, 4)
        self.assertGreaterEqual(time.monotonic() - began, 0.6)

    def test_news_that_comes_at_once_is_not_waited_for(self):
        piece = {"stream": "stdout", "data": "eA==", "offset": 0, "next-offset": 0, "dropped-bytes": 0, "eof": False}
        news = {"output": [piece], "exited": False, "timed-out": False, "finished": False}
        end = dict(news, exited=True, finished=True, exitcode=0)
        agent = self.fake({
            "guestd-exec": lambda *_: {"pid": 1},
            "guestd-exec-read": lambda *_: end if len(agent.calls_of("guestd-exec-read")) == 500 else news,
        })
        self.assertEqual(run("exec", "x", agent=agent.path).stdout, b"x" * 500)
