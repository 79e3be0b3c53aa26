"""Measure, print a table, and write ``benchmarks/latest.json``: ``python -m benchmarks.run [module ...]``.

A benchmark is a module of this folder, named in ``MODULES``, with ``measure() -> dict[str, float]``: what
was measured, with its unit at the end of the name (``verify_us``, ``parse_mb_per_s``), and the number.
The JSON file is flat, ``"<name>": number``, so that two runs compare line by line; names are unique.

The table shows beside a figure its bound (``bounds``), and its ceiling where there is one: the figure of the
same name with ``_ceiling`` at its end, which has no row of its own. ``--json`` prints the figures instead.
Progress goes to standard error, where that is a terminal.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks import plots
from benchmarks.bounds import BOUNDS

MODULES: Final = (
    "verification",
    "request_peers",
    "token_peers",
    "canonical",
    "masking",
    "middleware",
    "middleware_http",
    "growth",
)
PEERS: Final = (
    "PyNaCl",
    "cryptography",
    "http-message-signatures",
    "adcp",
    "PyJWT",
    "tenuo",
    "biscuit-python",
    "pymacaroons",
    "rfc8785",
    "jcs",
    "fastapi",
)
LATEST: Final = Path(__file__).resolve().parent / "latest.json"
CEILING: Final = "_ceiling"


def measure(modules: Sequence[str]) -> dict[str, float]:
    """Run each module's ``measure()``; raises ``ValueError`` where two figures have one name."""
    results: dict[str, float] = {}
    for number, module in enumerate(modules, start=1):
        _tell(f"{number} of {len(modules)}: {module}")
        figures = importlib.import_module(f"benchmarks.{module}").measure()
        if twice := results.keys() & figures.keys():
            msg = f"two benchmarks are named {min(twice)}"
            raise ValueError(msg)
        results |= {name: round(figure, 3) for name, figure in figures.items()}
    _tell("")
    return results


def _tell(progress: str) -> None:
    """Write over the last line of progress, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)


def table(results: dict[str, float]) -> Iterator[str]:
    """A row for each figure that is no ceiling."""
    yield f"{'':<52} {'measured':>12}  {'bound':<13} {'ceiling':>8}"
    for name, figure in results.items():
        if name.endswith(CEILING):
            continue
        bound, ceiling = BOUNDS.get(name), results.get(name + CEILING)
        said = "" if bound is None else str(bound)
        limit = "" if ceiling is None else f"{ceiling:.2f}"
        missed = "  missed" if bound is not None and not bound.met(figure) else ""
        yield f"{name:<52} {figure:>12,.2f}  {said:<13} {limit:>8}{missed}".rstrip()


def machine() -> str:
    """What was measured with: the interpreter, the processor, and each library's version or absence."""
    return "\n".join(
        [
            f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}",
            ", ".join(f"{name} {_version(name)}" for name in PEERS),
        ]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def main() -> None:
    """Measure what is named, or everything; only a full run replaces the file and the plots."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the library.")
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(MODULES)}; all when none is named")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    arguments = parser.parse_args()
    results = measure(arguments.modules or MODULES)
    text = json.dumps(results, indent=2)
    print(text if arguments.json else "\n".join([machine(), *table(results)]))
    if not arguments.modules:
        LATEST.write_text(text + "\n", encoding="utf-8")
        plots.write(results)


if __name__ == "__main__":
    main()
