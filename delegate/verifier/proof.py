"""The types that carry proof: ``Verified``, made by the verifier alone, and ``Grant``, made by it.

The rule: verified is another type than parsed (design rule 7). Neither class can be called, subclassed,
copied, pickled or changed, so holding one means that this process ran the steps for this one request.
Handlers take a ``Grant``; there is no other way to get one than ``Verified.authorize``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from delegate.canonical import parse_strict
from delegate.clock import Clock, ManualClock, read
from delegate.envelope import Envelope
from delegate.errors import DelegateError, DelegationExpiredError, OutOfScopeError
from delegate.observer import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from delegate.canonical import JsonValue
    from delegate.envelope.components import Parameters
    from delegate.identity import Identity
    from delegate.keys import Issuer, KeyRecord
    from delegate.observer import Observer
    from delegate.scope import Action, Scope
    from delegate.token import UnverifiedToken

__all__ = ["Grant", "Verified"]

CEILING: Final = -1
"""The block index by which errors speak of the issuer's ceiling."""


class _Proof:
    """What every proof refuses: being made, copied, stored or changed by anybody else."""

    __slots__ = ()

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        """Always raises: only the verifier makes proofs."""
        raise _refusal(self, "called")

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Only the two classes of this file are proofs."""
        super().__init_subclass__(**kwargs)
        if cls.__module__ != __name__:
            raise _refusal(cls, "subclassed")

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Neither pickled nor copied: a proof is good for one request in one process."""
        raise _refusal(self, "copied or pickled")

    def __setstate__(self, _state: object) -> NoReturn:
        """Not restored either."""
        raise _refusal(self, "unpickled")

    def __replace__(self, **_changes: object) -> NoReturn:
        """Not copied with changes."""
        raise _refusal(self, "copied with changes")

    def __setattr__(self, _name: str, _value: object) -> NoReturn:
        """Not changed."""
        raise _refusal(self, "changed")

    __delattr__ = __setattr__  # type: ignore[assignment]  # the same refusal, one argument fewer


def _refusal(proof: object, how: str) -> TypeError:
    name = proof.__name__ if isinstance(proof, type) else type(proof).__name__
    return TypeError(f"{name} is made by the verifier alone and cannot be {how}")


class Facts(NamedTuple):
    """What one run of the steps established about one request, or one message.

    ``target`` has the four derived components; of a message they are its method and audience, without path
    and query.
    """

    clock: Clock
    target: Mapping[str, bytes]
    parameters: Parameters
    identity: Identity
    body_sha256: bytes | None
    canonical_bytes: bytes
    token: UnverifiedToken | None
    issuer: Issuer
    record: KeyRecord
    """Of the issuer's key that signed block 0 or, without a token, of the signing key itself."""
    hidden_headers: AbstractSet[str]
    params: bytes | None = None
    """The canonical parameters of a message; ``None`` for an HTTP request."""
    observer: Observer | None = None
    """Is told of what is authorized."""

    def __repr__(self) -> str:
        """Nothing of what was signed."""
        return f"<Facts about a request of {self.identity.agent!r}>"

    @property
    def envelope(self) -> Envelope:
        """The typed view of what was signed."""
        return Envelope(
            target=self.target,
            parameters=self.parameters,
            identity=self.identity,
            body_sha256=self.body_sha256,
            delegation=None if self.token is None else self.token.text,
            canonical_bytes=self.canonical_bytes,
        )


def verified(facts: Facts) -> Verified:
    """Make the proof of one request; for the last line of ``delegate.verifier.steps`` and nobody else."""
    proof = object.__new__(Verified)
    object.__setattr__(proof, "facts", facts)
    return proof


