"""A refusal as an HTTP answer: problem details (RFC 9457), and what a stranger may learn from them.

The rule (design section 7, Refusals): before all signatures have verified, the sender is a stranger and
sees a code of ``PUBLIC_BEFORE_PROOF`` only: ``unavailable`` where the server lacks something it needs,
``signature_invalid`` for everything else, with no detail. An unknown key and a bad signature are the same
bytes. Afterwards the sender is known, and is told the true code and why.

``public_refusal`` is a pure function, and everything that refuses over HTTP uses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from delegate.errors import (
    PROBLEM_TYPE_PREFIX,
    PUBLIC_BEFORE_PROOF,
    ConfigurationError,
    DelegateError,
    SignatureInvalidError,
    UnavailableError,
)
from delegate.limits import RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delegate.canonical import JsonValue

__all__ = ["INTERNAL", "Problem", "public_refusal"]

_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One refusal as it travels."""

    status: int
    code: str | None
    """``None`` where the cause is a defect of the server, which has no code."""
    members: Mapping[str, JsonValue]
    """The problem details: type, title, status, code, executed, retryable, fix, and what may be told."""

    @property
    def body(self) -> bytes:
        """The details as JSON, in ASCII."""
        return json.dumps(self.members, separators=(",", ":")).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The header lines of the answer, lower-case names."""
        lines = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", b"no-store"),
        ]
        if self.code is not None:
            lines.append((b"www-authenticate", f'Delegate error="{self.code}"'.encode()))
        if self.status == _UNAVAILABLE:
            lines.append((b"retry-after", b"%d" % RETRY_AFTER))
        return lines


INTERNAL: Final = Problem(
    status=500, code=None, members={"type": "about:blank", "title": "Internal Server Error", "status": 500}
)
"""A defect of this server: it refuses, and says nothing."""


def public_refusal(
    error: DelegateError,
    *,
    development: bool = False,
    request_id: str | None = None,
    signature_base: str | None = None,
) -> Problem:
    """What the sender of a refused request is told.

    ``error.proved`` decides whether it is a stranger. ``request_id`` is that of the verified request, if
    it came so far. ``development`` tells everybody the true code, the step and ``signature_base``.
    """
    told = _told(error, development=development)
    members: dict[str, JsonValue] = {
        "type": PROBLEM_TYPE_PREFIX + told.code,
        "title": told.code.replace("_", " "),
        "status": told.status,
        "code": told.code,
        "executed": error.executed if told is type(error) else told.executed,
        "retryable": told.retryable,
        "fix": told.fix,
    }
    if development or (error.proved and told is type(error)):
        members |= _facts(error)
    if request_id is not None:
        members["request_id"] = request_id
    if development:
        members |= {"step": error.step, "signature_base": signature_base}
    return Problem(status=told.status, code=told.code, members=members)


def _told(error: DelegateError, *, development: bool) -> type[DelegateError]:
    """The class of refusal that the sender learns."""
    true = type(error)
    if development and true.code:
        return true
    if isinstance(error, ConfigurationError):
        return UnavailableError
    if error.code in PUBLIC_BEFORE_PROOF or (error.proved and true.code):
        return true
    return UnavailableError if error.status == _UNAVAILABLE else SignatureInvalidError


def _facts(error: DelegateError) -> dict[str, JsonValue]:
    """Why, and where. Messages hold no secret (design rule 8), and are masked like all that leaves."""
    from delegate.masking.masker import mask_metadata  # noqa: PLC0415 - needed to refuse, not to serve

    facts: dict[str, JsonValue] = {
        "detail": str(error),
        "block": error.block,
        "field": error.field,
        "component": error.component,
    }
    told: dict[str, JsonValue] = mask_metadata(
        {name: fact for name, fact in facts.items() if fact is not None}
    )
    return told
