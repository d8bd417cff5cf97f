#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The client library as another project uses it: installed, found by CMake and by pkg-config, and its example run."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_agent import FakeAgent  # noqa: E402

OPTIONS = argparse.Namespace()


def call(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


class Installed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="guestctl-test.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.prefix = os.path.join(self.folder, "installed")
        for component in ("client-dev", "guestctl"):
            call("cmake", "--install", OPTIONS.build, "--prefix", self.prefix, "--component", component)
        self.agent = FakeAgent(self.folder, {"guest-get-fsinfo": lambda *_: [
            {"name": "vda1", "mountpoint": "/", "type": "ext4", "disk": []}]})
        self.addCleanup(self.agent.close)

    def find(self, name):
        for folder, _, files in os.walk(self.prefix):
            if name in files:
                return os.path.join(folder, name)
        raise AssertionError(f"{name} was not installed")

    def test_the_example_is_a_project_that_builds_and_runs(self):
        build = os.path.join(self.folder, "build")
        call("cmake", "-S", os.path.dirname(self.find("list_filesystems.cpp")), "-B", build,
             f"-DCMAKE_PREFIX_PATH={self.prefix}")
        call("cmake", "--build", build)
        output = call(os.path.join(build, "list_filesystems"), self.agent.path)
        self.assertEqual(output, "vda1 on /\n" * 2)

    @unittest.skipUnless(shutil.which("pkg-config"), "pkg-config is not installed")
    def test_pkg_config_knows_the_headers(self):
        path = os.path.dirname(self.find("guestd-client.pc"))
        flags = call("pkg-config", "--cflags", "--libs", "guestd-client", env=dict(os.environ, PKG_CONFIG_PATH=path))
        self.assertIn("-lguestd_client", flags)
        include = [flag[2:] for flag in flags.split() if flag.startswith("-I")]
        self.assertTrue(os.path.exists(os.path.join(self.prefix, os.path.basename(os.path.dirname(include[0])),
                                                    "guestd", "client", "lib", "connection.hpp")))

    def test_the_program_comes_with_pages_and_completions(self):
        self.assertTrue(os.access(os.path.join(self.prefix, "bin", "guestctl"), os.X_OK))
        for name in ("guestctl.1", "guestctl-cp.1", "guestctl-exec.1", "_guestctl", "guestctl.fish"):
            self.assertGreater(os.path.getsize(self.find(name)), 100)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    options, rest = parser.parse_known_args()
    vars(OPTIONS).update(vars(options))
    unittest.main(argv=[sys.argv[0], *rest])


main()
