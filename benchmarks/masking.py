"""What masking costs: as a multiple of a bare walk, beside its peers, and on hostile text.

All maskers run in turns on the same values, so that a busy machine disturbs all alike, and the best round of
each counts. Besides the clean 1 KB dict there are a dirty one and a webhook payload of 10 KB. The collector
of garbage is off meanwhile.

- ``masking_clean_1k_vs_traversal``: ours with the standard library, against ``traversal.traverse``;
- ``masking_clean_1k_fast_vs_traversal``: the same with the extra ``fast``;
- ``masking_<value>_<masker>_us``: each masker on each value;
- ``masking_<value>_speedup_vs_fastest_peer``: what the quickest of the peers takes, against the slower of our
  two engines; only where a peer is installed;
- ``masking_known_<number>_growth``: the clean dict where so many secrets are registered, as a multiple of
  what it costs where ten are, each measured against ``traversal.traverse`` in turns;
- ``masking_hostile_worst_ratio``: the worst of all fragments, 50 KB against 10 KB, and
  ``masking_hostile_worst_ms``, the slowest of them at 50 KB.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

from benchmarks.bounds import BOUNDS
from benchmarks.maskers import ours, peers
from benchmarks.traversal import CLEAN_1K, traverse
from delegate import known_secrets
from delegate.masking import Masker
from delegate.masking.text import TextScanner

ROUNDS: Final = 60
ROUND_SECONDS: Final = 0.002
HOSTILE_ROUNDS: Final = 3
KNOWN: Final = (10, 1_000, 10_000)

_CANARY: Final = "Xk39" + "dk2ss"

DIRTY_1K: Final[dict[str, Any]] = {
    **CLEAN_1K,
    "password": _CANARY,
    "headers": {"Authorization": f"Bearer {_CANARY}{_CANARY}", "Accept": "*/*"},
    "note": f"write to jane@example.com, the card is 4111 1111 1111 1111, api_key={_CANARY}{_CANARY}",
    "dsn": f"postgres://svc:{_CANARY}@db.internal:5432/app",
}
"""The clean dict with a secret in each of the places where people leave them."""

PAYLOAD_10K: Final[dict[str, Any]] = {
    "action": "opened",
    "sender": {"login": "octocat", "node_id": "MDQ6VXNlcjU4MzIzMQ==", "type": "User", "site_admin": False},
    "commits": [
        {
            "id": f"{number:02x}7a1c9e4b2d8f05e67a1c9e4b2d8f05e67a1c9e",
            "url": f"https://api.example.com/repos/octo-org/octo-repo/git/commits/{number}{{/sha}}",
            "message": f"Correct the totals of quarter {number}, and say which of the rows were left out",
            "timestamp": f"2026-11-{number % 28 + 1:02d}T09:30:00Z",
            "author": {"name": "Octo Cat", "username": "octocat"},
            "modified": [f"src/reports/quarter_{number}.py", "docs/reports.md"],
        }
        for number in range(22)
    ],
}
"""Shaped like what code hosts send; about 10 KB as JSON."""

FRAGMENTS: Final = (
    *("a.", "a-", "a", "1", "1 ", "1-", "[", '"', " ", "\n", "%41", "\\u0041", "&#65;", "\u00e9", "eyJ"),
    *("password", 'password="', "secret: ", "key=", "token:", "bearer ", "a=b&c=", "<password>", "eyJa."),
    *("http://", "a://b:", "://:@", "a@a.", "-----BEGIN PRIVATE KEY-----\n", "xoxb-", "ghp_", "sk-ant-"),
    *("GB82 WEST ", "4111 ", "123-45-", "curl -u ", "kind: Secret\ndata:\n a: b\n", "MTIzNDU2.", "$2b$10$"),
    *("hooks.slack.com/services/", "Z2hw", "6768", "aws_secret_access_key ", "identified by ", "_-_-"),
    *("password = \n", "'password', '", "t1."),
)
"""Forty-eight texts that are repeated to bait patterns."""


def best_us(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Microseconds of one call of each function, the best of ``rounds`` taken in turns.

    The first call of a turn is not timed: what ran before has filled the caches with its own.
    """
    repeats = {}
    for name, function in functions.items():
        for _ in range(2):
            start = time.perf_counter()
            function()
            taken = time.perf_counter() - start
            repeats[name] = max(1, round(ROUND_SECONDS / taken))
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            function()
            start = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            best[name] = min(best[name], (time.perf_counter() - start) / repeats[name] * 1e6)
    return best


