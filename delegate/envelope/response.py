"""Signed answers: the profile of RFC 9421 for responses, signing and reading, without I/O.

An answer is signed *for one request*: besides status, content headers and body digest, its signature covers
the request's method, authority, path, query, signature and body digest (components marked ``;req``, RFC
9421 section 2.4). The request's signature holds a nonce that its client drew, so no answer can have been
made before its request, or for another. Covering the request's signature alone would not be enough (section
7.3.7): a signature may verify for a second message under a second key, and it says nothing of its message
to anybody who does not hold the request.

The rule: the client rebuilds every ``;req`` value from the request *it sent*, never from the answer. So
a response that was changed, or made for another request, or by another key, has a bad signature.

There is neither nonce nor expiry: the request has both. ``created`` says when the answer was signed, and
decides nothing (``docs/spec/response.md``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.encoding import b64_encode
from delegate.envelope.components import (
    ALGORITHM_NAMES,
    RESPONSE_TAG,
    Components,
    ResponseParameters,
    has_tag,
    identifier,
    parse_components,
    parse_response_parameters,
    signature_base,
)
from delegate.envelope.digest import content_digest, require_digest
from delegate.envelope.fields import require_well_formed
from delegate.envelope.message import snapshot
from delegate.envelope.sign import LABEL, SignedRequest, write_signature
from delegate.envelope.verify import SignedMember, pick_signature, require_algorithm
from delegate.errors import (
    BodyUnexpectedError,
    ComponentMissingError,
    DelegateError,
    HeaderDuplicateError,
    HeaderNotCoveredError,
)
from delegate.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from delegate.keys import PublicKey, Signer

__all__ = [
    "ACCEPT_SIGNATURE",
    "REPLACED",
    "RequestBinding",
    "SignedResponse",
    "binding_received",
    "binding_sent",
    "has_content",
    "is_asked_for",
    "is_event_stream",
    "sign_response",
    "verify_response",
]

COVERED_IF_PRESENT: Final = ("content-type", "content-encoding", "location")
"""Headers that say what the body is and where to go: present and not covered is refused."""

ACCEPT_SIGNATURE: Final = (
    f'{LABEL}=("@status" "@method";req "@authority";req "@path";req "@query";req '
    f'"signature";req;key="{LABEL}");created;tag="{RESPONSE_TAG}"'
)
"""By this value of ``Accept-Signature`` a client asks for a signed answer (RFC 9421 section 5.1)."""

REPLACED: Final = frozenset({"content-digest", "signature", "signature-input"})
"""Headers of an answer that signing puts in the place of the application's own."""

_EVENT_STREAM: Final = b"text/event-stream"
_WITHOUT_CONTENT: Final = frozenset({204, 304})


class RequestBinding(NamedTuple):
    """What of one signed request its answer is bound to; the client's and the server's are equal."""

    target: Mapping[str, bytes]
    """The values of the four derived components."""
    label: str
    """Of the request's signature, which it names in ``Signature``."""
    signature: bytes
    """Its member of ``Signature`` as it is written: a colon, base64, a colon."""
    digest: bytes | None
    """``Content-Digest`` of the request, where its signature covers one."""

    def __repr__(self) -> str:
        """Which request; not its signature."""
        return f"<RequestBinding of {self.target['@method'].decode()} {self.target['@path'].decode()}>"

    @property
    def values(self) -> dict[str, bytes]:
        """The ``;req`` components of an answer, and the value of each."""
        values = {f"{name};req": value for name, value in self.target.items()}
        values[f'signature;req;key="{self.label}"'] = self.signature
        if self.digest is not None:
            values["content-digest;req"] = self.digest
        return values


class SignedResponse(NamedTuple):
    """What verifying an answer established."""

    created: int
    """Seconds since the epoch, by the server's clock."""
    key_id: str
    canonical_bytes: bytes
    """The signature base of RFC 9421 section 2.5."""


def binding_sent(signed: SignedRequest) -> RequestBinding:
    """The binding of a request that was signed here."""
    headers = signed.headers
    signature = headers["signature"].removeprefix(f"{LABEL}=".encode())
    return RequestBinding(signed.target, LABEL, signature, headers.get("content-digest"))


def binding_received(
    member: SignedMember, headers: Mapping[str, bytes], target: Mapping[str, bytes]
) -> RequestBinding:
    """The binding of a request that came here, from what steps 1 to 5 of its verification read."""
    digest = headers["content-digest"] if "content-digest" in member.components.as_set else None
    return RequestBinding(target, member.label, f":{b64_encode(member.signature)}:".encode(), digest)


