"""Which peers are installed: each is one file of this folder, and one that cannot be imported is named.

The project itself needs none of them. ``make bench`` installs all of ``requirements/bench.in``; elsewhere
those that are missing are left out, with the reason on standard error.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType


@cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"benchmarks.peers.{name}")
    except ImportError as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return None


def found(*names: str) -> dict[str, ModuleType]:
    """The modules of this folder among ``names`` whose library is installed."""
    return {name: module for name in names if (module := _module(name)) is not None}