def maskers() -> dict[str, Callable[[Any], Any]]:
    """Ours on each engine that is installed, and the peers."""
    fast = {"delegate_fast": ours("re2")} if find_spec("re2") else {}
    return {"delegate": ours("re"), **fast, **peers()}


def hostile() -> dict[str, float]:
    """The worst growth from 10 KB to 50 KB, and the slowest text of 50 KB, in processor time."""
    scanner = TextScanner()
    worst_ratio = worst_ms = 0.0
    for fragment in FRAGMENTS:
        times = []
        for size in (10_000, 50_000):
            text = (fragment * (size // len(fragment) + 1))[:size]
            best = float("inf")
            for _ in range(HOSTILE_ROUNDS):
                start = time.process_time()
                scanner.scan(text)
                best = min(best, time.process_time() - start)
            times.append(max(best, 1e-4))
        worst_ratio = max(worst_ratio, times[1] / times[0])
        worst_ms = max(worst_ms, times[1] * 1000)
    return {"masking_hostile_worst_ratio": worst_ratio, "masking_hostile_worst_ms": worst_ms}


class Held:
    """So many secrets of 8 to 39 characters, known for as long as this object is held."""

    def __init__(self, number: int) -> None:
        """Make them up."""
        digests = [hashlib.sha256(b"%d" % each).hexdigest().encode() for each in range(number)]
        self._secrets = [digest[: 8 + each % 32] for each, digest in enumerate(digests)]
        known_secrets.add(self)

    def __known_secrets__(self) -> list[bytes]:
        """For masking."""
        return self._secrets


def known_values() -> dict[str, float]:
    """What a clean value costs the more, the more secrets are known."""
    multiples = {}
    for number in KNOWN:
        held = Held(number)
        masker = Masker()
        masker.mask(CLEAN_1K)  # takes them up
        functions: dict[str, Callable[[], object]] = {
            "traversal": partial(traverse, CLEAN_1K),
            "delegate": partial(masker.mask, CLEAN_1K),
        }
        times = best_us(functions, ROUNDS)
        multiples[number] = times["delegate"] / times["traversal"]
        del held
    few = multiples[KNOWN[0]]
    return {f"masking_known_{number}_growth": multiples[number] / few for number in KNOWN[1:]}


def _against_peers(name: str, times: Mapping[str, float]) -> dict[str, float]:
    slower = max(times[each] for each in times.keys() & {"delegate", "delegate_fast"})
    others = [times[each] for each in times.keys() - {"delegate", "delegate_fast", "traversal"}]
    return {f"masking_{name}_speedup_vs_fastest_peer": min(others) / slower} if others else {}


def measure() -> dict[str, float]:
    """All figures; the ratios first."""
    every = maskers()
    results: dict[str, float] = {}
    gc.collect()
    gc.disable()
    try:
        for name, value in (("clean_1k", CLEAN_1K), ("dirty_1k", DIRTY_1K), ("payload_10k", PAYLOAD_10K)):
            # Each gets a copy of its own: LangSmith's anonymizer writes into what it is given.
            functions = {each: partial(mask, deepcopy(value)) for each, mask in every.items()}
            times = best_us({"traversal": partial(traverse, value), **functions}, ROUNDS)
            if name == "clean_1k":
                results["masking_clean_1k_vs_traversal"] = times["delegate"] / times["traversal"]
                if "delegate_fast" in times:
                    fast = times["delegate_fast"] / times["traversal"]
                    results["masking_clean_1k_fast_vs_traversal"] = fast
            results |= {f"masking_{name}_{each}_us": number for each, number in times.items()}
            results |= _against_peers(name, times)
        results |= known_values()
    finally:
        gc.enable()
    return results | hostile()


def main() -> None:
    """Print a row for each number, with its bound where there is one."""
    for name, number in measure().items():
        print(f"{name:<44} {number:>10.2f}   {BOUNDS.get(name, '')}".rstrip())


if __name__ == "__main__":
    main()
