"""What the project promises itself: the bound of a figure, and how it stands to it.

A bound is a number for a quiet machine. It is printed beside the figure and fails nothing: a shared machine
gives other figures each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bound:
    """``at least`` or ``at most`` this number."""

    word: str
    number: float

    def __str__(self) -> str:
        """As a table says it."""
        return f"{self.word} {self.number:g}"

    def met(self, figure: float) -> bool:
        """Whether the figure keeps to it."""
        return figure >= self.number if self.word == "at least" else figure <= self.number


def _least(number: float) -> Bound:
    return Bound("at least", number)


def _most(number: float) -> Bound:
    return Bound("at most", number)


BOUNDS: Final = {
    "verify_warm_vs_libsodium": _most(1.5),
    "verify_cold_3_hops_vs_signatures": _most(1.6),
    "sign_vs_libsodium": _most(1.5),
    "verify_speedup_vs_http_message_signatures": _least(3),
    "verify_speedup_vs_adcp": _least(2.2),
    **{
        f"warm_{hops}_hops_speedup_vs_{peer}": _least(1)
        for hops in (0, 1, 3, 10)
        for peer in ("tenuo", "biscuit")
    },
    "token_bytes_per_narrowing_hop": _most(349),
    "canonical_speedup_vs_rfc8785_10k": _least(3),
    "unicode_10k_times_rfc8785": _least(2),
    "floats_10k_times_rfc8785": _least(1.5),
    "masking_clean_1k_vs_traversal": _most(7),
    "masking_clean_1k_fast_vs_traversal": _most(4),
    **{f"masking_{value}_speedup_vs_fastest_peer": _least(1) for value in ("dirty_1k", "payload_10k")},
    "middleware_cpu_vs_libsodium": _most(1.8),
    "middleware_http_cpu_vs_libsodium": _most(1.8),
    **{f"{what}_growth": _most(1.1) for what in ("trusted_keys", "revoked_ids", "live_nonces")},
}
"""By name of the figure. What "flat" means for growth: no more than a processor's caches explain."""
