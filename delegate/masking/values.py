"""The judgement over a value that stands under a secret name: a secret, or something in its place."""

from __future__ import annotations

from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, kind_of
from delegate.masking.secret_shape import is_placeholder, is_reference, looks_like_password, looks_secret

__all__ = ["value_hit"]

_JUDGED: Final = 256
"""A value is judged by its beginning; all of it is masked."""


def value_hit(
    text: str, start: int, end: int, name: str, sure: KeyClass, *, quoted: bool = True
) -> Hit | None:
    """The hit for ``text[start:end]`` under ``name``; ``None`` where the value is no secret."""
    value = text[start:end]
    start += len(value) - len(value.lstrip())
    value = value.strip()
    judged = value[:_JUDGED]
    if not value or is_placeholder(judged) or (not quoted and is_reference(judged)):
        return None
    kind = kind_of(name)
    if sure is KeyClass.STRONG:
        if len(value) < (3 if kind == "password" else 4) or value.lower() == name.lower():
            return None
    elif not looks_secret(judged) and not (kind == "password" and looks_like_password(judged)):
        return None
    return Hit(start, start + len(value), kind, f"name-{kind}", 50 if sure is KeyClass.STRONG else 40)
