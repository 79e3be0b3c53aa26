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
from typing import Final

from nacl.bindings import crypto_sign, crypto_sign_open

from benchmarks.rounds import timed
from benchmarks.workload import BODY, Sender, chain, issuing, request_of, verifier
from delegate.keys import SigningKey

ROUNDS: Final = 150
BATCH: Final = 20
HOPS: Final = 3
SIGNATURES: Final = HOPS + 2
"""Block 0, one a hop, and the envelope's."""


def measure() -> dict[str, float]:
    """Ratios and microseconds: the tenth percentile of ``ROUNDS`` interleaved rounds."""
    logging.getLogger("delegate").setLevel(logging.CRITICAL)
    issuer = SigningKey.generate()
    token, key = chain(issuer, HOPS)
    sign = Sender(key=key, token=token).sign
    warm, cold = verifier(issuing(issuer)), verifier(issuing(issuer), cache_size=0)
    secret = key._secret_key  # noqa: SLF001 - the bare operation needs the bare key

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
