"""``verify_response``: a whole answer to a fixed request, of a server with a fixed key.

An input is a line with the status, header lines, an empty line, and the body. One that begins with ``~`` is
signed anew by the server before it is verified, over whatever components it names, so that what lies behind
the signature is reached as well.
"""

from __future__ import annotations

from base64 import b64encode

from delegate.envelope.components import RESPONSE_TAG, parse_components, signature_base
from delegate.envelope.message import snapshot
from delegate.envelope.response import (
    COVERED_IF_PRESENT,
    RequestBinding,
    SignedResponse,
    sign_response,
    verify_response,
)
from delegate.envelope.verify import pick_signature
from delegate.keys import Purpose, SigningKey
from fuzz import material
from fuzz.first_step import FirstStep
from fuzz.targets.headers import lines

_KEY = SigningKey.from_seed(b"\x04" * 32)
_REQUEST = RequestBinding(
    target={
        "@method": b"POST",
        "@authority": b"api.example.com",
        "@path": b"/v1/orders",
        "@query": b"?dry=1",
    },
    label="dlg",
    signature=b":" + b64encode(bytes(64)) + b":",
    digest=material.HEADERS["content-digest"],
)
_BODY = b'{"order":"o-1"}'
_HEADERS = {"content-type": b"application/json", "location": b"/v1/orders/o-1", "server": b"x"}


def _seed(status: int, headers: dict[str, bytes], body: bytes) -> bytes:
    added = sign_response(
        _KEY,
        _REQUEST,
        status=status,
        headers=[(name.encode(), value) for name, value in headers.items()],
        body=body,
        now=material.NOW,
    )
    rows = [name.encode() + b": " + value for name, value in (headers | added).items()]
    return b"\n".join([b"%d" % status, *rows, b"", body])


SEEDS = (
    _seed(201, _HEADERS, _BODY),
    b"~" + _seed(201, _HEADERS, _BODY),
    b"~" + _seed(204, {}, b""),
)
FIRST_STEP = FirstStep(within=(snapshot, pick_signature))


def _read(data: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, header lines and body in ``data``; no status is 0."""
    head, _, body = data.partition(b"\n\n")
    first, _, rest = head.partition(b"\n")
    return int(first) if first.isdigit() and len(first) < 4 else 0, lines(rest), body


def _verify(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> SignedResponse:
    return verify_response(
        _REQUEST, status=status, headers=headers, body=body, key_for=lambda _: _KEY.public_key
    )


def _sign(status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The same answer with its server's signature in the place of whatever it had under that name."""
    fields, _ = snapshot(headers)
    label, items, parameters, _ = pick_signature(fields, RESPONSE_TAG)
    components = parse_components(items, frozenset({"@status", *_REQUEST.values}))
    values = fields | {"@status": b"%d" % status} | _REQUEST.values
    signature = _KEY.sign(Purpose.RESPONSE, signature_base(components, values, (items + parameters).encode()))
    others = [line for line in headers if line[0].lower() != b"signature"]
    return [*others, (b"signature", f"{label}=:{b64encode(signature).decode()}:".encode())]


_BASES = {_verify(*_read(seed.removeprefix(b"~"))).canonical_bytes for seed in SEEDS}
"""Of all answers that the server did sign."""


def target(data: bytes) -> None:
    """What is accepted was signed for this request: in each part that says what the answer is."""
    anew = data[:1] == b"~"
    status, headers, body = _read(data[anew:])
    if anew:
        headers = _sign(status, headers)
    signed = _verify(status, headers, body)
    if not anew and signed.canonical_bytes not in _BASES:
        msg = "an answer was accepted that nobody signed"
        raise AssertionError(msg)
    base = signed.canonical_bytes
    fields, _ = snapshot(headers)
    covered = [b'"@status": %d\n' % status, *(b": %b\n" % value for value in _REQUEST.values.values())]
    present = [(name.encode(), fields[name]) for name in COVERED_IF_PRESENT if name in fields]
    covered += [b'"%b": %b\n' % (name, value.strip(b" \t")) for name, value in present]
    if not all(line in base for line in covered):
        msg = "an answer was accepted without one of the parts that bind it"
        raise AssertionError(msg)
    if body and b'"content-digest": ' not in base:
        msg = "a body was accepted that no digest covers"
        raise AssertionError(msg)
