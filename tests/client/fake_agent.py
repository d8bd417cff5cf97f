# SPDX-License-Identifier: Apache-2.0
"""An agent for tests of guestctl: what guestd's extensions do, in a folder of the test's own, and whatever harm a test
wants it to do instead."""

import base64
import fcntl
import hashlib
import json
import os
import pty
import select
import signal
import socket
import stat
import struct
import subprocess
import termios
import threading

KINDS = {stat.S_IFREG: "regular", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo"}


class Refused(Exception):
    """Becomes an error reply."""


class Program:
    def __init__(self, args):
        env = dict(os.environ)
        env.update(pair.split("=", 1) for pair in args.get("env", []))
        self.terminal = "pty" in args
        self.taken = 0
        words = [args["path"], *args.get("args", [])]
        common = {"env": env, "cwd": args.get("cwd", "/"), "start_new_session": True}
        if self.terminal:
            master, slave = pty.openpty()
            self.resize(master, args["pty"].get("rows", 24), args["pty"].get("columns", 80))

            def own_terminal():
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

            self.child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal,
                                          **common)
            os.close(slave)
            self.input = master
            self.outputs = {"stdout": master}
        else:
            stream = args.get("stdin") == "stream"
            self.child = subprocess.Popen(words, stdin=subprocess.PIPE if stream else subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **common)
            self.input = self.child.stdin.fileno() if stream else -1
            self.outputs = {"stdout": self.child.stdout.fileno(), "stderr": self.child.stderr.fileno()}
        if self.input >= 0:
            os.set_blocking(self.input, False)

    @staticmethod
    def resize(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, limit, wait_s, other):
        """What is new, or nothing when `other` has something to say first."""
        pieces = []
        ready, _, _ = select.select([*self.outputs.values(), other], [], [], wait_s)
        for name, fd in list(self.outputs.items()):
            if fd not in ready:
                continue
            try:
                data = os.read(fd, limit)
            except OSError:  # a terminal that nobody has open any more
                data = b""
            if not data:
                del self.outputs[name]
                continue
            pieces.append({"stream": name, "data": base64.b64encode(data).decode(), "offset": 0, "next-offset": 0,
                           "dropped-bytes": 0, "eof": False})
        return pieces


