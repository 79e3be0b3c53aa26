"""The parsers under fuzzing: one file each, found by being here.

A target is a module with ``SEEDS``, a few valid inputs to start from, and ``target(data)``, which

- returns when the parser accepts ``data``, having checked that the value re-encodes to the same bytes;
- raises a ``DelegateError`` when the parser refuses it;
- raises anything else only for a bug, which is the rule under test.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

CRASHES = Path(__file__).resolve().parent.parent / "crashes"
"""Below it, one folder for each target with the inputs that once broke it."""


class Target(Protocol):
    """What each module of this package offers."""

    SEEDS: Sequence[bytes]

    def target(self, data: bytes) -> None:
        """Feed ``data`` to the parser."""


def names() -> list[str]:
    """The names of all targets, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Target:
    """The target called ``name``."""
    return cast("Target", importlib.import_module(f"{__name__}.{name}"))


def inputs(name: str) -> list[bytes]:
    """The seeds of a target, and all that once broke it."""
    crashes = sorted((CRASHES / name).glob("*"))
    return [*load(name).SEEDS, *(crash.read_bytes() for crash in crashes)]
