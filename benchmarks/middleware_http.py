"""What ``protect`` adds to a request over HTTP: uvicorn in its own process, and a generator of requests.

Two servers (``benchmarks.middleware_server``), one with the middleware and one that only buffers the body,
keep to one core, and the generator, which is this process, to another, so that neither takes the other's
time. They speak HTTP/1.1 over the loopback, on connections that stay open, each with one request under way.
In each round either server has its turn; requests are signed before it, since each is good for one time.

``middleware_http_cpu_vs_libsodium`` is the CPU time of the server alone, as it tells it itself, in bare
signature verifications: what ``middleware_cpu_vs_libsodium`` is without a server. The requests per second are
by the time that passes, so they say something on a quiet machine only. Where processes cannot be pinned, or
there is one core, all run where the system puts them.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from benchmarks.middleware_server import ANY_CORE, CPU
from benchmarks.rounds import Candidate, Rounds, timed
from benchmarks.workload import AUTHORITY, Sender, chain
from delegate.keys import SigningKey

HOPS: Final = 3
ROUNDS: Final = 15
WAVES: Final = 25
CONNECTIONS: Final = 8
PATIENCE: Final = 10.0
"""Seconds for one answer, or for a server to start: far more than any needs."""

_PROTECTED: Final = "middleware_http"
_BUFFERING: Final = "buffering_http"


class _Client:
    """Connections to one server, which stay open."""

    def __init__(self, port: int) -> None:
        self._sockets = [
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(CONNECTIONS)
        ]
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def wave(self, requests: Sequence[bytes]) -> list[bytes]:
        """One request on each connection; the bodies of the answers."""
        busy = self._sockets[: len(requests)]
        for each, request in zip(busy, requests, strict=True):
            each.sendall(request)
        return [_answer(each) for each in busy]

    def cpu_us(self) -> float:
        """The CPU time that the server has taken so far."""
        (told,) = self.wave([f"GET {CPU} HTTP/1.1\r\nHost: {AUTHORITY}\r\n\r\n".encode()])
        return int(told) / 1000

    def close(self) -> None:
        for each in self._sockets:
            each.close()


def _answer(connection: socket.socket) -> bytes:
    """The body of one answer, which says how long it is; raises ``OSError`` where it is not a good one."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    if b" 200 " not in status:
        msg = f"the server answered {status.decode('latin-1')}"
        raise OSError(msg)
    headers = dict(line.lower().split(b": ", 1) for line in lines)
    while len(body) < int(headers[b"content-length"]):
        body += _more(connection)
    return body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        msg = "the server closed the connection"
        raise OSError(msg)
    return data


def _cores() -> tuple[str, set[int] | None]:
    """The core of the servers, and those of this process; ``None`` where nothing can be pinned."""
    if not hasattr(os, "sched_setaffinity"):
        return ANY_CORE, None
    first, *others = sorted(os.sched_getaffinity(0))
    return (str(first), {others[0]}) if others else (ANY_CORE, None)


@contextmanager
def _pinned(cores: set[int] | None) -> Iterator[None]:
    """Keep this process to ``cores`` meanwhile."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _serving(core: str, *keys: str) -> Iterator[_Client]:
    """A server, and a client of it."""
    command = [sys.executable, "-m", "benchmarks.middleware_server", core, *keys]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        client = None
        try:
            assert server.stdout is not None
            client = _Client(int(server.stdout.readline()))
            yield client
        finally:
            if client is not None:
                client.close()
            server.kill()


def _on_the_wire(sender: Sender) -> bytes:
    """A freshly signed request, as a client sends it."""
    signed = sender.sign()
    headers = {"host": AUTHORITY.encode(), "content-type": b"application/json", "accept": b"*/*"}
    headers |= signed.headers | {"content-length": b"%d" % len(sender.body)}
    lines = [name.encode() + b": " + value for name, value in headers.items()]
    return b"\r\n".join([b"POST /v1/orders?dry=1 HTTP/1.1", *lines, b"", sender.body])


def _turn(client: _Client, sender: Sender) -> tuple[float, float]:
    """Microseconds of the server's CPU time for one request, and requests in a second."""
    waves = [[_on_the_wire(sender) for _ in range(CONNECTIONS)] for _ in range(WAVES)]
    taken, began = client.cpu_us(), time.perf_counter()
    for requests in waves:
        client.wave(requests)
    passed, count = time.perf_counter() - began, WAVES * CONNECTIONS
    return (client.cpu_us() - taken) / count, count / passed


def _measure(clients: Mapping[str, _Client], sender: Sender) -> tuple[Rounds, dict[str, list[float]]]:
    """All rounds, after one that does not count."""
    bare: Candidate = sender.bare()
    times: dict[str, list[float]] = {name: [] for name in (*clients, "libsodium")}
    rates: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(ROUNDS + 1):
        turns = list(clients)
        for name in turns if number % 2 else reversed(turns):
            cpu, rate = _turn(clients[name], sender)
            if number:
                times[name].append(cpu)
                rates[name].append(rate)
        if number:
            times["libsodium"].append(timed(bare.work, [bare.prepare() for _ in range(WAVES)]))
    return Rounds(times), rates


def measure() -> dict[str, float]:
    """CPU time of the server in microseconds, requests per second, and what the middleware adds."""
    issuer = SigningKey.generate()
    token, key = chain(issuer, HOPS)
    core, own = _cores()
    with ExitStack() as stack:
        clients = {
            _PROTECTED: stack.enter_context(_serving(core, issuer.public_key.text)),
            _BUFFERING: stack.enter_context(_serving(core)),
        }
        stack.enter_context(_pinned(own))
        rounds, rates = _measure(clients, Sender(key=key, token=token))
    return (
        {f"{name}_us": rounds.us(name) for name in clients}
        | {f"{name}_per_s": statistics.median(rates[name]) for name in clients}
        | {"middleware_http_cpu_vs_libsodium": rounds.added(_PROTECTED, _BUFFERING, "libsodium")}
    )
