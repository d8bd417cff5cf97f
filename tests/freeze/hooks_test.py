#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hooks of packaging/hooks on real database servers, started in a folder of their own. Nothing is frozen here."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "hooks")
PATIENCE_S = 60


def find(name, *places):
    found = shutil.which(name)
    for place in [found, *places]:
        if place and os.path.exists(place):
            return place
    return None


def newest(folder, name):
    versions = sorted(os.listdir(folder), key=float) if os.path.isdir(folder) else []
    return f"{folder}/{versions[-1]}/bin/{name}" if versions else None


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.1)


class ServerCase(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.folder = tempfile.mkdtemp(prefix="guestd-hook-", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        self.environment = dict(os.environ)

    def hook(self, argument, **additions):
        return subprocess.run([os.path.join(HOOKS, self.NAME), argument], env={**self.environment, **additions},
                              capture_output=True, text=True, check=False, timeout=PATIENCE_S)

    def start(self, command):
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)

        def stop():
            server.terminate()
            server.wait(PATIENCE_S)
        self.addCleanup(stop)


def server_user():
    """The package of the programs alone makes no user."""
    try:
        return pwd.getpwnam("mysql").pw_name
    except KeyError:
        return "nobody"


class Mysql(ServerCase):
    NAME = "mysql"

    def setUp(self):
        super().setUp()
        self.server = find("mariadbd", "/usr/sbin/mariadbd")
        install = find("mariadb-install-db")
        if not self.server or not install:
            self.skipTest("no MariaDB server here")
        data, self.socket = f"{self.folder}/data", f"{self.folder}/socket"
        user = server_user()
        shutil.chown(self.folder, user)
        subprocess.run([install, "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db",
                        "--auth-root-authentication-method=socket", "--auth-root-socket-user=root"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start([self.server, "--no-defaults", f"--datadir={data}", f"--user={user}", f"--socket={self.socket}",
                    "--skip-networking", f"--pid-file={self.folder}/pid"])
        self.environment.update(GUESTD_MYSQL_OPTIONS=f"--no-defaults --socket={self.socket}",
                                GUESTD_MYSQL_STATE=f"{self.folder}/state")
        wait_for(lambda: self.sql("SELECT 1").returncode == 0)
        self.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT) ENGINE=Aria; INSERT INTO d.t VALUES (1)")

    def sql(self, text, timeout=PATIENCE_S):
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-BNe", text], text=True,
                              capture_output=True, check=False, timeout=timeout)

    def test_writers_wait_between_freeze_and_thaw(self):
        frozen = self.hook("freeze")
        self.assertEqual((frozen.returncode, frozen.stderr), (0, ""))
        writer = subprocess.Popen(["mariadb", "--no-defaults", f"--socket={self.socket}", "-e",
                                   "INSERT INTO d.t VALUES (2)"])
        time.sleep(1)
        self.assertIsNone(writer.poll(), "a write went through")
        self.assertEqual(self.sql("SELECT COUNT(*) FROM d.t").stdout, "1\n")
        self.assertEqual(self.hook("thaw").returncode, 0)
        self.assertEqual(writer.wait(PATIENCE_S), 0)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM d.t").stdout, "2\n")
        wait_for(lambda: "SLEEP" not in self.sql("SHOW PROCESSLIST").stdout)  # a session ends a moment after its lock
        self.assertEqual(self.hook("thaw").returncode, 0, "once more does no harm")

    def test_a_table_that_stays_locked_is_a_failure_that_says_so(self):
        holder = subprocess.Popen(["mariadb", "--no-defaults", f"--socket={self.socket}", "-e",
                                   "LOCK TABLES d.t WRITE; SELECT SLEEP(30)"], stdout=subprocess.DEVNULL)
        wait_for(lambda: "SLEEP" in self.sql("SHOW PROCESSLIST").stdout)
        frozen = self.hook("freeze", GUESTD_MYSQL_WAIT="2")
        self.assertEqual(frozen.returncode, 1)
        self.assertIn("could not be locked within 2 s", frozen.stderr)
        self.assertEqual(self.hook("thaw").returncode, 0)
        holder.kill()
        holder.wait()

    def test_without_a_server_there_is_nothing_to_do(self):
        frozen = self.hook("freeze", GUESTD_MYSQL_OPTIONS=f"--no-defaults --socket={self.folder}/none")
        self.assertEqual((frozen.returncode, frozen.stderr), (0, ""))


class Postgresql(ServerCase):
    NAME = "postgresql"

    def setUp(self):
        super().setUp()
        folder = "/usr/lib/postgresql"
        server, init = newest(folder, "postgres"), newest(folder, "initdb")
        if not server or not os.path.exists(server) or not find("psql"):
            self.skipTest("no PostgreSQL server here")
        shutil.chown(self.folder, "postgres")
        data = f"{self.folder}/data"
        as_postgres = ["runuser", "-u", "postgres", "--"]
        subprocess.run([*as_postgres, init, "-D", data, "-A", "peer", "-N"], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)
        self.start([*as_postgres, server, "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-p", "54999"])
        self.psql = [*as_postgres, "psql", "-h", self.folder, "-p", "54999", "-d", "postgres", "-Atqc"]
        self.environment["GUESTD_PSQL_OPTIONS"] = f"--host={self.folder} --port=54999"
        wait_for(lambda: self.sql("SELECT 1").stdout == "1\n")

    def sql(self, text):
        return subprocess.run([*self.psql, text], capture_output=True, text=True, check=False, cwd="/")

    def test_a_checkpoint_is_made(self):
        self.sql("CREATE TABLE t AS SELECT generate_series(1, 1000)")
        before = self.sql("SELECT checkpoint_lsn FROM pg_control_checkpoint()").stdout
        frozen = self.hook("freeze")
        self.assertEqual((frozen.returncode, frozen.stderr), (0, ""))
        after = self.sql("SELECT checkpoint_lsn FROM pg_control_checkpoint()").stdout
        self.assertNotEqual(before, after)
        self.assertEqual(self.hook("thaw").returncode, 0)

    def test_a_server_that_cannot_be_reached_is_a_failure_that_says_so(self):
        frozen = self.hook("freeze", GUESTD_PSQL_OPTIONS=f"--host={self.folder} --port=1")
        self.assertNotEqual(frozen.returncode, 0)
        self.assertIn("connection to server", frozen.stderr)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    sys.exit(0 if result.wasSuccessful() else 1)
