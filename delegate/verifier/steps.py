"""The decision: eleven steps in one order, written once, without I/O (design section 8).

The generator yields what it needs from outside (``ReadBody``, ``Claim``) and is resumed with it; a driver
of a few lines, sync or async, stands in ``delegate.verifier.door``. What the order keeps:

- no store is touched before step 11, so forgeries cannot fill it;
- no body is read before step 9, so a stranger's self-made chain costs no memory;
- the body is checked before the nonce is claimed, so an altered body does not burn the client's nonce.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from delegate.clock import Clock, read
from delegate.envelope.components import Parameters, signature_base
from delegate.envelope.digest import require_digest
from delegate.envelope.message import snapshot
from delegate.envelope.response import RequestBinding, binding_received
from delegate.envelope.target import Origins, origin_authority, require_method
from delegate.envelope.verify import (
    EnvelopeRules,
    SignedMember,
    pick_signature,
    read_delegation,
    read_member,
    read_target,
    require_algorithm,
    require_coverage,
    require_window,
    signed_digest,
)
from delegate.errors import (
    BodyTooLargeError,
    BodyUnexpectedError,
    ComponentMissingError,
    DelegateError,
    DelegationMissingError,
    HolderMismatchError,
    IdentityMismatchError,
    KeyUnknownError,
    ReplayUnknownError,
    TargetRejectedError,
)
from delegate.identity import Identity
from delegate.keys import Usage
from delegate.token.cache import ChainCache
from delegate.token.chain import UnverifiedToken, parse_unverified
from delegate.token.verify import prove, require_current, require_within_ceiling
from delegate.verifier.chain import find_root, require_chain_now, require_direct_now, require_root_now
from delegate.verifier.proof import Facts, Verified, verified

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from delegate.keys import Issuer, KeyRecord, PublicKey, TrustSnapshot, TrustStore
    from delegate.revocation import Revocations

__all__ = ["Claim", "Policy", "ReadBody", "Request", "bind", "rebuilt_base", "verification_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as it arrived: nothing decoded, nothing normalized."""

    method: str
    path: bytes
    """The raw path, percent-encoded, without the query."""
    query: bytes = field(default=b"", repr=False)
    """The raw query, without its question mark."""
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)


class ReadBody(NamedTuple):
    """Asks for the whole body: at most ``limit`` bytes within ``deadline`` seconds."""

    limit: int
    deadline: float

    def over_limit(self) -> DelegateError:
        """The refusal of a body that is longer: where none was signed, any byte is one too many."""
        if self.limit == 0:
            msg = "a body came with a request that was signed without one"
            return BodyUnexpectedError(msg, component="content-digest", limit=0)
        msg = f"the body is over {self.limit} bytes"
        return BodyTooLargeError(msg, limit=self.limit)


class Claim(dict[str, Any]):
    """Asks the replay store to remember one nonce: the arguments of ``claim``; answered with its epoch."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Whose; never the nonce."""
        return f"<Claim of {self['key_id']}>"


class Signer(NamedTuple):
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
    proved: int
    """How many leading blocks of the token were proved before, under the same trust."""


Steps: TypeAlias = "Generator[ReadBody | Claim, Any, Verified]"
"""Yields what it needs, is sent the body's bytes or the store's epoch, returns the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a server configures for the decision."""

    trust: TrustStore
    origins: Origins
    rules: EnvelopeRules
    clock: Clock
    tenant: str = "default"
    require_delegation: bool = True
    whole_body: ReadBody
    """What is asked for where a digest is signed."""
    no_body: ReadBody
    """What is asked for where none is: any byte is one too many."""
    public_prefix: bytes = b""
    strip_prefix: bytes = b""
    cache: ChainCache[Signer] = field(default_factory=ChainCache)
    revocation: Revocations | None = None


