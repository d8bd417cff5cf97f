# SPDX-License-Identifier: Apache-2.0
"""A guest under QEMU: started and stopped, driven over QMP, and reached through the tests' own port (guest/hook.py)."""

import base64
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

AGENT_PORT = "org.qemu.guest_agent.0"
HOOK_PORT = "org.guestd.test.0"
BARE_PORT = "org.guestd.bare.0"  # nobody opens it but a test that measures what a port can move


def die_with_parent():
    """Runs in the child: a test that is killed must not leave a guest running."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def connect(path, deadline):
    """QEMU makes its sockets a moment after it was started."""
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(path)
            return client
        except OSError:
            client.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def cpio_of(name, content):
    """An archive with one program in it, as cpio(5) describes the new format."""
    def entry(entry_name, mode, data):
        path = entry_name.encode() + b"\0"
        fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + path
        return header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)
    return entry(name, 0o100755, content) + entry("TRAILER!!!", 0, b"")


class Qmp:
    def __init__(self, path, deadline):
        self._socket = connect(path, deadline)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._events = []
        self._next()  # the greeting
        self.execute("qmp_capabilities")

    def _next(self):
        line = self._lines.readline()
        if not line:
            raise EOFError("QEMU has gone")
        return json.loads(line)

    def execute(self, command, **arguments):
        """Underscores in the names of arguments stand for dashes."""
        self._socket.settimeout(30)
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        self._socket.sendall(json.dumps({"execute": command, "arguments": named}).encode() + b"\n")
        while True:
            message = self._next()
            if "event" in message:
                self._events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{command}: {message['error']['desc']}")
            else:
                return message["return"]

    def forget_events(self):
        """What came before now is none of the caller's business."""
        self.execute("query-status")  # takes in what is under way
        self._events.clear()

    def wait_event(self, name, timeout=30):
        deadline = time.monotonic() + timeout
        while True:
            for event in self._events:
                if event["event"] == name:
                    self._events.remove(event)
                    return event
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            self._events.append(self._next())

    def close(self):
        self._lines.close()
        self._socket.close()


