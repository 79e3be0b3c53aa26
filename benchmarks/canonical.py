"""Canonical JSON against the `rfc8785` package: three 10 KB documents, and the payload of a token block.

The documents are fixed by a seed. Both sides run in turns and the best round of each counts, so that a
busy machine disturbs both alike. ``python -m benchmarks.canonical`` prints a table.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Final, cast

import rfc8785

from delegate.canonical import (
    JsonValue,
    SignedValue,
    canonicalize,
    canonicalize_signed,
    parse_signed,
    parse_strict,
    require_canonical,
)

DOCUMENT_BYTES: Final = 10 * 1024
ROUNDS: Final = 30
ROUND_SECONDS: Final = 0.002
AIMS: Final = {
    "ascii_10k_times_rfc8785": 3.0,
    "unicode_10k_times_rfc8785": 2.0,
    "floats_10k_times_rfc8785": 1.5,
}
"""How many times as fast as `rfc8785` each document is to be written."""

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


def _document(record: Callable[[], JsonValue]) -> JsonValue:
    records: list[JsonValue] = []
    while len(rfc8785.dumps(records)) < DOCUMENT_BYTES:
        records.append(record())
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

DOCUMENTS: Final[dict[str, JsonValue]] = {
    "ascii_10k": _document(_ascii_record),
    "unicode_10k": _document(_unicode_record),
    "floats_10k": _document(_float_record),
    "block": cast("JsonValue", BLOCK),
}


def _best_us(functions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds of one call of each function, the best of ``ROUNDS`` rounds taken in turns."""
    repeats = {}
    for name, function in functions.items():
        start = time.perf_counter()
        function()
        repeats[name] = max(1, round(ROUND_SECONDS / (time.perf_counter() - start)))
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            best[name] = min(best[name], (time.perf_counter() - start) / repeats[name] * 1e6)
    return best


def measure() -> dict[str, float]:
    """``<document>_<what>_us`` for each document, and how many times as fast as `rfc8785` it is written."""
    results: dict[str, float] = {}
    for document, value in DOCUMENTS.items():
        data = canonicalize(value)
        functions: dict[str, Callable[[], object]] = {
            "rfc8785": partial(rfc8785.dumps, value),
            "canonicalize": partial(canonicalize, value),
            "parse_strict": partial(parse_strict, data),
            "require_canonical": partial(require_canonical, data),
        }
        if document == "block":
            functions["canonicalize_signed"] = partial(canonicalize_signed, BLOCK)
            functions["parse_signed"] = partial(parse_signed, data)
        times = _best_us(functions)
        results |= {f"{document}_{name}_us": number for name, number in times.items()}
        results[f"{document}_times_rfc8785"] = times["rfc8785"] / times["canonicalize"]
    return results


def main() -> None:
    """Print a row for each number, with its aim where there is one."""
    for name, number in measure().items():
        aim = AIMS.get(name)
        print(f"{name:<36} {number:>9.2f}{f'   aim {aim}' if aim else ''}")


if __name__ == "__main__":
    main()
