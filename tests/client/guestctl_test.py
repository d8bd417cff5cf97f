#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guestctl as its users see it: with guestd, with qemu-ga if it is installed, with an agent of the tests' own, and with
guests that mean harm. `--cases NAME` runs the cases of one file, other words are unittest's own."""

import argparse
import importlib
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

CASES = ["agents", "command_line", "copying", "freezing", "hostile", "programs", "streams", "verbs"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guestctl", required=True)
    parser.add_argument("--guestd", required=True)
    parser.add_argument("--libvirt", default="", help="the library that plays libvirt")
    parser.add_argument("--cases", choices=CASES, action="append")
    options, rest = parser.parse_known_args()
    vars(harness.OPTIONS).update(vars(options))
    for name in options.cases or CASES:
        cases = importlib.import_module(name + "_cases")
        globals().update({key: value for key, value in vars(cases).items()
                          if isinstance(value, type) and issubclass(value, unittest.TestCase) and key != "Case"})
    unittest.main(argv=[sys.argv[0], *rest])


main()