def is_asked_for(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether one of the request's lines of ``Accept-Signature`` names the tag of responses.

    A wish and no more: what else the line says is not looked at, and whoever adds or removes it on the way
    gets a signature that nobody asked for, or an answer that its client refuses.
    """
    return any(
        name.lower() == b"accept-signature" and has_tag(value.decode("latin-1"), RESPONSE_TAG)
        for name, value in headers
    )


def has_content(method: str, status: int) -> bool:
    """Whether an answer may have a body (RFC 9110 section 6.4.1)."""
    return method != "HEAD" and status not in _WITHOUT_CONTENT


def is_event_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer is an open line of events: it has no end to sign at."""
    return any(
        bytes(name).lower() == b"content-type" and bytes(value).lower().startswith(_EVENT_STREAM)
        for name, value in headers
    )


def sign_response(
    signer: Signer,
    request: RequestBinding,
    *,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    now: int,
) -> dict[str, bytes]:
    """Sign one answer as it is about to be sent; returns the headers to set, by lower-case name.

    They stand in the place of any of the same name; ``body`` is the bytes after content encoding.

    Raises ``HeaderDuplicateError``, ``HeaderTooLargeError``, ``MalformedError`` for a covered header that
    no verifier would read, and what the signer raises.
    """
    fields, repeated = snapshot(headers)
    present = {name: fields[name] for name in COVERED_IF_PRESENT if name in fields}
    _require_single(repeated, frozenset(present))
    added: dict[str, bytes] = {}
    if has_content(request.target["@method"].decode(), status):
        added["content-digest"] = content_digest(body)
    values = {"@status": b"%d" % status} | present | added | request.values
    items = "(" + " ".join(identifier(name) for name in values) + ")"
    key = signer.public_key
    member = (
        f'{items};created={now};keyid="{key.key_id}";alg="{ALGORITHM_NAMES[key.alg]}";tag="{RESPONSE_TAG}"'
    )
    components = parse_components(items, _required(request))
    written, _ = write_signature(signer, Purpose.RESPONSE, components, values, member)
    return added | written


def verify_response(
    request: RequestBinding,
    *,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    key_for: Callable[[str], PublicKey],
) -> SignedResponse:
    """Decide whether this is the answer to ``request``, of a server that the client trusts to answer it.

    ``body`` is the bytes as received, before any content decoding. ``key_for`` gives the trusted key of a
    key id, or raises. The numbers are those of the specification. Raises the first thing that is wrong.
    """
    # 1 headers, single lines, size caps
    fields, repeated = snapshot(headers)
    # 2 the one signature with the tag of responses
    _label, items, parameters, signature = pick_signature(fields, RESPONSE_TAG)
    # 3 its components and parameters, strictly
    components, stated = _read(items, parameters, request)
    # 4 nothing that says what the answer is may be present and unsigned
    content = has_content(request.target["@method"].decode(), status)
    _require_coverage(components, fields, repeated, content=content)
    # 5 the key, whose use and algorithm are those of its record
    key = key_for(stated.keyid)
    require_algorithm(stated.alg, key.alg)
    # 6 the signature, over the request that was sent
    values = fields | {"@status": b"%d" % status} | request.values
    base = signature_base(components, values, (items + parameters).encode())
    key.verify_http(signature, base)
    # 7 the body
    if content:
        require_digest(body, fields["content-digest"])
    elif body:
        msg = "a body came with an answer that has none"
        raise BodyUnexpectedError(msg, component="content-digest", limit=0)
    return SignedResponse(stated.created, stated.keyid, base)


def _required(request: RequestBinding) -> frozenset[str]:
    return frozenset({"@status", *request.values})


def _read(items: str, parameters: str, request: RequestBinding) -> tuple[Components, ResponseParameters]:
    try:
        return parse_components(items, _required(request)), parse_response_parameters(parameters)
    except DelegateError:
        require_well_formed((items, parameters))
        raise


def _require_coverage(
    components: Components, fields: Mapping[str, bytes], repeated: set[str], *, content: bool
) -> None:
    covered = components.as_set
    if content and "content-digest" not in covered:
        msg = "the signature does not cover 'content-digest'"
        raise ComponentMissingError(msg, component="content-digest")
    _require_single(repeated, covered)
    for name in COVERED_IF_PRESENT:
        if name in fields and name not in covered:
            msg = f"header {name!r} is present and not signed"
            raise HeaderNotCoveredError(msg, component=name)


def _require_single(repeated: set[str], covered: frozenset[str]) -> None:
    if twice := repeated & covered:
        msg = f"header {min(twice)!r} is covered and came more than once"
        raise HeaderDuplicateError(msg, component=min(twice))
