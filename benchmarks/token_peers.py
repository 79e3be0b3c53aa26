"""Chains of delegation with 0, 1, 3 and 10 hops, checked by ours and by the peers: time, and bytes of text.

Ours does all it does for a request: the request itself, the claim of its nonce, the chain, and the action
permitted; ``warm`` with the chain remembered, ``cold`` with nothing remembered. What each peer does instead
says its file below ``peers``. ``<ratio>_ceiling``: as in ``request_peers``.

``token_bytes_per_narrowing_hop``: what one hop adds to the text of a token when agent ids have 12 characters
and the hop shortens the time and keeps one of two tools; the scope has one operation and no resources.
"""

from __future__ import annotations

from typing import Final

from benchmarks.peers.found import found
from benchmarks.rounds import interleave
from benchmarks.workload import ORIGIN, chains
from delegate.keys import SigningKey
from delegate.scope import Scope
from delegate.token import attenuate, issue

HOPS: Final = (0, 1, 3, 10)
PEERS: Final = ("tenuo", "biscuit", "pymacaroons", "pyjwt")
ROUNDS: Final = 20
BATCH: Final = 4


def _chains(hops: int) -> dict[str, float]:
    warm, cold, sender = chains(hops)
    others = {name: peer.chain(hops) for name, peer in found(*PEERS).items()}
    checks = {name: each.check for name, each in ({"warm": warm, "cold": cold} | others).items()}
    rounds = interleave(checks | {"libsodium": sender.bare()}, rounds=ROUNDS, batch=BATCH)
    figures = {f"{name}_{hops}_hops_us": rounds.us(name) for name in rounds.times}
    figures |= {
        f"{name}_{hops}_hops_bytes": each.size for name, each in ({"delegate": warm} | others).items()
    }
    for name in others:
        ratio = f"warm_{hops}_hops_speedup_vs_{name}"
        figures[ratio] = rounds.ratio(name, "warm")
        figures[f"{ratio}_ceiling"] = rounds.ratio(name, "libsodium")
    return figures


def bytes_per_narrowing_hop() -> int:
    """Characters of token text."""
    issuer, first, second = (SigningKey.generate() for _ in range(3))

    def scope(*tools: str) -> Scope:
        return Scope(tools=tools, max_risk="low", operations=["read"])

    parent = issue(
        issuer,
        issuer="acme",
        agent="orchestrator",
        holder=first.public_key,
        scope=scope("orders.read", "orders.list"),
        audience=[ORIGIN],
        expires_in=3600,
        further_hops=1,
    )
    child = attenuate(
        parent,
        first,
        agent="worker-agent",
        holder=second.public_key,
        scope=scope("orders.read"),
        expires_in=600,
    )
    return len(child.text) - len(parent.text)


def measure() -> dict[str, float]:
    """Times in microseconds, sizes in bytes, and how many times as long as ours, warm, the peers take."""
    figures: dict[str, float] = {}
    for hops in HOPS:
        figures |= _chains(hops)
    return figures | {"token_bytes_per_narrowing_hop": bytes_per_narrowing_hop()}
