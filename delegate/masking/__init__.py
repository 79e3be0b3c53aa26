"""Masking: what leaves the process is searched for secrets and personal data, and they are replaced.

    masked = mask_metadata(value)                       by the default policy
    masked, findings = Masker(policy).mask(value)       by one of your own

- ``masker``       ``Masker`` and ``mask_metadata``; ``policy`` what is masked, and what becomes of it
- ``probe``        the quick look that clean values pass;  ``walk`` the full walk over all others
- ``shapes``, ``leaves``, ``state``   values of any Python type, taken apart and made anew
- ``members``, ``names``, ``neighbours``, ``exempt``   the name that a value stands under
- ``rewrite``, ``markers``, ``pseudonyms``, ``findings``   what comes out
- ``text``         the search in text, by ``detectors`` and ``known`` values
- ``logs``         a filter for ``logging``;  ``registered`` secrets that a program names itself
"""

from __future__ import annotations

from delegate.masking.findings import Finding
from delegate.masking.logs import MaskingFilter
from delegate.masking.masker import Masked, Masker, mask_metadata
from delegate.masking.policy import Mode, Policy
from delegate.masking.pseudonyms import PseudonymKey
from delegate.masking.registered import register_secret

__all__ = [
    "Finding",
    "Masked",
    "Masker",
    "MaskingFilter",
    "Mode",
    "Policy",
    "PseudonymKey",
    "mask_metadata",
    "register_secret",
]
