#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guestctl as its users see it: with guestd, with qemu-ga if it is installed, with an agent of the tests' own, and with
guests that mean harm. `--cases NAME` runs the cases of one file, other words are unittest's own."""

import importlib
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

CASES = ["agents", "archive", "command_line", "copying", "freezing", "hostile", "programs", "resume", "streams",
         "verbs"]


def main():
    arguments = harness.take_options(
        guestd={"required": True, "type": os.path.abspath},
        libvirt={"default": "", "help": "the library that plays libvirt"},
        cases={"choices": CASES, "action": "append"})
    for name in harness.OPTIONS.cases or CASES:
        cases = importlib.import_module(name + "_cases")
        globals().update({key: value for key, value in vars(cases).items()
                          if isinstance(value, type) and issubclass(value, unittest.TestCase) and key != "Case"})
    unittest.main(argv=arguments)


main()
