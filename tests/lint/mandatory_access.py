#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The AppArmor profile and the SELinux module of packaging/ compile. A compiler that is not installed is left out."""

import os
import shutil
import subprocess
import tempfile

from support import ROOT, finish

SELINUX_DEVELOPMENT_FILES = "/usr/share/selinux/devel/Makefile"


def errors(*command):
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return (run.stdout + run.stderr).splitlines() if run.returncode != 0 else []


def main():
    found, checked, missing = [], 0, []
    apparmor = shutil.which("apparmor_parser", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if apparmor and os.path.exists("/etc/apparmor.d/abi/3.0"):
        checked += 1
        found += errors(apparmor, "--skip-kernel-load", "--skip-cache", "--quiet",
                        os.path.join(ROOT, "packaging/apparmor/guestd-monitor"))
    else:
        missing.append("apparmor")
    if os.path.exists(SELINUX_DEVELOPMENT_FILES):
        checked += 1
        with tempfile.TemporaryDirectory() as folder:
            for name in ("guestd.te", "guestd.fc"):
                shutil.copy(os.path.join(ROOT, "packaging/selinux", name), folder)
            found += errors("make", "-C", folder, "-f", SELINUX_DEVELOPMENT_FILES, "guestd.pp")
    else:
        missing.append("selinux-policy-dev")
    if missing:
        print(f"not installed: {', '.join(missing)}")
    finish(checked, found)


main()
