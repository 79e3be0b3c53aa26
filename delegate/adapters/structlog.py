"""structlog: a processor that masks each event before it is rendered.

    structlog.configure(processors=[..., MaskingProcessor(), structlog.processors.JSONRenderer()])

Put it last before the renderer, so that it sees what the others added. An exception that no processor has
formatted yet is formatted here and masked as text, since a renderer would print it from the original. Where
masking fails, or the policy blocks, the event says so and holds nothing else.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any, Final

from structlog.typing import EventDict, WrappedLogger

from delegate.errors import MaskingError
from delegate.masking.masker import Masker, default_masker

__all__ = ["MaskingProcessor"]

_EXCEPTION: Final = "exc_info"


class MaskingProcessor:
    """Masks events by the policy of a ``Masker``."""

    __slots__ = ("_masker",)

    def __init__(self, masker: Masker | None = None) -> None:
        """Use ``masker``, or one with the default policy."""
        self._masker = masker or default_masker()

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        """The event as it may be written."""
        del logger, method_name
        try:
            masked: EventDict = self._masker.mask(_formatted(event_dict)).value
        except MaskingError as error:
            return {"event": f"[MASKED:blocked] {error}"}
        except Exception:  # noqa: BLE001 - a log call never fails, and never shows what could not be masked
            return {"event": "[MASKED:error]"}
        return masked if isinstance(masked, dict) else {"event": masked}


def _formatted(event_dict: EventDict) -> dict[str, Any]:
    """The event with its exception as text."""
    event = dict(event_dict)
    raised = event.pop(_EXCEPTION, None)
    if isinstance(raised, BaseException):
        error: BaseException | None = raised
    elif isinstance(raised, tuple):
        error = raised[1]
    else:
        error = sys.exc_info()[1] if raised else None
    if error is not None:
        event["exception"] = "".join(traceback.format_exception(error))
    return event
