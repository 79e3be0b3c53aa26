"""A refusal as a plain value, for pictures, explanations and command lines.

The rule: what is shown to people is not the exception itself. That carries a traceback, whose frames hold
the request, the token and the body for as long as somebody keeps the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from delegate.errors import DelegateError

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a ``DelegateError`` says, each attribute under its name there."""

    code: str
    message: str
    fix: str
    step: int | None = None
    block: int | None = None
    field: str | None = None
    component: str | None = None
    limit: JsonValue = None

    @classmethod
    def of(cls, error: DelegateError) -> Refusal:
        """What ``error`` says, without the error."""
        return cls(
            code=error.code,
            message=str(error),
            fix=error.fix,
            step=error.step,
            block=error.block,
            field=error.field,
            component=error.component,
            limit=_plain(error.limit),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """All of it, as a JSON object."""
        return {
            "code": self.code,
            "message": self.message,
            "fix": self.fix,
            "step": self.step,
            "block": self.block,
            "field": self.field,
            "component": self.component,
            "limit": self.limit,
        }


def _plain(limit: object) -> JsonValue:
    """A limit in JSON: numbers and texts as they are, collections as arrays."""
    if limit is None or isinstance(limit, bool | int | str):
        return limit
    if isinstance(limit, list | tuple):
        return [_plain(item) for item in limit]
    if isinstance(limit, set | frozenset):
        return [*sorted(map(str, limit))]
    return str(limit)
