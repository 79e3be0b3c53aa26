"""What grows with use: trusted keys, revoked ids, live nonces. One verification should not notice.

For each, a server that knows next to nothing and one that knows a great many verify the same sender's
requests in turns: ``<what>_growth`` is how many times as long the second takes. ``<what>_bytes_each`` is the
memory of one, as ``tracemalloc`` counts it while the many are made, or, of the nonces, a tenth of them.

Revoked ids stand in as many lists as the limit of one demands, each of an issuer of its own, and fill that
of the sender's own issuer.
"""

from __future__ import annotations

import base64
import os
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

from benchmarks.rounds import Candidate, interleave
from benchmarks.workload import BODY, ORIGIN, Sender, chain, issuer, issuing, signing, verifier
from delegate.clock import Clock
from delegate.keys import KeyRecord, PublicKey, SigningKey, TrustStore, Usage
from delegate.limits import REVOCATION_MAX_TOKENS
from delegate.replay.memory import MemoryReplayStore
from delegate.revocation import MemoryVersions, RevocationList, Revocations
from delegate.verifier import Verifier

_T = TypeVar("_T")

KEYS: Final = 100_000
REVOKED: Final = 1_000_000
NONCES: Final = 1_000_000

_NAME: Final = "acme"


def _weighed(make: Callable[[], _T]) -> tuple[_T, int]:
    """What ``make`` made, and the bytes it holds."""
    tracemalloc.start()
    try:
        return make(), tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _compared(what: str, sender: Sender, few: Verifier, many: Verifier) -> dict[str, float]:
    def at(server: Verifier) -> Candidate:
        return Candidate(prepare=sender.request, work=lambda request: server.verify(request, BODY))

    rounds = interleave({"few": at(few), "many": at(many)})
    return {
        f"{what}_few_us": rounds.us("few"),
        f"{what}_many_us": rounds.us("many"),
        f"{what}_growth": rounds.ratio("many", "few"),
    }


def trusted_keys() -> dict[str, float]:
    """An issuer with one key that signs requests, and one with ``KEYS``."""
    key = SigningKey.generate()
    others = [SigningKey.generate().public_key.raw for _ in range(KEYS)]
    many, held = _weighed(lambda: verifier(signing(key), *map(_record, others)))
    figures = _compared("trusted_keys", Sender(key=key), verifier(signing(key)), many)
    return figures | {"trusted_keys_bytes_each": held / KEYS}


def _record(raw: bytes) -> KeyRecord:
    return KeyRecord(key=PublicKey.from_raw(raw), usages=frozenset({Usage.REQUEST}), not_before=0)


def revoked_ids() -> dict[str, float]:
    """A list without ids, and lists of ``REVOKED`` in all."""
    root = SigningKey.generate()
    token, key = chain(root, 1)
    sizes = [REVOCATION_MAX_TOKENS] * (REVOKED // REVOCATION_MAX_TOKENS)
    sizes.append(REVOKED - sum(sizes))
    few, _ = _revoking(root, [0])
    many, held = _revoking(root, sizes)
    figures = _compared("revoked_ids", Sender(key=key, token=token), few, many)
    return figures | {"revoked_ids_bytes_each": held / REVOKED}


def _revoking(root: SigningKey, sizes: Iterable[int]) -> tuple[Verifier, int]:
    """A server with one issuer and list of each size, all by the same two keys; and what the lists hold."""
    revoker = SigningKey.generate()
    record = KeyRecord(key=revoker.public_key, usages=frozenset({Usage.REVOKE}), not_before=0)
    names = {f"{_NAME}-{number}" if number else _NAME: size for number, size in enumerate(sizes)}
    trust = TrustStore([issuer(issuing(root), record, name=name, revocation="required") for name in names])
    revocations = Revocations(trust, versions=MemoryVersions())
    held = 0
    for name, size in names.items():
        signed = RevocationList.sign(revoker, issuer=name, version=1, tokens=map(_token_id, range(size)))
        held += _weighed(partial(revocations.accept, signed))[1]
    replay = MemoryReplayStore(single_process=True, assume_fresh=True)
    return Verifier(trust=trust, origins=[ORIGIN], replay=replay, revocation=revocations), held


def _token_id(_number: int) -> str:
    return base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()


def live_nonces() -> dict[str, float]:
    """A replay store without records, and one with ``NONCES``."""
    key = SigningKey.generate()
    weighed = NONCES // 10
    _, held = _weighed(lambda: _store_of(weighed))
    many = _store_of(NONCES)
    figures = _compared(
        "live_nonces", Sender(key=key), verifier(signing(key)), verifier(signing(key), replay=many)
    )
    return figures | {"live_nonces_bytes_each": held / weighed}


def _store_of(nonces: int) -> MemoryReplayStore:
    """So many nonces of a hundred agents, all of which outlive the measurement."""
    store = MemoryReplayStore(
        single_process=True, assume_fresh=True, quota=NONCES, issuer_quota=2 * NONCES, capacity=2 * NONCES
    )
    now = Clock().now()
    for number in range(nonces):
        agent = f"agent-{number % 100}"
        store.claim(
            space="default",
            quota_key=f"other {agent}",
            key_id=agent,
            nonce=os.urandom(16),
            expires_at=now + 300 + number % 300,
            now=now,
        )
    return store


def measure() -> dict[str, float]:
    """Microseconds with few and with many, their ratio, and bytes of one."""
    return trusted_keys() | revoked_ids() | live_nonces()
