# SPDX-License-Identifier: Apache-2.0
"""What other verbs ask, and what becomes of the answer."""

import json
import signal
import subprocess
import tempfile
import time

from fake_agent import FakeAgent
from harness import OPTIONS, PATIENCE, Case, refuse, run


class Verbs(Case):
    """What is asked, and what becomes of the answer."""

    def test_ping_counts_and_tells_times(self):
        agent = self.fake()
        result = run("ping", "-c", "3", "-i", "0.01", agent=agent.path)
        self.assertRegex(result.stdout.decode(), r"seq=3 time=[0-9.]+ ms\n")
        self.assertIn("3 requests, 3 replies, 0% lost", result.stdout.decode())
        figures = json.loads(run("--json", "ping", "-c", "2", "-i", "0", agent=agent.path).stdout)
        self.assertEqual((figures["requests"], figures["replies"]), (2, 2))

    def test_ping_goes_on_after_a_reply_that_did_not_come(self):
        answers = iter([b"", {}])
        agent = self.fake({"guest-ping": lambda *_: next(answers)})
        result = run("--timeout", "5", "ping", "-c", "2", "-i", "0", agent=agent.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("2 requests, 1 replies, 50% lost", result.stdout.decode())
        self.assertIn("no reply to seq=1", result.stdout.decode())

    def test_an_interrupt_prints_the_summary(self):
        agent = self.fake()
        process = subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, "ping", "-c", "0", "-i", "1000"],
                                   stdout=subprocess.PIPE)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        self.assertIn(b"1 requests, 1 replies", process.stdout.read())
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_power_verbs_ask_for_their_mode_and_take_silence_for_success(self):
        for verb, mode in (("shutdown", "powerdown"), ("reboot", "reboot"), ("halt", "halt")):
            agent = FakeAgent(tempfile.mkdtemp(dir=self.folder), {"guest-shutdown": lambda *_: b""})
            self.addCleanup(agent.close)
            self.assertEqual(run(verb, agent=agent.path).returncode, 0)
            self.assertEqual(agent.calls_of("guest-shutdown"), [{"mode": mode}])
        agent = self.fake({"guest-shutdown": lambda *_: refuse("no way to shut down")})
        self.assert_fails(run("shutdown", agent=agent.path), 1, "no way to shut down")

    def test_suspend_has_three_ways(self):
        agent = self.fake({f"guest-suspend-{mode}": lambda *_: b"" for mode in ("ram", "disk", "hybrid")})
        for words in ([], ["disk"], ["hybrid"]):
            self.assertEqual(run("suspend", *words, agent=agent.path).returncode, 0)
        self.assertEqual([name for name, _ in agent.requests if "suspend" in name],
                         ["guest-suspend-ram", "guest-suspend-disk", "guest-suspend-hybrid"])
        self.assertEqual(run("suspend", "deeply", agent=agent.path).returncode, 2)

    def test_time_tells_the_difference_and_sets_the_clock(self):
        shift = [3600]
        agent = self.fake({
            "guest-get-time": lambda *_: time.time_ns() + shift[0] * 10 ** 9,
            "guest-get-timezone": lambda *_: {"zone": "CEST", "offset": 7200},
            "guest-set-time": lambda args, _: shift.__setitem__(0, 0),
        })
        result = run("time", agent=agent.path).stdout.decode()
        self.assertRegex(result, r"\+0200 CEST, (3600|3599)\.\d+ s ahead of this host")
        figures = json.loads(run("--json", "time", "--sync", agent=agent.path).stdout)
        self.assertLess(abs(figures["ahead-ns"]), 30 * 10 ** 9)
        self.assertLess(abs(agent.calls_of("guest-set-time")[0]["time"] - time.time_ns()), PATIENCE * 10 ** 9)

    def test_cpus_are_switched_until_all_are_done(self):
        agent = self.fake({"guest-set-vcpus": lambda *_: 1})
        self.assertEqual(run("cpu", "--online", "1-2", "--offline", "5", agent=agent.path).returncode, 0)
        last = agent.calls_of("guest-set-vcpus")[-1]
        self.assertEqual(last, {"vcpus": [{"logical-id": 5, "online": False}]})
        self.assertEqual(run("cpu", "--online", "x", agent=agent.path).returncode, 2)
        agent.overrides["guest-set-vcpus"] = lambda *_: 0
        self.assertEqual(run("cpu", "--online", "1", agent=agent.path).returncode, 1)

    def test_keys_are_listed_added_and_removed(self):
        agent = self.fake({"guest-ssh-get-authorized-keys": lambda *_: {"keys": ["ssh-rsa A\x1b"]},
                           "guest-ssh-add-authorized-keys": lambda *_: {},
                           "guest-ssh-remove-authorized-keys": lambda *_: {}})
        self.assertEqual(run("keys", "bob", agent=agent.path).stdout, b"ssh-rsa A\\x1b\n")
        file = self.write("keys", b"# comment\nssh-rsa B\n\nssh-rsa C\n")
        self.assertEqual(run("keys", "bob", "--add", file, "--remove", "ssh-rsa D", agent=agent.path).returncode, 0)
        self.assertEqual(agent.calls_of("guest-ssh-add-authorized-keys"),
                         [{"username": "bob", "keys": ["ssh-rsa B", "ssh-rsa C"]}])
        self.assertEqual(agent.calls_of("guest-ssh-remove-authorized-keys"),
                         [{"username": "bob", "keys": ["ssh-rsa D"]}])

    def test_a_password_of_a_script_comes_on_standard_input(self):
        agent = self.fake({"guest-set-user-password": lambda *_: {}})
        self.assertEqual(run("passwd", "--crypted", "bob", agent=agent.path, stdin=b"$6$x\n").returncode, 0)
        self.assertEqual(agent.calls_of("guest-set-user-password"),
                         [{"username": "bob", "password": "JDYkeA==", "crypted": True}])
        self.assert_fails(run("passwd", "bob", agent=agent.path, stdin=b""), 1, "no password")

    def test_trim_fails_if_any_file_system_did(self):
        paths = [{"path": "/", "trimmed": 1048576, "minimum": 0}, {"path": "/x", "error": "Input/output error"}]
        agent = self.fake({"guest-fstrim": lambda *_: {"paths": paths}})
        result = run("trim", "-m", "4K", agent=agent.path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("1.0M", result.stdout.decode())
        self.assertEqual(agent.calls_of("guest-fstrim"), [{"minimum": 4096}])

    def test_call_checks_before_it_connects(self):
        self.assert_fails(run("call", "guest-file-open", agent=self.path("nothing")), 2, "path is missing")
        agent = self.fake()
        self.assert_fails(run("call", "guest-nonsense", agent=agent.path), 1, "has not been found")

    def test_call_asks_the_agent_about_commands_that_are_newer_than_itself(self):
        schema = [{"name": "guestd-new", "meta-type": "command", "arg-type": "1", "ret-type": "2"},
                  {"name": "1", "meta-type": "object", "members": [{"name": "count", "type": "int"}]},
                  {"name": "2", "meta-type": "object", "members": []},
                  {"name": "int", "meta-type": "builtin", "json-type": "int"}]
        agent = self.fake({"guestd-get-schema": lambda *_: schema, "guestd-new": lambda *_: {}})
        self.assert_fails(run("call", "guestd-new", "count=x", agent=agent.path), 2, "count has to be an integer")
        self.assertEqual(agent.calls_of("guestd-new"), [])
        self.assertEqual(run("call", "guestd-new", "count=7", agent=agent.path).returncode, 0)
        self.assertEqual(agent.calls_of("guestd-new"), [{"count": 7}])

    def test_words_that_are_not_utf_8_are_refused_before_anybody_is_bothered(self):
        keys = self.path("keys")
        with open(keys, "wb") as file:
            file.write(b"ssh-ed25519 AAAA j\xfcrgen\n")
        nowhere = self.path("nowhere")
        for words, status in ((["call", b"guest-p\xff"], 2), (["call", "guest-file-open", b"path=/t\xff"], 2),
                              (["call", "--unchecked", "x", b"{'a': '\xc3'}"], 2), (["passwd", b"j\xfcrgen"], 2),
                              (["qmp", b"query-\xff"], 2), (["freeze", "-m", b"/m\xfcll"], 2),
                              (["keys", b"j\xfcrgen"], 2),
                              (["keys", "root", "--add", keys], 1), (["keys", "root", "--remove", b"a b\xfc"], 1)):
            self.assert_fails(run(*words, agent=nowhere), status, "is not UTF-8, so it cannot be sent")
        self.assert_fails(run("call", "guest-ping", agent=nowhere), 3, "nowhere")

    def test_no_colours_but_on_a_terminal(self):
        agent = self.fake({"guest-get-users": lambda *_: []})
        self.assertNotIn(b"\x1b", run("users", agent=agent.path).stdout)
        self.assertIn(b"\x1b[1m", run("--color", "always", "users", agent=agent.path).stdout)
