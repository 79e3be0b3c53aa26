"""A delegation chain against a trust store, without a request: whose it is, and whether it holds now.

The parts of steps 6 and 8 that concern the chain alone (design section 8). ``require_chain`` asks all of
them about a token that somebody holds, offline. It shows that the chain is sound at an origin and an
instant, and nothing about who presents it: possession is proved by a request only (design rule 3). So it
returns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from delegate.errors import (
    AudienceMismatchError,
    KeyRevokedError,
    RevocationUnavailableError,
    UntrustedRootError,
)
from delegate.limits import SKEW_DEFAULT
from delegate.token.verify import prove, require_current, require_within_ceiling

if TYPE_CHECKING:
    from delegate.keys import Issuer, KeyRecord, PublicKey, TrustSnapshot
    from delegate.revocation import RevocationList, Revocations
    from delegate.token import UnverifiedToken

__all__ = [
    "Signer",
    "find_root",
    "require_chain",
    "require_chain_now",
    "require_direct_now",
]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, as far as the trust store and the token say (step 6)."""

    key: PublicKey
    issuer: Issuer
    record: KeyRecord
    """Of the issuer's key that signed block 0 or, without a token, of the signing key itself."""
    token: UnverifiedToken | None
    agent: str | None
    """The agent id that the token's last block or, without one, the key's record states."""
    quota_key: str
    """Whose share of the replay store its nonces take: all sub-keys of one delegatee have one."""


def require_chain(
    token: UnverifiedToken,
    trust: TrustSnapshot,
    *,
    origin: str,
    now: int,
    skew: int = SKEW_DEFAULT,
    revocation: Revocations | None = None,
) -> None:
    """Refuse a chain that no request to ``origin`` could use at ``now`` (UTC seconds).

    Raises what step 8 raises, and ``UntrustedRootError``. What a pass leaves open: whether the holder's
    key signs, and what the server lets the chain do.
    """
    issuer, record = find_root(token, trust, now=now)
    prove(token, record.key)
    require_chain_now(token, issuer, origin=origin, now=now, skew=skew, revocation=revocation)
    require_within_ceiling(token, issuer)


def find_root(token: UnverifiedToken, trust: TrustSnapshot, *, now: int) -> tuple[Issuer, KeyRecord]:
    """Step 6: the issuer that the chain claims, and the record of the key it names, good for issuing it.

    Raises ``UntrustedRootError``, ``KeyPurposeError`` or ``KeyRevokedError``. A repudiated key is refused
    in every role, a holder's among them.
    """
    root = token.root
    issuer, record = trust.issuer(root.issuer), trust.issuing_key(root.issuer, root.kid)
    if issuer is None or record is None:
        msg = f"issuer {root.issuer!r}, or the key that block 0 names, is not in the trust store"
        raise UntrustedRootError(msg, block=0, field="iss" if issuer is None else "kid")
    record.require_issuing(iat=token.links[0].block.issued_at, now=now, max_ttl=issuer.max_ttl)
    if trust.repudiated:
        _require_unrepudiated(token, trust.repudiated)
    return issuer, record


def require_chain_now(
    token: UnverifiedToken,
    issuer: Issuer,
    *,
    origin: str,
    now: int,
    skew: int,
    revocation: Revocations | None,
) -> None:
    """Step 8, pass two: what may change while bytes and trust stay the same."""
    require_current(token, origin=origin, now=now, skew=skew)
    if issuer.revocation != "none":
        _require_unrevoked(token, _current_list(issuer, revocation, now))


def require_direct_now(
    key_id: str, issuer: Issuer, *, origin: str, now: int, revocation: Revocations | None
) -> None:
    """Step 8 of a direct request: its issuer may speak to this origin, and has not revoked its key."""
    if origin not in issuer.audiences:
        msg = f"issuer {issuer.name!r} is trusted for {', '.join(issuer.audiences)}, not for {origin}"
        raise AudienceMismatchError(msg, block=-1, field="audiences", limit=list(issuer.audiences))
    if issuer.revocation != "none":
        _current_list(issuer, revocation, now).require_key(key_id, block=None, field="keyid")


def _current_list(issuer: Issuer, revocation: Revocations | None, now: int) -> RevocationList:
    if revocation is None:
        msg = f"issuer {issuer.name!r} demands a revocation list, and this verifier has no source of one"
        raise RevocationUnavailableError(msg, limit=issuer.revocation)
    return revocation.current(issuer.name, now=now)


def _require_unrevoked(token: UnverifiedToken, revoked: RevocationList) -> None:
    """Every block, block 0 first: so a revoked block ends all that follow it."""
    revoked.require_key(token.root.kid, block=0, field="kid")
    for link in token.links:
        revoked.require_token(link.token_id, block=link.index)
        revoked.require_key(link.block.key.key_id, block=link.index, field="key")


def _require_unrepudiated(token: UnverifiedToken, repudiated: frozenset[str]) -> None:
    for link in token.links:
        if link.block.key.key_id in repudiated:
            msg = f"the key that block {link.index} names is repudiated"
            raise KeyRevokedError(msg, block=link.index, field="key")
