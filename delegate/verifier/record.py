"""What a verdict leaves in the log: one line, with names and ids beside it and no secret in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from delegate.masking.logs import masked_logger
from delegate.observer import log_fields

if TYPE_CHECKING:
    from delegate.errors import DelegateError
    from delegate.verifier.http import Request
    from delegate.verifier.message import Message
    from delegate.verifier.proof import Verified

__all__ = ["log_acceptance", "log_refusal"]

_METHOD_MAX: Final = 32
"""Of a method, which a stranger may choose."""

_log: Final = masked_logger("delegate.verifier")
masked_logger("delegate.observer")  # two rooms that cannot ask for it themselves
masked_logger("delegate.revocation")


def log_acceptance(verified: Verified) -> None:
    """One line for what was accepted, at INFO."""
    if _log.isEnabledFor(logging.INFO):
        _log.info(
            "accepted: %s by %s of issuer %s",
            verified.request_id,
            " > ".join(verified.path),
            verified.issuer,
            extra=log_fields(verdict="accepted", **verified.names),
        )


def log_refusal(request: Request | Message, refusal: DelegateError) -> None:
    """One line for what was refused, at WARNING."""
    _log.warning(
        "refused at step %s: %s (%s)",
        refusal.step,
        refusal.code,
        refusal,
        extra=log_fields(refusal, verdict="refused", method=str(request.method)[:_METHOD_MAX]),
    )
