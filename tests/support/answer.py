"""Answers signed by hand: any components, any parameters, for any request, with a correct signature.

It follows RFC 9421 section 2.4 by itself and shares no code with the package, like ``tests.support.wire``,
whose good request these answers are for.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from typing import Final

from delegate.envelope.response import RequestBinding, SignedResponse, verify_response
from delegate.keys import PublicKey, Purpose, SigningKey
from tests.support.forge import NOW
from tests.support.wire import Server, Wire, digest_of, sign

SERVER_KEY: Final = SigningKey.from_seed(b"a server's answers".ljust(32))
CONTENT: Final = b'{"refunded":1250}'
OF_REQUEST: Final = (
    '"@method";req "@authority";req "@path";req "@query";req "signature";req;key="dlg" "content-digest";req'
)
COVERED: Final = f'"@status" {OF_REQUEST} "content-type" "content-encoding" "location" "content-digest"'
REQUEST: Final = sign()
"""The good request, signed."""


@dataclass(frozen=True)
class WireAnswer:
    """One answer; ``headers`` in order, lower-case names, text values."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (
        ("content-type", "application/json"),
        ("content-encoding", "identity"),
        ("location", "/v1/orders/o-1"),
        ("content-digest", digest_of(CONTENT)),
        ("server", "test"),
    )
    body: bytes = CONTENT

    def with_header(self, name: str, value: str) -> WireAnswer:
        """The same answer with one header replaced, or added at the end."""
        if name in dict(self.headers):
            return replace(self, headers=tuple((n, value if n == name else v) for n, v in self.headers))
        return self.with_line(name, value)

    def with_line(self, name: str, value: str) -> WireAnswer:
        """The same answer with one more header line."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without_header(self, name: str) -> WireAnswer:
        """The same answer without a header."""
        return replace(self, headers=tuple((n, v) for n, v in self.headers if n != name))

    @property
    def lines(self) -> list[tuple[bytes, bytes]]:
        """The header lines as a client gets them."""
        return [(name.encode(), value.encode("latin-1")) for name, value in self.headers]


def answer_parameters(**changes: str | None) -> str:
    """The four parameters as text; a change to ``None`` leaves one out, a new name is added."""
    values: dict[str, str | None] = {
        "created": str(NOW),
        "keyid": f'"{SERVER_KEY.key_id}"',
        "alg": '"ed25519"',
        "tag": '"delegate-response-v1"',
    }
    return "".join(f";{name}={value}" for name, value in (values | changes).items() if value is not None)


def answer_base(answer: WireAnswer, request: Wire, components: str, params: str) -> bytes:
    """The signature base of RFC 9421 section 2.5, with components of the request (section 2.4)."""
    asked, told = dict(request.headers), dict(answer.headers)
    derived = {
        "@method": request.method,
        "@authority": asked["host"],
        "@path": request.path,
        "@query": "?" + request.query,
    }
    lines = []
    for item in components.split():
        name = item.partition(";")[0].strip('"')
        if name == "@status":
            value = str(answer.status)
        elif ";key=" in item:
            label = item.rpartition('key="')[2].strip('"')
            found = re.search(rf"(?:^|, ){re.escape(label)}=(:[^:]*:)", asked["signature"])
            value = found[1] if found else ""
        elif ";req" in item:
            value = derived.get(name, asked.get(name, "")).strip()
        else:
            value = told.get(name, "").strip()
        lines.append(f"{item}: {value}")
    lines.append(f'"@signature-params": ({components}){params}')
    return "\n".join(lines).encode("latin-1")


def sign_answer(
    answer: WireAnswer | None = None,
    request: Wire = REQUEST,
    *,
    components: str = COVERED,
    params: str | None = None,
    key: SigningKey = SERVER_KEY,
    label: str = "srv",
    **changes: str | None,
) -> WireAnswer:
    """``answer`` (the good one) with a correct signature over ``components`` and ``params``."""
    answer = answer or WireAnswer()
    params = answer_parameters(**changes) if params is None else params
    signature = key.sign(Purpose.RESPONSE, answer_base(answer, request, components, params))
    return answer.with_header("signature-input", f"{label}=({components}){params}").with_header(
        "signature", f"{label}=:{b64encode(signature).decode()}:"
    )


def binding(request: Wire = REQUEST) -> RequestBinding:
    """What the package says the answer to ``request`` is bound to."""
    return Server().verifier.binding(request.request())


def receive(
    answer: WireAnswer, request: Wire = REQUEST, *, key: SigningKey | PublicKey = SERVER_KEY
) -> SignedResponse:
    """Have the package verify ``answer`` as that to ``request``, of a server with ``key`` alone."""
    trusted = key.public_key if isinstance(key, SigningKey) else key
    return verify_response(
        binding(request),
        status=answer.status,
        headers=answer.lines,
        body=answer.body,
        key_for={trusted.key_id: trusted}.__getitem__,
    )


def signature_of(answer: WireAnswer) -> bytes:
    """The 64 bytes."""
    return b64decode(dict(answer.headers)["signature"].partition("=")[2].strip(":"))
