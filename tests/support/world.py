"""A small world: one issuer, a worker it trusts, a sub-worker of the worker's, and one server.

Keys come from fixed seeds and the clock stands still, so everything but nonces is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from delegate.clock import ManualClock
from delegate.envelope.sign import sign_request
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, issue
from delegate.verifier import Request, Verifier

NOW: Final = 1_800_000_000
ORIGIN: Final = "https://api.example.com"
HOST: Final = b"api.example.com"

ISSUER_KEY: Final = SigningKey.from_seed(b"world: issuer key".ljust(32))
WORKER_KEY: Final = SigningKey.from_seed(b"world: worker key".ljust(32))
SUB_WORKER_KEY: Final = SigningKey.from_seed(b"world: sub-worker key".ljust(32))
STRANGER_KEY: Final = SigningKey.from_seed(b"world: a stranger's key".ljust(32))

SCOPE: Final = Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["read", "financial"],
    resources={"order": {"exact": ["o-1", "o-2"]}},
)
READ_ONLY: Final = Scope(tools=["orders.read"], operations=["read"], resources={"order": {"exact": ["o-1"]}})

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who signs requests."""

    key: SigningKey
    identity: Identity
    token: UnverifiedToken | None

    def sign(
        self,
        method: str = "GET",
        target: str = "/",
        *,
        body: bytes = b"",
        headers: Mapping[str, bytes] | None = None,
        origin: str = ORIGIN,
        now: int = NOW,
        **options: Any,
    ) -> list[Header]:
        """All header lines of a signed request, ``Host`` and ``Content-Length`` among them."""
        authority = origin.partition("://")[2]
        path, _, query = target.encode().partition(b"?")
        own = {"host": authority.encode(), **(headers or {})}
        if body:
            own |= {"content-type": b"application/json", "content-length": b"%d" % len(body)} | own
        signed = sign_request(
            self.key,
            method=method,
            authority=authority,
            path=path,
            query=query,
            headers=own,
            body=body,
            identity=self.identity,
            token=None if self.token is None else self.token.text,
            now=now,
            **options,
        )
        return [(name.encode(), value) for name, value in (own | signed.headers).items()]

    def request(self, method: str = "GET", target: str = "/", **options: Any) -> Request:
        """The signed request as a verifier takes it; ``options`` are those of ``sign``."""
        path, _, query = target.encode().partition(b"?")
        return Request(method=method, path=path, query=query, headers=self.sign(method, target, **options))


@dataclass(slots=True, kw_only=True)
class World:
    """The issuer's decisions and everybody who lives by them."""

    origin: str = ORIGIN
    audience: tuple[str, ...] = ()
    expires_in: int = 600
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    @property
    def trust(self) -> TrustStore:
        """A trust store that knows the issuer."""
        record = KeyRecord(
            key=ISSUER_KEY.public_key, usages=frozenset({Usage.ISSUE}), not_before=0, not_after=None
        )
        issuer = Issuer(
            name="acme",
            ceiling=Scope.UNRESTRICTED,
            audiences=self.audience or (self.origin,),
            max_depth=4,
            revocation="none",
            keys=(record,),
        )
        return TrustStore([issuer])

    def verifier(self, **options: Any) -> Verifier:
        """A verifier with a replay store of its own; ``options`` go to ``Verifier``."""
        defaults: dict[str, Any] = {
            "trust": self.trust,
            "origins": [self.origin],
            "replay": MemoryReplayStore(single_process=True, assume_fresh=True, clock=self.clock),
            "clock": self.clock,
        }
        return Verifier(**(defaults | options))

    @property
    def worker(self) -> Agent:
        """The issuer's delegatee, for user Ada."""
        return self.agent("worker-agent", WORKER_KEY)

    def agent(
        self, name: str, key: SigningKey, *, issuer_key: SigningKey = ISSUER_KEY, scope: Scope = SCOPE
    ) -> Agent:
        """Somebody with a token of one block; another ``issuer_key`` makes it a stranger's own."""
        token = issue(
            issuer_key,
            issuer="acme",
            agent=name,
            holder=key.public_key,
            scope=scope,
            audience=self.audience or (self.origin,),
            expires_in=self.expires_in,
            further_hops=2,
            root="user:ada",
            clock=self.clock,
        )
        return Agent(key=key, identity=Identity(agent=name), token=token)

    @property
    def sub_worker(self) -> Agent:
        """The worker's delegatee, who may only read."""
        worker = self.worker
        assert worker.token is not None
        token = attenuate(
            worker.token,
            worker.key,
            agent="sub-worker",
            holder=SUB_WORKER_KEY.public_key,
            scope=READ_ONLY,
            clock=self.clock,
        )
        return Agent(key=SUB_WORKER_KEY, identity=Identity(agent="sub-worker"), token=token)

    @property
    def stranger(self) -> Agent:
        """Somebody whose chain looks right and whom nobody trusts."""
        return self.agent("worker-agent", STRANGER_KEY, issuer_key=STRANGER_KEY)


def without(headers: Iterable[Header], *names: bytes) -> list[Header]:
    """The header lines but those of ``names``."""
    return [line for line in headers if line[0] not in names]
