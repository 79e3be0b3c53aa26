"""The one door: ``Verifier``, the two drivers of its steps, and what it tells people.

A ``Verifier`` serves one tenant, with its own trust store and nonce space (design section 3). Verification
itself is in ``delegate.verifier.steps`` and knows no I/O; a driver performs what the steps ask for and
turns anything unexpected from a store into a refusal: an error, a time-out or doubt means no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias

from delegate.clock import Clock, read
from delegate.envelope.verify import EnvelopeRules
from delegate.errors import ConfigurationError, DelegateError, ReplayStoreUnavailableError
from delegate.keys import Usage
from delegate.limits import (
    BODY_DEADLINE_DEFAULT,
    BODY_MAX_BYTES_DEFAULT,
    CHAIN_CACHE_SIZE,
    SKEW_DEFAULT,
    WINDOW_MAX,
)
from delegate.observer import NOBODY, Observer, Watch
from delegate.token.cache import ChainCache
from delegate.verifier.explain import Explanation
from delegate.verifier.http import Request, bind, rebuilt_base
from delegate.verifier.message import Message
from delegate.verifier.policy import Policy, ReadBody, addresses, prefix, require_number, tenant_name
from delegate.verifier.record import log_acceptance, log_refusal
from delegate.verifier.steps import Claim, verification_steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from delegate.envelope.response import RequestBinding
    from delegate.keys import PublicKey, TrustStore
    from delegate.replay import AsyncReplayStore, ReplayStore
    from delegate.revocation import Revocations
    from delegate.verifier.proof import Verified

__all__ = ["Verifier"]

KEPT_EVERYTHING: Final = 0
"""The epoch of a store that never lost a record: what a dry run assumes."""

_Body: TypeAlias = "bytes | Callable[[ReadBody], Any]"


class Verifier:
    """Decides whether to obey a request or message, offline, by a trust store and a replay store."""

    __slots__ = ("_aclaim", "_claim", "_policy", "_replay", "mode")

    def __init__(
        self,
        *,
        trust: TrustStore,
        origins: Iterable[str] = (),
        audiences: Iterable[str] = (),
        replay: ReplayStore | AsyncReplayStore,
        revocation: Revocations | None = None,
        tenant: str = "default",
        require_delegation: bool = True,
        mode: Literal["enforce", "observe"] = "enforce",
        clock: Clock | None = None,
        skew: int = SKEW_DEFAULT,
        window_max: int = WINDOW_MAX,
        body_limit: int = BODY_MAX_BYTES_DEFAULT,
        body_deadline: float = BODY_DEADLINE_DEFAULT,
        must_cover: Iterable[str] = (),
        proxy_adds: Iterable[str] = (),
        public_origin: str | None = None,
        public_prefix: str = "",
        strip_prefix: str = "",
        cache_size: int = CHAIN_CACHE_SIZE,
        observer: Observer | None = None,
    ) -> None:
        """Check the whole configuration now; raises ``ConfigurationError`` naming the setting.

        - ``origins``: what this server answers for over HTTP, such as ``https://api.example.com``;
        - ``audiences``: what it takes messages for without HTTP, such as ``mcp:workspace``; one of the two;
        - ``replay``: there is no default store, see ``delegate.replay``;
        - ``revocation``: the lists of issuers whose records demand one; without it these are refused;
        - ``require_delegation=False`` lets keys with a ``direct_scope`` sign without a token;
        - ``mode="observe"`` lets ``observe`` log verdicts and never yields a ``Verified``;
        - ``skew``, ``window_max``, ``body_deadline`` in seconds, ``body_limit`` in bytes;
        - ``must_cover``, ``proxy_adds``: see ``EnvelopeRules``;
        - ``public_origin``, ``public_prefix``, ``strip_prefix``: for a proxy that rewrites Host or path;
        - ``observer``: is told of every verification and authorization, see ``delegate.observer``.
        """
        if mode not in {"enforce", "observe"}:
            msg = f"mode must be 'enforce' or 'observe', not {mode!r}"
            raise ConfigurationError(msg, field="mode")
        for field, names in (
            ("origins", origins),
            ("audiences", audiences),
            ("must_cover", must_cover),
            ("proxy_adds", proxy_adds),
        ):
            if isinstance(names, str):
                msg = f"{field} must be a list of strings: write [{names!r}]"
                raise ConfigurationError(msg, field=field)
        require_number(body_limit, "body_limit", whole=True)
        require_number(body_deadline, "body_deadline", whole=False)
        require_number(cache_size, "cache_size", whole=True)
        if type(require_delegation) is not bool:
            msg = f"require_delegation must be True or False, not {require_delegation!r}"
            raise ConfigurationError(msg, field="require_delegation")
        if observer is not None and not callable(getattr(observer, "begin", None)):
            msg = (
                f"observer must have begin(), which {type(observer).__name__} has not: see delegate.observer"
            )
            raise ConfigurationError(msg, field="observer")
        if not hasattr(trust, "snapshot"):
            msg = f"trust must be a TrustStore, not {type(trust).__name__}"
            raise ConfigurationError(msg, field="trust")
        if not (hasattr(replay, "claim") or hasattr(replay, "aclaim")):
            msg = f"replay must be a replay store, not {type(replay).__name__}: see delegate.replay"
            raise ConfigurationError(msg, field="replay")
        self.mode: Final = mode
        self._replay = replay
        self._claim: Callable[..., int] | None = getattr(replay, "claim", None)
        self._aclaim: Callable[..., Awaitable[int]] | None = getattr(replay, "aclaim", None)
        web, messages = addresses(origins, public_origin, audiences)
        self._policy = Policy(
            trust=trust,
            origins=web,
            audiences=messages,
            rules=EnvelopeRules(
                skew=skew,
                window_max=window_max,
                must_cover=frozenset(must_cover),
                proxy_adds=frozenset(proxy_adds),
            ),
            clock=clock or Clock(),
            tenant=tenant_name(tenant),
            require_delegation=require_delegation,
            whole_body=ReadBody(body_limit, body_deadline),
            no_body=ReadBody(0, body_deadline),
            public_prefix=prefix(public_prefix, "public_prefix"),
            strip_prefix=prefix(strip_prefix, "strip_prefix"),
            cache=ChainCache(cache_size),
            revocation=revocation,
            observer=observer,
        )
        read(self._policy.clock)

    def verify(self, request: Request | Message, body: bytes | Callable[[ReadBody], bytes] = b"") -> Verified:
        """Run all steps; returns the proof or raises the ``DelegateError`` that refused.

        ``body`` is the body of an HTTP request (a message brings its parameters), or a function that reads it
        when step 9 asks: it keeps to the limit and the deadline it is given and raises
        ``BodyTooLargeError`` or ``BodyTruncatedError``.
        """
        if self.mode != "enforce":
            raise _observing()
        if self._policy.observer is None:
            return self._drive(request, body, self._perform)
        return self._watched(self._policy.observer, request, body)

    async def averify(
        self, request: Request | Message, body: bytes | Callable[[ReadBody], Awaitable[bytes]] = b""
    ) -> Verified:
        """The async twin of ``verify``: the same steps, with an awaited body and store."""
        if self.mode != "enforce":
            raise _observing()
        if self._policy.observer is None:
            return await self._adrive(request, body)
        return await self._awatched(self._policy.observer, request, body)

    def observe(
        self, request: Request | Message, body: bytes | Callable[[ReadBody], bytes] = b""
    ) -> DelegateError | None:
        """Verify, log the verdict, and return the refusal instead of raising it; never a proof."""
        try:
            self._watched(self._policy.observer or NOBODY, request, body)
        except DelegateError as refusal:
            return refusal
        return None

    async def aobserve(
        self, request: Request | Message, body: bytes | Callable[[ReadBody], Awaitable[bytes]] = b""
    ) -> DelegateError | None:
        """The async twin of ``observe``."""
        try:
            await self._awatched(self._policy.observer or NOBODY, request, body)
        except DelegateError as refusal:
            return refusal
        return None

    def explain(self, request: Request | Message, body: bytes = b"") -> Explanation:
        """A dry run: which step refuses, and why. It claims no nonce, and a pass yields no proof."""
        now = read(self._policy.clock)
        try:
            return Explanation.passed(self._drive(request, body, _perform_dry), now=now)
        except DelegateError as refusal:
            return Explanation.refused(request, refusal, now=now)

    @property
    def clock(self) -> Clock:
        """The one source of time of every decision."""
        return self._policy.clock

    def signature_base(self, request: Request) -> bytes:
        """The signature base as this server rebuilds it, to be compared with the signer's; holds the nonce.

        Raises what steps 1 to 5 raise.
        """
        return rebuilt_base(self._policy, request)

    def binding(self, request: Request) -> RequestBinding:
        """What a signed answer to ``request`` is bound to; raises what steps 1 to 5 raise.

        Whether to answer at all is not decided here: call it for a request whose signatures have verified.
        """
        return bind(self._policy, request)

    def require_answer_key(self, key: PublicKey) -> None:
        """Refuse a key to sign answers with that the trust store has for anything else.

        Raises ``ConfigurationError``.
        """
        if others := self._policy.trust.snapshot.usages(key.key_id) - {Usage.RESPONSE}:
            msg = f"answer_key: the trust store has this key to {min(others)}, and a key has one use"
            raise ConfigurationError(msg, field="answer_key", limit=Usage.RESPONSE)

    def _watched(self, observer: Observer, request: Request | Message, body: _Body) -> Verified:
        """Verify, and tell the observer."""
        with Watch(observer, "verify") as watch:
            verified = self._drive(request, body, self._perform)
            watch.tell(**verified.names)
        return verified

    async def _awatched(self, observer: Observer, request: Request | Message, body: _Body) -> Verified:
        """The async twin of ``_watched``."""
        with Watch(observer, "verify") as watch:
            verified = await self._adrive(request, body)
            watch.tell(**verified.names)
        return verified

    def _drive(
        self, request: Request | Message, body: _Body, perform: Callable[[ReadBody | Claim, Any], bytes | int]
    ) -> Verified:
        steps = verification_steps(self._policy, request, body if type(body) is bytes else None)
        try:
            need = next(steps)
            while True:
                try:
                    outcome = perform(need, body)
                except DelegateError as refusal:
                    need = steps.throw(refusal)
                else:
                    need = steps.send(outcome)
        except StopIteration as end:
            verified: Verified = end.value
            log_acceptance(verified)
            return verified
        except DelegateError as refusal:
            log_refusal(request, refusal)
            raise

    async def _adrive(self, request: Request | Message, body: _Body) -> Verified:
        steps = verification_steps(self._policy, request, body if type(body) is bytes else None)
        try:
            need = next(steps)
            while True:
                try:
                    outcome = await self._aperform(need, body)
                except DelegateError as refusal:
                    need = steps.throw(refusal)
                else:
                    need = steps.send(outcome)
        except StopIteration as end:
            verified: Verified = end.value
            log_acceptance(verified)
            return verified
        except DelegateError as refusal:
            log_refusal(request, refusal)
            raise

    def _perform(self, need: ReadBody | Claim, body: bytes | Callable[[ReadBody], bytes]) -> bytes | int:
        if isinstance(need, ReadBody):
            return body(need) if callable(body) else body
        claim = self._claim or _missing(self._replay, "claim", "averify() or aobserve()")
        try:
            epoch = claim(**need)
        except Exception as error:  # noqa: BLE001 - whatever a store raises is a refusal
            raise _store_refusal(error) from None
        return epoch if type(epoch) is int else _no_epoch(epoch)

    async def _aperform(
        self, need: ReadBody | Claim, body: bytes | Callable[[ReadBody], Awaitable[bytes]]
    ) -> bytes | int:
        if isinstance(need, ReadBody):
            return await body(need) if callable(body) else body
        claim = self._aclaim or _missing(self._replay, "aclaim", "verify() or observe()")
        try:
            epoch = await claim(**need)
        except Exception as error:  # noqa: BLE001 - whatever a store raises is a refusal
            raise _store_refusal(error) from None
        return epoch if type(epoch) is int else _no_epoch(epoch)


def _observing() -> ConfigurationError:
    msg = "this verifier observes only: call observe(), or configure mode='enforce'"
    return ConfigurationError(msg, field="mode")


def _perform_dry(need: ReadBody | Claim, body: bytes) -> bytes | int:
    """What a dry run answers: the body as it is, and that the nonce is new."""
    return body if isinstance(need, ReadBody) else KEPT_EVERYTHING


def _missing(store: object, name: str, instead: str) -> NoReturn:
    """A store may offer a sync half, an async half, or both."""
    msg = f"{type(store).__name__} has no {name}(): use {instead}"
    raise ConfigurationError(msg, field="replay")


def _no_epoch(answer: object) -> NoReturn:
    """Anything but a whole number of seconds is no answer of a store (row S75)."""
    msg = f"the replay store answered with {type(answer).__name__}, not with its epoch"
    raise ReplayStoreUnavailableError(msg)


def _store_refusal(error: Exception) -> DelegateError:
    """Whatever a store raises is a refusal: its own, or that it is out of order."""
    if isinstance(error, DelegateError):
        return error
    return ReplayStoreUnavailableError(f"the replay store failed with {type(error).__name__}")
