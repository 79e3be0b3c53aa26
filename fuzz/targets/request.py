"""``verification_steps``: a whole request against a fixed trust store, at a fixed time.

An input is a line ``METHOD /path?query``, header lines, an empty line, and the body. One that begins with
``~`` is signed anew by the holder before it is verified, over whatever components it names, so that what
lies behind the signature is reached as well.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from delegate.clock import ManualClock
from delegate.envelope.components import COVERED_IF_PRESENT
from delegate.envelope.fields import parse_signature_input
from delegate.envelope.message import snapshot
from delegate.envelope.target import Origins
from delegate.envelope.verify import EnvelopeRules, pick_signature, read_member
from delegate.keys import Purpose
from delegate.verifier import ReadBody, Request, Verified
from delegate.verifier.http import rebuilt_base
from delegate.verifier.policy import Policy
from delegate.verifier.steps import verification_steps
from fuzz import material
from fuzz.first_step import FirstStep
from fuzz.targets.headers import lines

_KEPT_EVERYTHING = 0
"""The epoch of a store that never lost a record."""
_UNSIGNED = {
    **material.HEADERS,
    "signature-input": f"dlg={material.COMPONENTS}{material.PARAMETERS}".encode(),
    "signature": b"dlg=:" + b64encode(bytes(64)) + b":",
}
_POLICY = Policy(
    trust=material.TRUST,
    origins=Origins([material.ORIGIN]),
    rules=EnvelopeRules(proxy_adds=frozenset({"cookie"})),
    clock=ManualClock(material.NOW),
    whole_body=ReadBody(1 << 20, 30.0),
    no_body=ReadBody(0, 30.0),
)


def _read(data: bytes) -> tuple[Request, bytes]:
    """The request in ``data``, and its body."""
    head, _, body = data.partition(b"\n\n")
    first, _, rest = head.partition(b"\n")
    method, _, whole = first.partition(b" ")
    path, _, query = whole.partition(b"?")
    return Request(method=method.decode("latin-1"), path=path, query=query, headers=lines(rest)), body


def _sign(request: Request) -> Request:
    """The same request with its holder's signature in the place of whatever it had under that name."""
    headers, _ = snapshot(request.headers)
    ours = read_member(pick_signature(headers)).text
    stated = parse_signature_input(headers["signature-input"].decode("latin-1").strip(" "))
    label = next(label for label, parts in stated.items() if "".join(parts).encode() == ours)
    signature = material.HELPER_KEY.sign(Purpose.REQUEST, rebuilt_base(_POLICY, request))
    value = f"{label}=:{b64encode(signature).decode()}:".encode()
    others = [line for line in request.headers if line[0].lower() != b"signature"]
    return replace(request, headers=[*others, (b"signature", value)])


def _verify(request: Request, body: bytes) -> Verified:
    """Drive the steps as a server does, with a store that has seen nothing."""
    steps = verification_steps(_POLICY, request)
    answer: object = None
    while True:
        try:
            need = steps.send(answer)
        except StopIteration as end:
            return _proof(end.value)
        if isinstance(need, ReadBody) and len(body) > need.limit:
            steps.throw(need.over_limit())
        answer = body if isinstance(need, ReadBody) else _KEPT_EVERYTHING


def _proof(value: object) -> Verified:
    if not isinstance(value, Verified):
        msg = "the steps ended without a proof and without a refusal"
        raise AssertionError(msg)  # noqa: TRY004 - a finding, not a wrong argument
    return value


def _seed(headers: dict[str, bytes], first: bytes = b"POST /v1/orders?dry=1") -> bytes:
    rows = [name.encode() + b": " + value for name, value in headers.items()]
    return b"\n".join([first, *rows, b"", material.BODY])


def _signed_seed() -> bytes:
    signed, _ = snapshot(_sign(_read(_seed(_UNSIGNED))[0]).headers)
    return _seed(signed)


SEEDS = (_signed_seed(), b"~" + _seed(_UNSIGNED), b"~" + _seed({**_UNSIGNED, "cookie": b"a=b"}))
FIRST_STEP = FirstStep(within=(snapshot, pick_signature))
_BASES = {_verify(*_read(SEEDS[0])).envelope.canonical_bytes}


def target(data: bytes) -> None:
    """What is accepted was signed: in each covered part, and with no uncovered part that could matter."""
    anew = data[:1] == b"~"
    request, body = _read(data[anew:])
    if anew:
        request = _sign(request)
    verified = _verify(request, body)
    envelope = verified.envelope
    if not anew and envelope.canonical_bytes not in _BASES:
        msg = "a request was accepted that nobody signed"
        raise AssertionError(msg)
    if (envelope.method, envelope.path.encode(), envelope.query.encode()) != (
        request.method,
        request.path,
        b"?" + request.query,
    ):
        msg = "another target was verified than the one that arrived"
        raise AssertionError(msg)
    if envelope.body_sha256 is None and body:
        msg = "a body was accepted that no digest covers"
        raise AssertionError(msg)
    headers, _ = snapshot(request.headers)
    covered = read_member(pick_signature(headers)).components.as_set
    if (COVERED_IF_PRESENT & headers.keys()) - covered - verified.hidden_headers:
        msg = "a header that nobody signed would reach the handler"
        raise AssertionError(msg)
