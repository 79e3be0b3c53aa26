"""A server on the loopback interface that keeps the bytes it gets, verifies them, and answers as it is told.

It is no HTTP library: what it reads is what stood on the wire, and what it writes is what a test wrote. It
keeps connections open, as servers do.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from delegate.envelope.response import sign_response
from delegate.errors import DelegateError
from delegate.verifier import Request, Verified
from tests.client.support import ANSWER_KEY, OURS, Server

PATIENCE: Final = 10.0
"""Seconds after which a test that waits has failed."""


class Reply(NamedTuple):
    """What the server answers; ``BREAK`` closes the connection instead."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    missing: int = 0
    """How many more bytes it announces than come."""


BREAK: Final = Reply(0)


def redirect(status: int, location: str) -> Reply:
    """A redirect with a body that nobody wants."""
    return Reply(status, (("Location", location),), b"gone elsewhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One request as it stood on the wire; names of headers in lower case."""

    method: str
    target: bytes
    lines: list[tuple[bytes, bytes]]
    body: bytes
    chunked: bool

    @property
    def headers(self) -> dict[str, str]:
        """The headers, of which none may stand there twice."""
        names = [name.lower() for name, _ in self.lines]
        assert len(set(names)) == len(names), f"a header stands twice: {names}"
        return {
            name.decode(): value.decode("latin-1") for name, value in zip(names, self.values, strict=True)
        }

    @property
    def values(self) -> list[bytes]:
        return [value for _, value in self.lines]

    def every(self, name: str) -> list[str]:
        """The values of all lines of one header."""
        return [value.decode("latin-1") for each, value in self.lines if each.lower() == name.encode()]

    @property
    def ours(self) -> set[str]:
        """Which headers of ours it carries."""
        return set(OURS) & {name.lower().decode() for name, _ in self.lines}

    def request(self) -> Request:
        """What a server sees."""
        path, _, query = self.target.partition(b"?")
        return Request(method=self.method, path=path, query=query, headers=self.lines)


def split(head: bytes, body: bytes, *, chunked: bool) -> Arrived:
    """The parts of a request."""
    line, *lines = head.split(b"\r\n")
    method, target, version = line.split(b" ")
    assert version == b"HTTP/1.1"
    headers = [(name, value.strip(b" \t")) for name, _, value in (each.partition(b":") for each in lines)]
    return Arrived(method=method.decode(), target=target, lines=headers, body=body, chunked=chunked)


@dataclass(slots=True, kw_only=True)
class WireServer:
    """The server; ``with`` starts and stops it."""

    verify: bool = True
    requests: list[Arrived] = field(default_factory=list)
    verified: list[Verified] = field(default_factory=list)
    refused: list[DelegateError] = field(default_factory=list)
    answers: deque[Reply] = field(default_factory=deque)
    """What it answers instead of 200, in order."""
    arriving: Callable[[], object] = lambda: None
    """Called with each request, before it is answered."""
    signs: bool = False
    """Whether answers are signed for the request that they answer, with ``ANSWER_KEY``."""
    spoil: Callable[[Reply], Reply] = lambda reply: reply
    """What the network makes of an answer."""
    connections: int = 0
    server: Any = None
    _listener: Any = None
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.authority}"

    @property
    def clock(self) -> Any:
        return self.server.clock

    @property
    def last(self) -> Arrived:
        return self.requests[-1]

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.server = Server(self.origin)
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        if kind is None:
            assert not self.refused, f"a request that was sent does not verify: {self.refused}"

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while (arrived := read(stream, connection)) is not None:
                self._take(arrived)
                answer = self.answers.popleft() if self.answers else Reply()
                if answer is BREAK:
                    return
                if self.signs:
                    answer = self.spoil(self._signed(arrived, answer))
                connection.sendall(written(answer, bodiless=arrived.method == "HEAD"))
                if answer.missing:
                    return

    def _signed(self, arrived: Arrived, answer: Reply) -> Reply:
        added = sign_response(
            ANSWER_KEY,
            self.server.verifier.binding(arrived.request()),
            status=answer.status,
            headers=[(name.encode(), value.encode()) for name, value in answer.headers],
            body=answer.body,
            now=self.clock.now(),
        )
        lines = tuple((name, value.decode()) for name, value in added.items())
        return answer._replace(headers=(*answer.headers, *lines))

    def _take(self, arrived: Arrived) -> None:
        self.requests.append(arrived)
        try:
            if self.verify:
                self.verified.append(self.server.verifier.verify(arrived.request(), arrived.body))
        except DelegateError as error:
            self.refused.append(error)
        self.arriving()


def read(stream: Any, connection: socket.socket) -> Arrived | None:
    """The next request of a connection; ``None`` at its end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    names = {name.lower(): value for name, value in split(head[:-4], b"", chunked=False).lines}
    if names.get(b"expect") == b"100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    chunked = b"transfer-encoding" in names
    body = read_chunks(stream) if chunked else stream.read(int(names.get(b"content-length", b"0")))
    return split(head[:-4], body, chunked=chunked)


def read_chunks(stream: Any) -> bytes:
    """A body in chunks (RFC 9112 section 7.1)."""
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


def written(answer: Reply, *, bodiless: bool) -> bytes:
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status not in {204, 304}:
        lines.append(f"Content-Length: {len(answer.body) + answer.missing}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if bodiless else answer.body)
