# SPDX-License-Identifier: Apache-2.0
"""A world of its own for real freezes: a mount namespace whose root is a tmpfs with copies of a few programs in it.

The disk that this machine stands on is in nobody's mount table here: a bind mount of one of its folders would be that
disk. Images are files in the tmpfs, mounted by loop devices. assert_safe() is called before everything that may freeze
and refuses if the table holds anything else. A process outside (run_in_world) thaws whatever happens in here.
"""

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 1 << 18
MNT_DETACH = 2
FITHAW = 0xC0045878
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

LIBC = ctypes.CDLL(None, use_errno=True)
SKIPPED = 77  # for ctest's SKIP_RETURN_CODE
TOOLS = ["/bin/sh", "/bin/sleep", "/bin/cat", "/bin/mount", "/bin/umount", "/sbin/losetup", "/sbin/mkfs.ext4",
         "/sbin/mkfs.xfs", "/sbin/mkfs.btrfs", "/sbin/mkfs.vfat", "/usr/bin/mksquashfs", "/sbin/fsck.ext4"]
HARMLESS = {"tmpfs", "proc", "sysfs", "devtmpfs", "overlay", "squashfs"}


class UnsafeError(RuntimeError):
    """A freeze might reach a disk that is not this test's."""


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def raw_mount(source, target, kind, flags=0, data=None):
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    call("mount", *encoded, ctypes.c_ulong(flags), None if data is None else data.encode())


# ---- the mount table

def unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def mount_table(path="/proc/self/mountinfo"):
    """Of each mount: (mount point, type, source, device)."""
    entries = []
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            left, right = line.rstrip("\n").split(" - ", 1)
            fields = left.split(" ")
            kind, source = right.split(" ")[:2]
            entries.append((unescape(fields[4]), kind, unescape(source), fields[2]))
    return entries


def backing_file(device):
    name = os.path.basename(device)
    with open(f"/sys/block/{name}/loop/backing_file", encoding="utf-8") as file:
        return file.read().strip()


def assert_safe():
    """Refuses unless nothing but this world's own images could be frozen."""
    table = mount_table()
    roots = [kind for place, kind, _, _ in table if place == "/"]
    if roots != ["tmpfs"]:
        raise UnsafeError(f"the root is {roots}, not a tmpfs of its own")
    for place, kind, source, device in table:
        if source.startswith("/dev/loop") and (device.startswith("7:") or kind in ("btrfs", "squashfs")):
            continue
        if kind not in HARMLESS or not device.startswith("0:"):
            raise UnsafeError(f"{place} is {kind} on {source} ({device})")


# ---- building it

def libraries_of(program):
    run = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+) \(0x", run.stdout)


def copy_program(program, root):
    """The program and its libraries, at the same places. False if it is not there."""
    if not os.path.exists(program):
        return False
    for path in [program, *libraries_of(program)]:
        target = root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            shutil.copy(path, target)
    return True


def enter(programs):
    """Puts this process into a new world. What it may still need of Python has to be loaded before."""
    call("unshare", CLONE_NEWNS)
    raw_mount(None, "/", None, MS_REC | MS_PRIVATE)
    root = "/tmp"  # any folder will do: what is mounted here is seen in here only
    raw_mount("tmpfs", root, "tmpfs", MS_NOSUID, "size=6g,mode=755")
    for folder in ("dev", "proc", "sys", "run", "tmp", "mnt", "images", "old", "etc", "hooks"):
        os.makedirs(f"{root}/{folder}")
    for program in [*TOOLS, *programs]:
        copy_program(program, root)
    raw_mount("proc", f"{root}/proc", "proc")
    raw_mount("sysfs", f"{root}/sys", "sysfs")
    raw_mount("devtmpfs", f"{root}/dev", "devtmpfs")
    os.chdir(root)
    call("syscall", SYS_PIVOT_ROOT[os.uname().machine], f"{root}".encode(), f"{root}/old".encode())
    os.chdir("/")
    call("umount2", b"/old", MNT_DETACH)
    os.environ["PATH"] = "/bin:/sbin:/usr/bin:/usr/sbin"
    os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"
    assert_safe()


# ---- inside

def sh(*command, check=True):
    return subprocess.run(list(command), capture_output=True, text=True, check=check)


def has(program):
    return os.path.exists(program)


def kernel_has(kind):
    with open("/proc/filesystems", encoding="utf-8") as file:
        return any(line.split()[-1] == kind for line in file)


class Disk:
    """An image with a file system, mounted by a loop device that goes away with its last mount."""

    MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"], "btrfs": ["mkfs.btrfs", "-q", "-f"],
            "vfat": ["mkfs.vfat"]}
    SIZE = {"ext4": 24, "xfs": 320, "btrfs": 128, "vfat": 16}

    def __init__(self, name, kind="ext4", folder="/images", size_mib=None):
        self.kind = kind
        self.image = f"{folder}/{name}"
        self.place = f"/mnt/{name}"
        with open(self.image, "wb") as file:
            file.truncate((size_mib or self.SIZE[kind]) << 20)
        sh(*self.MKFS[kind], self.image)
        os.makedirs(self.place, exist_ok=True)

    def mount(self, options="loop"):
        sh("mount", "-t", self.kind, "-o", options, self.image, self.place)
        return self


