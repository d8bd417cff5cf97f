# SPDX-License-Identifier: Apache-2.0
"""exec and shell, also in a real terminal."""

import fcntl
import hashlib
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from harness import OPTIONS, PATIENCE, Case, run


class Exec(Case):
    def test_output_input_and_status_pass_through(self):
        agent = self.fake()
        result = run("exec", "-i", "--", "sh", "-c", "cat; echo error >&2; exit 7", agent=agent.path, stdin=b"hello\0")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (7, b"hello\0", b"error\n"))

    def test_large_input_and_output_pass_whole(self):
        agent = self.fake()
        data = os.urandom(5 << 20)
        result = run("exec", "-i", "cat", agent=agent.path, stdin=data)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(hashlib.sha256(result.stdout).digest(), hashlib.sha256(data).digest())

    def test_options_of_the_program_are_its_own(self):
        agent = self.fake()
        result = run("exec", "-e", "A=1", "-e", "B=2 3", "-w", "/tmp", "sh", "-c", "echo $A $B; pwd; echo \"$0\"", "-e",
                     agent=agent.path)
        self.assertEqual(result.stdout, b"1 2 3\n/tmp\n-e\n", result.stderr)

    def test_a_program_that_cannot_be_started_is_told(self):
        agent = self.fake()
        self.assert_fails(run("exec", "/nonexistent", agent=agent.path), 1, "No such file")
        self.assert_fails(run("exec", agent=agent.path), 2, "PROGRAM")
        self.assertEqual(run("exec", "--nonsense", "ls", agent=agent.path).returncode, 2)

    def test_a_signal_that_ends_the_program_is_in_the_status(self):
        agent = self.fake()
        self.assertEqual(run("exec", "sh", "-c", "kill -KILL $$", agent=agent.path).returncode, 137)

    def test_an_interrupt_goes_to_the_program(self):
        agent = self.fake()
        process = subprocess.Popen(
            [OPTIONS.guestctl, "--socket", agent.path, "exec", "sh", "-c",
             "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done"], stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), b"caught\n")
        self.assertEqual(process.wait(PATIENCE), 3)

    def test_nobody_who_reads_ends_the_program(self):
        agent = self.fake()
        process = subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, "exec", "yes"], stdout=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.wait(PATIENCE), 141)
        for program in agent.programs.values():
            self.assertIsNotNone(program.child.wait(PATIENCE))

    def test_the_fallback_refuses_what_it_cannot_do(self):
        agent = self.fake(hidden=["guestd-exec"], overrides={"guest-exec": lambda *_: {"pid": 1}})
        self.assert_fails(run("exec", "-t", "ls", agent=agent.path), 1, "takes guestd")
        self.assert_fails(run("exec", "-u", "root", "ls", agent=agent.path), 1, "takes guestd")
        self.assertEqual(agent.calls_of("guest-exec"), [])


class Terminal(Case):
    """guestctl in a terminal of its own."""

    def start(self, agent, *words, rows=30, columns=100):
        master, slave = pty.openpty()
        self.set_size(master, rows, columns)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = subprocess.Popen([OPTIONS.guestctl, "--socket", agent.path, *words], stdin=slave, stdout=slave,
                                   stderr=slave, preexec_fn=own_terminal, env=dict(os.environ, TERM="xterm"))
        os.close(slave)
        self.addCleanup(os.close, master)
        self.addCleanup(process.kill)
        return process, master

    @staticmethod
    def set_size(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, master, text):
        seen = b""
        deadline = time.monotonic() + PATIENCE
        while text not in seen:
            ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"{text} did not come, but {seen}")
            try:
                piece = os.read(master, 65536)
            except OSError:
                piece = b""
            self.assertTrue(piece, f"{text} did not come before the end, but {seen}")
            seen += piece
        return seen

    def test_a_terminal_in_the_guest_has_the_size_of_this_one_and_follows_it(self):
        agent = self.fake()
        process, master = self.start(agent, "exec", "-it", "--", "sh", "-c",
                                     "trap 'stty size' WINCH; stty size; echo $TERM; while :; do sleep 0.05; done")
        self.read_until(master, b"30 100\r\nxterm\r\n")
        self.set_size(master, 40, 120)
        self.read_until(master, b"40 120\r\n")
        os.write(master, b"\x03")
        self.assertEqual(process.wait(PATIENCE), 130)

    def test_keys_go_to_the_program_and_the_terminal_is_as_before(self):
        agent = self.fake()
        process, master = self.start(agent, "exec", "-it", "--", "sh", "-c", "read a; echo got $a; stty -a")
        os.write(master, b"word\r")
        self.read_until(master, b"got word\r\n")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertTrue(termios.tcgetattr(master)[3] & termios.ECHO)

    def test_three_times_the_way_out_leaves_the_program(self):
        agent = self.fake()
        process, master = self.start(agent, "exec", "-it", "--", "sh", "-c", "stty raw; echo ready; cat")
        self.read_until(master, b"ready")
        os.write(master, b"\x1d\x1d\x1d")
        self.assertEqual(process.wait(PATIENCE), 1)

    def test_output_without_a_terminal_is_escaped_on_one(self):
        agent = self.fake()
        process, master = self.start(agent, "exec", "printf", r"\033[31mred\303\244\n")
        self.read_until(master, b"\\x1b[31mred\xc3\xa4\r\n")
        self.assertEqual(process.wait(PATIENCE), 0)
        path = self.write("file", b"\x1b[2Jhidden\n")
        process, master = self.start(agent, "cat", path)
        self.read_until(master, b"\\x1b[2Jhidden\r\n")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_shell_is_a_login_shell_in_the_home(self):
        agent = self.fake()
        process, master = self.start(agent, "shell")
        os.write(master, b"echo in-$PWD-$((40+2))\r")
        self.read_until(master, f"in-{os.path.expanduser('~')}-42".encode())
        os.write(master, b"exit 5\r")
        self.assertEqual(process.wait(PATIENCE), 5)

    def test_a_password_is_asked_for_twice_without_echo(self):
        agent = self.fake({"guest-set-user-password": lambda *_: {}})
        process, master = self.start(agent, "passwd", "alice")
        self.read_until(master, b"New password of alice: ")
        os.write(master, b"secret\n")
        seen = self.read_until(master, b"Again: ")
        os.write(master, b"secret\n")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertNotIn(b"secret", seen)
        self.assertEqual(agent.calls_of("guest-set-user-password"),
                         [{"username": "alice", "password": "c2VjcmV0", "crypted": False}])

    def test_top_draws_and_ends_with_q(self):
        times = iter(range(0, 10 ** 9, 100))

        def cpus(*_):
            now = next(times)
            return [{"type": "linux", "cpu": 0, "user": now, "nice": 0, "system": 0, "idle": now * 3}]

        agent = self.fake({"guest-get-cpustats": cpus,
                           "guest-get-load": lambda *_: {"load1m": 1.5, "load5m": 1, "load15m": 0.5}})
        process, master = self.start(agent, "top")
        seen = self.read_until(master, b"1.50  1.00  0.50")
        self.assertIn(b" 25%", seen)
        os.write(master, b"q")
        self.read_until(master, b"\x1b[?1049l")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_progress_is_shown_on_a_terminal(self):
        agent = self.fake()
        source = self.write("source", b"x" * 100000)
        process, master = self.start(agent, "cp", source, ":" + self.path("copy"))
        self.read_until(master, b"100%")
        self.assertEqual(process.wait(PATIENCE), 0)
