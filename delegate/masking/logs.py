"""A filter for ``logging`` that masks each record before it is written.

    handler.addFilter(MaskingFilter())

Put it on handlers: a filter on a logger does not see the records of the loggers below it. The message is put
together first, since a secret may stand half in the format and half in an argument; then message, traceback,
stack and every extra attribute are masked, and the parts they were made from are dropped, so that no
formatter can make them again. The record itself is changed, so handlers that come later get the masked one.

The rule: no record is lost and none gets out unmasked. Where masking fails, or the policy blocks, what is
written says so in place of the message.

The library's own loggers have this filter; what a masker needs is loaded with the first record.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from delegate.errors import MaskingError

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = ["MaskingFilter", "masked_logger"]

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FORMATTER: Final = logging.Formatter()


class MaskingFilter(logging.Filter):
    """Masks log records by the policy of a ``Masker``."""

    def __init__(self, masker: Masker | None = None) -> None:
        """Use ``masker``, or one with the default policy."""
        super().__init__()
        self._masker = masker

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask ``record``, and let it pass."""
        try:
            self._mask(record)
        except MaskingError as error:
            _replace(record, f"[MASKED:blocked] {error}")
        except Exception:  # noqa: BLE001 - a log call never fails, and never shows what could not be masked
            _replace(record, "[MASKED:error]")
        return True

    def _mask(self, record: logging.LogRecord) -> None:
        if self._masker is None:
            from delegate.masking.masker import default_masker  # noqa: PLC0415 - with the first record

            self._masker = default_masker()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        texts = {"msg": record.getMessage(), "exc_text": record.exc_text, "stack_info": record.stack_info}
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        masked_texts = self._masker.mask(texts).value
        masked_extra = self._masker.mask(extra).value
        vars(record).update(masked_extra)
        vars(record).update(masked_texts, args=None, exc_info=None)


def masked_logger(name: str) -> logging.Logger:
    """The logger ``name``, with a filter that masks what is logged through it."""
    logger = logging.getLogger(name)
    if not any(isinstance(each, MaskingFilter) for each in logger.filters):
        logger.addFilter(MaskingFilter())
    return logger


def _replace(record: logging.LogRecord, message: str) -> None:
    """Keep of a record what the logging module itself put there, and say ``message``."""
    for name in set(vars(record)) - _STANDARD:
        delattr(record, name)
    vars(record).update(msg=message, args=None, exc_info=None, exc_text=None, stack_info=None)
