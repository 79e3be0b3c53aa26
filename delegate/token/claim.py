"""Key claims: how a remote delegatee shows which key it holds, before anything is delegated to it.

The delegator sends a random challenge; the delegatee answers with a DSSE envelope over ``{delegator, sub,
key, challenge, exp}`` signed by the very key it names. So a delegator never binds authority to a key that
nobody holds, that belongs to somebody else, or that was claimed for another delegator. An in-process
sub-worker needs none of this: ``delegate.token.mint.attenuate_to_ephemeral`` makes its key.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from delegate import dsse
from delegate.canonical import canonicalize_signed, parse_signed
from delegate.clock import Clock, read
from delegate.encoding import b64url_encode
from delegate.errors import (
    ExpiredError,
    HolderMismatchError,
    IdentityMismatchError,
    MalformedError,
    WindowTooLongError,
)
from delegate.keys import PublicKey, Purpose
from delegate.limits import KEY_CLAIM_MAX_TTL, NONCE_BYTES, TIMESTAMP_MAX, TOKEN_MAX_BYTES
from delegate.names import require_name, require_text

if TYPE_CHECKING:
    from delegate.keys import Signer

__all__ = ["KeyClaim"]

_TYPE: Final = dsse.payload_type("key-claim")
_MEMBERS: Final = frozenset({"delegator", "sub", "key", "challenge", "exp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClaim:
    """A verified statement: ``agent`` holds the private half of ``key`` and tells ``delegator`` so."""

    delegator: str
    agent: str
    key: PublicKey
    challenge: str = field(repr=False)
    expires_at: int

    @staticmethod
    def new_challenge() -> str:
        """A fresh challenge for one delegatee: 16 random bytes as 22 base64url characters."""
        return b64url_encode(os.urandom(NONCE_BYTES))

    @staticmethod
    def sign(
        key: Signer,
        *,
        delegator: str,
        agent: str,
        challenge: str,
        expires_in: int = KEY_CLAIM_MAX_TTL,
        clock: Clock | None = None,
    ) -> bytes:
        """Answer ``challenge``: the bytes of a DSSE envelope that claims ``key`` for ``agent``.

        Raises ``MalformedError`` for a bad name and what the signer raises.
        """
        payload = canonicalize_signed(
            {
                "delegator": require_name(delegator, "delegator"),
                "sub": require_name(agent, "sub"),
                "key": key.public_key.text,
                "challenge": require_text(challenge, "challenge"),
                "exp": read(clock or Clock()) + min(expires_in, KEY_CLAIM_MAX_TTL),
            }
        )
        signature = key.sign(Purpose.KEY_CLAIM, dsse.pae(_TYPE, payload))
        return dsse.DsseEnvelope(
            payload_type=_TYPE, payload=payload, keyid=key.public_key.key_id, signature=signature
        ).to_bytes()

    @classmethod
    def verify(
        cls, data: bytes, *, delegator: str, agent: str, challenge: str, clock: Clock | None = None
    ) -> KeyClaim:
        """Check a claim that answers ``challenge``; the caller uses each challenge once.

        Raises ``SignatureInvalidError``, ``HolderMismatchError`` for another challenge or key id,
        ``IdentityMismatchError`` for another delegator or agent, ``ExpiredError``,
        ``WindowTooLongError``, and the bytes family for what is not a claim.
        """
        envelope = dsse.DsseEnvelope.decode(data, payload_type=_TYPE)
        claim = cls._read(envelope.payload)
        claim.key.verify(envelope.signature, envelope.signing_input)
        if envelope.keyid != claim.key.key_id or not hmac.compare_digest(
            claim.challenge.encode(), challenge.encode()
        ):
            msg = "the key claim answers another challenge, or names another key than it is signed with"
            raise HolderMismatchError(msg, field="challenge")
        if (claim.delegator, claim.agent) != (delegator, agent):
            msg = (
                f"the key claim is by {claim.agent!r} for {claim.delegator!r}, "
                f"not by {agent!r} for {delegator!r}"
            )
            raise IdentityMismatchError(msg, field="sub")
        remaining = claim.expires_at - read(clock or Clock())
        if remaining <= 0:
            msg = f"the key claim expired {-remaining} s ago"
            raise ExpiredError(msg, field="exp")
        if remaining > KEY_CLAIM_MAX_TTL:
            msg = f"the key claim is good for {remaining} s, the limit is {KEY_CLAIM_MAX_TTL}"
            raise WindowTooLongError(msg, field="exp", limit=KEY_CLAIM_MAX_TTL)
        return claim

    @classmethod
    def _read(cls, payload: bytes) -> KeyClaim:
        members = parse_signed(payload, max_bytes=TOKEN_MAX_BYTES)
        if members.keys() != _MEMBERS:
            msg = f"a key claim has exactly the members {', '.join(sorted(_MEMBERS))}"
            raise MalformedError(msg, limit=sorted(_MEMBERS))
        key, expires_at = members["key"], members["exp"]
        if type(expires_at) is not int or not 0 <= expires_at <= TIMESTAMP_MAX or type(key) is not str:
            msg = "key must be a string and exp a whole number of seconds"
            raise MalformedError(msg, field="exp")
        return cls(
            delegator=require_name(members["delegator"], "delegator"),
            agent=require_name(members["sub"], "sub"),
            key=PublicKey.from_text(key),
            challenge=require_text(members["challenge"], "challenge"),
            expires_at=expires_at,
        )
