"""DSSE v1: what is signed where there is no HTTP request (revocation lists, key claims, receipts).

The rule: a signature covers the *type* of what it signs. Its input is the pre-authentication encoding,
which counts both parts in bytes, so that no two pairs of type and payload share one (DSSE protocol v1.0.2,
secure-systems-lab). Every kind of object has a type of its own, so a signature for one is no signature
for another; and the encoding begins with ``DSSEv1``, which neither a token block nor an RFC 9421
signature base does (design section 4).

The payload is opaque here: verify ``signing_input`` first, then parse ``payload``. The envelope itself is
canonical JSON with exactly one signature, so one signed thing is one text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from delegate.canonical import SignedValue, canonicalize_signed, parse_signed
from delegate.encoding import b64_decode, b64_encode
from delegate.errors import MalformedError
from delegate.limits import JSON_MAX_BYTES

__all__ = ["DsseEnvelope", "pae", "payload_type"]


def payload_type(what: str) -> str:
    """The media type of one kind of signed object: ``application/vnd.delegate.<what>+json``."""
    return f"application/vnd.delegate.{what}+json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: ``DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload``.

    Lengths are decimal counts of bytes.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class DsseEnvelope:
    """A payload, its type, and one signature that nobody has verified yet."""

    payload_type: str
    payload: bytes = field(repr=False)
    keyid: str
    """Says which key to try; it is not signed and proves nothing."""
    signature: bytes = field(repr=False)

    @property
    def signing_input(self) -> bytes:
        """The bytes that ``signature`` is over."""
        return pae(self.payload_type, self.payload)

    def to_bytes(self) -> bytes:
        """The envelope as canonical JSON; raises ``MalformedError`` where a name is not Unicode text."""
        return canonicalize_signed(
            {
                "payload": b64_encode(self.payload),
                "payloadType": self.payload_type,
                "signatures": [{"keyid": self.keyid, "sig": b64_encode(self.signature)}],
            }
        )

    @classmethod
    def decode(cls, data: bytes, *, payload_type: str, max_bytes: int = JSON_MAX_BYTES) -> DsseEnvelope:
        """Read what ``to_bytes`` wrote, of the one type that the caller handles.

        Raises ``MalformedError`` (``field`` names the member), ``NonCanonicalError`` or ``TooLargeError``.
        """
        envelope = _members(parse_signed(data, max_bytes=max_bytes), "envelope", _ENVELOPE)
        if envelope["payloadType"] != payload_type:
            msg = f"the envelope is not of type {payload_type}"
            raise MalformedError(msg, field="payloadType", limit=payload_type)
        signature = _members(_only(envelope["signatures"]), "signatures", _SIGNATURE)
        return cls(
            payload_type=payload_type,
            payload=_bytes(envelope["payload"], "payload"),
            keyid=_text(signature["keyid"], "keyid"),
            signature=_bytes(signature["sig"], "sig"),
        )


_ENVELOPE = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE = frozenset({"keyid", "sig"})


def _members(value: SignedValue, field: str, names: frozenset[str]) -> dict[str, SignedValue]:
    if type(value) is not dict or value.keys() != names:
        msg = f"a DSSE {field} has exactly the members {', '.join(sorted(names))}"
        raise MalformedError(msg, field=field)
    return value


def _only(signatures: SignedValue) -> SignedValue:
    if type(signatures) is not list or len(signatures) != 1:
        msg = "an envelope carries exactly one signature"
        raise MalformedError(msg, field="signatures", limit=1)
    return signatures[0]


def _text(value: SignedValue, field: str) -> str:
    if type(value) is not str:
        msg = f"{field} must be a string, not {type(value).__name__}"
        raise MalformedError(msg, field=field)
    return value


def _bytes(value: SignedValue, field: str) -> bytes:
    try:
        return b64_decode(_text(value, field))
    except MalformedError as error:
        raise MalformedError(str(error), field=field) from None
