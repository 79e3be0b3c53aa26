"""One revocation list: what an issuer says about its own chains, and signs.

A DSSE envelope over ``{v, iss, kid, version, issued_at, next_update, tokens, keys}``, signed by a key
whose record has the usage ``revoke`` and nothing else. ``tokens`` holds derived token ids: one ends its
block and every block after it. ``keys`` holds key ids: one ends every chain that names the key, as the
issuer's or as a holder's, and every direct request that it signs. A list speaks of chains rooted at its
issuer and of no others.

Lists are whole, not differences, so the latest alone decides. Whether it is the latest, and recent enough,
is asked by ``delegate.revocation.state``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from delegate import dsse
from delegate.canonical import SignedValue, canonicalize_signed, parse_signed
from delegate.clock import Clock, read
from delegate.dsse import DsseEnvelope
from delegate.errors import (
    CreatedInFutureError,
    KeyUnknownError,
    MalformedError,
    NonCanonicalError,
    RevokedError,
    TooLargeError,
    UnsupportedVersionError,
)
from delegate.keys import KeyRecord, PublicKey, Purpose, Signer, TrustSnapshot, Usage
from delegate.limits import (
    JSON_MAX_INTEGER,
    REVOCATION_LIST_MAX_BYTES,
    REVOCATION_MAX_KEYS,
    REVOCATION_MAX_TOKENS,
    REVOCATION_STALENESS_DEFAULT,
    SKEW_DEFAULT,
    TIMESTAMP_MAX,
)
from delegate.names import require_name

__all__ = ["RevocationList"]

_TYPE: Final = dsse.payload_type("revocation-list")
_FORMAT: Final = 1
_MEMBERS: Final = frozenset({"v", "iss", "kid", "version", "issued_at", "next_update", "tokens", "keys"})
_TOKEN_ID: Final = re.compile(r"[a-z2-7]{25}[aeimquy4]")
"""16 bytes in base32: the last character carries three bits."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""32 bytes in base64url: the last character carries four bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """What one issuer has revoked, as of ``issued_at``.

    ``version`` counts up from 1, at least by one with each list. Times are UTC seconds; the issuer
    promises the next list before ``next_update``. Construction raises ``MalformedError`` or
    ``TooLargeError`` with the ``field``.
    """

    issuer: str
    kid: str
    """Id of the key that signs the list."""
    version: int
    issued_at: int
    next_update: int
    tokens: frozenset[str] = frozenset()
    """Derived token ids, 26 characters each."""
    keys: frozenset[str] = frozenset()
    """Key ids, 43 characters each."""

    def __post_init__(self) -> None:
        """Refuse what could not be read back."""
        require_name(self.issuer, "iss")
        _require_form({self.kid}, "kid", _KEY_ID)
        _require_int(self.version, "version", 1, JSON_MAX_INTEGER)
        _require_int(self.issued_at, "issued_at", 0, TIMESTAMP_MAX)
        _require_int(self.next_update, "next_update", self.issued_at + 1, TIMESTAMP_MAX)
        _require_ids(self.tokens, "tokens", _TOKEN_ID, REVOCATION_MAX_TOKENS)
        _require_ids(self.keys, "keys", _KEY_ID, REVOCATION_MAX_KEYS)

    @staticmethod
    def sign(
        key: Signer,
        *,
        issuer: str,
        version: int,
        tokens: Iterable[str] = (),
        keys: Iterable[str] = (),
        next_update_in: int = REVOCATION_STALENESS_DEFAULT,
        clock: Clock | None = None,
    ) -> bytes:
        """The bytes of a list that is issued now: a DSSE envelope signed by ``key``.

        ``next_update_in`` in seconds. Raises what construction and the signer raise.
        """
        now = read(clock or Clock())
        payload = RevocationList(
            issuer=issuer,
            kid=key.public_key.key_id,
            version=version,
            issued_at=now,
            next_update=now + next_update_in,
            tokens=frozenset(tokens),
            keys=frozenset(keys),
        ).payload
        signature = key.sign(Purpose.REVOCATION, dsse.pae(_TYPE, payload))
        return DsseEnvelope(
            payload_type=_TYPE, payload=payload, keyid=key.public_key.key_id, signature=signature
        ).to_bytes()

    @classmethod
    def verify(
        cls, data: bytes, trust: TrustSnapshot, *, now: int, skew: int = SKEW_DEFAULT
    ) -> RevocationList:
        """The list in ``data``, signed by a key that its issuer's record trusts to revoke at ``now``.

        ``now`` in UTC seconds, ``skew`` in seconds. Raises ``KeyUnknownError``, ``SignatureInvalidError``,
        ``KeyPurposeError``, ``KeyRevokedError``, ``CreatedInFutureError``, and the bytes family for what
        is not a list. An old list is not refused here.
        """
        envelope = _decode(data)
        found = _signed_by(envelope, _key(trust, envelope.keyid))
        found.require_trusted(trust, now=now)
        if found.issued_at - skew > now:
            msg = f"the list was issued {found.issued_at - now} s ahead of this clock, the limit is {skew} s"
            raise CreatedInFutureError(msg, field="issued_at", limit=skew)
        return found

    @classmethod
    def read(cls, data: bytes, key: PublicKey) -> RevocationList:
        """The list in ``data``, signed by ``key``: for its issuer, who trusts the key without a record.

        Raises ``SignatureInvalidError`` and the bytes family.
        """
        return _signed_by(_decode(data), key)

    @property
    def payload(self) -> bytes:
        """What is signed: canonical JSON."""
        return canonicalize_signed(
            {
                "v": _FORMAT,
                "iss": self.issuer,
                "kid": self.kid,
                "version": self.version,
                "issued_at": self.issued_at,
                "next_update": self.next_update,
                "tokens": list[SignedValue](sorted(self.tokens)),
                "keys": list[SignedValue](sorted(self.keys)),
            }
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of ``payload``: what tells two lists of one version apart."""
        return hashlib.sha256(self.payload).digest()

    def require_trusted(self, trust: TrustSnapshot, *, now: int) -> None:
        """Refuse a list whose key is not trusted to revoke for its issuer at ``now``.

        Raises ``KeyUnknownError``, ``KeyPurposeError`` or ``KeyRevokedError``.
        """
        record = trust.issuing_key(self.issuer, self.kid)
        if record is None:
            msg = f"issuer {self.issuer!r}, or its key that signed the list, is not in the trust store"
            raise KeyUnknownError(msg, field="iss")
        record.require_current(Usage.REVOKE, now=now)

    def require_token(self, token_id: str, *, block: int) -> None:
        """Refuse a token id that is on the list; raises ``RevokedError``."""
        if token_id in self.tokens:
            msg = f"block {block} ({token_id}) is on revocation list {self.version} of {self.issuer!r}"
            raise RevokedError(msg, block=block, field="token_id")

    def require_key(self, key_id: str, *, block: int | None, field: str) -> None:
        """Refuse a key on the list, which ``field`` of ``block`` names; raises ``RevokedError``."""
        if key_id in self.keys:
            where = "the request" if block is None else f"block {block}"
            msg = f"the {field} of {where} is on revocation list {self.version} of {self.issuer!r}"
            raise RevokedError(msg, block=block, field=field)


