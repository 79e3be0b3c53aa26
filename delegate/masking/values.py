"""The judgement over a value that stands under a secret name: a secret, or something in its place."""

from __future__ import annotations

import re
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, kind_of
from delegate.masking.secret_shape import (
    is_path,
    is_placeholder,
    is_reference,
    looks_like_password,
    looks_random,
    looks_secret,
)

__all__ = ["credentials", "value_hit"]

_JUDGED: Final = 256
"""A value is judged by its beginning; all of it is masked."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,30})[ \t]{1,4}(?=[^\s\"'`,;\x00]{6})")

_CONSTANT: Final = re.compile(r"[A-Z][A-Z0-9]{1,31}(?:_[A-Z0-9]{1,32}){1,8}")
"""The name of a constant or of a variable of the environment."""

_HASHED: Final = "-HMAC-"
"""In the names of schemes that would pass for secrets: ``AWS4-HMAC-SHA256``."""

_WORD: Final = r"(?:\b[a-z'-]{1,30}\b|\[MASKED:[^\[\]\s]{1,64}\])"
_SENTENCE: Final = re.compile(rf"(?:{_WORD}[,.;:]? ){{4}}{_WORD}")
"""What is said of an authorization: no credentials have so many words, with those that are masked by now."""


def credentials(text: str, place: int) -> int:
    """Where the credentials of an ``Authorization`` begin: behind the scheme, if one comes first."""
    scheme = _SCHEME.match(text, place)
    return scheme.end() if scheme and (_HASHED in scheme[1] or not looks_secret(scheme[1])) else place


def value_hit(
    text: str, start: int, end: int, name: str, sure: KeyClass, *, quoted: bool = True
) -> Hit | None:
    """The hit for ``text[start:end]`` under ``name``; ``None`` where the value is no secret."""
    value = text[start:end]
    start += len(value) - len(value.lstrip())
    value = value.strip()
    judged = value[:_JUDGED]
    if not value or is_placeholder(judged) or (not quoted and (is_reference(judged) or is_path(judged))):
        return None
    kind = kind_of(name)
    if sure is KeyClass.STRONG:
        if not _is_one(value, name, kind):
            return None
    elif not looks_secret(judged) and not _was_chosen(judged, kind):
        return None
    return Hit(start, start + len(value), kind, f"name-{kind}", 50 if sure is KeyClass.STRONG else 40)


def _is_one(value: str, name: str, kind: str) -> bool:
    """Whether what stands under an unambiguous name is the secret, and no constant or sentence about it."""
    is_constant = kind != "password" and _CONSTANT.fullmatch(value) and not looks_random(value)
    return (
        len(value) >= (3 if kind == "password" else 4)
        and value.lower() != name.lower().rpartition(".")[2]
        and not is_constant
        and (kind != "authorization" or _SENTENCE.search(value) is None)
        and (kind != "cookie" or " " not in value or "=" in value)
    )


def _was_chosen(value: str, kind: str) -> bool:
    """Whether a person could have chosen ``value``: a password, or one behind a user in ``credentials``."""
    if kind == "password":
        return looks_like_password(value)
    user, _, password = value.partition(":")
    return kind == "secret" and user.isidentifier() and password[:1] != "/" and looks_like_password(password)
