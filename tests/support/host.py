# SPDX-License-Identifier: Apache-2.0
"""The host's end of an agent's channel: a small client, as strict as the clients in the field are.

A reply is one line; 0xFF stands before the reply of guest-sync-delimited and nowhere else.
"""

import base64
import itertools
import json
import os
import socket
import time

SENTINEL = b"\xff"


class AgentError(Exception):
    """The agent answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['desc']}")
        self.error_class = error["class"]
        self.desc = error["desc"]


class HostClient:
    """One connection. Not thread safe. TimeoutError: no reply in time; EOFError: the other side has closed."""

    _ids = itertools.count(int.from_bytes(os.urandom(5), "big"))

    def __init__(self, address, timeout=20.0):
        """`address`: the path of a Unix socket, which a moment after its file is there is listened at, or a connected
        socket."""
        self.timeout = timeout
        self._pending = b""
        if isinstance(address, socket.socket):
            self._socket = address
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._connect(address, time.monotonic() + timeout)

    def _connect(self, path, deadline):
        while True:
            try:
                return self._socket.connect(path)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self._socket.settimeout(self.timeout)
        self._socket.sendall(data)

    def receive(self, deadline):
        """Whatever comes next, at least one byte."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no reply in time")
        self._socket.settimeout(left)
        chunk = self._socket.recv(1 << 20)
        if not chunk:
            raise EOFError("the channel was closed")
        return chunk

    def line(self, timeout=None):
        """The next line, without its newline."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        chunks = [self._pending]
        while b"\n" not in chunks[-1]:
            try:
                chunks.append(self.receive(deadline))
            except (TimeoutError, socket.timeout):
                self._pending = b"".join(chunks)
                raise TimeoutError("no reply in time") from None
        line, self._pending = b"".join(chunks).split(b"\n", 1)
        return line

    def unread(self):
        """What has come in and was not taken by line()."""
        return self._pending

    def request(self, name, arguments=None):
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.send(json.dumps(message).encode() + b"\n")

    def result(self, timeout=None):
        reply = json.loads(self.line(timeout))
        if "error" in reply:
            raise AgentError(reply["error"])
        return reply["return"]

    def call(self, name, timeout=None, **arguments):
        """Underscores in the names of arguments stand for the dashes on the wire."""
        self.request(name, {key.replace("_", "-"): value for key, value in arguments.items()})
        return self.result(timeout)

    def sync(self, timeout=30.0, again_after=2.0):
        """Sends guest-sync-delimited until one is answered. Returns the number of stale bytes before the answer.

        More and more rarely: what is sent before a guest listens waits in the socket, which takes only so much."""
        deadline = time.monotonic() + timeout
        stale = len(self._pending)
        self._pending = b""
        while True:
            wanted = next(self._ids)
            self.send(SENTINEL)
            self.request("guest-sync-delimited", {"id": wanted})
            try:
                while True:
                    line = self.line(min(again_after, max(0.0, deadline - time.monotonic())))
                    before, sentinel, reply = line.rpartition(SENTINEL)
                    if sentinel and json.loads(reply) == {"return": wanted}:
                        return stale + len(before)
                    stale += len(line) + 1
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"no answer to a sync within {timeout} s") from None
                again_after = min(again_after * 1.5, 15.0)

    def write_file(self, path, content, chunk=1 << 20, mode="wb"):
        handle = self.call("guest-file-open", path=path, mode=mode)
        for start in range(0, len(content), chunk):
            piece = content[start:start + chunk]
            written = self.call("guest-file-write", handle=handle, buf_b64=base64.b64encode(piece).decode())
            if written != {"count": len(piece), "eof": False}:
                raise AssertionError(f"guest-file-write returned {written} for {len(piece)} bytes")
        self.call("guest-file-flush", handle=handle)
        self.call("guest-file-close", handle=handle)

    def read_file(self, path, chunk=1 << 20):
        handle = self.call("guest-file-open", path=path)
        pieces = []
        while True:
            piece = self.call("guest-file-read", handle=handle, count=chunk)
            content = base64.b64decode(piece["buf-b64"], validate=True)
            if len(content) != piece["count"]:
                raise AssertionError(f"guest-file-read says {piece['count']} and sends {len(content)} bytes")
            pieces.append(content)
            if piece["eof"]:
                break
        self.call("guest-file-close", handle=handle)
        return b"".join(pieces)
