"""Probes of header lines, and of the ends of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from tests.servers.probe import BODY, Probe, Signer, head


def header_probes() -> Iterator[Probe]:
    """What is said about the request."""
    yield from _headers()
    yield from _lines()


_ADDED: Final[dict[str, bytes]] = {
    "unsigned, of no weight": b"x-role: admin",
    "X-Forwarded-Host (S98)": b"x-forwarded-host: evil.example",
    "Forwarded (S98)": b"forwarded: host=evil.example;proto=http",
    "Daphne-Root-Path": b"daphne-root-path: /a",
    "X-HTTP-Method-Override (S20)": b"x-http-method-override: DELETE",
    "unsigned Authorization (S18)": b"authorization: Bearer x",
    "unsigned Cookie": b"cookie: session=x",
    "unsigned Content-Encoding (S21)": b"content-encoding: gzip",
    "unsigned Idempotency-Key": b'idempotency-key: "x"',
    "second Content-Type": b"content-type: text/plain",
    "second Content-Digest (S111)": b"content-digest: sha-256=:AA==:",
    "second Delegation": b'delegation: t="x"',
    "second Agent-Identity": b'agent-identity: "other"',
    "second Signature, of another label": b"signature: x=:AA==:",
    "underscore for a signed header": b'agent_identity: "other"',
    "underscore for Content-Type": b"content_type: text/plain",
    "underscore for Authorization": b"authorization_: Bearer x",
    "space before the colon": b"authorization : Bearer x",
    "tab before the colon": b"authorization\t: Bearer x",
    "space before the name": b" authorization: Bearer x",
    "NUL in the name": b"author\x00ization: Bearer x",
    "control character in the name": b"author\x01ization: Bearer x",
    "byte over 0x7f in the name": b"author\xe9: Bearer x",
    "no colon": b"authorization",
    "no name": b": x",
    "slash in the name": b"a/b: x",
    "value folded (obs-fold)": b"x-long: one\r\n two",
    "fold as the first line of a value": b"x-long:\r\n two",
    "NUL in the value": b"x-odd: a\x00b",
    "bare CR in the value": b"x-odd: a\rauthorization: Bearer x",
    "bare LF in the value": b"x-odd: a\nauthorization: Bearer x",
    "control character in the value": b"x-odd: a\x01b",
    "byte over 0x7f in the value": b"x-odd: caf\xe9",
    "vertical tab before a header": b"\x0bauthorization: Bearer x",
    "Connection that names a signed header": b"connection: delegation, agent-identity, host",
    "Upgrade to WebSocket": b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Upgrade to HTTP/2": b"upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABk",
    "Expect something": b"expect: 200-maybe",
    "90 headers": b"\r\n".join(b"x-%d: 1" % number for number in range(90)),
    "a header of 20,000 bytes": b"x-long: " + b"x" * 20_000,
    "a header of 70,000 bytes": b"x-long: " + b"x" * 70_000,
}


def _headers() -> Iterator[Probe]:
    signed, headers = Signer().sign("POST", "/a", BODY, authorization=b"Bearer open", cookie=b"a=b; c=d")
    sent = head(b"POST /a HTTP/1.1", headers) + BODY
    yield Probe(group="as signed", name="Authorization and Cookie", sent=sent, signed=(signed,), good=True)
    signed, headers = Signer().sign("POST", "/a", BODY)
    upper = [(name.title(), b" \t" + value) for name, value in headers]
    sent = head(b"POST /a HTTP/1.1", upper) + BODY
    yield Probe(
        group="as signed", name="spaces before values, capitals", sent=sent, signed=(signed,), good=True
    )
    for name, line in _ADDED.items():
        signed, headers = Signer().sign("POST", "/a", BODY)
        start = b"POST /a HTTP/1.1"
        sent = head(start, headers).replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n") + BODY
        yield Probe(group="header line added", name=name, sent=sent, signed=(signed,))
    for name, old, new in (
        ("signed value folded (obs-fold)", b"agent-identity: ", b"agent-identity:\r\n "),
        ("signed value goes on in a fold", b'"worker-agent"', b'"worker-agent"\r\n ;run="r"'),
        ("spaces after signed values", b"\r\n", b" \t\r\n"),
        ("signed value with a tab inside", b"application/json", b"application\t/json"),
        ("signed value with a byte over 0x7f", b"application/json", b"application/json\xe9"),
        ("other signed value", b"application/json", b"text/plain"),
        ("signed header taken away", b"content-type: application/json\r\n", b""),
        ("Delegation taken away (S24)", b"delegation: ", b"x-delegation: "),
    ):
        signed, headers = Signer().sign("POST", "/a", BODY)
        start, lines = head(b"POST /a HTTP/1.1", headers).split(b"\r\n", 1)
        sent = start + b"\r\n" + lines[:-2].replace(old, new) + b"\r\n" + BODY
        yield Probe(group="signed header line changed", name=name, sent=sent, signed=(signed,))


_CHANGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "bare LF everywhere": lambda data: data.replace(b"\r\n", b"\n"),
    "bare LF after the request line": lambda data: data.replace(b"\r\n", b"\n", 1),
    "bare LF at the end of the head": lambda data: data.replace(b"\r\n\r\n", b"\r\n\n"),
    "bare CR after the request line": lambda data: data.replace(b"\r\n", b"\r", 1),
    "empty line first": lambda data: b"\r\n" + data,
    "empty lines first": lambda data: b"\r\n" * 5 + data,
    "space before the method": lambda data: b" " + data,
    "two spaces after the method": lambda data: data.replace(b" ", b"  ", 1),
    "tab after the method": lambda data: data.replace(b" ", b"\t", 1),
    "space after the version": lambda data: data.replace(b"HTTP/1.1", b"HTTP/1.1 ", 1),
    "head cut short": lambda data: data[:-20],
}


def _lines() -> Iterator[Probe]:
    for name, change in _CHANGES.items():
        signed, headers = Signer().sign("GET", "/a")
        sent = change(head(b"GET /a HTTP/1.1", headers))
        yield Probe(group="lines", name=name, sent=sent, signed=(signed,), leaves=name == "head cut short")