class Verified(_Proof):
    """One request or message whose signer, chain, body, time and freshness were verified; good for that one.

    It says *who asks and on whose behalf*. What they may do is asked with ``authorize``. Names below the
    issuer are claims of their delegators: an ``agent`` is unique only together with ``issuer`` and ``path``.
    """

    __slots__ = ("facts",)

    facts: Facts
    """What the steps established; the properties say it in words."""

    @property
    def envelope(self) -> Envelope:
        """The request or message as it was signed."""
        return self.facts.envelope

    @property
    def token(self) -> UnverifiedToken | None:
        """The chain, every signature of which has verified; ``None`` for a direct request."""
        return self.facts.token

    @property
    def hidden_headers(self) -> AbstractSet[str]:
        """Unsigned headers that a mesh injected: handlers must not see them."""
        return self.facts.hidden_headers

    @property
    def params(self) -> JsonValue:
        """The parameters of a message, exactly those that were signed: what a handler works with.

        A fresh value at each call, so nobody can change what was verified. ``None`` for an HTTP request,
        whose body its server hands on.
        """
        return None if self.facts.params is None else parse_strict(self.facts.params)

    @property
    def issuer(self) -> str:
        """The name of the trusted issuer at the root."""
        return self.facts.issuer.name

    @property
    def agent(self) -> str:
        """The agent id of the signer, as the last block names it."""
        return self.facts.identity.agent

    @property
    def path(self) -> tuple[str, ...]:
        """Agent ids from the issuer's delegatee to the signer."""
        return self.token.path if self.token else (self.agent,)

    @property
    def root(self) -> str | None:
        """The human or system session that the issuer names as the origin of the authority."""
        return self.token.root.principal if self.token else None

    @property
    def identity(self) -> Identity:
        """The signer's identity; everything in it but ``agent`` is claimed by the signer itself."""
        return self.facts.identity

    @property
    def key_id(self) -> str:
        """The key that signed the request."""
        return self.facts.parameters.keyid

    @property
    def request_id(self) -> str:
        """SHA-256 of the request's or message's canonical bytes, in hexadecimal."""
        return hashlib.sha256(self.facts.canonical_bytes).hexdigest()

    @property
    def token_id(self) -> str | None:
        """The derived id of the last block."""
        return self.token.token_id if self.token else None

    @property
    def chain_id(self) -> str | None:
        """The derived id of block 0."""
        return self.token.chain_id if self.token else None

    @property
    def expires_at(self) -> int:
        """When the authority ends: the earliest expiry of the chain, or the envelope's without one."""
        return self.token.expires_at if self.token else self.facts.parameters.expires

    @property
    def names(self) -> dict[str, str | tuple[str, ...] | None]:
        """Who asked, in names and ids: what a log or a trace may hold."""
        return {
            "issuer": self.issuer,
            "agent": self.agent,
            "path": self.path,
            "request_id": self.request_id,
            "chain_id": self.chain_id,
            "key_id": self.key_id,
        }

    def authorize(self, action: Action, now: int | None = None) -> Grant:
        """Decide whether every block's scope and the issuer's ceiling permit ``action``.

        The *server* names the action, never the request. ``now`` is in seconds since the epoch; by default
        the verifier's clock is read.

        Raises ``OutOfScopeError`` or ``ResourceMalformedError`` naming the block (-1 is the ceiling) and
        the field, and ``DelegationExpiredError`` when the chain has ended meanwhile.
        """
        if self.facts.observer is None:
            return self._authorize(action, now)
        with Watch(self.facts.observer, "authorize") as watch:
            watch.tell(tool=action.tool, **self.names)
            return self._authorize(action, now)

    def _authorize(self, action: Action, now: int | None) -> Grant:
        now = read(self.facts.clock if now is None else ManualClock(now))
        try:
            self._require_alive(now)
            for block, scope in self._scopes():
                scope.require_permits(action, block=block)
        except DelegateError as error:
            error.proved = True
            raise
        grant = object.__new__(Grant)
        object.__setattr__(grant, "verified", self)
        object.__setattr__(grant, "action", action)
        return grant

    def _require_alive(self, now: int) -> None:
        if now >= self.expires_at:
            msg = f"the authority ended {now - self.expires_at} s ago"
            raise DelegationExpiredError(msg, field="exp", limit=self.expires_at)

    def _scopes(self) -> list[tuple[int, Scope]]:
        """Every scope that must permit, block 0 first and the ceiling last; never empty."""
        if self.token is not None:
            links = [link for link in self.token.links if link.block.scope is not None]
            scopes = [(link.index, link.scope) for link in links]
        else:
            direct = self.facts.record.direct_scope
            if direct is None:
                msg = "the key's record has no direct scope: requests without a delegation may do nothing"
                raise OutOfScopeError(msg, block=0, field="direct_scope")
            scopes = [(0, direct)]
        return [*scopes, (CEILING, self.facts.issuer.ceiling)]

    def __repr__(self) -> str:
        """Who and on whose behalf; ids only."""
        return f"<Verified {self.agent!r} via {self.issuer!r} request {self.request_id[:16]}>"


class Grant(_Proof):
    """One permitted action of one verified request: what a handler takes to be allowed to run."""

    __slots__ = ("action", "verified")

    action: Action
    verified: Verified

    @property
    def params(self) -> JsonValue:
        """The parameters of a message, exactly those that were signed; see ``Verified.params``."""
        return self.verified.params

    @property
    def agent(self) -> str:
        """Who asks."""
        return self.verified.agent

    @property
    def root(self) -> str | None:
        """On whose behalf: the human or system session at the root."""
        return self.verified.root

    @property
    def issuer(self) -> str:
        """Whose trust the chain draws on."""
        return self.verified.issuer

    @property
    def path(self) -> tuple[str, ...]:
        """Agent ids from the issuer's delegatee to the signer."""
        return self.verified.path

    @property
    def request_id(self) -> str:
        """Names the request in logs."""
        return self.verified.request_id

    @property
    def chain_id(self) -> str | None:
        """Names the chain in logs."""
        return self.verified.chain_id

    @property
    def token_id(self) -> str | None:
        """Names the last block in logs."""
        return self.verified.token_id

    @property
    def key_id(self) -> str:
        """The key that signed the request."""
        return self.verified.key_id

    @property
    def expires_at(self) -> int:
        """When the authority ends."""
        return self.verified.expires_at

    def __repr__(self) -> str:
        """Who may do what."""
        return f"<Grant {self.agent!r}: {self.action!r}>"
