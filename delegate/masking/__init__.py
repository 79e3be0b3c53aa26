"""Masking: what leaves the process is searched for secrets and personal data, and they are replaced.

    masked = mask_metadata(value)                       by the default policy
    masked, findings = Masker(policy).mask(value)       by one of your own

- ``masker``       ``Masker`` and ``mask_metadata``;  ``policy`` what is masked, and what becomes of it
- ``probe``        the quick look at plain values, ``plain`` those in which something was found;  ``walk``
  the walk over all others
- ``shapes``, ``leaves``, ``state``   values of any Python type, taken apart and made anew
- ``members``, ``names``, ``neighbours``, ``exempt``   the name that a value stands under
- ``rewrite``, ``markers``, ``pseudonyms``, ``findings``   what comes out
- ``text``         the search in text, by ``detectors`` and ``known`` values;  ``streams`` text of any length
- ``logs``         a filter for ``logging``;  ``registered`` secrets that a program names itself

The names below are loaded when they are first used (PEP 562): a program that only logs needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from delegate.masking.detectors import Detector
    from delegate.masking.findings import Finding
    from delegate.masking.logs import MaskingFilter
    from delegate.masking.masker import Masked, Masker, mask_metadata
    from delegate.masking.policy import Mode, Policy
    from delegate.masking.pseudonyms import PseudonymKey
    from delegate.masking.registered import register_secret

__all__ = [
    "Detector",
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

_HOMES: Final = {
    "Detector": "detectors",
    "Finding": "findings",
    "Masked": "masker",
    "Masker": "masker",
    "MaskingFilter": "logs",
    "Mode": "policy",
    "Policy": "policy",
    "PseudonymKey": "pseudonyms",
    "mask_metadata": "masker",
    "register_secret": "registered",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
