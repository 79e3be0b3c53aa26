"""Probes over HTTP/2 with prior knowledge, for the servers that speak it without TLS.

HTTP/2 has no text to be read in two ways; it has pseudo-headers, field values with bytes that HTTP/1 cannot
carry, and two names for the authority. The client of the ``h2`` library sends all of it unchecked.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.servers.cells import PATIENCE, Cell, Reply, reply_of
from tests.servers.fleet import LOOPBACK
from tests.servers.probe import BODY, Probe, Signer
from tests.support.world import HOST, Header, without

SPEAKERS: Final = ("hypercorn", "granian")
"""The others speak HTTP/2 over TLS alone, or not at all."""

_READ: Final = 65_536
_METHOD, _SCHEME, _AUTHORITY, _PATH = b":method", b":scheme", b":authority", b":path"


@dataclass(frozen=True, slots=True, kw_only=True)
class H2Probe(Probe):
    """One request as fields and data."""

    fields: tuple[Header, ...]
    data: bytes = b""
    trailers: tuple[Header, ...] = ()
    resets: bool = False


_TARGETS: Final[dict[str, bytes]] = {
    "two dots (S81)": b"/x/../a",
    "fragment (S100)": b"/a#frag",
    "own absolute form": b"http://api.example.com/a",
    "absolute form, other authority": b"http://evil.example/a",
    "asterisk (S91)": b"*",
    "no slash": b"a",
    "two slashes (S85)": b"//a",
    "empty": b"",
    "question mark only (S101)": b"/a?",
    "space": b"/a b",
    "NUL": b"/a\x00",
    "line end": b"/a\r\nx: y",
    "byte over 0x7f": b"/a\xe9",
    "escaped slash (S84)": b"/a%2Fb",
}

_PSEUDO: Final[dict[str, list[Header]]] = {
    "Host that differs from :authority (S99)": [(b"host", b"evil.example")],
    "same Host besides :authority": [(b"host", HOST)],
    "second :authority": [(_AUTHORITY, b"evil.example")],
    "second :path": [(_PATH, b"/admin")],
    "second :method": [(_METHOD, b"DELETE")],
    "unknown pseudo-header": [(b":foo", b"bar")],
}

_ADDED: Final[dict[str, Header]] = {
    "unsigned, of no weight": (b"x-role", b"admin"),
    "unsigned Cookie": (b"cookie", b"session=x"),
    "unsigned Authorization, capital": (b"Authorization", b"Bearer x"),
    "second Content-Type": (b"content-type", b"text/plain"),
    "underscore for Content-Type": (b"content_type", b"text/plain"),
    "Connection": (b"connection", b"close"),
    "Transfer-Encoding": (b"transfer-encoding", b"chunked"),
    "TE": (b"te", b"gzip"),
    "line end in a value": (b"x-odd", b"a\r\nauthorization: Bearer x"),
    "NUL in a value": (b"x-odd", b"a\x00b"),
    "byte over 0x7f in a value": (b"x-odd", b"caf\xe9"),
    "space in a name": (b"x odd", b"a"),
    "line end in a name": (b"x-odd\r\nauthorization", b"a"),
    "no name": (b"", b"a"),
    "space around a value": (b"x-odd", b" a "),
}

_TRAILERS: Final[dict[str, Header]] = {
    "of no weight": (b"x-role", b"admin"),
    "Cookie": (b"cookie", b"session=x"),
    "Host": (b"host", b"evil.example"),
    "pseudo-header": (_PATH, b"/admin"),
}


def http2_probes() -> list[H2Probe]:
    """All of them; nonces are fresh, so they are sent once."""
    return [*_as_signed(), *_targets(), *_pseudo(), *_fields(), *_bodies()]


def _probe(
    group: str,
    name: str,
    *,
    method: str = "GET",
    change: dict[bytes, bytes | None] | None = None,
    add: tuple[Header, ...] = (),
    **facts: object,
) -> H2Probe:
    """A signed request with other pseudo-headers (``None``: left out) and more fields."""
    body = BODY if method == "POST" else b""
    signed, headers = Signer().sign(method, "/a", body)
    pseudo: dict[bytes, bytes | None] = {_METHOD: method.encode(), _SCHEME: b"https", _AUTHORITY: HOST}
    pseudo[_PATH] = b"/a"
    pseudo.update(change or {})
    fields = [(field, value) for field, value in pseudo.items() if value is not None]
    lines = without(headers, b"host")
    settings = {"data": body, "head": method == "HEAD"} | facts
    before = tuple(line for line in add if line[0].startswith(b":"))
    after = tuple(line for line in add if not line[0].startswith(b":"))
    return H2Probe(
        group=f"HTTP/2: {group}",
        name=name,
        sent=b"",
        signed=(signed,),
        fields=(*fields, *before, *lines, *after),
        **settings,  # type: ignore[arg-type]
    )


def _as_signed() -> Iterator[H2Probe]:
    for method in ("GET", "POST", "HEAD", "DELETE"):
        yield _probe("as signed", method, method=method, good=True)
    yield _probe("as signed", "scheme http", change={_SCHEME: b"http"}, good=True)


def _targets() -> Iterator[H2Probe]:
    for name, path in _TARGETS.items():
        yield _probe("target", name, change={_PATH: path})
    for name, method in (("lower-case method (S104)", b"get"), ("other method", b"DELETE")):
        yield _probe("target", name, change={_METHOD: method})


def _pseudo() -> Iterator[H2Probe]:
    for name, lines in _PSEUDO.items():
        yield _probe("pseudo-header", name, add=tuple(lines))
    for name, authority in (
        ("other :authority (S97)", b"evil.example"),
        ("user in :authority", b"x@" + HOST),
        ("empty :authority", b""),
    ):
        yield _probe("pseudo-header", name, change={_AUTHORITY: authority})
    yield _probe(
        "pseudo-header", "Host instead of :authority", change={_AUTHORITY: None}, add=((b"host", HOST),)
    )
    for left_out in (_AUTHORITY, _METHOD, _PATH, _SCHEME):
        yield _probe("pseudo-header", f"no {left_out.decode()}", change={left_out: None})


def _fields() -> Iterator[H2Probe]:
    for name, field in _ADDED.items():
        yield _probe("field added", name, method="POST", add=(field,))


def _bodies() -> Iterator[H2Probe]:
    for name, data in (
        ("other body (S107)", BODY.replace(b"1250", b"9999")),
        ("shorter than stated", BODY[:-1]),
        ("longer than stated", BODY + b"x"),
        ("none", b""),
        ("over the limit (S115)", b"x" * 3_000),
    ):
        yield _probe("body", name, method="POST", data=data)
    yield _probe("body", "GET with a body that nobody signed", data=BODY)
    yield _probe("body", "reset before its end (S116)", method="POST", data=BODY[:5], resets=True)
    for name, trailer in _TRAILERS.items():
        yield _probe("trailer", name, method="POST", trailers=(trailer,))


# --- the client ------------------------------------------------------------------------------------


def exchange(port: int, probe: H2Probe) -> Cell:
    config = h2.config.H2Configuration(
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
        validate_inbound_headers=False,
    )
    session = h2.connection.H2Connection(config)
    session.initiate_connection()
    session.send_headers(1, list(probe.fields), end_stream=not (probe.data or probe.trailers))
    if probe.data:
        session.send_data(1, probe.data, end_stream=not (probe.trailers or probe.resets))
    if probe.trailers:
        session.send_headers(1, list(probe.trailers), end_stream=True)
    if probe.resets:
        session.reset_stream(1)
        session.ping(b"resetted")
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(session.data_to_send())
            return _answer(connection, session)
        except TimeoutError:
            return ()
        except (ConnectionError, h2.exceptions.ProtocolError):
            return (Reply("server closes"),)


def _answer(connection: socket.socket, session: h2.connection.H2Connection) -> Cell:
    while data := connection.recv(_READ):
        for event in session.receive_data(data):
            match event:
                case h2.events.ResponseReceived():
                    headers = {name.decode(): value.decode("latin-1") for name, value in event.headers or ()}
                    return (reply_of(int(headers[":status"]), headers),)
                case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                    return (Reply("server resets"),)
                case h2.events.PingAckReceived():
                    return (Reply("none is due"),)
                case _:
                    pass
        connection.sendall(session.data_to_send())
    return (Reply("server closes"),)
