# SPDX-License-Identifier: Apache-2.0
"""Freezing all of a guest, its root included, as a backup does it: snapshots, hosts that vanish, agents that die."""

import os
import subprocess
import time

import hardware
from disk_cases import Storage
from host import AgentError

DATABASE = "/data/plain/database"
# A row in each transaction, each on the disk before the next one begins.
WRITER = f"""
rm -f {DATABASE}*
sqlite3 {DATABASE} 'PRAGMA journal_mode = WAL; CREATE TABLE entries (number INTEGER PRIMARY KEY, text BLOB)' >/dev/null
systemd-run --quiet --collect --unit vm-test-writer bash -c '
while :; do
  echo "INSERT INTO entries (text) VALUES (randomblob(3000));"
  echo "SELECT max(number) FROM entries;"
done | sqlite3 -cmd "PRAGMA synchronous = FULL" {DATABASE} >/run/vm-test-written'
"""
FROZEN = ("/", "/data/plain", "/data/lvm", "/data/md", "/data/luks")
DROP_IN = "/run/systemd/system/guestd.service.d/vm-test.conf"


class Freezing(Storage):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.thaw_whatever_happened)

    def thaw_whatever_happened(self):
        """A guest that stays frozen would fail all other tests, too."""
        self.machine.run("for place in " + " ".join(FROZEN) + "; do timeout 20 fsfreeze --unfreeze $place; done; "
                         "systemctl stop vm-test-writer; systemctl reset-failed", check=False)

    def freeze(self):
        count = self.host.call("guest-fsfreeze-freeze", timeout=60)
        self.assertEqual(len(FROZEN), count)

    def status(self):
        return self.host.call("guest-fsfreeze-status")

    def report(self):
        return self.host.call("guestd-fsfreeze-report")

    def rows_written(self):
        return int(self.machine.run("tail -n 1 /run/vm-test-written") or 0)

    def start_writer(self):
        self.machine.run(WRITER)
        deadline = time.monotonic() + 60
        while self.rows_written() < 20:
            self.assertLess(time.monotonic(), deadline, "the database writes nothing")
            time.sleep(0.2)

    def assert_writes_pass(self):
        """A write that a frozen file system would hold up."""
        for place in FROZEN:
            self.machine.run(f"echo x > {place}/vm-test-thawed && rm {place}/vm-test-thawed", timeout=30)

    def assert_writes_wait(self):
        # Nothing can kill a process that waits for a thaw: it is left to itself.
        self.machine.run("rm -f /run/vm-test-waited; (echo x > /data/plain/vm-test-frozen; touch /run/vm-test-waited) "
                         "& sleep 1; ! test -e /run/vm-test-waited")

    def set_timeout(self, seconds):
        self.machine.run(f"printf '[fsfreeze]\\ntimeout=%s\\n' {seconds} > /run/vm-test.conf && "
                         f"mkdir -p {os.path.dirname(DROP_IN)} && printf '[Service]\\nExecStart=\\n"
                         f"ExecStart=/usr/sbin/guestd --config /run/vm-test.conf\\n' > {DROP_IN} && "
                         "systemctl daemon-reload && systemctl restart guestd")
        self.addCleanup(self.machine.run, f"rm -f {DROP_IN} && systemctl daemon-reload && systemctl restart guestd")
        self.host.sync()

    def wait_thawed_in_guest(self, timeout):
        """Without the agent's word for it: a write that waits."""
        self.machine.run("echo x > /data/plain/vm-test && rm /data/plain/vm-test", timeout=timeout)

    def test_1_check_says_what_a_freeze_will_do(self):
        check = self.host.call("guestd-fsfreeze-check")
        planned = {entry["mountpoint"] for entry in check["filesystems"] if entry["outcome"] == "planned"}
        self.assertLessEqual(set(FROZEN), planned)

    def test_2_snapshot_while_a_database_writes_is_clean(self):
        self.start_writer()
        self.freeze()
        self.assertEqual("frozen", self.status())
        before = self.rows_written()
        snapshot = os.path.join(self.machine.folder, "snapshot.img")
        started = time.monotonic()
        self.machine.qmp.execute("drive-backup", device="drive-VIRTIO-1", target=snapshot, format="raw", sync="full")
        self.machine.qmp.wait_event("BLOCK_JOB_COMPLETED", 60)
        time.sleep(max(0.0, 1 - (time.monotonic() - started)))
        self.assertEqual(before, self.rows_written(), "the database went on while it was frozen")
        self.assertEqual(len(FROZEN), self.host.call("guest-fsfreeze-thaw"))
        self.check_snapshot(snapshot, before)
        deadline = time.monotonic() + 60
        while self.rows_written() <= before:
            self.assertLess(time.monotonic(), deadline, "the database did not go on after the thaw")
            time.sleep(0.2)

    def check_snapshot(self, snapshot, rows):
        """As it is: without replaying the journal, which fsck -n does not do either."""
        checked = subprocess.run(["e2fsck", "-f", "-n", snapshot], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, check=False)
        self.assertEqual(0, checked.returncode, checked.stdout)
        self.assertNotIn("recover", checked.stdout, "the journal was not empty")
        for suffix in ("", "-wal"):
            dump = f"dump /database{suffix} {self.machine.folder}/database{suffix}"
            subprocess.run(["debugfs", "-R", dump, snapshot], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=True)
        # A snapshot has to hold every transaction that was told to be on the disk before it.
        self.assertGreaterEqual(self.rows_in(f"{self.machine.folder}/database"), rows)

    @staticmethod
    def rows_in(path):
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(path) as database:
            (verdict,), = database.execute("PRAGMA integrity_check")
            if verdict != "ok":
                raise AssertionError(f"the database in the snapshot is broken: {verdict}")
            (rows,), = database.execute("SELECT count(*) FROM entries")
        return rows

    def test_3_report_tells_what_was_frozen_and_what_not(self):
        self.freeze()
        report = self.report()
        outcomes = {entry["mountpoint"]: entry["outcome"] for entry in report["filesystems"]}
        for place in FROZEN:
            self.assertEqual("frozen", outcomes[place])
        self.assertEqual("skipped", outcomes["/data/card"], "vfat cannot be frozen")
        self.assertGreater(report["deadline-left-ms"], 500_000)
        with self.assertRaises(AgentError) as raised:
            self.host.call("guest-get-osinfo")
        self.assertEqual("Command guest-get-osinfo has been disabled: the command is not allowed",
                         raised.exception.desc)
        self.assert_writes_wait()
        self.assertEqual(len(FROZEN), self.host.call("guest-fsfreeze-thaw"))
        self.assertEqual("thawed", self.status())
        self.assert_writes_pass()

    def test_4_host_that_vanishes_leaves_the_guest_frozen_until_the_deadline(self):
        self.set_timeout(6)
        started = time.monotonic()  # the agent's own time begins later
        self.freeze()
        self.host.close()
        self.wait_thawed_in_guest(60)
        frozen_for = time.monotonic() - started
        self.note("frozen without a host, deadline 6 s", f"{frozen_for:.1f} s")
        self.assertGreater(frozen_for, 5.5)
        self.assert_writes_pass()
        self.host = self.connect()
        self.host.sync()
        self.assertEqual("thawed", self.status())
        self.assertEqual("deadline", self.report()["end"])
        # So the host learns that its snapshot is worth nothing.
        self.assertEqual(0, self.host.call("guest-fsfreeze-thaw"))

    def test_5_killed_agent_comes_back_and_host_thaws_by_it(self):
        self.freeze()
        pid = self.main_pid()
        self.machine.run(f"kill -KILL {pid}")
        self.host.sync()
        self.assertNotEqual(pid, self.main_pid())
        self.assertEqual("frozen", self.status())
        self.assert_writes_wait()
        left = self.report()["deadline-left-ms"]
        self.assertLess(left, 600_000)
        self.assertEqual(len(FROZEN), self.host.call("guest-fsfreeze-thaw"))
        self.assert_writes_pass()

    def test_6_killed_agent_that_host_has_left_keeps_its_deadline(self):
        self.set_timeout(8)
        self.freeze()
        started = time.monotonic()
        self.machine.run(f"kill -KILL {self.main_pid()}")
        self.host.close()
        self.wait_thawed_in_guest(60)
        self.assertLess(time.monotonic() - started, 50)
        self.host = self.connect()
        self.host.sync()
        self.assertEqual("thawed", self.status())

    def test_7_agent_that_is_killed_for_good_thaws_on_its_way_out(self):
        # Killed together with whatever would start it again: systemd itself is told to stop it with SIGKILL. Before the
        # freeze, since a reload waits for generators, and those may write to the disk.
        self.machine.run(f"mkdir -p {os.path.dirname(DROP_IN)} && "
                         f"printf '[Service]\\nKillSignal=SIGKILL\\n' > {DROP_IN} && systemctl daemon-reload")
        self.addCleanup(self.machine.run, f"rm -f {DROP_IN} && systemctl daemon-reload")
        self.freeze()
        self.machine.run("systemctl stop guestd", timeout=60)
        self.assertEqual("", self.machine.run("pidof guestd", check=False))
        self.assert_writes_pass()
        self.machine.run(f"rm -f {DROP_IN} && systemctl daemon-reload && systemctl start guestd")
        self.host.sync()
        self.assertEqual("thawed", self.status())

    def test_8_agent_that_is_stopped_thaws_first(self):
        self.freeze()
        self.machine.run("systemctl stop guestd", timeout=60)
        self.ended_cleanly()
        self.assert_writes_pass()
        self.machine.run("systemctl start guestd")
        self.host.sync()
        self.assertEqual("thawed", self.status())
