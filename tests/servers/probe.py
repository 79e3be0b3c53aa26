"""What is sent to every server, byte for byte, and what of it an honest agent signed.

Each probe takes an honestly signed request and changes one thing on the wire, as somebody on the path or a
careless client could. ``Probe.signed`` is what the agent stands for; a ``good`` probe changes nothing that
counts, so that the refusals beside it mean what they say. A mark in the name is the row of the threat model,
where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.support.world import Agent, Header, World

BODY: Final = b'{"cents":1250}'
_LAST: Final = (b"connection", b"close")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signed:
    """One request as its agent signed it."""

    method: str
    path: bytes
    query: bytes
    body: bytes
    headers: Mapping[bytes, bytes]
    """All that the signature covers, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Bytes to send on one connection: in one piece, or with the body ``then``."""

    group: str
    name: str
    sent: bytes
    signed: tuple[Signed, ...]
    head: bool = False
    """Whether answers have no body, because HEAD was asked."""
    then: bytes = b""
    """Sent once the server has asked for the body by ``100 Continue``; no handler may see its trailers."""
    leaves: bool = False
    """Whether the client then says that it will send no more."""
    good: bool = False
    """Whether every server must accept it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests and writes them down."""

    agent: Agent = field(default_factory=lambda: World().worker)

    def sign(
        self, method: str, target: str, body: bytes = b"", **extra: bytes
    ) -> tuple[Signed, list[Header]]:
        own = {name.replace("_", "-"): value for name, value in extra.items()}
        headers = self.agent.sign(method, target, body=body, headers=own)
        path, _, query = target.encode().partition(b"?")
        covered = {name: value for name, value in headers if name != b"content-length"}
        return Signed(method=method, path=path, query=query, body=body, headers=covered), headers


def head(start: bytes, headers: list[Header], *, last: bool = True) -> bytes:
    """A request line and header lines; the ``last`` request asks the server to close the connection."""
    lines = [*headers, _LAST] if last else headers
    return start + b"\r\n" + b"".join(b"%b: %b\r\n" % line for line in lines) + b"\r\n"


def chunks(*parts: bytes, trailer: bytes = b"") -> bytes:
    """A chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailer + b"\r\n"
