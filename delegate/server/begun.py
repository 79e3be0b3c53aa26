"""An awaitable that is begun before anybody waits for it, to see whether it has to be waited for at all.

The rule: nobody can tell the difference but by the time it takes. What the awaitable waits for is handed on
to the task unchanged, and what the task answers, be it a cancellation, goes back to the awaitable, as
``await`` itself does it (PEP 380); that of a server in another language may be an iterator and no more. It
is begun and awaited in one task, and nothing is waited for between.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

__all__ = ["Begun"]

_T = TypeVar("_T")


class Begun(Generic[_T]):
    """``awaitable``, run up to where it first waits; if ``done``, it has ended without, with ``result``."""

    __slots__ = ("_rest", "_waits_for", "done", "result")

    result: _T

    def __init__(self, awaitable: Awaitable[_T]) -> None:
        """Begin; what the awaitable raises without waiting passes through."""
        self._rest = iter(awaitable.__await__())
        self.done = False
        try:
            self._waits_for = next(self._rest)
        except StopIteration as end:
            self.done, self.result = True, end.value

    def __await__(self) -> Generator[Any, Any, _T]:
        """Wait for the rest; only where it is not ``done``, and once."""
        waits_for = self._waits_for
        while True:
            try:
                yield waits_for  # a task sends nothing but None back
            except GeneratorExit:
                self._close()
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is for the awaitable
                resume = self._throwing(error)
            else:
                resume = partial(next, self._rest)
            try:
                waits_for = resume()
            except StopIteration as end:
                result: _T = end.value
                return result

    def _close(self) -> None:
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()

    def _throwing(self, error: BaseException) -> Callable[[], Any]:
        """What gives ``error`` to the awaitable; not all iterators take one, and then it passes by them."""
        throw = getattr(self._rest, "throw", None)
        if throw is None:
            raise error
        return partial(throw, error)
