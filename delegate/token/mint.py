"""Minting: an issuer issues block 0, a holder attenuates offline.

The rule: what a verifier would refuse is refused here, by the same functions and under the same name, so a
mistake shows up with the one who made it. No server is asked: a holder needs its token and its key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from delegate.clock import Clock, read
from delegate.errors import ConfigurationError, DelegationMalformedError, HolderMismatchError, TooLargeError
from delegate.keys import Purpose, SigningKey
from delegate.limits import (
    MAX_TTL_DEFAULT,
    TOKEN_HEADER_MAX_BYTES,
    TOKEN_MAX_BLOCKS,
    TOKEN_MAX_BYTES,
    TOKEN_NONCE_BYTES,
)
from delegate.names import is_origin, require_nfc
from delegate.token.block import Block, Root
from delegate.token.chain import UnverifiedToken, append
from delegate.token.verify import require_narrowing, require_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from delegate.keys import PublicKey, Signer
    from delegate.scope import Scope

__all__ = ["attenuate", "attenuate_to_ephemeral", "issue"]


def issue(
    key: Signer,
    *,
    issuer: str,
    agent: str,
    holder: PublicKey,
    scope: Scope,
    audience: Iterable[str],
    expires_in: int = MAX_TTL_DEFAULT,
    further_hops: int = 0,
    root: str | None = None,
    why: str | None = None,
    clock: Clock | None = None,
) -> UnverifiedToken:
    """Mint block 0: ``issuer`` grants ``scope`` to ``agent``, who holds the private half of ``holder``.

    ``audience`` are origins such as ``https://api.example.com`` and audiences of messages such as
    ``mcp:workspace``. ``expires_in`` is in seconds, ``further_hops`` says how often the grant may be handed
    on, ``root`` names the human or system session behind it and ``why`` the reason; both are signed and
    neither is authority.

    Raises ``DelegationMalformedError``, ``TooLargeError`` (over 6,144 characters, a header's limit; over
    16 KiB where no origin is among the audience), or what the signer raises.
    """
    now = read(clock or Clock())
    block = Block(
        agent=agent,
        key=holder,
        issued_at=now,
        nonce=os.urandom(TOKEN_NONCE_BYTES),
        expires_at=now + _positive(expires_in),
        further_hops=further_hops,
        audience=tuple(sorted(set(audience))),
        scope=scope,
        why=why,
        root=Root(issuer=issuer, kid=key.public_key.key_id, principal=root),
    )
    return _sign(None, block, key)


def attenuate(
    token: UnverifiedToken,
    key: Signer,
    *,
    agent: str,
    holder: PublicKey,
    scope: Scope | None = None,
    audience: Iterable[str] | None = None,
    expires_in: int | None = None,
    further_hops: int | None = None,
    why: str | None = None,
    clock: Clock | None = None,
) -> UnverifiedToken:
    """Hand a part of ``token`` on to ``agent``: one more block, signed with its holder's ``key``, offline.

    What is left out stays as it is in ``token``; ``expires_in`` in seconds is cut to the token's own end.

    Raises ``HolderMismatchError`` when ``key`` is not the token's, ``WidenedError`` or
    ``DepthExceededError`` exactly where a verifier would, ``TooLargeError`` naming the block that grew the
    token past its limit, ``DelegationExpiredError`` and ``DelegationMalformedError``.
    """
    if key.public_key != token.holder:
        msg = "the key is not the one that the token's last block names"
        raise HolderMismatchError(msg, block=token.last.index)
    # A delegator whose clock lags its own delegator's must not claim to act before it was asked.
    now = max(read(clock or Clock()), token.last.block.issued_at)
    require_time(token.last, now=now, skew=0)
    block = Block(
        agent=agent,
        key=holder,
        issued_at=now,
        nonce=os.urandom(TOKEN_NONCE_BYTES),
        expires_at=None if expires_in is None else min(now + _positive(expires_in), token.expires_at),
        further_hops=further_hops,
        audience=None if audience is None else tuple(sorted(set(audience))),
        scope=scope,
        why=why,
    )
    return _sign(token, block, key)


def attenuate_to_ephemeral(
    token: UnverifiedToken,
    key: Signer,
    *,
    scope: Scope | None = None,
    expires_in: int | None = None,
    agent: str | None = None,
    clock: Clock | None = None,
) -> tuple[UnverifiedToken, SigningKey]:
    """Attenuate to a fresh key of this process: for a sub-worker, or for the next few calls.

    Returns the narrowed token and the only key that can use it; ``agent`` defaults to the holder's own id.
    Raises what ``attenuate`` raises.
    """
    ephemeral = SigningKey.generate()
    narrowed = attenuate(
        token,
        key,
        agent=agent or token.agent,
        holder=ephemeral.public_key,
        scope=scope,
        expires_in=expires_in,
        clock=clock,
    )
    return narrowed, ephemeral


def _positive(expires_in: int) -> int:
    if type(expires_in) is not int or expires_in < 1:
        msg = f"expires_in must be a positive whole number of seconds, not {expires_in!r}"
        raise ConfigurationError(msg, field="expires_in")
    return expires_in


def _sign(parent: UnverifiedToken | None, block: Block, key: Signer) -> UnverifiedToken:
    """Check, sign and append one block; the reader's own checks run on the bytes that will travel."""
    index = len(parent.links) if parent else 0
    if index == TOKEN_MAX_BLOCKS:
        msg = f"block {index} would be one more than the {TOKEN_MAX_BLOCKS} a token may have"
        raise TooLargeError(msg, block=index, limit=TOKEN_MAX_BLOCKS)
    _require_mintable(block, index)
    payload = block.to_payload()
    unsigned = append(parent, payload, bytes(64))
    require_narrowing(unsigned.last)
    size, limit = len(unsigned.text), _size_limit(unsigned)
    if size > limit:
        msg = f"block {index} grows the token to {size} characters, the limit is {limit}"
        raise TooLargeError(msg, block=index, limit=limit)
    return append(parent, payload, key.sign(Purpose.BLOCK, unsigned.last.signing_input))


def _size_limit(token: UnverifiedToken) -> int:
    """A token that some server of HTTP may be sent must fit into a header."""
    return TOKEN_HEADER_MAX_BYTES if any(map(is_origin, token.audience)) else TOKEN_MAX_BYTES


def _require_mintable(block: Block, index: int) -> None:
    """What is asked of a block at mint only: Unicode text in NFC (design section 5)."""
    principal = block.root.principal if block.root else None
    for field, text in (("why", block.why), ("root", principal)):
        if text is not None:
            require_nfc(text, field)
    if block.scope is not None:
        if block.scope.unrestricted:
            msg = f"block {index}: an unrestricted scope is for a ceiling in a trust store, not for a token"
            raise DelegationMalformedError(msg, block=index, field="sc")
        block.scope.require_mintable()
