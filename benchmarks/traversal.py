"""The baseline of masking: a bare walk over a value, which does nothing that a masker could leave out.

Iterative, exact types, and the sum of the lengths of all strings, keys included: what any masker has to look
at, and no more. ``python -m benchmarks.traversal`` says what it costs for a clean dict of 1 KB.
"""

from __future__ import annotations

import json
import timeit
from typing import Any, Final

__all__ = ["CLEAN_1K", "traverse"]

CLEAN_1K: Final[dict[str, Any]] = {
    "agent": "worker-agent",
    "run": "run-7f3a",
    "request": {
        "method": "POST",
        "url": "https://api.example.com/v1/orders/o-1?expand=items",
        "id": "3f2b8c1e-7a44-4d0b-9c61-5f0e2b7d9a10",
        "at": "2026-11-20T11:34:56.789123+00:00",
        "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    },
    "order": {
        "number": "ORD-2026-0011873",
        "status": "pending",
        "currency": "EUR",
        "cents": 1250,
        "express": True,
        "discount": None,
        "lines": [
            {"sku": "A-1001", "title": "Desk lamp, brass", "quantity": 1, "cents": 850},
            {"sku": "B-2040", "title": "Bulb, warm white", "quantity": 2, "cents": 200},
        ],
    },
    "customer": {"city": "Berlin", "country": "DE", "language": "de-DE"},
    "reason": "customer asked for a refund because the parcel arrived late and the box was damaged",
    "file": "/srv/app/data/q3/report.csv",
    "client": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "tools": ["orders.read", "refunds.create"],
    "usage": {"input_tokens": 1543, "output_tokens": 212, "model": "large-2026-05"},
}
"""What an agent's metadata looks like, with nothing in it to find; about 1 KB as JSON."""


def traverse(value: object) -> int:
    """The characters of all strings in ``value``."""
    total = 0
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is str:
            total += len(item)
        elif kind is dict:
            waiting += item
            waiting += item.values()
        elif kind is list:
            waiting += item
    return total


def main() -> None:
    """Print the size of the dict and the cost of a walk over it."""
    best = min(timeit.repeat(lambda: traverse(CLEAN_1K), number=1000, repeat=20))
    print(f"{len(json.dumps(CLEAN_1K))} bytes, {traverse(CLEAN_1K)} characters, {best * 1000:.2f} us")


if __name__ == "__main__":
    main()
