# SPDX-License-Identifier: Apache-2.0
"""What the lints share: which files there are, and how a finding is reported."""

import os
import subprocess
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
# The self-test points the lints at a tree of its own.
ROOT = os.environ.get("GUESTD_LINT_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))


def files(*suffixes):
    """Files of the project that end so, relative to its root: those git knows, and new ones that it does not ignore."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # a source archive
        listed = [os.path.relpath(os.path.join(folder, name), ROOT)
                  for folder, _, names in os.walk(ROOT)
                  if os.path.relpath(folder, ROOT).split(os.sep)[0] not in (".git", "build")
                  for name in names]
    return [path for path in sorted(set(listed))
            if path.endswith(suffixes) and os.path.isfile(os.path.join(ROOT, path))]


def lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as text:
        return text.read().splitlines()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def finish(checked, findings):
    """Prints the findings and ends the process: 1 if there are any."""
    for finding in findings:
        print(finding)
    name = os.path.basename(sys.argv[0])
    print(f"{name}: {checked} checked, {len(findings)} finding(s)")
    sys.exit(1 if findings else 0)
