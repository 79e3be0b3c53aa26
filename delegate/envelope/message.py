"""The typed view of one signed request or message, and the snapshot of the headers it is read from.

There is no private blob beside the standard: ``Envelope.canonical_bytes`` of a request is the RFC 9421
signature base, byte for byte, and the other attributes say in types what those bytes say (design section 7).
Of a message without HTTP it is the DSSE signing input (``delegate.envelope.dsse``).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from delegate.envelope.components import COVERED_IF_PRESENT
from delegate.errors import HeaderDuplicateError, HeaderTooLargeError
from delegate.limits import (
    HEADER_MAX_BYTES,
    IDENTITY_MAX_BYTES,
    LABEL_MAX_CHARS,
    SIGNATURE_HEADERS_MAX_BYTES,
    TOKEN_HEADER_MAX_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from delegate.envelope.components import Parameters
    from delegate.identity import Identity

__all__ = ["Envelope", "snapshot"]

_JOINED: Final = frozenset({"signature", "signature-input"})
_SINGLE: Final = COVERED_IF_PRESENT | {"host", "content-digest"}
_DELEGATION_FRAME: Final = len('t=""')
_MAX_BYTES: Final = {
    **dict.fromkeys(_SINGLE, HEADER_MAX_BYTES),
    "signature": SIGNATURE_HEADERS_MAX_BYTES,
    "signature-input": SIGNATURE_HEADERS_MAX_BYTES,
    "delegation": TOKEN_HEADER_MAX_BYTES + _DELEGATION_FRAME,
    "agent-identity": IDENTITY_MAX_BYTES,
}
_NAMES_KEPT: Final = 512
_TIGHTEST_FIRST: Final = sorted(_MAX_BYTES.items(), key=itemgetter(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One signed request or message: who, what, when, once. All of it is in ``canonical_bytes``."""

    target: Mapping[str, bytes] = field(repr=False)
    """The values of ``@method``, ``@authority``, ``@path`` and ``@query``."""
    parameters: Parameters = field(repr=False)
    """The six signature parameters; the nonce is among them."""
    identity: Identity
    body_sha256: bytes | None
    """``None`` for a request without a body, whose method needs no digest; a message's parameters."""
    delegation: str | None = field(repr=False)
    """The token's text; ``None`` for a direct request."""
    canonical_bytes: bytes = field(repr=False)
    """The signature base of RFC 9421 section 2.5, or the pre-authentication encoding of DSSE."""

    @property
    def method(self) -> str:
        """The HTTP method, in upper case; of a message, the method that it calls."""
        return self.target["@method"].decode()

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's default; of a message, its audience."""
        return self.target["@authority"].decode()

    @property
    def path(self) -> str:
        """The raw path, percent-encoded; empty for a message."""
        return self.target["@path"].decode()

    @property
    def query(self) -> str:
        """The raw query with its question mark, ``"?"`` when there is none (RFC 9421 section 2.2.7).

        Empty for a message.
        """
        return self.target["@query"].decode()

    @property
    def created(self) -> int:
        """Seconds since the epoch."""
        return self.parameters.created

    @property
    def expires(self) -> int:
        """Seconds since the epoch; the envelope is good before this instant."""
        return self.parameters.expires

    @property
    def nonce(self) -> bytes:
        """16 random bytes; not to be logged."""
        return self.parameters.nonce

    @property
    def key_id(self) -> str:
        """RFC 7638 thumbprint of the signing key."""
        return self.parameters.keyid

    @property
    def algorithm(self) -> str:
        """The RFC 9421 algorithm name, ``ed25519`` or ``ecdsa-p256-sha256``."""
        return self.parameters.alg

    @property
    def request_id(self) -> str:
        """SHA-256 of ``canonical_bytes``, in lower-case hexadecimal: names this one signing."""
        return hashlib.sha256(self.canonical_bytes).hexdigest()

    @property
    def delegation_sha256(self) -> bytes | None:
        """SHA-256 of the token's text, ``None`` for a direct request."""
        return None if self.delegation is None else hashlib.sha256(self.delegation.encode()).digest()


class _Names(dict[bytes, str]):
    """A header's name -> the same as text, in lower case. Requests repeat them, so the first ones stay."""

    def __missing__(self, raw: bytes) -> str:
        name = raw.decode("latin-1").lower()
        if len(self) < _NAMES_KEPT and len(raw) <= LABEL_MAX_CHARS:
            self[raw] = name
        return name


_NAMES: Final = _Names()


def snapshot(headers: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, bytes], set[str]]:
    """Copy the headers into a map, before any body byte is read: some servers add trailers to the list.

    Returns the values by lower-case name, without the white space around them (RFC 9421 section 2.1), and
    the names of those further headers that came more than once, whose value is that of the last line: none
    of them may be covered.

    Lines of ``Signature`` and ``Signature-Input`` are joined in order (RFC 9421 section 4.1); any other
    header that this profile reads must be one line (``HeaderDuplicateError``) and within its size
    (``HeaderTooLargeError``).
    """
    lines = list(headers)
    values = {_NAMES[name]: line.strip(b" \t") for name, line in lines}
    repeated = _join_lines(values, lines) if len(values) != len(lines) else set()
    longest = max(map(len, values.values()), default=0)
    for name, limit in _TIGHTEST_FIRST:
        if longest <= limit:
            break
        if len(values.get(name, b"")) > limit:
            raise _too_large(name, len(values[name]))
    return values, repeated


def _join_lines(values: dict[str, bytes], lines: list[tuple[bytes, bytes]]) -> set[str]:
    """Join in ``values`` the lines of a header that may have several; returns the names that came again."""
    counted = Counter(_NAMES[name] for name, _ in lines)
    repeated = [name for name, count in counted.items() if count > 1]
    for name in repeated:
        if name in _SINGLE:
            msg = f"header {name!r} came more than once"
            raise HeaderDuplicateError(msg, component=name)
        if name in _JOINED:
            same = [line.strip(b" \t") for raw_name, line in lines if _NAMES[raw_name] == name]
            values[name] = b", ".join(same)
    return {*repeated} - _JOINED


def _too_large(name: str, size: int) -> HeaderTooLargeError:
    limit = _MAX_BYTES[name]
    msg = f"header {name!r} is {size} bytes, the limit is {limit}"
    return HeaderTooLargeError(msg, component=name, limit=limit)
