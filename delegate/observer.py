"""The hook for whoever counts and times what happens here: one protocol, and what it is told.

An observer is begun with the name of an operation, and the function that it returns is called with the
``Event`` in which that operation ended. The rules:

- **It is told names and ids only** (design rule 8): no token, signature, nonce, key, body, path or query.
  What a stranger says of himself is not told either; who asked is told once it was proved.
- **It never decides towards yes.** An observer that raises before or after an acceptance refuses the request,
  as every hook does; one that raises after a refusal is logged, and the refusal stands.
- **Without one nothing is done**: the callers ask for ``None`` and go on.

Log records carry the same facts under the same names (``log_fields``), see docs/logging.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, TypeAlias

from delegate.errors import ConfigurationError, DelegateError

__all__ = ["NOBODY", "Event", "Observer", "Operation", "Verdict", "Watch", "log_fields"]

Operation: TypeAlias = Literal["verify", "authorize", "sign"]
Verdict: TypeAlias = Literal["accepted", "refused", "failed"]

_log: Final = logging.getLogger("delegate.observer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """How one operation ended: ``failed`` where an exception of somebody else's ended it.

    ``code`` is of the closed set of errors and ``step`` from 1 to 11, so they are few; all others are many.
    ``None`` is what is not known, or does not apply.
    """

    operation: Operation
    verdict: Verdict
    code: str | None = None
    step: int | None = None
    block: int | None = None
    issuer: str | None = None
    agent: str | None = None
    path: tuple[str, ...] | None = None
    """Agent ids from the issuer's delegatee to the signer."""
    tool: str | None = None
    """Of the action that the server named."""
    request_id: str | None = None
    chain_id: str | None = None
    key_id: str | None = None

    def known(self) -> dict[str, Any]:
        """The facts that are not ``None``, by name."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: fact for name, fact in facts.items() if fact is not None}


class Observer(Protocol):
    """Whoever wants to be told. It is called by many threads and tasks at once, and must not wait."""

    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        """An operation begins; what is returned is called once, when it ends."""
        ...


class _Nobody:
    """Wants to be told nothing."""

    __slots__ = ()

    def begin(self, _operation: Operation, /) -> Callable[[Event], None]:
        return lambda _event: None


NOBODY: Final = _Nobody()
"""For paths where it does not matter what being told costs."""


class Watch:
    """Tells an observer of one operation, inside a ``with`` block."""

    __slots__ = ("_end", "_facts", "_observer", "_operation")

    _end: Callable[[Event], None]

    def __init__(self, observer: Observer, operation: Operation) -> None:
        """Begin nothing yet."""
        self._observer = observer
        self._operation: Operation = operation
        self._facts: dict[str, Any] = {}

    def tell(self, **facts: Any) -> None:  # noqa: ANN401 - the fields of Event
        """Add what is known of the operation by now."""
        self._facts |= facts

    def __enter__(self) -> Self:
        """Begin; raises ``ConfigurationError`` where the observer fails."""
        try:
            self._end = self._observer.begin(self._operation)
        except Exception as failure:  # noqa: BLE001 - whatever a hook raises is a refusal
            raise _broken(failure) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End; raises ``ConfigurationError`` where the observer fails and nothing else has."""
        try:
            self._end(self._event(error))
        except Exception as failure:  # noqa: BLE001 - whatever a hook raises is a refusal
            broken = _broken(failure)
            if error is None:
                raise broken from None
            _log.error("%s", broken)

    def _event(self, error: BaseException | None) -> Event:
        if error is None:
            return Event(operation=self._operation, verdict="accepted", **self._facts)
        if not isinstance(error, DelegateError):
            return Event(operation=self._operation, verdict="failed", **self._facts)
        return Event(
            operation=self._operation,
            verdict="refused",
            code=error.code,
            step=error.step,
            block=error.block,
            **self._facts,
        )


def log_fields(error: DelegateError | None = None, /, **facts: object) -> dict[str, object]:
    """``extra=`` of a log record: what a refusal and the proof say, each name after ``delegate_``."""
    if error is not None:
        facts = {"code": error.code, "step": error.step, "block": error.block} | facts
    return {f"delegate_{name}": fact for name, fact in facts.items() if fact is not None}


def _broken(failure: Exception) -> ConfigurationError:
    msg = f"the observer failed with {type(failure).__name__}, so what it observes is refused"
    return ConfigurationError(msg, field="observer")
