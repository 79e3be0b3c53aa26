"""Probes of the request line, the method and the authority."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.servers.probe import Probe, Signer, head
from tests.support.world import HOST, without


def target_probes() -> Iterator[Probe]:
    """Where the request goes."""
    yield from _targets()
    yield from _methods()
    yield from _authorities()


# --- the request line ------------------------------------------------------------------------------

_GOOD_TARGETS: Final = {
    "plain": "/a",
    "query": "/a?x=1&y=%20",
    "empty query (S101)": "/a?",
    "escaped space": "/a%20b",
    "escaped UTF-8": "/%C3%A9",
    "matrix parameter": "/a;x=1",
    "sub-delimiters": "/a!$&'()*+,=:@~",
    "slash at the end": "/a/",
}

_INSTEAD_OF_A: Final[dict[str, bytes]] = {
    "two dots (S81)": b"/x/../a",
    "dot": b"/./a",
    "escaped dots": b"/x/%2e%2e/a",
    "dot at the end": b"/a/.",
    "escaped slash (S84)": b"/a%2Fb",
    "two slashes (S85)": b"//a",
    "two slashes inside": b"/x//a",
    "escaped letter": b"/%61",
    "escaped NUL": b"/a%00",
    "escaped backslash": b"/x%5C..%5Ca",
    "backslash": b"/x\\..\\a",
    "bad escape": b"/a%zz",
    "half an escape": b"/a%",
    "escaped byte that is no UTF-8": b"/a%80",
    "fragment (S100)": b"/a#frag",
    "fragment after a query": b"/a?x#frag",
    "escaped fragment": b"/a%23frag",
    "parameter (S87)": b"/a;x=1",
    "case (S88)": b"/A",
    "slash added": b"/a/",
    "question mark only (S101)": b"/a?",
    "query added": b"/a?admin=1",
    "escaped question mark (S83)": b"/a%3Fadmin=1",
    "asterisk (S91)": b"*",
    "no slash": b"a",
    "user and host (S90)": b"@google.com/p",
    "own absolute form": b"http://api.example.com/a",
    "own absolute form, other scheme": b"https://api.example.com/a",
    "absolute form, other authority": b"http://evil.example/a",
    "absolute form, other path": b"http://api.example.com/b",
    "absolute form, user": b"http://api.example.com@evil.example/a",
    "space": b"/a b",
    "tab": b"/a\tb",
    "control character": b"/a\x01",
    "delete character": b"/a\x7f",
    "NUL": b"/a\x00",
    "byte over 0x7f": b"/a\xe9",
    "UTF-8": "/é".encode(),
    "very long": b"/a" * 5_000,
    "empty": b"",
}

_INSTEAD_OF_QUERY: Final[dict[str, bytes]] = {
    "order (S102)": b"/a?y=2&x=1",
    "semicolon (S103)": b"/a?x=1;y=2",
    "plus (S103)": b"/a?x=1&y=2+",
    "bad escape in the query": b"/a?x=%zz",
    "byte over 0x7f in the query": b"/a?x=\xe9",
    "space in the query": b"/a?x=1 &y=2",
    "second question mark": b"/a??x=1&y=2",
    "no query": b"/a",
}


def _targets() -> Iterator[Probe]:
    for name, target in _GOOD_TARGETS.items():
        signed, headers = Signer().sign("GET", target)
        sent = head(b"GET %b HTTP/1.1" % target.encode(), headers)
        yield Probe(group="as signed", name=name, sent=sent, signed=(signed,), good=True)
    for instead, base in ((_INSTEAD_OF_A, "/a"), (_INSTEAD_OF_QUERY, "/a?x=1&y=2")):
        for name, raw in instead.items():
            signed, headers = Signer().sign("GET", base)
            sent = head(b"GET %b HTTP/1.1" % raw, headers)
            yield Probe(
                group=f"target sent where `GET {base}` was signed", name=name, sent=sent, signed=(signed,)
            )
    for name, version in (("HTTP/1.0", b"HTTP/1.0"), ("HTTP/1.2", b"HTTP/1.2"), ("HTTP/2.0", b"HTTP/2.0"),
                          ("HTTP/0.9", b""), ("lower-case version", b"http/1.1")):  # fmt: skip
        signed, headers = Signer().sign("GET", "/a")
        sent = head((b"GET /a " + version).rstrip(), headers)
        yield Probe(group="version", name=name, sent=sent, signed=(signed,))


_METHODS: Final = {
    "lower case (S104)": ("POST", b"post"),
    "mixed case": ("GET", b"Get"),
    "GET for POST": ("POST", b"GET"),
    "HEAD for GET": ("GET", b"HEAD"),
    "DELETE for GET": ("GET", b"DELETE"),
    "OPTIONS for GET": ("GET", b"OPTIONS"),
    "CONNECT": ("GET", b"CONNECT"),
    "unknown": ("GET", b"BREW"),
    "control character": ("GET", b"GE\x01T"),
    "none": ("GET", b""),
}


def _methods() -> Iterator[Probe]:
    for method in ("HEAD", "DELETE", "PATCH", "OPTIONS"):
        signed, headers = Signer().sign(method, "/a")
        sent = head(b"%b /a HTTP/1.1" % method.encode(), headers)
        yield Probe(
            group="as signed", name=method, sent=sent, signed=(signed,), head=method == "HEAD", good=True
        )
    for name, (method, instead) in _METHODS.items():
        signed, headers = Signer().sign(method, "/a")
        sent = head(instead + b" /a HTTP/1.1", headers)
        yield Probe(group="method", name=name, sent=sent, signed=(signed,), head=instead == b"HEAD")


_HOSTS: Final[dict[str, list[bytes]]] = {
    "other (S97)": [b"evil.example"],
    "two, same (S93)": [HOST, HOST],
    "two, other second (S93)": [HOST, b"evil.example"],
    "two, other first (S93)": [b"evil.example", HOST],
    "none (S94)": [],
    "empty (S94)": [b""],
    "other port": [HOST + b":8443"],
    "dot at the end (S96)": [HOST + b"."],
    "path (S92)": [HOST + b"/health?x="],
    "user": [b"evil@" + HOST],
    "list": [HOST + b", evil.example"],
    "byte over 0x7f": [HOST + b"\xe9"],
}


def _authorities() -> Iterator[Probe]:
    for name, host in (("default port (S95)", HOST + b":443"), ("upper case (S95)", HOST.upper())):
        signed, headers = Signer().sign("GET", "/a")
        sent = head(b"GET /a HTTP/1.1", [(b"host", host), *without(headers, b"host")])
        yield Probe(group="as signed", name=f"Host: {name}", sent=sent, signed=(signed,), good=True)
    for name, hosts in _HOSTS.items():
        signed, headers = Signer().sign("GET", "/a")
        lines = [*((b"host", host) for host in hosts), *without(headers, b"host")]
        yield Probe(group="Host", name=name, sent=head(b"GET /a HTTP/1.1", lines), signed=(signed,))
    signed, headers = Signer().sign("GET", "/a")
    sent = head(b"GET /a HTTP/1.0", without(headers, b"host"))
    yield Probe(group="Host", name="none, HTTP/1.0 (S94)", sent=sent, signed=(signed,))
