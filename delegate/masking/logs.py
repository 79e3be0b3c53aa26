"""A filter for ``logging`` that masks each record before a handler writes it.

    handler.addFilter(MaskingFilter())

Put it on handlers: a filter on a logger does not see the records of loggers below it. The message is put
together first, since a secret may stand half in the format and half in an argument; then message, traceback,
stack and every extra attribute are masked, and the parts they were made from are dropped, so that no
formatter can make them again. The record that other handlers get is another object, and is not changed.

The rule: no record is lost and none gets out unmasked. Where masking fails, or the policy blocks, what is
written says so in place of the message.
"""

from __future__ import annotations

import copy
import logging
from typing import Final

from delegate.errors import MaskingError
from delegate.masking.masker import Masker

__all__ = ["MaskingFilter"]

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_FORMATTER: Final = logging.Formatter()


class MaskingFilter(logging.Filter):
    """Masks log records by the policy of a ``Masker``."""

    def __init__(self, masker: Masker | None = None) -> None:
        """Use ``masker``, or one with the default policy."""
        super().__init__()
        self._masker = masker or Masker()

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """A masked copy of ``record``."""
        masked = copy.copy(record)
        try:
            self._mask(masked)
        except MaskingError as error:
            _replace(masked, f"[MASKED:blocked] {error}")
        except Exception:  # noqa: BLE001 - a log call never fails, and never shows what could not be masked
            _replace(masked, "[MASKED:error]")
        return masked

    def _mask(self, record: logging.LogRecord) -> None:
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        texts = {"msg": record.getMessage(), "exc_text": record.exc_text, "stack_info": record.stack_info}
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        masked = self._masker.mask({"texts": texts, "extra": extra}).value
        vars(record).update(masked["extra"])
        vars(record).update(masked["texts"], args=None, exc_info=None)


def _replace(record: logging.LogRecord, message: str) -> None:
    """Keep of a record what the logging module itself put there, and say ``message``."""
    for name in set(vars(record)) - _STANDARD:
        delattr(record, name)
    vars(record).update(msg=message, args=None, exc_info=None, exc_text=None, stack_info=None)
