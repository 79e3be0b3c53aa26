"""What makes a chain believable: the two passes of step 8 (design sections 6 and 8).

Pass one asks what the bytes alone decide, block 0 first: is each block signed by the key its parent names,
and does each narrow its parent? Its answer never changes, so it is remembered. Pass two asks what may
change while the bytes stay the same: audience, time, and what the issuer's record permits today. It is
asked on every call. In each pass the first failure ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delegate.errors import (
    AudienceMismatchError,
    DelegationExpiredError,
    DelegationNotYetValidError,
    DelegationSignatureInvalidError,
    DepthExceededError,
    SignatureInvalidError,
    WidenedError,
)

if TYPE_CHECKING:
    from delegate.keys import Issuer, PublicKey
    from delegate.token.chain import Link, UnverifiedToken

__all__ = ["prove", "require_current", "require_narrowing", "require_within_ceiling"]


def prove(token: UnverifiedToken, issuer_key: PublicKey, *, proved: int = 0) -> None:
    """Pass one: signatures, continuity, narrowing and depth of every block from index ``proved`` on.

    ``issuer_key`` is the key that block 0 names and the trust store knows. Raises
    ``DelegationSignatureInvalidError``, ``WidenedError`` or ``DepthExceededError``, with ``block``.
    """
    for link in token.links[proved:]:
        require_signature(link, issuer_key if link.parent is None else link.parent.block.key)
        require_narrowing(link)


def require_signature(link: Link, key: PublicKey) -> None:
    """Refuse a block that its delegator's key did not sign."""
    try:
        key.verify(link.signature, link.signing_input)
    except SignatureInvalidError:
        signer = "the issuer" if link.parent is None else f"block {link.index - 1}'s holder"
        msg = f"block {link.index} is not signed by the key of {signer}"
        raise DelegationSignatureInvalidError(msg, block=link.index) from None


def require_narrowing(link: Link) -> None:
    """Refuse a block that grants, in any respect, more than its parent; block 0 has none here.

    The same function judges at mint and at verification, so both refuse the same.
    """
    parent, block, index = link.parent, link.block, link.index
    if parent is None:
        return
    if block.issued_at < parent.block.issued_at:
        raise _widened(index, "iat", block.issued_at, parent.block.issued_at)
    if block.expires_at is not None and block.expires_at > parent.expires_at:
        raise _widened(index, "exp", block.expires_at, parent.expires_at)
    if block.audience is not None and not parent.audience.issuperset(block.audience):
        added = min(set(block.audience) - parent.audience)
        raise _widened(index, "aud", added, sorted(parent.audience))
    if block.scope is not None:
        parent.scope.require_contains(block.scope, block=index)
    if parent.further_hops < 1:
        msg = f"block {index} follows a block that permits no further hop"
        raise DepthExceededError(msg, block=index, field="dep", limit=parent.index)
    if block.further_hops is not None and block.further_hops > parent.further_hops - 1:
        raise _widened(index, "dep", block.further_hops, parent.further_hops - 1)


def require_current(token: UnverifiedToken, *, origin: str, now: int, skew: int) -> None:
    """Pass two, audience and time: every block must name this origin and be valid now.

    Raises ``AudienceMismatchError``, ``DelegationNotYetValidError`` or ``DelegationExpiredError``, with
    ``block``. No skew is granted on expiry.
    """
    last = token.last
    if origin in last.audience and last.block.issued_at - skew <= now < last.expires_at:
        return  # the last link holds the meet of the chain; to refuse, find the block that does
    for link in token.links:
        if origin not in link.audience:
            msg = f"block {link.index} is for {', '.join(sorted(link.audience)) or 'no origin'}, not {origin}"
            raise AudienceMismatchError(msg, block=link.index, field="aud", limit=sorted(link.audience))
        require_time(link, now=now, skew=skew)
    msg = "the chain as a whole is not good here and now"  # no block alone says so: doubt means no
    raise DelegationExpiredError(msg, block=last.index, field="exp", limit=last.expires_at)


def require_time(link: Link, *, now: int, skew: int) -> None:
    """``iat - skew <= now < exp``, where ``exp`` is the earliest of the chain up to this block."""
    issued_at = link.block.issued_at
    if issued_at - skew > now:
        msg = f"block {link.index} was issued {issued_at - now} s ahead of this clock, the limit is {skew} s"
        raise DelegationNotYetValidError(msg, block=link.index, field="iat", limit=skew)
    if now >= link.expires_at:
        msg = f"block {link.index} expired {now - link.expires_at} s ago"
        raise DelegationExpiredError(msg, block=link.index, field="exp", limit=link.expires_at)


def require_within_ceiling(token: UnverifiedToken, issuer: Issuer) -> None:
    """Pass two, the ceiling: block 0 stays within what the trust store lets its issuer grant.

    The ceiling is block -1 of every chain. Raises ``WidenedError`` with ``block=0``.
    """
    first = token.links[0]
    lifetime = first.expires_at - first.block.issued_at
    if lifetime > issuer.max_ttl:
        raise _widened(0, "exp", f"{lifetime} s", f"{issuer.max_ttl} s")
    if first.further_hops > issuer.max_depth:
        raise _widened(0, "dep", first.further_hops, issuer.max_depth)
    if not first.audience.issubset(issuer.audiences):
        raise _widened(0, "aud", min(first.audience.difference(issuer.audiences)), sorted(issuer.audiences))
    issuer.ceiling.require_contains(first.scope, block=0)


def _widened(index: int, field: str, claimed: object, limit: object) -> WidenedError:
    above = "the issuer's ceiling" if index == 0 else f"block {index - 1}"
    msg = f"block {index} states {field} {claimed}, {above} allows {limit}"
    return WidenedError(msg, block=index, field=field, limit=limit)
