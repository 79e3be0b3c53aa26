"""The work that all candidates are given: one request, and one chain of delegation. Ours does it here.

The request is ``POST /v1/orders?dry=1`` with a JSON body. Without a token, so that nobody proves more than
his neighbour: method, target, type, digest of the body, a window of time, a nonce that is claimed.

The chain: an issuer grants two tools on two orders to a first agent; each hop hands on one tool on one order
to a fresh key, for less time. Checked are the chain, that its last holder signed this request, and that the
chain permits reading that order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open

from benchmarks.rounds import Candidate
from delegate.clock import Clock
from delegate.envelope.sign import SignedRequest, sign_request
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.keys.record import Revocation
from delegate.limits import TOKEN_MAX_BLOCKS
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Action, Scope
from delegate.token import UnverifiedToken, attenuate, issue
from delegate.verifier import Request, Verifier

ORIGIN: Final = "https://api.example.com"
AUTHORITY: Final = "api.example.com"
URL: Final = f"{ORIGIN}/v1/orders?dry=1"
BODY: Final = b'{"cents":1250,"currency":"EUR"}'
AGENT: Final = "worker-agent"
GRANTED: Final = Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    resources={"order": {"exact": ["o-1", "o-2"]}},
)
HANDED_ON: Final = Scope(
    tools=["orders.read"], max_risk="low", operations=["read"], resources={"order": {"exact": ["o-1"]}}
)
READ: Final = Action(tool="orders.read", operation="read", risk="low", resources={"order": ["o-1"]})

_CLOCK: Final = Clock()


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of delegation made by somebody's means: checking it, and how long its text is."""

    check: Candidate
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who signs requests of ours, with this key, for this token if there is one."""

    key: SigningKey
    token: UnverifiedToken | None = None
    body: bytes = BODY
    identity: Identity = field(init=False)

    def __post_init__(self) -> None:
        """Be the token's holder: made once, as a client does."""
        agent = self.token.agent if self.token else AGENT
        object.__setattr__(self, "identity", Identity(agent=agent))

    def sign(self) -> SignedRequest:
        """Sign the request of this workload once more, with a fresh nonce."""
        return sign_request(
            self.key,
            method="POST",
            authority=AUTHORITY,
            path=b"/v1/orders",
            query=b"dry=1",
            headers={"content-type": b"application/json"},
            body=self.body,
            identity=self.identity,
            token=self.token.text if self.token else None,
            now=_CLOCK.now(),
        )

    def request(self) -> Request:
        """A fresh request as the server receives it."""
        return request_of(self.sign())

    def bare(self) -> Candidate:
        """The one thing nobody can leave out: verifying the signature over the signature base."""
        public, secret = self.key.public_key.raw, self.key._secret_key  # noqa: SLF001 - the bare key
        return Candidate(
            prepare=lambda: crypto_sign(self.sign().canonical_bytes, secret),
            work=lambda message: crypto_sign_open(message, public),
        )


def request_of(signed: SignedRequest) -> Request:
    """The request as a server receives it: every value a fresh object, as from a socket."""
    headers = {"host": AUTHORITY.encode(), "content-type": b"application/json", "accept": b"*/*"}
    lines = [(name.encode(), bytes(bytearray(value))) for name, value in (headers | signed.headers).items()]
    return Request(method="POST", path=b"/v1/orders", query=b"dry=1", headers=lines)


def chain(root: SigningKey, hops: int) -> tuple[UnverifiedToken, SigningKey]:
    """A token of so many narrowing hops that the key ``root`` issues, and its holder's key."""
    key = SigningKey.generate()
    token = issue(
        root,
        issuer="acme",
        agent="orchestrator",
        holder=key.public_key,
        scope=GRANTED,
        audience=[ORIGIN],
        expires_in=3600,
        further_hops=hops,
    )
    for hop in range(hops):
        successor = SigningKey.generate()
        token = attenuate(
            token,
            key,
            agent=f"sub-agent-{hop}",
            holder=successor.public_key,
            scope=HANDED_ON,
            expires_in=3000 - hop,
        )
        key = successor
    return token, key


def issuing(key: SigningKey) -> KeyRecord:
    """The record of a key that issues tokens."""
    return KeyRecord(key=key.public_key, usages=frozenset({Usage.ISSUE}), not_before=0)


def signing(key: SigningKey) -> KeyRecord:
    """The record of a key that signs requests without a token."""
    return KeyRecord(
        key=key.public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        agent=AGENT,
        direct_scope=GRANTED,
    )


def issuer(*records: KeyRecord, name: str = "acme", revocation: Revocation = "none") -> Issuer:
    """An issuer with these keys."""
    return Issuer(
        name=name,
        ceiling=GRANTED,
        audiences=(ORIGIN,),
        max_depth=TOKEN_MAX_BLOCKS - 1,
        revocation=revocation,
        keys=records,
    )


def verifier(
    *records: KeyRecord, replay: MemoryReplayStore | None = None, cache_size: int = 4096
) -> Verifier:
    """A server that trusts these keys; a cache of size 0 makes every chain a cold one."""
    return Verifier(
        trust=TrustStore([issuer(*records)]),
        origins=[ORIGIN],
        replay=replay or MemoryReplayStore(single_process=True, assume_fresh=True),
        require_delegation=False,
        cache_size=cache_size,
    )


def direct(sender: Sender) -> Candidate:
    """All steps for a request without a token, the claim of its nonce included."""
    server = verifier(signing(sender.key))
    return Candidate(prepare=sender.request, work=lambda request: server.verify(request, sender.body))


def chains(hops: int) -> tuple[Chain, Chain, Sender]:
    """Ours, with the chain remembered and with nothing remembered, and who signs."""
    root = SigningKey.generate()
    token, key = chain(root, hops)
    sender = Sender(key=key, token=token)

    def permit(cache_size: int) -> Callable[[Request], object]:
        server = verifier(issuing(root), cache_size=cache_size)
        return lambda request: server.verify(request, BODY).authorize(READ)

    warm, cold = (
        Chain(Candidate(prepare=sender.request, work=permit(size)), len(token.text)) for size in (4096, 0)
    )
    return warm, cold, sender
