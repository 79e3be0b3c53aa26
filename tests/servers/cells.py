"""One cell of the table: what one server made of one probe, and the rules that every cell keeps.

An answer is told apart by its headers: ``x-got`` only from the handler, our challenge only
from the middleware, ``x-seen`` on everything that reached the middleware; without it the server refused.
"""

from __future__ import annotations

import base64
import io
import json
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, TypeVar, cast

from tests.servers.child import shown
from tests.servers.fleet import LOOPBACK
from tests.servers.probe import Probe, Signed

_P = TypeVar("_P", bound=Probe)

ACCEPTED: Final = "accepted"
PATIENCE: Final = 5.0
"""Seconds without a byte after which a server has no answer; longer than a body may take."""

_READ: Final = 65_536
_SIDE_BY_SIDE: Final = 24
_CHALLENGE: Final = re.compile(r'Delegate error="([a-z_]+)"')
_ALWAYS_COVERED: Final = frozenset(
    {"content-type", "content-encoding", "authorization", "cookie", "delegation", "agent-identity"}
    | {"idempotency-key", "mcp-session-id", "mcp-protocol-version", "content-digest"}
)
"""Headers that no handler may see unless they were signed."""

_OURS_AMONG_OTHERS: Final = frozenset({"signature", "signature-input"})
"""Headers to which others may add lines of their own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    verdict: str
    """``accepted``, the code of our refusal, or what the server answered by itself."""
    seen: Mapping[str, Any] | None = None
    """What the server gave to the middleware."""
    got: Mapping[str, Any] | None = None
    """What the handler got."""


Cell = tuple[Reply, ...]
"""All answers on one connection, in order."""


def told(cell: Cell) -> str:
    """A cell for people."""
    return ", then ".join(reply.verdict for reply in cell) or "no answer"


def reply_of(status: int, headers: Mapping[str, str]) -> Reply:
    """What an answer says."""
    seen, got = (_reported(headers.get(name)) for name in ("x-seen", "x-got"))
    if got is not None:
        return Reply(ACCEPTED, seen, got)
    refusal = _CHALLENGE.fullmatch(headers.get("www-authenticate", ""))
    if refusal is not None:
        return Reply(f"`{refusal[1]}`", seen)
    return Reply(f"server {status}", seen)


def _reported(header: str | None) -> Mapping[str, Any] | None:
    return None if header is None else cast("Mapping[str, Any]", json.loads(base64.b64decode(header)))


# --- HTTP/1 on a raw socket ------------------------------------------------------------------------


def exchange(port: int, probe: Probe) -> Cell:
    """Send the probe and read everything that comes back until the server closes."""
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        received = b""
        try:
            connection.sendall(probe.sent)
            if probe.then:
                received = _final(connection.recv(_READ))
                connection.sendall(probe.then)
            if probe.leaves:
                connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(_READ):
                received += data
        except TimeoutError:
            if not received:
                return ()
        except ConnectionError:
            pass  # closed with bytes of ours unread
    return _replies(received, head=probe.head) or (Reply("server closes"),)


def _final(received: bytes) -> bytes:
    """Without the interim answer, which came alone or with what follows it."""
    return received.partition(b"\r\n\r\n")[2] if received.startswith(b"HTTP/1.1 100") else received


class _Received:
    """Bytes that were received, in the form in which the standard library reads answers."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BufferedReader(cast("Any", io.BytesIO(data)))

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self._file

    @property
    def more(self) -> bool:
        return bool(self._file.peek(1))


class _Kept(HTTPResponse):
    """An answer that leaves what follows it to be read."""

    def _close_conn(self) -> None:
        """The connection is not this answer's."""


def _replies(data: bytes, *, head: bool) -> Cell:
    received = _Received(data)
    replies: list[Reply] = []
    while received.more:
        response = _Kept(cast("Any", received), method="HEAD" if head else None)
        try:
            response.begin()
            response.read()
        except (HTTPException, ConnectionError, ValueError):
            return (*replies, Reply("server answers no HTTP/1"))
        headers = {name.lower(): value for name, value in response.getheaders()}
        replies.append(reply_of(response.status, headers))
    return tuple(replies)


# --- all of them -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One probe at every server that can be sent it."""

    probe: Probe
    cells: Mapping[str, Cell]


def ask_all(
    ports: Mapping[str, int], probes: Iterable[_P], exchange: Callable[[int, _P], Cell] = exchange
) -> list[Row]:
    """Every probe at every server; those that wait for an answer wait side by side."""
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asked = [
            (probe, {server: pool.submit(exchange, port, probe) for server, port in ports.items()})
            for probe in probes
        ]
        return [Row(probe, {name: cell.result() for name, cell in cells.items()}) for probe, cells in asked]


# --- the rules -------------------------------------------------------------------------------------


def same_scope_same_verdict(row: Row) -> list[str]:
    """'For every request that reaches the application with the same scope, verdict and code are the same'."""
    by_scope: dict[str, dict[str, str]] = {}
    for server, cell in row.cells.items():
        for reply in cell:
            if reply.seen is not None:
                headers = sorted(reply.seen["headers"], key=lambda line: str(line[0]).lower())
                scope = json.dumps({**reply.seen, "headers": headers}, sort_keys=True)
                by_scope.setdefault(scope, {})[server] = reply.verdict
    return [f"same scope, yet {verdicts}" for verdicts in by_scope.values() if len({*verdicts.values()}) > 1]


def accepted_as_signed(probe: Probe, cell: Cell) -> list[str]:
    """'no cell is "accepted" with a method, authority, path, query, header or body that [nobody signed]'."""
    waiting, wrong = list(probe.signed), []
    for reply in cell:
        if reply.got is None:
            continue
        faults = {signed: _faults(signed, reply.got) for signed in waiting}
        if probe.then:
            wrong += [f"the handler sees {name!r} of a trailer" for name in _of_trailers(probe, reply.got)]
        match = next((signed for signed, found in faults.items() if not found), None)
        if match is None:
            wrong.append(f"accepted what nobody signed, or signed once: {[*faults.values()]}")
        else:
            waiting.remove(match)
    return wrong


def _of_trailers(probe: Probe, got: Mapping[str, Any]) -> list[str]:
    return [name for name, _ in got["headers"] if f"\r\n{name}:".encode() not in probe.sent.lower()]


def _faults(signed: Signed, got: Mapping[str, Any]) -> list[str]:
    """In what a request that a handler got differs from the one that was signed."""
    lines: dict[str, list[str]] = {}
    for name, value in got["headers"]:
        lines.setdefault(str(name).lower(), []).append(str(value))
    facts = {
        "method": (got["method"], signed.method),
        "path": (got["raw_path"].encode("latin-1"), signed.path),
        "query": (got["query"].encode("latin-1"), signed.query),
        "body": (got["body"].encode("latin-1"), signed.body),
        "root_path": (got["root_path"], ""),
    }
    return [
        *(name for name, (found, stated) in facts.items() if found != stated),
        *_header_faults(signed, lines),
    ]


def _header_faults(signed: Signed, lines: Mapping[str, list[str]]) -> list[str]:
    covered = {name.decode(): shown(value) for name, value in signed.headers.items()}
    wrong = [
        name
        for name in (_ALWAYS_COVERED | covered.keys() | {"host"}) - _OURS_AMONG_OTHERS
        if lines.get(name, []) != ([covered[name]] if name in covered else [])
    ]
    return wrong + [name for name in _OURS_AMONG_OTHERS if covered[name] not in lines.get(name, [])]