def is_frozen(place, patience_s=0.3):
    """Whether a write there waits. The writer goes on with the thaw, and is waited for then."""
    writer = os.fork()
    if writer == 0:
        with contextlib.suppress(OSError):
            os.write(os.open(f"{place}/.probe", os.O_WRONLY | os.O_CREAT, 0o600), b"x")
        os._exit(0)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if os.waitpid(writer, os.WNOHANG)[0] == writer:
            return False
        time.sleep(0.01)
    PROBES.append(writer)
    return True


PROBES = []


def collect_probes():
    while PROBES:
        os.waitpid(PROBES.pop(), 0)


def thaw_everything():
    """FITHAW on all that is mounted from a loop device; what is not frozen does not mind."""
    for _ in range(3):
        for place, _, source, _ in reversed(mount_table()):
            if not source.startswith("/dev/loop"):
                continue
            with contextlib.suppress(OSError):
                fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
                try:
                    fcntl.ioctl(fd, FITHAW, 0)
                finally:
                    os.close(fd)


def unmount_everything():
    thaw_everything()
    for place, _, source, _ in reversed(mount_table()):
        if source.startswith("/dev/loop") or place.startswith("/mnt/"):
            with contextlib.suppress(OSError):
                call("umount2", place.encode(), MNT_DETACH)


# ---- outside

def enter_namespace_of(fd):
    call("setns", fd, CLONE_NEWNS)


def clean_up(namespace, processes):
    """In a child of the watchdog: into the world, thaw, end what is left, unmount."""
    child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        return
    try:
        enter_namespace_of(namespace)
        assert_safe()
        thaw_everything()
        for process in processes():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        thaw_everything()
        unmount_everything()
    finally:
        os._exit(0)


def processes_in(namespace):
    """Ids of all processes of that mount namespace."""
    wanted = os.fstat(namespace).st_ino
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}/ns/mnt").st_ino == wanted:
                found.append(int(name))
    return [pid for pid in found if pid != os.getpid()]


def usable():
    """A reason why there can be no real freeze here, or ''."""
    if os.geteuid() != 0:
        return "needs root"
    try:
        if not stat.S_ISCHR(os.stat("/dev/loop-control").st_mode):
            return "needs loop devices"
    except OSError:
        return "needs loop devices"
    missing = [tool for tool in ("/sbin/mkfs.ext4", "/sbin/losetup", "/bin/mount") if not os.path.exists(tool)]
    return f"needs {', '.join(missing)}" if missing else ""


def run_in_world(programs, inside, limit_s):
    """Runs `inside` in a new world and returns its exit code. This process stays outside and is the watchdog."""
    reason = usable()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    child = os.fork()
    if child == 0:
        code = 1
        try:
            enter(programs)
            code = inside()
        except BaseException as error:  # pylint: disable=broad-except
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return watch(child, limit_s)


def watch(child, limit_s):
    own = os.stat("/proc/self/ns/mnt").st_ino
    namespace = -1
    deadline = time.monotonic() + limit_s
    code = None
    while code is None and time.monotonic() < deadline:
        if namespace < 0:
            with contextlib.suppress(OSError):
                fd = os.open(f"/proc/{child}/ns/mnt", os.O_RDONLY)
                if os.fstat(fd).st_ino != own:
                    namespace = fd
                else:
                    os.close(fd)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    if namespace >= 0:
        clean_up(namespace, lambda: processes_in(namespace))
    if code is None:
        print(f"not finished after {limit_s} s", file=sys.stderr)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        code = 1
    return code
