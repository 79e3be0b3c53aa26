"""What a call costs, in calls of functions: a busy machine does not change that."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

__all__ = ["calls_in"]


def calls_in(function: Callable[[], object]) -> int:
    """How many functions are called, in Python and in C; none by a collection of what other tests left."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    gc.disable()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count