class Machine:
    """`folder` takes the sockets, the disk and the log of the serial console; it must have a short path."""

    def __init__(self, image_folder, folder):
        self._image_folder = image_folder
        self.folder = folder
        self.agent_socket = os.path.join(folder, "agent")
        self.isa_socket = os.path.join(folder, "isa")
        self.bare_socket = os.path.join(folder, "bare")
        self.second_monitor = os.path.join(folder, "qmp-2")  # for guestctl
        self.console_log = os.path.join(folder, "console.log")
        self._disk = self._disk_format = None
        self._process = None
        self.qmp = None
        self._hook = None
        self._hook_number = 0
        self._hook_pending = b""
        self._agent_port_plugged = True
        self.started = 0.0

    def make_disk(self):
        """A fresh disk, whatever the guest before had; the cached image is never written to."""
        self._disk = os.path.join(self.folder, "root.img")
        self._disk_format = "raw"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", os.path.join(self._image_folder, "root.img"),
                        self._disk], check=True)

    def _command(self, board, initrd, append):
        return [
            # Without what makes udev load drivers that only cost time here: KVM, and ciphers with tests of themselves.
            # And without paging in five levels: Debian's kernel takes addresses of its own for none there, and writes
            # "xxxx" wherever it should name a path in /proc.
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-M", board,
            "-cpu", "max,-la57,-svm,-aes,-pclmulqdq,-sha-ni",
            "-m", "512M,slots=2,maxmem=1G", "-smp", "2,maxcpus=3",
            "-nodefaults", "-nographic", "-no-reboot", "-nic", "none",
            "-kernel", os.path.join(self._image_folder, "vmlinuz"), "-initrd", initrd,
            # On a busy host the kernel would find that timer interrupts come too late, and give up. Memory that is
            # plugged in is to be for what can be moved away, so that it can go off again.
            "-append",
            f"{append} console=ttyS0 quiet no_timer_check memory_hotplug.online_policy=auto-movable",
            "-chardev", f"file,id=console,path={self.console_log},append=on", "-serial", "chardev:console",
            "-chardev", f"socket,id=isa,path={self.isa_socket},server=on,wait=off", "-serial", "chardev:isa",
            "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
            "-qmp", f"unix:{self.second_monitor},server=on,wait=off",
            "-device", "virtio-serial-pci,id=bus",
            "-chardev", f"socket,id=agent,path={self.agent_socket},server=on,wait=off",
            "-device", f"virtserialport,bus=bus.0,nr=1,chardev=agent,id=agent-port,name={AGENT_PORT}",
            "-chardev", f"socket,id=hook,path={self.folder}/hook,server=on,wait=off",
            "-device", f"virtserialport,bus=bus.0,nr=2,chardev=hook,name={HOOK_PORT}",
            "-chardev", f"socket,id=bare,path={self.bare_socket},server=on,wait=off",
            "-device", f"virtserialport,bus=bus.0,nr=9,chardev=bare,name={BARE_PORT}",
        ]

    def _debian(self, board, append=""):
        return [*self._command(board, os.path.join(self._image_folder, "initrd.img"),
                               f"root=/dev/vda rw systemd.show_status=auto {append}"),
                "-drive", f"file={self._disk},format={self._disk_format},if=virtio,cache=unsafe"]

    def start(self, payload=None, board="q35", devices=(), append=""):
        """Boots the Debian guest. `payload`: a file that it sees as the read-only disk /dev/vdb. `devices`: more
        options for QEMU. `append`: more for the kernel's command line."""
        command = self._debian(board, append)
        if payload:
            # Padded by QEMU to whole sectors; the guest cuts it to size.
            command += ["-drive", f"file={payload},format=raw,if=virtio,readonly=on"]
        self._boot([*command, *devices])

    def start_busybox(self, program, devices=()):
        """Boots the other guest (guest/busybox_init), with `program` as its /bin/guestd."""
        initrd = os.path.join(self.folder, "busybox.img")
        with open(os.path.join(self._image_folder, "busybox.img"), "rb") as base, open(program, "rb") as binary, \
                open(initrd, "wb") as combined:
            # The kernel unpacks one archive after the other.
            packed = base.read()
            combined.write(packed + b"\0" * (-len(packed) % 4) + cpio_of("bin/guestd", binary.read()))
        self._boot([*self._command("pc", initrd, "panic=-1"), *devices])

    def _boot(self, command):
        self.started = time.monotonic()
        self._agent_port_plugged = True
        log = open(os.path.join(self.folder, "qemu.log"), "ab")  # pylint: disable=consider-using-with
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        log.close()
        deadline = self.started + 30
        try:
            self.qmp = Qmp(os.path.join(self.folder, "qmp"), deadline)
            self._hook = connect(os.path.join(self.folder, "hook"), deadline)
        except (OSError, EOFError) as failure:
            raise AssertionError(f"QEMU has not started ({failure!r}); it says:\n{self._last_words()}") from failure
        self._hook_pending = b""

    def _last_words(self):
        with open(os.path.join(self.folder, "qemu.log"), encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-20:])

    def run(self, script, timeout=120, check=True):
        """Runs a shell script in the guest and returns its output; `check`: it must end with 0."""
        status, output = self._run(script, timeout)
        if check and status != 0:
            raise AssertionError(f"in the guest, `{script}` ended with {status}:\n{output}")
        return output.strip()

    def _run(self, script, timeout):
        self._hook_number += 1
        self._hook.sendall(b"%d %s\n" % (self._hook_number, base64.b64encode(script.encode())))
        deadline = time.monotonic() + timeout
        while True:
            while b"\n" not in self._hook_pending:
                if not select.select([self._hook], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise TimeoutError(f"in the guest, `{script}` took longer than {timeout} s")
                chunk = self._hook.recv(65536)
                if not chunk:
                    raise EOFError("QEMU has gone")
                self._hook_pending += chunk
            reply, self._hook_pending = self._hook_pending.split(b"\n", 1)
            number, status, output = reply.split(b" ", 2)
            if int(number) == self._hook_number:  # and not of one that took too long
                return int(status), base64.b64decode(output).decode(errors="replace")

    def let_disk_hold_snapshots(self):
        """From now on the disk is an overlay in a format that takes the state of the whole machine, too."""
        self._disk = os.path.join(self.folder, "root.qcow2")
        self._disk_format = "qcow2"
        self.qmp.execute("blockdev-snapshot-sync", device="virtio0", snapshot_file=self._disk,
                         format=self._disk_format)

    def save(self, name):
        self._human(f"savevm {name}")

    def restore(self, name):
        """Goes back to what was saved, once."""
        self._human(f"loadvm {name}")
        self._human(f"delvm {name}")

    def _human(self, line):
        """A command that exists for people alone says on its output what went wrong."""
        complaint = self.qmp.execute("human-monitor-command", command_line=line)
        if complaint.strip():
            raise AssertionError(f"{line}: {complaint}")

    def move(self, folder, board="q35"):
        """Migrates the guest, which must have booted without other devices, to a second QEMU with its sockets in
        `folder`. Returns that machine; this one has ended."""
        target = Machine(self._image_folder, folder)
        target._disk, target._disk_format = self._disk, self._disk_format  # pylint: disable=protected-access
        uri = f"unix:{folder}/incoming"
        # pylint: disable-next=protected-access
        target._boot([*target._debian(board), "-incoming", uri])
        self.qmp.execute("migrate", uri=uri)
        deadline = time.monotonic() + 180
        while (state := self.qmp.execute("query-migrate"))["status"] != "completed":
            if state["status"] in ("failed", "cancelled") or time.monotonic() > deadline:
                target.stop()
                raise AssertionError(f"the guest did not move: {state}")
            time.sleep(0.1)
        self.stop()
        return target

    def wait_end(self, timeout=90):
        """Until QEMU has ended by itself."""
        try:
            self._process.wait(timeout)
        finally:
            self.stop()

    def stop(self):
        """Pulls the plug."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for channel in (self.qmp, self._hook):
            if channel:
                channel.close()
        self.qmp = self._hook = self._process = None

    def unplug_agent_port(self):
        self.qmp.execute("device_del", id="agent-port")
        self.qmp.wait_event("DEVICE_DELETED")
        self._agent_port_plugged = False

    def plug_agent_port(self, number=1):
        """Does nothing if it is plugged."""
        if self._agent_port_plugged:
            return
        self.qmp.execute("device_add", driver="virtserialport", bus="bus.0", nr=number, chardev="agent",
                         id="agent-port", name=AGENT_PORT)
        self._agent_port_plugged = True

    def keep_logs(self, target):
        os.makedirs(target, exist_ok=True)
        for name in ("console.log", "qemu.log"):
            if os.path.exists(os.path.join(self.folder, name)):
                shutil.copy(os.path.join(self.folder, name), target)
