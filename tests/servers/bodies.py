"""Probes of bodies, of how their ends are told, and of what follows on the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.servers.probe import BODY, Probe, Signer, chunks, head
from tests.support.world import HOST, without

_CHUNKED: Final = (b"transfer-encoding", b"chunked")


def body_probes() -> Iterator[Probe]:
    """Where the request ends."""
    yield from _framing()
    yield from _pipelines()


_LENGTH: Final = b"content-length: 14"
_FRAMES: Final[dict[str, tuple[bytes, bytes]]] = {
    "other body (S107)": (_LENGTH, BODY.replace(b"1250", b"9999")),
    "no length and no body": (b"x: y", b""),
    "length 0": (b"content-length: 0", b""),
    "shorter than stated, then gone (S116)": (b"content-length: 20", BODY),
    "longer than stated": (b"content-length: 10", BODY),
    "over the limit (S115)": (b"content-length: 3000", b"x" * 3_000),
    "over the limit, chunked (S115)": (b"transfer-encoding: chunked", chunks(*[b"x" * 500] * 6)),
    "two lengths, same": (_LENGTH + b"\r\n" + _LENGTH, BODY),
    "two lengths, other second": (_LENGTH + b"\r\ncontent-length: 5", BODY),
    "two lengths, other first": (b"content-length: 5\r\n" + _LENGTH, BODY),
    "list of lengths": (b"content-length: 14, 14", BODY),
    "length with a plus": (b"content-length: +14", BODY),
    "length with a minus": (b"content-length: -14", BODY),
    "length in hexadecimal": (b"content-length: 0x0e", BODY),
    "length with zeros": (b"content-length: 00014", BODY),
    "length with an underscore": (b"content-length: 1_4", BODY),
    "length over 2^64": (b"content-length: 18446744073709551630", BODY),
    "space before the colon of the length": (b"content-length : 14", BODY),
    "length and chunked": (_LENGTH + b"\r\ntransfer-encoding: chunked", chunks(BODY)),
    "chunked and length 0": (b"transfer-encoding: chunked\r\ncontent-length: 0", chunks(BODY)),
    "chunked twice": (b"transfer-encoding: chunked, chunked", chunks(BODY)),
    "chunked in two lines": (b"transfer-encoding: chunked\r\ntransfer-encoding: chunked", chunks(BODY)),
    "chunked, then identity": (b"transfer-encoding: chunked, identity", chunks(BODY)),
    "identity": (_LENGTH + b"\r\ntransfer-encoding: identity", BODY),
    "gzip, then chunked": (b"transfer-encoding: gzip, chunked", chunks(BODY)),
    "unknown coding": (_LENGTH + b"\r\ntransfer-encoding: xchunked", BODY),
    "capitals": (b"transfer-encoding: CHUNKED", chunks(BODY)),
    "vertical tab in chunked": (_LENGTH + b"\r\ntransfer-encoding: \x0bchunked", chunks(BODY)),
    "space before the colon of chunked": (_LENGTH + b"\r\ntransfer-encoding : chunked", BODY),
    "chunked folded": (_LENGTH + b"\r\ntransfer-encoding:\r\n chunked", BODY),
    "underscore for chunked": (_LENGTH + b"\r\ntransfer_encoding: chunked", BODY),
    "chunk extension": (b"transfer-encoding: chunked", chunks(BODY).replace(b"e\r\n", b"e;x=y\r\n", 1)),
    "chunk extension with a bare LF": (
        b"transfer-encoding: chunked",
        chunks(BODY).replace(b"e\r\n", b"e;x\ny\r\n", 1),
    ),
    "chunk size with 0x": (b"transfer-encoding: chunked", b"0x" + chunks(BODY)),
    "chunk size with a plus": (b"transfer-encoding: chunked", b"+" + chunks(BODY)),
    "chunk size with a minus": (b"transfer-encoding: chunked", b"-" + chunks(BODY)),
    "chunk size with zeros": (b"transfer-encoding: chunked", b"000" + chunks(BODY)),
    "chunk size of 2^64": (b"transfer-encoding: chunked", b"10000000000000000\r\n" + BODY),
    "chunk size that is none": (b"transfer-encoding: chunked", b"zz\r\n" + BODY),
    "chunks with bare LF": (b"transfer-encoding: chunked", chunks(BODY).replace(b"\r\n", b"\n")),
    "chunk longer than stated": (b"transfer-encoding: chunked", b"5\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "no last chunk": (b"transfer-encoding: chunked", chunks(BODY)[:-5]),
}

_TRAILERS: Final[dict[str, bytes]] = {
    "of no weight": b"x-role: admin\r\n",
    "Cookie": b"cookie: session=x\r\n",
    "Authorization": b"authorization: Bearer x\r\n",
    "Host": b"host: evil.example\r\n",
    "Delegation": b'delegation: t="x"\r\n',
    "Agent-Identity": b'agent-identity: "other"\r\n',
    "Content-Type": b"content-type: text/plain\r\n",
    "Content-Length": b"content-length: 5\r\n",
    "Transfer-Encoding": b"transfer-encoding: identity\r\n",
    "malformed": b"no colon\r\n",
}


def _framing() -> Iterator[Probe]:
    for name, framing, body in (
        ("body", _LENGTH, BODY),
        ("chunked body", b"transfer-encoding: chunked", chunks(BODY)),
        ("chunked body in pieces", b"transfer-encoding: chunked", chunks(*(bytes([byte]) for byte in BODY))),
    ):
        yield _framed("as signed", name, framing, body, good=True)
    for name, (framing, body) in _FRAMES.items():
        cut = name in {"shorter than stated, then gone (S116)", "no last chunk"}
        yield _framed("body and framing", name, framing, body, leaves=cut)
    yield _framed("body and framing", "shorter than stated, and waits", b"content-length: 20", BODY)
    yield _framed("body and framing", "chunked, and waits", b"transfer-encoding: chunked", chunks(BODY)[:-5])
    for name, trailer in _TRAILERS.items():
        body = chunks(BODY, trailer=trailer)
        yield _framed("trailer that comes with the head", name, b"transfer-encoding: chunked", body)
    for name, trailer in _TRAILERS.items():
        framing = b"expect: 100-continue\r\ntransfer-encoding: chunked"
        body = chunks(BODY, trailer=trailer)
        yield _framed("trailer that comes after the head", name, framing, b"", then=body)
    for name, line, body in (
        ("GET with a body that nobody signed", (b"content-length", b"14"), BODY),
        ("GET with chunks that nobody signed", _CHUNKED, chunks(BODY)),
        ("GET with no chunks", _CHUNKED, chunks()),
    ):
        signed, headers = Signer().sign("GET", "/a")
        sent = head(b"GET /a HTTP/1.1", [*headers, line]) + body
        yield Probe(group="body and framing", name=name, sent=sent, signed=(signed,))
    signed, headers = Signer().sign("POST", "/a", BODY)
    lines = [*without(headers, b"content-length"), _CHUNKED]
    sent = head(b"POST /a HTTP/1.0", lines) + chunks(BODY)
    yield Probe(group="body and framing", name="chunked in HTTP/1.0", sent=sent, signed=(signed,))


def _framed(group: str, name: str, framing: bytes, body: bytes, **facts: Any) -> Probe:
    signed, headers = Signer().sign("POST", "/a", BODY)
    sent = head(b"POST /a HTTP/1.1", without(headers, b"content-length"))
    sent = sent.replace(b"\r\n\r\n", b"\r\n" + framing + b"\r\n\r\n") + body
    return Probe(group=group, name=name, sent=sent, signed=(signed,), **facts)


# --- several requests on one connection ------------------------------------------------------------


def _pipelines() -> Iterator[Probe]:
    one, first = Signer().sign("POST", "/a", BODY)
    two, second = Signer().sign("GET", "/b")
    sent = head(b"POST /a HTTP/1.1", first, last=False) + BODY + head(b"GET /b HTTP/1.1", second)
    yield Probe(group="as signed", name="two requests at once", sent=sent, signed=(one, two), good=True)
    hidden = b"GET /admin HTTP/1.1\r\nhost: " + HOST + b"\r\n\r\n"
    one, first = Signer().sign("POST", "/a", BODY)
    sent = head(b"POST /a HTTP/1.1", first, last=False) + BODY + hidden
    yield Probe(group="pipeline", name="unsigned second request", sent=sent, signed=(one,))
    one, first = Signer().sign("GET", "/a")
    sent = head(b"GET /a HTTP/1.1", first, last=False) * 2
    yield Probe(group="pipeline", name="the same bytes twice (S64)", sent=sent, signed=(one,))
    for name, framing in (
        ("hidden behind length and chunked", b"content-length: %d\r\ntransfer-encoding: chunked"),
        ("hidden behind chunked and length", b"transfer-encoding: chunked\r\ncontent-length: %d"),
        ("hidden behind an unknown coding", b"content-length: %d\r\ntransfer-encoding: xchunked"),
        ("hidden behind a folded coding", b"content-length: %d\r\ntransfer-encoding:\r\n chunked"),
    ):
        one, first = Signer().sign("POST", "/a")
        two, second = Signer().sign("POST", "/b", BODY)
        inner = head(b"POST /b HTTP/1.1", second) + BODY
        outer = head(b"POST /a HTTP/1.1", without(first, b"content-length"), last=False)
        body = b"0\r\n\r\n" + inner
        sent = outer.replace(b"\r\n\r\n", b"\r\n" + framing % len(body) + b"\r\n\r\n") + body
        yield Probe(group="pipeline", name=name, sent=sent, signed=(one, two))
