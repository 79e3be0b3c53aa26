"""Which inputs a parser turned away at its first step: the measure of whether a fuzzer gets anywhere.

Each target names its parser's first step: JSON is read, base64 is decoded, a signature is found. A refusal
from there says that the input never met the rules behind it. Nothing in the package counts for this; the
refusal's own traceback says where it was raised.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from delegate.errors import DelegateError

__all__ = ["FirstStep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """The functions that are one parser's first step, whole or in part."""

    within: tuple[Callable[..., Any], ...] = ()
    """All that these do, with whatever they call, is the first step."""
    by: tuple[Callable[..., Any], ...] = ()
    """These do more than the first step; what they refuse in their own body is part of it."""

    def refused(self, error: DelegateError) -> bool:
        """Whether ``error`` was raised in this step, or in place of an error that was."""
        while isinstance(error.__context__, DelegateError):
            error = error.__context__
        frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
        return bool(_codes(self.within).intersection(frames)) or frames[-1] in _codes(self.by)


def _codes(functions: Iterable[Callable[..., Any]]) -> set[CodeType]:
    return {function.__code__ for function in functions}
