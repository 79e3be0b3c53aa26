"""Measure, print a table, and write ``benchmarks/latest.json``: ``python -m benchmarks.run [module ...]``.

A benchmark is a module of this folder, named in ``MODULES``, with ``measure() -> dict[str, float]``: what
was measured, with its unit at the end of the name (``verify_us``, ``parse_mb_per_s``), and the number.
The JSON file is flat, ``"<name>": number``, so that two runs compare line by line; names are unique.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
from pathlib import Path

MODULES = ("verification", "canonical", "masking")
LATEST = Path(__file__).resolve().parent / "latest.json"


def measure(modules: list[str]) -> dict[str, float]:
    """Run each module's ``measure()``; print each number as it comes."""
    results: dict[str, float] = {}
    for module in modules:
        for name, number in importlib.import_module(f"benchmarks.{module}").measure().items():
            if name in results:
                msg = f"two benchmarks are named {name}"
                raise ValueError(msg)
            results[name] = round(number, 3)
            print(f"{name:<56} {number:>14,.2f}", flush=True)
    return results


def main() -> None:
    """Measure what is named, or everything; only a full run replaces the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the library.")
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(MODULES)}; all when none is named")
    chosen = parser.parse_args().modules
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    results = measure(chosen or list(MODULES))
    if not chosen:
        LATEST.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
