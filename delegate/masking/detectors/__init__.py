"""The table of detectors: every secret that is known by its form, one row each.

Rows are our own, written from the vendors' public descriptions of their formats, which each row names. They
are measured on, among others, the samples of gitleaks (MIT, copyright 2019 Zachary Rice). What is known by
its key name is in ``key_names.py``; personal data, which needs more than a pattern, is in ``personal.py``.
"""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.calls import CALLS
from delegate.masking.detectors.clouds import CLOUDS
from delegate.masking.detectors.code import CODE
from delegate.masking.detectors.detector import Detector
from delegate.masking.detectors.hashes import HASHES
from delegate.masking.detectors.private_keys import PRIVATE_KEYS
from delegate.masking.detectors.services import CHAT, MODELS, MONITORING, PAYMENTS, SERVICES
from delegate.masking.detectors.structured import STRUCTURED

__all__ = ["STANDARD", "Detector"]

STANDARD: Final[tuple[Detector, ...]] = (
    *PRIVATE_KEYS, *HASHES, *STRUCTURED, *CLOUDS, *CODE,
    *MODELS, *CHAT, *PAYMENTS, *MONITORING, *SERVICES, *CALLS,
)  # fmt: skip
