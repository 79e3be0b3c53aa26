"""Signing one request: the client's half of the profile, without any HTTP library.

``sign_request`` takes what is about to be sent and returns the headers to add. It refuses what a verifier
of this profile would refuse, so that a mistake shows up where it was made; a request it signs verifies.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.encoding import b64url_encode
from delegate.envelope.components import (
    ALGORITHM_NAMES,
    BODY_METHODS,
    COVERED_IF_PRESENT,
    TAG,
    Components,
    Parameters,
    parse_components,
    signature_base,
)
from delegate.envelope.digest import digest_header
from delegate.envelope.fields import byte_sequence
from delegate.envelope.message import Envelope
from delegate.envelope.target import require_method
from delegate.envelope.verify import read_target, require_no_override
from delegate.errors import ConfigurationError, HeaderTooLargeError
from delegate.keys import Purpose
from delegate.limits import (
    NONCE_BYTES,
    SIGNATURE_INPUT_MAX_BYTES,
    TOKEN_HEADER_MAX_BYTES,
    WINDOW_DEFAULT,
    WINDOW_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delegate.identity import Identity
    from delegate.keys import Signer

__all__ = ["SignedRequest", "sign_request", "write_signature"]

LABEL: Final = "dlg"
_LABEL: Final = LABEL.encode()
"""The label of our signature; any other would verify as well."""

_ORDER: Final = (
    "@method",
    "@authority",
    "@path",
    "@query",
    "content-type",
    "content-digest",
    "agent-identity",
    "delegation",
    *sorted(COVERED_IF_PRESENT - {"content-type", "agent-identity", "delegation"}),
)
_CALLERS: Final = tuple(COVERED_IF_PRESENT - {"agent-identity", "delegation"})
"""Headers that are covered as the caller sends them; the others are written here."""


class SignedRequest(NamedTuple):
    """What signing a request made."""

    headers: dict[str, bytes]
    """The headers to send; lower-case names, each in the place of what the request had under that name."""
    target: dict[str, bytes]
    parameters: Parameters
    identity: Identity
    body_sha256: bytes | None
    delegation: str | None
    canonical_bytes: bytes

    def __repr__(self) -> str:
        """Who signed what; not the headers, which hold token, nonce and signature."""
        return f"<SignedRequest of {self.identity.agent!r}: {self.target['@method'].decode()}>"

    @property
    def envelope(self) -> Envelope:
        """The typed view of what was signed."""
        return Envelope(**{name: value for name, value in self._asdict().items() if name != "headers"})


def sign_request(
    signer: Signer,
    *,
    method: str,
    authority: str,
    path: bytes,
    query: bytes = b"",
    headers: Mapping[str, bytes],
    body: bytes = b"",
    identity: Identity,
    token: str | None,
    now: int,
    lifetime: int = WINDOW_DEFAULT,
    cover: frozenset[str] = frozenset(),
) -> SignedRequest:
    """Sign one request as it is about to be sent.

    ``path`` and ``query`` are the raw target, ``headers`` the request's own with lower-case names (those
    of this profile are replaced), ``cover`` names further headers to cover, ``lifetime`` is in seconds.
    The nonce comes from the operating system at each call (row S170).

    Raises ``MethodRejectedError``, ``TargetRejectedError``, ``HeaderTooLargeError``, ``MalformedError``
    for a header value outside visible ASCII, ``ComponentMissingError`` for a header to cover that is not
    there, and what the signer raises.
    """
    if not 0 < lifetime <= WINDOW_MAX:
        msg = f"lifetime must be from 1 to {WINDOW_MAX} seconds, not {lifetime}"
        raise ConfigurationError(msg, field="lifetime", limit=WINDOW_MAX)
    require_method(method)
    require_no_override(headers)
    added = {"agent-identity": identity.to_header().encode()}
    digest = hashlib.sha256(body).digest() if body or method in BODY_METHODS else None
    if digest is not None:
        added["content-digest"] = digest_header(digest)
    if token is not None:
        added["delegation"] = _delegation_value(token)
    target = read_target(method, path, query, authority.encode())
    values = {name: headers[name].strip(b" \t") for name in (*_CALLERS, *cover) if name in headers}
    values.update(target)
    values.update(added)
    items = _items(frozenset(values) | cover)
    components = parse_components(items)
    nonce = os.urandom(NONCE_BYTES)
    public_key = signer.public_key
    algorithm = ALGORITHM_NAMES[public_key.alg]
    member = (
        f"{items};created={now};expires={now + lifetime}"
        f';nonce="{b64url_encode(nonce)}";keyid="{public_key.key_id}";alg="{algorithm}";tag="{TAG}"'
    )
    written, base = write_signature(signer, Purpose.REQUEST, components, values, member)
    added.update(written)
    parameters = Parameters(now, now + lifetime, nonce, public_key.key_id, algorithm)
    return SignedRequest(added, target, parameters, identity, digest, token, base)


def write_signature(
    signer: Signer, purpose: Purpose, components: Components, values: Mapping[str, bytes], member: str
) -> tuple[dict[str, bytes], bytes]:
    """Sign what ``member`` (of ``Signature-Input``, without its label) covers: two headers, and the base.

    Raises ``HeaderTooLargeError``, what ``signature_base`` raises, and what the signer raises.
    """
    if len(LABEL) + 1 + len(member) > SIGNATURE_INPUT_MAX_BYTES:
        msg = f"Signature-Input would be over {SIGNATURE_INPUT_MAX_BYTES} bytes: cover fewer headers"
        raise HeaderTooLargeError(msg, component="signature-input", limit=SIGNATURE_INPUT_MAX_BYTES)
    encoded = member.encode()
    base = signature_base(components, values, encoded)
    headers = {
        "signature-input": _LABEL + b"=" + encoded,
        "signature": byte_sequence(_LABEL, signer.sign(purpose, base)),
    }
    return headers, base


def _delegation_value(token: str) -> bytes:
    if len(token) > TOKEN_HEADER_MAX_BYTES:
        msg = f"the token is {len(token)} bytes, the limit in a header is {TOKEN_HEADER_MAX_BYTES}"
        raise HeaderTooLargeError(msg, component="delegation", limit=TOKEN_HEADER_MAX_BYTES)
    return f't="{token}"'.encode()


@lru_cache(maxsize=64)
def _items(names: frozenset[str]) -> str:
    """The covered components as an inner list, the usual ones in their usual order."""
    ordered = [name for name in _ORDER if name in names] + sorted(names.difference(_ORDER))
    return "(" + " ".join(f'"{name}"' for name in ordered) + ")"
