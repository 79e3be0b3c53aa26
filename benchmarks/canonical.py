"""Canonical JSON against the `rfc8785` and `jcs` packages: fixed documents, and the payload of a block.

Three kinds (ASCII and integers; non-ASCII strings; floats) of three sizes (about 400 bytes, 10 KB, 1 MB),
fixed by a seed; what all write is the same, byte for byte, or nothing is measured. All run in turns and the
best round of each counts, so that a busy machine disturbs them alike.

``canonical_speedup_vs_rfc8785_10k`` is that of the first kind, ``ascii_10k_times_rfc8785``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Final, cast

import rfc8785

from benchmarks.peers.found import found
from delegate.canonical import (
    JsonValue,
    SignedValue,
    canonicalize,
    canonicalize_signed,
    parse_signed,
    parse_strict,
    require_canonical,
)

SIZES: Final = {"10k": 10 * 1024, "400": 400, "1m": 1_000_000}
ROUNDS: Final = 30
ROUNDS_1M: Final = 6
ROUND_SECONDS: Final = 0.002

_random = random.Random(8785)  # noqa: S311 - the same documents in every run
_ASCII: Final = "abcdefghijklmnopqrstuvwxyz-_./0123456789"
_UNICODE: Final = "\u00e4\u00f6\u00e9\u00df\u0434\u0436\u03bb\u05d0\u0928\u4e2d\u6587\u65e5\u672c\ud55c"


def _word(alphabet: str, length: int) -> str:
    return "".join(_random.choices(alphabet, k=length))


def _ascii_record() -> JsonValue:
    return {
        "id": _random.randrange(1 << 53),
        "name": _word(_ASCII, 12),
        "path": _word(_ASCII, 24),
        "tags": [_word(_ASCII, 6) for _ in range(3)],
        "cents": _random.randrange(100_000),
        "open": _random.random() < 0.5,
        "by": {"agent": _word(_ASCII, 10), "at": 1_760_000_000 + _random.randrange(1000)},
    }


def _unicode_record() -> JsonValue:
    return {
        "name": _word(_UNICODE, 12),
        _word(_UNICODE, 4): _word(_UNICODE, 24),
        "tags": [_word(_UNICODE, 6) for _ in range(3)],
    }


def _float_record() -> JsonValue:
    return {
        "score": _random.random(),
        "x": _random.uniform(-1e6, 1e6),
        "whole": float(_random.randrange(1000)),
        "series": [_random.random() * 10.0 ** _random.randrange(-9, 15) for _ in range(6)],
    }


def _document(record: Callable[[], JsonValue], size: int) -> JsonValue:
    records: list[JsonValue] = []
    written = 1
    while written < size:
        records.append(record())
        written += len(rfc8785.dumps(records[-1])) + 1
    return records


BLOCK: Final[dict[str, SignedValue]] = {
    "aud": ["https://api.example.com"],
    "dep": 3,
    "exp": 1_760_003_600,
    "iat": 1_760_000_000,
    "iss": "orchestrator",
    "key": "ed25519:" + "k" * 43,
    "kid": "i" * 43,
    "n": "n" * 16,
    "sc": {
        "max_risk": "high",
        "operations": ["financial", "read"],
        "resources": {"order": {"exact": ["o-1"]}},
        "sensitivities": [],
        "tools": ["orders.read", "refunds.create"],
    },
    "sub": "worker-agent",
    "v": 1,
}
"""The payload of a token's first block: 419 bytes, the object that is read most often."""

_KINDS: Final = {"ascii": _ascii_record, "unicode": _unicode_record, "floats": _float_record}
DOCUMENTS: Final[dict[str, JsonValue]] = {
    f"{kind}_{size}": _document(record, SIZES[size]) for size in SIZES for kind, record in _KINDS.items()
} | {"block": cast("JsonValue", BLOCK)}


def _best_us(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Microseconds of one call of each function, the best of so many rounds taken in turns."""
    repeats = {}
    for name, function in functions.items():
        start = time.perf_counter()
        function()
        repeats[name] = max(1, round(ROUND_SECONDS / (time.perf_counter() - start)))
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            best[name] = min(best[name], (time.perf_counter() - start) / repeats[name] * 1e6)
    return best


def _measured(document: str) -> dict[str, float]:
    value = DOCUMENTS[document]
    data = canonicalize(value)
    writers: dict[str, Callable[[JsonValue], bytes]] = {
        "rfc8785": rfc8785.dumps,
        "canonicalize": canonicalize,
    }
    writers |= {name: peer.canonicalize for name, peer in found("jcs").items()}
    assert {write(value) for write in writers.values()} == {data}
    functions: dict[str, Callable[[], object]] = {
        **{name: partial(write, value) for name, write in writers.items()},
        "parse_strict": partial(parse_strict, data),
        "require_canonical": partial(require_canonical, data),
    }
    if document == "block":
        functions["canonicalize_signed"] = partial(canonicalize_signed, BLOCK)
        functions["parse_signed"] = partial(parse_signed, data)
    times = _best_us(functions, ROUNDS_1M if document.endswith("_1m") else ROUNDS)
    ratios = {
        f"{document}_times_{name}": times[name] / times["canonicalize"]
        for name in writers
        if name != "canonicalize"
    }
    return {f"{document}_{name}_us": number for name, number in times.items()} | ratios


def measure() -> dict[str, float]:
    """``<document>_<what>_us`` for each document, and how many times as fast as each peer it is written."""
    results: dict[str, float] = {}
    for document in DOCUMENTS:
        results |= _measured(document)
    return results | {"canonical_speedup_vs_rfc8785_10k": results["ascii_10k_times_rfc8785"]}
