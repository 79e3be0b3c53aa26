"""The parsers under fuzzing: one file each, found by being here.

A target is a module with ``SEEDS``, a few valid inputs to start from, and ``target(data)``, which

- returns when the parser accepts ``data``, having checked that the value re-encodes to the same bytes;
- raises a ``DelegateError`` when the parser refuses it;
- raises anything else only for a bug, which is the rule under test;

and ``FIRST_STEP``, the functions in which the parser takes its first step: at least a fifth of what the
fuzzer makes should get past it (``fuzz.first_step``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from delegate.errors import DelegateError
from fuzz import vectors
from fuzz.first_step import FirstStep

CRASHES = Path(__file__).resolve().parent.parent / "crashes"
"""Below it, one folder for each target with the inputs that once broke it."""
CORPUS = Path(__file__).resolve().parent.parent / "corpus"
"""The same for what libFuzzer kept on this machine."""


class Target(Protocol):
    """What each module of this package offers."""

    SEEDS: Sequence[bytes]
    FIRST_STEP: FirstStep

    def target(self, data: bytes) -> None:
        """Feed ``data`` to the parser."""


def names() -> list[str]:
    """The names of all targets, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Target:
    """The target called ``name``."""
    return cast("Target", importlib.import_module(f"{__name__}.{name}"))


def passes(target: Target, data: bytes) -> bool:
    """Feed ``data`` to the target, and say whether it got past the first step; refused or not is the same."""
    try:
        target.target(data)
    except DelegateError as error:
        return not target.FIRST_STEP.refused(error)
    return True


def inputs(name: str) -> list[bytes]:
    """What a target starts from: its seeds, the project's vectors, and all that once broke it."""
    crashes = sorted((CRASHES / name).glob("*"))
    return [*load(name).SEEDS, *vectors.inputs(name), *(crash.read_bytes() for crash in crashes)]