def _decode(data: bytes) -> DsseEnvelope:
    return DsseEnvelope.decode(data, payload_type=_TYPE, max_bytes=REVOCATION_LIST_MAX_BYTES)


def _key(trust: TrustSnapshot, kid: str) -> PublicKey:
    """The key of this id, whoever has it: the id is its thumbprint, so it is the same key everywhere."""
    records = (trust.issuing_key(issuer.name, kid) for issuer in trust)
    record: KeyRecord | None = next(filter(None, records), None)
    if record is None:
        msg = "the list is signed by a key that is not in the trust store"
        raise KeyUnknownError(msg, field="kid")
    return record.key


def _signed_by(envelope: DsseEnvelope, key: PublicKey) -> RevocationList:
    key.verify(envelope.signature, envelope.signing_input)
    found = _parse(envelope.payload)
    if not found.kid == envelope.keyid == key.key_id:
        msg = "kid is not the id of the key that signed the list"
        raise MalformedError(msg, field="kid")
    return found


def _parse(payload: bytes) -> RevocationList:
    members = parse_signed(payload, max_bytes=REVOCATION_LIST_MAX_BYTES)
    if (stated := members.get("v")) != _FORMAT or type(stated) is not int:
        error = UnsupportedVersionError if type(stated) is int else MalformedError
        msg = f"v must be {_FORMAT}, the format of revocation lists that this release reads"
        raise error(msg, field="v", limit=_FORMAT)
    if members.keys() != _MEMBERS:
        msg = f"a revocation list has exactly the members {', '.join(sorted(_MEMBERS))}"
        raise MalformedError(msg, limit=sorted(_MEMBERS))
    return RevocationList(
        issuer=require_name(members["iss"], "iss"),
        kid=_text(members["kid"], "kid"),
        version=_require_int(members["version"], "version", 1, JSON_MAX_INTEGER),
        issued_at=_require_int(members["issued_at"], "issued_at", 0, TIMESTAMP_MAX),
        next_update=_require_int(members["next_update"], "next_update", 1, TIMESTAMP_MAX),
        tokens=_set(members["tokens"], "tokens"),
        keys=_set(members["keys"], "keys"),
    )


def _text(value: SignedValue, field: str) -> str:
    if type(value) is not str:
        msg = f"{field} must be a string, not {type(value).__name__}"
        raise MalformedError(msg, field=field)
    return value


def _set(value: SignedValue, field: str) -> frozenset[str]:
    if type(value) is not list:
        msg = f"{field} must be an array of strings"
        raise MalformedError(msg, field=field)
    items = [_text(item, field) for item in value]
    if items != sorted(set(items)):
        msg = f"{field} must be strictly ascending"
        raise NonCanonicalError(msg, field=field)
    return frozenset(items)


def _require_ids(ids: Iterable[str], field: str, form: re.Pattern[str], limit: int) -> None:
    found = frozenset(ids)
    if len(found) > limit:
        msg = f"{field} has {len(found)} entries, the limit is {limit}"
        raise TooLargeError(msg, field=field, limit=limit)
    _require_form(found, field, form)


def _require_form(ids: Iterable[str], field: str, form: re.Pattern[str]) -> None:
    if not all(type(item) is str and form.fullmatch(item) for item in ids):
        msg = f"{field} holds what is not an id of the form {form.pattern}"
        raise MalformedError(msg, field=field, limit=form.pattern)


def _require_int(value: object, field: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        msg = f"{field} must be a whole number from {least} to {most}"
        raise MalformedError(msg, field=field, limit=most)
    return value
