"""What verification and signing cost, as multiples of the bare Ed25519 operation inside them.

One process, one thread. Each round signs a batch of fresh requests (untimed), then times verifying them with
a cached chain, verifying others with nothing cached, and as many bare ``crypto_sign_open`` over the very
bytes that the envelope signatures cover; then signing, and bare signatures. So all see the same machine at
the same moment. Of each the tenth percentile of the rounds is compared: the median of a shared machine
measures its neighbours, too. The collector of garbage is off meanwhile.

- ``verify_warm_vs_libsodium``: all eleven steps, chain of three narrowing hops cached, claim in memory;
- ``verify_cold_3_hops_vs_signatures``: the same with nothing cached, against its five bare verifications;
- ``sign_vs_libsodium``: ``sign_request``, against one bare signature over the same bytes.
"""

from __future__ import annotations

import gc
import logging
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from nacl.bindings import crypto_sign, crypto_sign_open

from delegate.clock import Clock
from delegate.envelope.sign import SignedRequest, sign_request
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, issue
from delegate.verifier import Request, Verifier

_T = TypeVar("_T")

ROUNDS: Final = 150
BATCH: Final = 20
HOPS: Final = 3
SIGNATURES: Final = HOPS + 2
"""Block 0, one a hop, and the envelope's."""

ORIGIN: Final = "https://api.example.com"
BODY: Final = b'{"cents":1250,"currency":"EUR"}'
GRANTED: Final = Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    resources={"order": {"exact": ["o-1", "o-2"]}},
)
HANDED_ON: Final = Scope(
    tools=["orders.read"], max_risk="low", operations=["read"], resources={"order": {"exact": ["o-1"]}}
)


def chain(issuer: SigningKey) -> tuple[UnverifiedToken, SigningKey]:
    """A token of ``HOPS`` narrowing hops, and its holder's key."""
    key = SigningKey.generate()
    token = issue(
        issuer,
        issuer="acme",
        agent="orchestrator",
        holder=key.public_key,
        scope=GRANTED,
        audience=[ORIGIN],
        expires_in=3600,
        further_hops=HOPS,
    )
    for hop in range(HOPS):
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


def verifier(issuer: SigningKey, cache_size: int) -> Verifier:
    """A server that trusts ``issuer``; a cache of size 0 makes every chain a cold one."""
    record = KeyRecord(key=issuer.public_key, usages=frozenset({Usage.ISSUE}), not_before=0, not_after=None)
    acme = Issuer(
        name="acme",
        ceiling=GRANTED,
        audiences=(ORIGIN,),
        max_depth=HOPS,
        revocation="none",
        keys=(record,),
    )
    store = MemoryReplayStore(single_process=True, assume_fresh=True)
    return Verifier(trust=TrustStore([acme]), origins=[ORIGIN], replay=store, cache_size=cache_size)


def timed(work: Callable[[_T], object], items: Iterable[_T]) -> float:
    """Microseconds of one call, over the calls for all ``items``."""
    start = time.perf_counter_ns()
    for item in items:
        work(item)
    return (time.perf_counter_ns() - start) / 1000 / BATCH


def request_of(signed: SignedRequest) -> Request:
    """The request as a server receives it: every value a fresh object, as from a socket."""
    headers = {"host": b"api.example.com", "content-type": b"application/json", "accept": b"*/*"}
    lines = [(name.encode(), bytes(bytearray(value))) for name, value in (headers | signed.headers).items()]
    return Request(method="POST", path=b"/v1/orders", query=b"dry=1", headers=lines)


def measure() -> dict[str, float]:
    """Ratios and microseconds: the tenth percentile of ``ROUNDS`` interleaved rounds."""
    logging.getLogger("delegate").setLevel(logging.CRITICAL)
    issuer = SigningKey.generate()
    token, key = chain(issuer)
    identity = Identity(agent=token.agent)
    warm, cold = verifier(issuer, 4096), verifier(issuer, 0)
    secret = key._secret_key  # noqa: SLF001 - the bare operation needs the bare key
    clock = Clock()

    def sign() -> SignedRequest:
        return sign_request(
            key,
            method="POST",
            authority="api.example.com",
            path=b"/v1/orders",
            query=b"dry=1",
            headers={"content-type": b"application/json"},
            body=BODY,
            identity=identity,
            token=token.text,
            now=clock.now(),
        )

    times: dict[str, list[float]] = {name: [] for name in ("warm", "cold", "open", "sign", "bare_sign")}
    public = key.public_key.raw
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            signed = [sign() for _ in range(BATCH)]
            bases = [each.canonical_bytes for each in signed]
            opened = [crypto_sign(base, secret) for base in bases]
            others = [request_of(sign()) for _ in range(BATCH)]
            times["cold"].append(timed(lambda request: cold.verify(request, BODY), others))
            times["warm"].append(
                timed(lambda request: warm.verify(request, BODY), [request_of(each) for each in signed])
            )
            times["open"].append(timed(lambda message: crypto_sign_open(message, public), opened))
            times["sign"].append(timed(lambda _: sign(), range(BATCH)))
            times["bare_sign"].append(timed(lambda base: crypto_sign(base, secret), bases))
    finally:
        gc.enable()
    quiet = {
        name: statistics.quantiles(values, n=10, method="inclusive")[0] for name, values in times.items()
    }
    return {
        "verify_warm_vs_libsodium": quiet["warm"] / quiet["open"],
        "verify_cold_3_hops_vs_signatures": quiet["cold"] / (SIGNATURES * quiet["open"]),
        "sign_vs_libsodium": quiet["sign"] / quiet["bare_sign"],
        "verify_warm_us": quiet["warm"],
        "verify_cold_3_hops_us": quiet["cold"],
        "libsodium_open_us": quiet["open"],
        "sign_us": quiet["sign"],
        "libsodium_sign_us": quiet["bare_sign"],
        "token_3_hops_bytes": float(len(token.text)),
    }
