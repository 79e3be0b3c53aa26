"""The decision: eleven steps in one order, written once, without I/O (design section 8).

Requests over HTTP and messages without it take the same steps: what is particular to either is asked of it
in its turn (``delegate.verifier.http``, ``delegate.verifier.message``), and everything that decides is here.

The generator yields what it needs from outside (``ReadBody``, ``Claim``) and is resumed with it; a driver
of a few lines, sync or async, stands in ``delegate.verifier.door``. What the order keeps:

- no store is touched before step 11, so forgeries cannot fill it;
- no body is read before step 9, so a stranger's self-made chain costs no memory;
- the body is checked before the nonce is claimed, so an altered body does not burn the client's nonce.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from delegate.envelope.verify import require_algorithm, require_window
from delegate.errors import (
    DelegateError,
    DelegationMissingError,
    HolderMismatchError,
    IdentityMismatchError,
    KeyUnknownError,
    ReplayUnknownError,
)
from delegate.keys import Usage
from delegate.token.chain import UnverifiedToken, parse_unverified
from delegate.token.verify import prove, require_current, require_within_ceiling
from delegate.verifier.chain import Signer, find_root, require_chain_now, require_direct_now
from delegate.verifier.proof import Facts, Verified, verified

if TYPE_CHECKING:
    from collections.abc import Generator

    from delegate.envelope.components import Parameters
    from delegate.identity import Identity
    from delegate.keys import Issuer, PublicKey, TrustSnapshot
    from delegate.verifier.http import Request
    from delegate.verifier.message import Message
    from delegate.verifier.policy import Policy, ReadBody

__all__ = ["Claim", "verification_steps"]


class Claim(dict[str, Any]):
    """Asks the replay store to remember one nonce: the arguments of ``claim``; answered with its epoch."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Whose; never the nonce."""
        return f"<Claim of {self['key_id']}>"


Steps: TypeAlias = "Generator[ReadBody | Claim, Any, Verified]"
"""Yields what it needs, is sent the body's bytes or the store's epoch, returns the proof."""


def verification_steps(policy: Policy, request: Request | Message, body: bytes | None = None) -> Steps:
    """Verify one request or message; the numbers are those of the specification.

    A ``body`` that is at hand is not asked for.

    Every ``DelegateError`` leaves with ``step`` set, and with ``proved`` once all signatures have verified.
    """
    step, proved = 1, False
    try:
        received = request.received(policy)
        step = 2
        picked: Any = received.pick()
        step = 3
        parameters = received.read(picked)
        step = 4
        now = policy.now()
        require_window(parameters, now, policy.rules)
        step = 5
        origin = received.locate()
        step = 6
        identity, delegation = received.sender()
        trust = policy.trust.snapshot
        if delegation is None:
            signer, news = _direct(policy, trust, parameters.keyid, now), None
        else:
            signer, news = _holder(policy, trust, delegation, now)
        _require_holder(signer, parameters, identity)
        step = 7
        signed = received.require_signature(signer.key)
        step = 8
        if news is not None:
            prove(news.token, signer.record.key, proved=news.known)
        proved = True
        _require_chain_now(policy, signer, origin, now)
        if news is not None:
            require_within_ceiling(news.token, signer.issuer)
            policy.cache.under(trust).add(news.token.text, signer)
        step = 9
        need = received.wanted_body()
        whole: Any = None if need is None else need.whole((yield need) if body is None else body)
        body_sha256 = received.require_body(whole)
        step = 10
        if (later := policy.now()) != now:  # within the same second every answer is the same
            now = later
            require_window(parameters, now, policy.rules)
            _require_times(policy, signer, origin, now)
        step = 11
        epoch = yield Claim(
            space=policy.tenant,
            quota_key=signer.quota_key,
            key_id=signer.key.key_id,
            nonce=parameters.nonce,
            expires_at=parameters.expires,
            now=now,
        )
        if parameters.created <= epoch + policy.rules.skew:
            raise _forgotten(epoch, policy.rules.skew)
    except DelegateError as error:
        error.step, error.proved = step, proved
        raise
    return verified(
        Facts(
            policy.clock,
            received.target,
            parameters,
            identity,
            body_sha256,
            signed,
            signer.token,
            signer.issuer,
            signer.record,
            received.hidden_headers,
            received.params,
            policy.observer,
        )
    )


