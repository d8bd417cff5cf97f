# SPDX-License-Identifier: Apache-2.0
"""A small Debian in a folder, to install packages in: nothing is started there, and nothing of it outlives a call."""

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile

# What guestd needs, then what the distribution's agent needs.
INCLUDED = ("init-system-helpers", "libsimdjson14", "libstdc++6", "libnettle8", "man-db", "sysvinit-utils",
            "libglib2.0-0", "libnuma1", "libudev1", "liburing2")
PEER = "qemu-guest-agent"  # as a file, to be installed by the tests
DOWNLOAD_PEER = f"chroot \"$1\" sh -ec 'cd /root && apt-get -o APT::Sandbox::User=root download {PEER} >/dev/null'"
HOOK = """set -e
printf '#!/bin/sh\\nexit 101\\n' >"$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
{hook}
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin
"""
MIRROR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "mirror.sh")
# What changes with every call of dpkg, rpm or man.
NOT_OF_PACKAGES = ("/dev", "/proc", "/sys", "/tmp", "/root/.rpmdb", "/var/lib/dpkg", "/var/lib/rpm", "/var/log",
                   "/var/cache/man")


def missing_tools():
    return [tool for tool in ("mmdebstrap", "unshare", "dpkg-deb") if not shutil.which(tool)]


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def fast_folder():
    """Where to make a root: dpkg waits for the disk after each file, so in memory if there is enough of it."""
    memory = "/dev/shm"
    if not os.path.ismount(memory):
        return None
    space = os.statvfs(memory)
    return memory if space.f_bavail * space.f_frsize > 1 << 30 else None


def base_archive(included=INCLUDED, hook=DOWNLOAD_PEER, foreign=()):
    """A tar archive of the system, made once and kept under a hash of what it is made from. `foreign`: architectures
    beside this machine's; `hook`: lines of a shell script that is given the root."""
    hook = HOOK.replace("{hook}", hook)
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "guestd", "chroot")
    key = hashlib.sha256(repr((included, hook, foreign)).encode()).hexdigest()[:16]
    archive = os.path.join(cache, f"{key}.tar")
    if os.path.exists(archive):
        return archive
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build.", dir=cache) as work:
        script = os.path.join(work, "hook.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(hook)
        os.chmod(work, 0o755)
        made = os.path.join(work, "base.tar")
        subprocess.run(
            ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", "--aptopt=Apt::Install-Recommends false",
             f"--architectures={','.join((output('dpkg', '--print-architecture'), *foreign))}",
             f"--include={','.join(included)}", f'--customize-hook=sh {script} "$1"', "bookworm", made,
             f"deb {output(MIRROR)} bookworm main"], check=True, stdin=subprocess.DEVNULL)
        os.rename(made, archive)
    return archive


class Chroot:
    """`folder` must be empty; everything in it belongs to the caller, who is root."""

    def __init__(self, folder, archive=None):
        self.folder = folder
        subprocess.run(["tar", "-C", folder, "--exclude=./dev/*", "-xf", archive or base_archive()], check=True)

    def path(self, name):
        return os.path.join(self.folder, name.lstrip("/"))

    def _command(self, script):
        # With a /proc of its own for start-stop-daemon; whatever is left running ends with the script.
        mounts = 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev" && mknod -m 666 "$1/dev/null" c 1 3 && '
        return ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-euc",
                mounts + 'exec chroot "$1" sh -euc "$2"', "sh", self.folder, script]

    @staticmethod
    def _environment():
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive", "GUESTD_HANDS_OFF": "1"}

    def run(self, script):
        """What the script prints; it must succeed."""
        done = subprocess.run(self._command(script), env=self._environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"`{script}` ended with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()

    def start(self, script):
        """The script as a process whose input and output are pipes."""
        return subprocess.Popen(self._command(script), env=self._environment(), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def copy_in(self, file, name):
        shutil.copy(file, self.path(name))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def tree(self):
        """Every path that packages may have a hand in, with what it is."""
        found = {}
        for folder, folders, files in os.walk(self.folder):
            inside = "/" + os.path.relpath(folder, self.folder).lstrip(".").lstrip("/")
            folders[:] = [name for name in folders if os.path.join(inside, name) not in NOT_OF_PACKAGES]
            for name in folders + files:
                path = os.path.join(inside, name)
                if path not in NOT_OF_PACKAGES:
                    found[path] = self._what_is(path)
        return found

    def _what_is(self, path):
        status = os.lstat(self.path(path))
        kind = (stat.filemode(status.st_mode), status.st_uid, status.st_gid)
        if stat.S_ISLNK(status.st_mode):
            return (*kind, os.readlink(self.path(path)))
        if stat.S_ISREG(status.st_mode):
            with open(self.path(path), "rb") as file:
                return (*kind, hashlib.sha256(file.read()).hexdigest())
        return kind


def differences(before, after):
    return sorted([f"+ {path}" for path in after.keys() - before.keys()] +
                  [f"- {path}" for path in before.keys() - after.keys()] +
                  [f"~ {path}" for path in before.keys() & after.keys() if before[path] != after[path]])
