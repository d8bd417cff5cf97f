#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guestctl and the monitor of a real QEMU. No guest is booted: what needs one is in tests/vm/guestctl_cases.py.

    real_monitor_test.py --guestctl build/dev/client/main/guestctl
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

for neighbour in (("..",), ("..", "..", "vm")):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), *neighbour))

from harness import OPTIONS, take_options  # noqa: E402  pylint: disable=wrong-import-position
from machine import Qmp, connect, die_with_parent  # noqa: E402  pylint: disable=wrong-import-position

QEMU = "qemu-system-x86_64"
PATIENCE = 120


class Qemu:
    """A machine that executes nothing, which takes no time to start."""

    def __init__(self, folder, *options, machine="q35", port="org.qemu.guest_agent.0", paused=True):
        self.monitor = os.path.join(folder, "qmp")
        self.agent = os.path.join(folder, "agent")
        control = os.path.join(folder, "control")  # a second monitor, for the test
        command = [QEMU, "-accel", "tcg", "-M", machine, "-m", "64", "-nodefaults", "-display", "none",
                   "-name", "guest=real,debug-threads=on", "-qmp", f"unix:{self.monitor},server=on,wait=off",
                   "-qmp", f"unix:{control},server=on,wait=off",
                   "-chardev", f"socket,id=qga0,path={self.agent},server=on,wait=off"]
        if paused:
            command.append("-S")
        if port:
            command += ["-device", "virtio-serial-pci,id=vs", "-device",
                        f"virtserialport,chardev=qga0,name={port},id=port0"]
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.control = Qmp(control, time.monotonic() + PATIENCE)

    def end(self):
        self.control.close()
        self.process.kill()
        self.process.wait()


