"""The copy of a request that goes out: its headers, and its signature.

The rule: the caller's request is never changed, every header of ours that was on it is dropped, and what is
signed is what is sent, with the length of exactly this body and the authority of exactly this origin.
"""

from __future__ import annotations

import re
from typing import Final

from delegate.client.context import Delegation
from delegate.client.rules import Rules
from delegate.client.steps import Headers, Outgoing
from delegate.clock import read
from delegate.envelope.components import BODY_METHODS
from delegate.envelope.message import snapshot
from delegate.envelope.response import ACCEPT_SIGNATURE
from delegate.envelope.sign import SignedRequest, sign_request
from delegate.envelope.target import Origins, origin_authority
from delegate.errors import AuthorityRejectedError, HeaderDuplicateError, MalformedError
from delegate.limits import LABEL_MAX_CHARS, SKEW_DEFAULT
from delegate.observer import Watch
from delegate.token.verify import require_current

__all__ = ["OURS", "require_usable", "signed_copy", "without_ours"]

OURS: Final = frozenset({"signature", "signature-input", "content-digest", "agent-identity", "delegation"})
"""The headers that nobody but us sets, in lower case."""

_REPLACED: Final = OURS | {"host", "content-length", "transfer-encoding"}
_SPLITS: Final = re.compile(rb"[\r\n\0]")
"""What ends a header line early; HTTP libraries differ in what they let through (row S165)."""


def require_usable(rules: Rules, delegation: Delegation, request: Outgoing) -> int:
    """Refuse a token that may not be used there, or not now; returns the time of the decision."""
    address, now = request.address, read(rules.clock)
    if address.userinfo:
        msg = "the URL names a user: take user and password out of it"
        raise AuthorityRejectedError(msg, component="@authority")
    delegation.require_open()
    require_current(delegation.token, origin=address.origin, now=now, skew=SKEW_DEFAULT)
    return now


def without_ours(headers: Headers) -> Headers:
    """The headers without ours."""
    return [line for line in headers if _name(line) not in OURS]


def _name(line: tuple[bytes, bytes]) -> str:
    return line[0].decode("latin-1").lower()


def signed_copy(
    rules: Rules, delegation: Delegation, request: Outgoing, target: bytes, body: bytes
) -> tuple[SignedRequest, Headers]:
    """One try, and all its headers: the caller's, the framing of exactly this body, and ours.

    The observer is told of it, if there is one.
    """
    if rules.observer is None:
        return _signed_copy(rules, delegation, request, target, body)
    with Watch(rules.observer, "sign") as watch:
        watch.tell(**delegation.names)
        signed, headers = _signed_copy(rules, delegation, request, target, body)
        watch.tell(request_id=signed.envelope.request_id)
    return signed, headers


def _signed_copy(
    rules: Rules, delegation: Delegation, request: Outgoing, target: bytes, body: bytes
) -> tuple[SignedRequest, Headers]:
    now = require_usable(rules, delegation, request)
    authority = origin_authority(request.address.origin)
    lines = _lines(request, authority)
    if body or request.method in BODY_METHODS:
        lines.append((b"Content-Length", b"%d" % len(body)))
    if rules.must_be_answered(request.address.origin):
        lines = [line for line in lines if _name(line) != "accept-signature"]
        lines.append((b"Accept-Signature", ACCEPT_SIGNATURE.encode()))
    headers, repeated = snapshot(lines)
    if twice := repeated & rules.cover:
        msg = f"header {min(twice)!r} is to be signed and stands in the request twice: join its lines"
        raise HeaderDuplicateError(msg, component=min(twice))
    path, _, query = target.partition(b"?")
    signed = sign_request(
        delegation.key,
        method=request.method,
        authority=authority,
        path=path,
        query=query,
        headers=headers,
        body=body,
        identity=delegation.identity,
        token=delegation.token.text,
        now=now,
        lifetime=rules.lifetime,
        cover=rules.cover,
    )
    return signed, [*lines, *[(name.encode(), value) for name, value in signed.headers.items()]]


def _lines(request: Outgoing, authority: str) -> list[tuple[bytes, bytes]]:
    """The caller's headers under the ``Host`` that is signed, without ours and without the framing.

    Refuses a header that would become two lines, and a ``Host`` other than the URL's.
    """
    lines = [(b"Host", authority.encode())]
    for line in request.headers:
        name = _name(line)
        if _SPLITS.search(line[0]) or _SPLITS.search(line[1]):
            msg = "a header holds a line end or NUL"
            raise MalformedError(msg, component=name[:LABEL_MAX_CHARS])
        if name == "host":
            _require_host(line[1].decode("latin-1"), request.address.origin)
        elif name not in _REPLACED:
            lines.append(line)
    return lines


def _require_host(host: str, origin: str) -> None:
    """Refuse a ``Host`` that a server of ``origin`` alone would not take for its own."""
    if host == origin_authority(origin):
        return
    try:
        Origins((origin,)).select(host.encode("latin-1"))
    except AuthorityRejectedError:
        msg = f"the Host header does not name {origin}, to which the URL leads: leave it out"
        raise AuthorityRejectedError(msg, component="@authority", limit=origin) from None