def verification_steps(policy: Policy, request: Request) -> Steps:
    """Verify one request; the numbers are those of the specification.

    Every ``DelegateError`` leaves with ``step`` set, and with ``proved`` once all signatures have verified.
    """
    step, proved = 1, False
    try:
        headers, repeated = snapshot(request.headers)
        step = 2
        picked = pick_signature(headers)
        step = 3
        member = read_member(picked)
        member_text, components, parameters, signature, _label = member
        hidden = require_coverage(member, request.method, headers, repeated, policy.rules)
        step = 4
        now = read(policy.clock)
        require_window(parameters, now, policy.rules)
        step = 5
        origin, target = _read_target(policy, request, headers)
        step = 6
        identity = _identity(headers)
        trust = policy.trust.snapshot
        signer = _find_signer(policy, trust, parameters.keyid, headers, now)
        _require_holder(signer, parameters, identity)
        step = 7
        headers.update(target)
        base = signature_base(components, headers, member_text)
        signer.key.verify_http(signature, base)
        step = 8
        news = _prove(signer)
        proved = True
        _require_chain_now(policy, signer, origin, now)
        if news is not None:
            require_within_ceiling(news, signer.issuer)
            policy.cache.under(trust).add(news.text, signer._replace(proved=len(news.links)))
        step = 9
        digest = signed_digest(member, headers)
        body = yield policy.no_body if digest is None else policy.whole_body
        body_sha256 = None if digest is None else require_digest(body, digest)
        step = 10
        if (later := read(policy.clock)) != now:  # within the same second every answer is the same
            now = later
            require_window(parameters, now, policy.rules)
            _require_times(policy, signer, origin, now)
        step = 11
        epoch = yield _claim(policy, parameters, signer, now)
        if parameters.created <= epoch + policy.rules.skew:
            raise _forgotten(epoch, policy.rules.skew)
    except DelegateError as error:
        error.step, error.proved = step, proved
        raise
    return verified(
        Facts(
            policy.clock,
            target,
            parameters,
            identity,
            body_sha256,
            base,
            signer.token,
            signer.issuer,
            signer.record,
            hidden,
        )
    )


def rebuilt_base(policy: Policy, request: Request) -> bytes:
    """The signature base as this server sees it: what a signer's base is compared with, line by line."""
    member, headers, target = _reread(policy, request)
    return signature_base(member.components, headers | target, member.text)


def bind(policy: Policy, request: Request) -> RequestBinding:
    """What an answer to ``request`` is bound to; raises what steps 1 to 5 raise."""
    return binding_received(*_reread(policy, request))


def _reread(policy: Policy, request: Request) -> tuple[SignedMember, dict[str, bytes], dict[str, bytes]]:
    """The signature of ``request``, its headers, and its target, without deciding anything."""
    headers, _ = snapshot(request.headers)
    member = read_member(pick_signature(headers))
    _, target = _read_target(policy, request, headers)
    return member, headers, target


def _read_target(
    policy: Policy, request: Request, headers: Mapping[str, bytes]
) -> tuple[str, dict[str, bytes]]:
    """Step 5: the origin that the request is for, and the values of the derived components."""
    require_method(request.method)
    origin = policy.origins.select(headers.get("host"))
    path = request.path
    if policy.strip_prefix or policy.public_prefix:
        path = _signed_path(policy, path)
    return origin, read_target(request.method, path, request.query, origin_authority(origin))


def _signed_path(policy: Policy, path: bytes) -> bytes:
    """The path as the client signed it, where a proxy adds or removes a prefix."""
    if not path.startswith(b"/"):
        msg = "the path does not begin with a slash"
        raise TargetRejectedError(msg, component="@path")
    if policy.strip_prefix:
        if not path.startswith(policy.strip_prefix + b"/"):
            prefix = policy.strip_prefix.decode()
            msg = f"the path does not begin with {prefix!r}, which the proxy in front should add"
            raise TargetRejectedError(msg, component="@path", limit=prefix)
        path = path[len(policy.strip_prefix) :]
    return policy.public_prefix + path


