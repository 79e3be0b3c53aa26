"""One issuer, one worker, one server: what the tests of the client have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Final

import httpx

from delegate.client.answers import ServerKeys
from delegate.client.context import Delegation, with_delegation
from delegate.client.httpx import AsyncSigningTransport, SigningTransport
from delegate.clock import ManualClock
from delegate.envelope.response import sign_response
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, issue
from delegate.verifier import Request, Verified, Verifier

NOW: Final = 1_800_000_000
ORIGIN: Final = "https://api.example.com"
OURS: Final = ("signature", "signature-input", "content-digest", "agent-identity", "delegation")

SCOPE: Final = Scope(
    tools=["orders.read", "refunds.create"], max_risk="high", operations=["read", "financial"]
)
READ_ONLY: Final = Scope(tools=["orders.read"], operations=["read"])

ISSUER_KEY: Final = SigningKey.from_seed(b"issuer--" * 4)
WORKER_KEY: Final = SigningKey.from_seed(b"worker--" * 4)
ANSWER_KEY: Final = SigningKey.from_seed(b"answers-" * 4)
SERVER_KEYS: Final = ServerKeys({ORIGIN: [ANSWER_KEY.public_key]})
ME: Final = Identity(agent="worker-agent", run="rt-1", service="spiffe://local/agent/worker-agent")

Handler = Callable[[httpx.Request], httpx.Response]


def token(
    *, audience: Iterable[str] = (ORIGIN,), expires_in: int = 600, further_hops: int = 3, scope: Scope = SCOPE
) -> UnverifiedToken:
    """A token of the issuer for the worker."""
    return issue(
        ISSUER_KEY,
        issuer="issuer",
        agent="worker-agent",
        holder=WORKER_KEY.public_key,
        scope=scope,
        audience=audience,
        expires_in=expires_in,
        further_hops=further_hops,
        root="user:ada",
        clock=ManualClock(NOW),
    )


def entered(**parts: Any) -> AbstractContextManager[Delegation]:
    """The worker's delegation, current."""
    return with_delegation(token(**parts), key=WORKER_KEY, identity=ME)


def sub_token(**parts: Any) -> tuple[UnverifiedToken, SigningKey]:
    """A chain of two blocks, and its holder's key."""
    key = SigningKey.generate()
    chain = attenuate(
        token(**parts),
        WORKER_KEY,
        agent="sub-agent",
        holder=key.public_key,
        clock=ManualClock(NOW),
        scope=READ_ONLY,
    )
    return chain, key


class Server:
    """A server that verifies what arrives, and remembers what it saw."""

    def __init__(self, origin: str = ORIGIN) -> None:
        record = KeyRecord(
            key=ISSUER_KEY.public_key, usages=frozenset({Usage.ISSUE}), not_before=0, not_after=None
        )
        issuer = Issuer(
            name="issuer",
            ceiling=Scope.UNRESTRICTED,
            audiences=(origin,),
            max_depth=4,
            revocation="none",
            keys=(record,),
        )
        self.clock = ManualClock(NOW)
        self.verifier = Verifier(
            trust=TrustStore([issuer]),
            origins=[origin],
            replay=MemoryReplayStore(single_process=True, assume_fresh=True, clock=self.clock),
            clock=self.clock,
        )
        self.requests: list[httpx.Request] = []
        self.verified: list[Verified] = []
        self.answers: list[httpx.Response | Exception] = []
        """What it answers instead of 200, in order; an exception is a connection that broke."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Verify one request as it came over the wire."""
        self.requests.append(request)
        self.verified.append(self.verifier.verify(arrived(request), request.read()))
        return self.answer()

    def see(self, request: httpx.Request) -> httpx.Response:
        """Look at one request without verifying it: another host."""
        request.read()
        self.requests.append(request)
        return self.answer()

    def answer(self) -> httpx.Response:
        """The next answer."""
        answer = self.answers.pop(0) if self.answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(
        self, handle: Handler | None = None, client: dict[str, Any] | None = None, **settings: Any
    ) -> Any:
        """An ``httpx.Client`` that signs."""
        inner = httpx.MockTransport(handle or self.handle)
        settings.setdefault("clock", self.clock)
        return httpx.Client(base_url=ORIGIN, transport=SigningTransport(inner, **settings), **client or {})

    def async_client(self, **settings: Any) -> httpx.AsyncClient:
        """The same, async."""
        inner = httpx.MockTransport(self.handle)
        return httpx.AsyncClient(
            base_url=ORIGIN, transport=AsyncSigningTransport(inner, clock=self.clock, **settings)
        )

    @property
    def last(self) -> httpx.Request:
        """The request that came last."""
        return self.requests[-1]


class SigningServer(Server):
    """A server that signs its answers; ``spoil`` is what the network then makes of them."""

    def __init__(self, key: SigningKey = ANSWER_KEY) -> None:
        super().__init__()
        self.key = key
        self.spoil: Callable[[httpx.Response], httpx.Response] = lambda answer: answer

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Verify, and sign the answer."""
        return self.spoil(self.signed(request, super().handle(request)))

    def signed(self, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        """``answer`` with a signature for ``request``."""
        body = b"".join(answer.stream)  # type: ignore[arg-type]
        added = sign_response(
            self.key,
            self.verifier.binding(arrived(request)),
            status=answer.status_code,
            headers=answer.headers.raw,
            body=body,
            now=NOW,
        )
        lines = [*answer.headers.raw, *((name.encode(), value) for name, value in added.items())]
        return httpx.Response(answer.status_code, headers=lines, stream=httpx.ByteStream(body))

    def client(
        self, handle: Handler | None = None, client: dict[str, Any] | None = None, **settings: Any
    ) -> Any:
        """An ``httpx.Client`` that signs, and wants signed answers."""
        return super().client(handle, client, **{"server_keys": SERVER_KEYS, **settings})

    def async_client(self, **settings: Any) -> httpx.AsyncClient:
        """The same, async."""
        return super().async_client(**{"server_keys": SERVER_KEYS, **settings})


def arrived(request: httpx.Request) -> Request:
    """A request as a server sees it."""
    path, _, query = request.url.raw_path.partition(b"?")
    return Request(method=request.method, path=path, query=query, headers=request.headers.raw)


def run(coroutine: Any) -> Any:
    """Run one coroutine to its end."""
    return asyncio.run(coroutine)