class RealMonitor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="guestctl-")  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *options, **how):
        qemu = Qemu(self.folder, *options, **how)
        self.addCleanup(qemu.end)
        return qemu

    def guestctl(self, *words):
        run = subprocess.run([OPTIONS.guestctl, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return run.returncode, run.stdout, run.stderr

    def findings(self, *words):
        """Exit status and the last finding of doctor."""
        status, output, errors = self.guestctl("--json", *words, "doctor")
        self.assertTrue(output, errors)
        report = json.loads(output)
        self.assertEqual(report["healthy"], status == 0)
        return status, report["findings"][-1]

    def test_any_command_is_called_with_checked_arguments(self):
        qemu = self.start()
        status, output, _ = self.guestctl("--qmp", qemu.monitor, "--json", "qmp", "query-status")
        self.assertEqual((0, "prelaunch"), (status, json.loads(output)["status"]))
        status, output, _ = self.guestctl("--qmp", qemu.monitor, "--json", "qmp", "qom-get",
                                          "path=/machine/peripheral/port0", "property=name")
        self.assertEqual((0, "org.qemu.guest_agent.0"), (status, json.loads(output)))
        for words, text in ((("qom-get", "path=/machine"), "property is missing"),
                            (("qom-get", "path=/", "property=x", "more=1"), "there is no argument more"),
                            (("balloon", "value=much"), "value has to be an integer"),
                            (("no-such-command",), "this QEMU has no command no-such-command")):
            status, _, errors = self.guestctl("--qmp", qemu.monitor, "qmp", *words)
            self.assertEqual(2, status, words)
            self.assertIn(text, errors)
        status, _, errors = self.guestctl("--qmp", qemu.monitor, "qmp", "device_add", "driver=virtserialport", "id=p2",
                                          "nr=2", "name=org.example.other")
        status, output, _ = self.guestctl("--qmp", qemu.monitor, "--json", "qmp", "qom-get",
                                          "path=/machine/peripheral/p2", "property=name")
        self.assertEqual((0, "org.example.other"), (status, json.loads(output)), errors)
        status, _, errors = self.guestctl("--qmp", qemu.monitor, "qmp", "system_wakeup")
        self.assertEqual(1, status, errors)

    def test_machine_is_listed(self):
        qemu = self.start()
        status, output, _ = self.guestctl("--json", "list")
        self.assertEqual(0, status)
        mine = [machine for machine in json.loads(output) if machine.get("pid") == qemu.process.pid]
        self.assertEqual([{"name": "real", "pid": qemu.process.pid, "agent": qemu.agent, "monitor": qemu.monitor,
                           "found-by": "process"}], mine)
        self.assertIn(qemu.monitor, self.guestctl("list")[1])

    def test_monitor_is_found_by_the_socket_of_the_agent(self):
        qemu = self.start()
        status, output, errors = self.guestctl("--socket", qemu.agent, "--json", "qmp", "query-name")
        self.assertEqual(0, status, errors)
        self.assertEqual({"name": "real"}, json.loads(output))

    def watch(self, qemu, *words):
        """A `watch` that has shown an event, so it is surely at work."""
        watch = subprocess.Popen(  # pylint: disable=consider-using-with
            [OPTIONS.guestctl, "--qmp", qemu.monitor, *words, "watch"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        deadline = time.monotonic() + PATIENCE
        while not select.select([watch.stdout], [], [], 0.2)[0]:
            self.assertLess(time.monotonic(), deadline, "watch shows nothing")
            qemu.control.execute("cont")
            qemu.control.execute("stop")
        return watch

    def test_events_are_watched_until_the_end(self):
        qemu = self.start()
        watch = self.watch(qemu, "--json")
        qemu.process.send_signal(signal.SIGTERM)
        output, _ = watch.communicate(timeout=PATIENCE)
        self.assertEqual(0, watch.returncode)
        self.assertEqual("SHUTDOWN", json.loads(output.splitlines()[-1])["event"])

    def test_watch_ends_when_it_is_interrupted(self):
        watch = self.watch(self.start())
        watch.send_signal(signal.SIGINT)
        output, _ = watch.communicate(timeout=PATIENCE)
        self.assertEqual(0, watch.returncode)
        self.assertRegex(output, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}  (RESUME|STOP)\n")

    def test_doctor_names_a_machine_that_was_not_started(self):
        qemu = self.start()
        status, finding = self.findings("--socket", qemu.agent, "--qmp", qemu.monitor)
        self.assertEqual((3, "machine"), (status, finding["subject"]))
        self.assertIn("was not started yet", finding["text"])
        self.assertIn("guestctl qmp cont", finding["remedy"])

    def test_doctor_names_a_machine_that_is_paused(self):
        qemu = self.start(paused=False)
        self.assertEqual(0, self.guestctl("--qmp", qemu.monitor, "qmp", "stop")[0])
        status, finding = self.findings("--socket", qemu.agent)
        self.assertEqual((3, "machine"), (status, finding["subject"]))
        self.assertIn("the machine real is paused", finding["text"])

    def test_doctor_names_a_port_that_is_missing(self):
        qemu = self.start(port=None, paused=False)
        status, finding = self.findings("--socket", qemu.agent, "--qmp", qemu.monitor)
        self.assertEqual((3, "port"), (status, finding["subject"]))
        self.assertIn("no virtio-serial port for the agent", finding["text"])
        self.assertIn("virtserialport", finding["remedy"])

    def test_doctor_names_a_driver_that_is_not_up(self):
        qemu = self.start(paused=False)
        status, finding = self.findings("--socket", qemu.agent, "--qmp", qemu.monitor)
        self.assertEqual((3, "driver"), (status, finding["subject"]))

    def test_doctor_names_sockets_where_nobody_is(self):
        qemu = self.start()
        status, finding = self.findings("--socket", qemu.agent + "x")
        self.assertEqual((3, "socket"), (status, finding["subject"]))
        self.assertIn("there is no socket", finding["text"])
        qemu.end()
        status, finding = self.findings("--socket", qemu.agent)
        self.assertEqual((3, "socket"), (status, finding["subject"]))
        self.assertIn("nobody listens", finding["text"])

    def test_doctor_goes_on_without_a_monitor_that_another_holds(self):
        qemu = self.start(paused=False)
        holder = connect(qemu.monitor, time.monotonic() + PATIENCE)
        self.addCleanup(holder.close)
        holder.recv(1)
        status, output, _ = self.guestctl("--json", "--timeout", "1", "--socket", qemu.agent, "--qmp", qemu.monitor,
                                          "doctor")
        findings = json.loads(output)["findings"]
        self.assertEqual("monitor", findings[0]["subject"])
        self.assertIn("another client holds it", findings[0]["text"])
        self.assertEqual((4, "agent"), (status, findings[-1]["subject"]))

    def test_wakeup_refuses_what_does_not_sleep(self):
        qemu = self.start()
        status, _, errors = self.guestctl("--qmp", qemu.monitor, "wakeup")
        self.assertEqual(1, status)
        self.assertIn("the machine does not sleep: it is prelaunch", errors)

    def test_a_machine_without_anything_has_a_monitor_too(self):
        qemu = self.start(machine="none", port=None, paused=False)
        status, output, _ = self.guestctl("--qmp", qemu.monitor, "--json", "qmp", "query-version")
        self.assertEqual((0, 7 <= json.loads(output)["qemu"]["major"]), (status, True))

    def test_a_monitor_that_is_none_is_named(self):
        path = os.path.join(self.folder, "other")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            client = subprocess.Popen(  # pylint: disable=consider-using-with
                [OPTIONS.guestctl, "--qmp", path, "qmp", "query-status"], stderr=subprocess.PIPE, text=True)
            peer, _ = listener.accept()
            peer.sendall(b"220 mail.example.org\r\n")
            _, errors = client.communicate(timeout=PATIENCE)
            peer.close()
        self.assertEqual(3, client.returncode)
        self.assertIn("is no monitor of QEMU", errors)


def main():
    arguments = take_options()
    if shutil.which(QEMU) is None:
        print(f"skipped: {QEMU} is not installed")
        sys.exit(77)
    unittest.main(argv=arguments)


main()