def _identity(headers: Mapping[str, bytes]) -> Identity:
    if "agent-identity" not in headers:
        msg = "the request has no Agent-Identity header"
        raise ComponentMissingError(msg, component="agent-identity")
    return _read_identity(headers["agent-identity"])


@lru_cache(maxsize=1024)
def _read_identity(value: bytes) -> Identity:
    """A pure function of its bytes, and agents repeat themselves; a refusal is never cached."""
    return Identity.from_header(value.decode("latin-1"))


def _find_signer(
    policy: Policy, trust: TrustSnapshot, keyid: str, headers: Mapping[str, bytes], now: int
) -> Signer:
    """Step 6: whose key signs, by the token's last block or, without one, by the key's record."""
    if "delegation" in headers:
        return _holder(policy, trust, read_delegation(headers["delegation"]), now)
    if policy.require_delegation:
        msg = "this server requires a delegation token, and the request carries none"
        raise DelegationMissingError(msg, component="delegation")
    return _direct(trust, keyid, now)


def _require_holder(signer: Signer, parameters: Parameters, identity: Identity) -> None:
    """Step 6: the message names the key, its algorithm and its agent as the records do, or is refused."""
    if parameters.keyid != signer.key.key_id:
        msg = "keyid is not the thumbprint of the key that the last block names"
        raise HolderMismatchError(msg, component="keyid")
    require_algorithm(parameters.alg, signer.key.alg)
    if identity.agent != signer.agent:
        msg = f"Agent-Identity says {identity.agent!r}, the key belongs to {signer.agent!r}"
        raise IdentityMismatchError(msg, component="agent-identity", limit=signer.agent)


def _holder(policy: Policy, trust: TrustSnapshot, text: str, now: int) -> Signer:
    """The token's last holder, and the issuer whose trust its chain claims."""
    chains = policy.cache.under(trust)
    known = chains.get(text)
    if known is not None and known.token is not None:
        require_root_now(known.token, known.issuer, known.record, now=now)
        return known
    prefix = chains.longest_prefix(text)
    token = parse_unverified(text, known=prefix.token if prefix else None)
    issuer, record = find_root(token, trust, now=now)
    last, first = token.last.block, token.links[0].block
    quota_key = _quota_key(issuer, first.key)
    return Signer(last.key, issuer, record, token, last.agent, quota_key, prefix.proved if prefix else 0)


def _direct(trust: TrustSnapshot, keyid: str, now: int) -> Signer:
    """The record of a key that signs requests without a delegation."""
    found = trust.request_key(keyid)
    if found is None:
        msg = "no key record with the usage 'request' has this keyid"
        raise KeyUnknownError(msg, component="keyid")
    issuer, record = found
    record.require_current(Usage.REQUEST, now=now)
    return Signer(record.key, issuer, record, None, record.agent, _quota_key(issuer, record.key), 0)


def _quota_key(issuer: Issuer, delegatee: PublicKey) -> str:
    return f"{issuer.name} {delegatee.key_id}"


def _prove(signer: Signer) -> UnverifiedToken | None:
    """Step 8, pass one; returns the chain if anything in it had not been proved before."""
    token = signer.token
    if token is None or signer.proved == len(token.links):
        return None
    prove(token, signer.record.key, proved=signer.proved)
    return token


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


def _claim(policy: Policy, parameters: Parameters, signer: Signer, now: int) -> Claim:
    """Step 11: one nonce of one key."""
    return Claim(
        space=policy.tenant,
        quota_key=signer.quota_key,
        key_id=signer.key.key_id,
        nonce=parameters.nonce,
        expires_at=parameters.expires,
        now=now,
    )


def _forgotten(epoch: int, skew: int) -> ReplayUnknownError:
    """What the store may have accepted before ``epoch`` and forgotten is refused."""
    msg = f"the replay store may have forgotten requests created up to {skew} s after it began"
    return ReplayUnknownError(msg, component="created", limit=epoch + skew)