def _require_holder(signer: Signer, parameters: Parameters, identity: Identity) -> None:
    """Step 6: the message names the key, its algorithm and its agent as the records do, or is refused."""
    if parameters.keyid != signer.key.key_id:
        msg = "keyid is not the thumbprint of the key that the last block names"
        raise HolderMismatchError(msg, component="keyid")
    require_algorithm(parameters.alg, signer.key.alg)
    if identity.agent != signer.agent:
        msg = f"Agent-Identity says {identity.agent!r}, the key belongs to {signer.agent!r}"
        raise IdentityMismatchError(msg, component="agent-identity", limit=signer.agent)


class _News(NamedTuple):
    """A chain that is not remembered whole."""

    token: UnverifiedToken
    known: int
    """How many leading blocks were proved before, under the same trust."""


def _holder(policy: Policy, trust: TrustSnapshot, text: str, now: int) -> tuple[Signer, _News | None]:
    """Step 6: the token's last holder, the issuer whose trust its chain claims, and what is left to prove."""
    chains = policy.cache.under(trust)
    known = chains.get(text)
    if known is not None and known.token is not None:
        known.record.require_unended(now=now, max_ttl=known.issuer.max_ttl)
        return known, None
    prefix = chains.longest_prefix(text)
    above = prefix.token if prefix else None
    token = parse_unverified(text, known=above)
    issuer, record = find_root(token, trust, now=now)
    last, first = token.last.block, token.links[0].block
    signer = Signer(last.key, issuer, record, token, last.agent, _quota_key(issuer, first.key))
    return signer, _News(token, len(above.links) if above else 0)


def _direct(policy: Policy, trust: TrustSnapshot, keyid: str, now: int) -> Signer:
    """Step 6 without a delegation: the record of a key that may sign so, where this server allows it."""
    if policy.require_delegation:
        msg = "this server requires a delegation token, and the request carries none"
        raise DelegationMissingError(msg, component="delegation")
    found = trust.request_key(keyid)
    if found is None:
        msg = "no key record with the usage 'request' has this keyid"
        raise KeyUnknownError(msg, component="keyid")
    issuer, record = found
    record.require_current(Usage.REQUEST, now=now)
    return Signer(record.key, issuer, record, None, record.agent, _quota_key(issuer, record.key))


def _quota_key(issuer: Issuer, delegatee: PublicKey) -> str:
    return f"{issuer.name} {delegatee.key_id}"


def _require_chain_now(policy: Policy, signer: Signer, origin: str, now: int) -> None:
    """Step 8, pass two; of a direct request, what its issuer's record says of every request."""
    if signer.token is None:
        require_direct_now(
            signer.key.key_id, signer.issuer, origin=origin, now=now, revocation=policy.revocation
        )
    else:
        require_chain_now(
            signer.token,
            signer.issuer,
            origin=origin,
            now=now,
            skew=policy.rules.skew,
            revocation=policy.revocation,
        )


def _require_times(policy: Policy, signer: Signer, origin: str, now: int) -> None:
    """Step 10: the times of the chain or, without one, of the key's record, decided anew."""
    if signer.token is None:
        signer.record.require_current(Usage.REQUEST, now=now)
    else:
        require_current(signer.token, origin=origin, now=now, skew=policy.rules.skew)


def _forgotten(epoch: int, skew: int) -> ReplayUnknownError:
    """What the store may have accepted before ``epoch`` and forgotten is refused."""
    msg = f"the replay store may have forgotten requests created up to {skew} s after it began"
    return ReplayUnknownError(msg, component="created", limit=epoch + skew)
