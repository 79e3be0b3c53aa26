"""The members of one container, each with the name it stands under.

That is its key or field name; else a name beside it (see ``neighbours``); else, if that says for certain
that all below is secret, the name of the container. A name that says nothing does not take that back: what
stands in ``credentials`` is masked, only ids and times are not. A JSON Schema is a description, and what
stands under ``password`` in it says what passwords look like.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from delegate.masking.key_names import kind_of
from delegate.masking.leaves import INERT, text_of
from delegate.masking.names import PLAIN, STRONG, VALUE, Names
from delegate.masking.neighbours import (
    KEY_PARTS,
    KEY_TYPE,
    Assigned,
    flagged,
    holds_pairs,
    pair_name,
    value_name,
)
from delegate.masking.shapes import Parts, Shape

__all__ = ["EXEMPT", "NO_NAME", "Member", "key_text", "members"]


class Member(NamedTuple):
    """What is known of a member from where it stands."""

    name: str | None = None
    """The name that may call it a secret; ``None`` where none does."""
    offset: int = 0
    """Where in its text the value under that name begins."""
    exempt: bool = False
    """It stands under a governance name."""
    pair: bool = False
    """It is a pair of a name and a value."""


NO_NAME: Final = Member()
EXEMPT: Final = Member(exempt=True)
_PAIR: Final = Member(pair=True)
_KEY_PART: Final = Member("private_key")

_NAMING: Final = (str, bytes, enum.Enum)
"""Types of keys that are names; numbers and tuples are not."""

_SCHEMA_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_SCHEMA_WORDS: Final = frozenset(
    {"type", "format", "title", "description", "minLength", "maxLength", "pattern", "nullable", "required"}
    | {"readOnly", "writeOnly", "deprecated", "items", "minItems", "maxItems", "minimum", "maximum", "enum"}
    | {"properties", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "$ref", "$id", "$comment"}
)
_SCHEMA_SIGNS: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf"})
"""Of which each makes a schema of what has no ``type``."""

_WITHIN: Final = {"authorization": "auth", "key": "key"}
"""Kinds of which a container tells as often as it holds one, and a name that says so of its members."""


def members(shape: Shape, parts: Parts, above: Member, names: Names) -> Iterator[tuple[int, object, Member]]:
    """Slot, member and what is known of it, keys first; ``above`` is the container's own."""
    keys, values = parts
    below = EXEMPT if above.exempt and keys is None else NO_NAME
    if above.name is not None and _is_passed_on(above.name, parts, names):
        below = Member(above.name if keys is None else _WITHIN.get(kind_of(above.name), above.name))
    if keys is None:
        yield from _listed(values, above, below, names)
        return
    if shape.keyed:
        yield from ((~index, key, NO_NAME) for index, key in enumerate(keys))
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        yield index, value, _under(key, keys, values, below, names)


def key_text(key: object) -> str:
    """A key as a name: its text, or the name of its type where it has none."""
    if type(key) is str:
        return key
    text = text_of(key, named=True)
    if text is not None and text.text:
        return text.text
    name: str = type.__dict__["__name__"].__get__(type(key))
    return str(key) if type(key) in INERT else name


def _under(
    key: object, keys: Sequence[object], values: Sequence[object], below: Member, names: Names
) -> Member:
    """What a key says about its value."""
    name = key_text(key) if issubclass(type(key), _NAMING) else ""
    if name in KEY_PARTS and any(type(each) is str and each == KEY_TYPE for each in keys):
        return _KEY_PART
    meaning = names.meaning(name)
    if meaning == PLAIN:
        return EXEMPT if names.exempt(name) else below
    if meaning != VALUE:
        return Member(name)
    beside = value_name(keys, values)
    return Member(beside) if beside is not None and names.secret(beside) else below


def _listed(
    values: Sequence[object], above: Member, below: Member, names: Names
) -> Iterator[tuple[int, object, Member]]:
    """Members without names of their own."""
    pairs = holds_pairs(values)
    named: dict[int, Assigned] = {}
    if above.pair and names.secret(pair_name(values)):
        named[1] = Assigned(pair_name(values), 0)
    elif not pairs:
        named = flagged(values, names.secret)
    for index, value in enumerate(values):
        if index in named:
            yield index, value, Member(*named[index])
        else:
            yield index, value, _PAIR if pairs else below


def _is_passed_on(name: str, parts: Parts, names: Names) -> bool:
    """Whether the name of a container says something about its members: a doubtful one only in lists."""
    return (names.meaning(name) == STRONG or parts.names is None) and not _is_schema(parts)


def _is_schema(parts: Parts) -> bool:
    """Whether these are the members of a JSON Schema that holds no values."""
    keys, values = parts
    return (
        keys is not None
        and all(type(key) is str and _is_schema_word(key) for key in keys)
        and any(
            key in _SCHEMA_SIGNS or (key == "type" and type(value) is str and value in _SCHEMA_TYPES)
            for key, value in zip(keys, values, strict=True)
        )
    )


def _is_schema_word(key: str) -> bool:
    """Whether a member of this name says what values look like; ``default`` and ``examples`` are values."""
    return key in _SCHEMA_WORDS or key.startswith("x-")
