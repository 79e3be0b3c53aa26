"""Writes every vector anew: ``python -m tests.vectors.generate``.

One module for each subject. A verdict is stated here by hand, from ``docs/spec``; nothing in this folder asks
the library what it thinks. Only keys are the library's, to sign with: RFC 8032 and RFC 6979 signatures are
functions of key and message, so each run writes the same bytes.
"""

from __future__ import annotations

from typing import Final

from tests.vectors.case import Subject
from tests.vectors.generate import canonical, dsse, envelope, keys, response, revocation, scope, token

SUBJECTS: Final = (canonical, keys, scope, token, envelope, response, dsse, revocation)


def all_subjects() -> tuple[Subject, ...]:
    """Everything that is to be written."""
    return tuple(module.subject() for module in SUBJECTS)


def all_files() -> dict[str, str]:
    """Path below ``tests/vectors`` to the text of the file."""
    return {path: text for subject in all_subjects() for path, text in subject.files()}
