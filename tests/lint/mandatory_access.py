#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The AppArmor profile and the SELinux module of packaging/ compile. A compiler that is not installed is left out."""

import os
import shutil
import subprocess
import tempfile

from support import ROOT, finish


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
    if shutil.which("checkmodule") and shutil.which("semodule_package"):
        checked += 1
        with tempfile.TemporaryDirectory() as folder:
            module = os.path.join(folder, "guestd.mod")
            source = os.path.join(ROOT, "packaging/selinux/guestd")
            found += errors("checkmodule", "-M", "-m", "-o", module, source + ".te")
            found += errors("semodule_package", "-o", module + ".pp", "-m", module, "-f", source + ".fc")
    else:
        missing.append("checkpolicy and semodule-utils")
    if missing:
        print(f"not installed: {', '.join(missing)}")
    finish(checked, found)


main()