class Server:
    """Listens on a Unix socket; converse() is what each client gets."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.server = threading.Thread(target=self.serve, daemon=True)
        self.server.start()

    def close(self):
        # Not while its thread may be about to accept: the next agent's listener would get the same descriptor, and the
        # thread the next agent's clients.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.server.join()
        self.listener.close()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_one, args=(client,), daemon=True).start()

    def serve_one(self, client):
        with client:
            self.converse(client)


class FakeAgent(Server):
    """The commands are its methods, and those in `overrides` come first."""

    def __init__(self, folder, overrides=None, hidden=()):
        self.overrides = overrides or {}
        self.hidden = set(hidden)
        self.requests = []
        self.programs = {}
        self.files = {}
        self.frozen = False
        super().__init__(os.path.join(folder, "agent.sock"))

    def close(self):
        super().close()
        for program in self.programs.values():
            program.child.kill()

    def converse(self, client):
        buffered = b""
        self.client = client
        try:
            while True:
                while b"\n" not in buffered:
                    piece = client.recv(1 << 20)
                    if not piece:
                        return
                    buffered += piece
                line, buffered = buffered.split(b"\n", 1)
                self.has_more = bool(buffered)
                reply = self.answer(json.loads(line.replace(b"\xff", b"")), client)
                if reply is not None:
                    client.sendall(reply)
        except OSError:
            return

    def answer(self, request, client):
        name, args = request["execute"], request.get("arguments", {})
        self.requests.append((name, args))
        identity = {"id": request["id"]} if "id" in request else {}
        if name == "guest-sync-delimited" and name not in self.overrides:
            return b"\xff" + json.dumps({"return": args["id"]}).encode() + b"\n"
        try:
            if name in self.overrides:
                result = self.overrides[name](args, client)
                if isinstance(result, bytes):
                    return result
            else:
                method = getattr(self, name.replace("-", "_"), None)
                if method is None or name in self.hidden:
                    raise Refused(f"The command {name} has not been found")
                result = method(args)
        except (Refused, OSError) as error:
            text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            kind = "CommandNotFound" if "not been found" in text else "GenericError"
            return json.dumps({"error": {"class": kind, "desc": text}, **identity}).encode() + b"\n"
        return json.dumps({"return": {} if result is None else result, **identity}).encode() + b"\n"

    def calls_of(self, name):
        return [args for called, args in self.requests if called == name]

    # --- what all agents can do ---

    def guest_ping(self, _):
        return None

    def guest_info(self, _):
        names = [name.replace("_", "-") for name in dir(self) if name.startswith(("guest_", "guestd_"))]
        names += [name for name in self.overrides if name not in names]
        return {"version": "10.2.2", "supported_commands": [
            {"name": name, "enabled": True, "success-response": True} for name in names if name not in self.hidden]}

    def guest_fsfreeze_status(self, _):
        return "frozen" if self.frozen else "thawed"

    def guest_fsfreeze_freeze(self, _):
        self.frozen = True
        return 2

    def guest_fsfreeze_thaw(self, _):
        count = 2 if self.frozen else 0
        self.frozen = False
        return count

    # --- files ---

    def guest_file_open(self, args):
        mode = args.get("mode", "r").replace("b", "")
        flags = {"r": os.O_RDONLY, "r+": os.O_RDWR, "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                 "w+": os.O_RDWR | os.O_CREAT | os.O_TRUNC}[mode]
        handle = 1000 + len(self.files)
        self.files[handle] = os.open(args["path"], flags, 0o644)
        return handle

    def guest_file_close(self, args):
        os.close(self.files.pop(args["handle"]))

    def guest_file_read(self, args):
        data = os.read(self.files[args["handle"]], args.get("count", 4096))
        return {"count": len(data), "buf-b64": base64.b64encode(data).decode(), "eof": not data}

    def guest_file_write(self, args):
        return {"count": os.write(self.files[args["handle"]], base64.b64decode(args["buf-b64"])), "eof": False}

    def guest_file_seek(self, args):
        return {"position": os.lseek(self.files[args["handle"]], args["offset"], args["whence"]), "eof": False}

    def status_of(self, state, path=None):
        status = {"type": KINDS[stat.S_IFMT(state.st_mode)], "size": state.st_size, "allocated": state.st_blocks * 512,
                  "mode": stat.S_IMODE(state.st_mode), "uid": state.st_uid, "gid": state.st_gid,
                  "access-time": state.st_atime_ns, "modify-time": state.st_mtime_ns,
                  "change-time": state.st_ctime_ns, "links": state.st_nlink, "inode": state.st_ino,
                  "file-system": {"major": 0, "minor": 1}}
        if stat.S_ISLNK(state.st_mode):
            status["target"] = os.readlink(path)
        return status

    def guestd_file_stat(self, args):
        if "handle" in args:
            fd = self.files[args["handle"]]
            result = {"status": self.status_of(os.fstat(fd))}
            if "data-from" in args:
                result["data"] = list(self.extents(fd, args["data-from"]))
            return result
        path = args["path"]
        return {"status": self.status_of(os.stat(path) if args.get("follow") else os.lstat(path), path)}

    @staticmethod
    def extents(fd, at):
        before = os.lseek(fd, 0, os.SEEK_CUR)
        size = os.fstat(fd).st_size
        while at < size:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(fd, at, os.SEEK_HOLE)
            yield {"offset": at, "length": end - at}
            at = end
        os.lseek(fd, before, os.SEEK_SET)

    def guestd_file_list(self, args):
        names = sorted(os.listdir(args["path"]))
        begin = int(args.get("cursor", 0))
        page = {"entries": []}
        for name in names[begin:begin + 2]:
            path = os.path.join(args["path"], name)
            page["entries"].append({"name": name, "status": self.status_of(os.lstat(path), path)})
        if begin + 2 < len(names):
            page["cursor"] = str(begin + 2)
        return page

    def guestd_file_make_directory(self, args):
        os.mkdir(args["path"], args.get("mode", 0o777))
        return {"created": True}

    def guestd_file_make_link(self, args):
        if os.path.islink(args["path"]):
            os.unlink(args["path"])
        os.symlink(args["target"], args["path"])
        return {"created": True}

    def guestd_file_set_attributes(self, args):
        target = self.files[args["handle"]] if "handle" in args else args["path"]
        follow = {} if "handle" in args else {"follow_symlinks": False}
        if "size" in args:
            os.truncate(target, args["size"])
        if "mode" in args:
            os.chmod(target, args["mode"])
        if "modify-time" in args:
            os.utime(target, ns=(args["access-time"], args["modify-time"]), **follow)

    def guestd_file_checksum(self, args):
        data = os.pread(self.files[args["handle"]], args.get("length", 1 << 40), args.get("offset", 0))
        return {"sha256": hashlib.sha256(data).hexdigest(), "count": len(data)}

    # --- programs ---

    def guestd_exec(self, args):
        try:
            program = Program(args)
        except FileNotFoundError as error:
            raise Refused(f"cannot run {args['path']}: No such file or directory") from error
        self.programs[program.child.pid] = program
        return {"pid": program.child.pid}

    def guestd_exec_read(self, args):
        program = self.programs[args["pid"]]
        wait_s = 0 if self.has_more else args.get("wait-ms", 0) / 1000
        pieces = []
        if program.outputs:
            pieces = program.read(min(args.get("max-bytes", 65536), 1 << 20), wait_s, self.client)
        result = {"output": pieces, "exited": False, "timed-out": False, "finished": False}
        if not program.outputs:
            code = program.child.wait()
            result.update(exited=True, finished=not pieces)
            result.update({"signal": -code} if code < 0 else {"exitcode": code})
        return result

    def guestd_exec_write(self, args):
        program = self.programs[args["pid"]]
        data = base64.b64decode(args.get("data", ""))
        count = 0
        if data:
            try:
                count = os.write(program.input, data)
            except BlockingIOError:
                select.select([], [program.input], [], 0 if self.has_more else args.get("wait-ms", 0) / 1000)
        program.taken += count
        if args.get("eof") and count == len(data):
            if program.terminal:
                os.write(program.input, b"\x04")
            else:
                program.child.stdin.close()
        return {"count": count, "next-offset": program.taken, "room": 65536}

    def guestd_exec_signal(self, args):
        os.killpg(args["pid"], getattr(signal, "SIG" + args["signal"]))

    def guestd_exec_resize(self, args):
        Program.resize(self.programs[args["pid"]].input, args["rows"], args["columns"])
