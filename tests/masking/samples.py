"""Secrets for tests, encoded as in the published vectors, so that no scanner takes these files for a leak.

All are fakes. ``CANARIES`` are found by form, ``WORDS`` only by the name they stand under.
"""

from __future__ import annotations

import base64
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import pathlib
import types
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pydantic

from delegate.masking import Finding, Masker


def plain(encoded: str) -> str:
    """A string as the vectors write it: base64 with a dot every 12 characters."""
    return base64.b64decode(encoded.replace(".", "")).decode("utf-8", "surrogatepass")


TOKEN = plain("Z2hwX3dXUHc1.azRhWGNhVDRm.TlAwVWNuWndK.VVZGazZMTzBw.SU5VeA==")
PASSWORD = plain("dHIwdWI0ZG9y.JjN4")
CARD = 4111_1111_1111_1111
EMAIL = "jane.roe@example.org"

MASKER = Masker()


def masked(value: object) -> Any:
    return MASKER.mask(value).value


def findings(value: object) -> tuple[Finding, ...]:
    return MASKER.mask(value).findings


def places(value: object) -> dict[str, str]:
    """Pointer to kind."""
    return {finding.pointer: finding.kind for finding in findings(value)}


# --- the names that expressions in the adversarial vectors use -------------------------------------


@dataclasses.dataclass
class User:
    user: str
    password: str


class Model(pydantic.BaseModel):
    user: str
    password: str
    token: str


class Pair(NamedTuple):
    u: str
    t: str


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Default(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"no {key}"


class Hostile:
    """Raises from every method that anybody might call."""

    def _no(self, *_: object) -> Any:
        msg = "a method of a stranger ran"
        raise AssertionError(msg)

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __getitem__ = __hash__ = __format__ = _no
    __eq__ = __contains__ = __getattr__ = __reduce_ex__ = _no


class Broken(Mapping[str, object]):
    def __getitem__(self, key: str) -> object:
        raise RuntimeError(PASSWORD)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError(PASSWORD)

    def __len__(self) -> int:
        return 1


class Colour(enum.Enum):
    RED = 1


class Secrets(enum.Enum):
    A = TOKEN


def nested(depth: int, leaf: object) -> object:
    value = leaf
    for _ in range(depth):
        value = {"k": value}
    return value


def cyclic_dict(value: dict[str, object]) -> dict[str, object]:
    value["self"] = value
    return value


def cyclic_list(value: list[object]) -> list[object]:
    value.append(value)
    return value


NAMES: dict[str, Any] = {
    "D": nested,
    "CYC_DICT": cyclic_dict,
    "CYC_LIST": cyclic_list,
    "SHARED": lambda value: [value, value],
    "DC": User,
    "PM": Model,
    "NT": Pair,
    "SUB": Text,
    "INTSUB": Number,
    "DD": Default,
    "EVIL": Hostile,
    "BADMAP": Broken,
    "EN": Colour,
    "ENS": Secrets,
    "SECRETSTR": pydantic.SecretStr,
    "MASKTWICE": lambda value: masked(masked(value)),
    "collections": collections,
    "datetime": dt,
    "decimal": decimal,
    "uuid": uuid,
    "types": types,
    "pathlib": pathlib,
    "math": math,
}


def value_of(form: str, text: str) -> Any:
    """The value that a case of the adversarial vectors describes."""
    if form == "json":
        return json.loads(text)
    return eval(text, dict(NAMES)) if form == "py" else text


def everything(value: object) -> str:
    """All text that can be got out of a value of harmless types, by whatever way."""
    seen: list[str] = []
    waiting, done = [value], set()
    while waiting:
        item = waiting.pop()
        if id(item) in done:
            continue
        done.add(id(item))
        if isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset | collections.deque):
            waiting += item
        elif isinstance(item, bytes | bytearray | memoryview):
            seen.append(bytes(item).decode("utf-8", "surrogateescape"))
        elif isinstance(item, BaseException):
            waiting += [item.args, vars(item), item.__cause__, item.__context__]
            seen.append(repr(item))
        elif dataclasses.is_dataclass(item) or isinstance(item, pydantic.BaseModel):
            seen.append(repr(item))
        elif isinstance(item, pydantic.SecretStr):
            seen.append(item.get_secret_value())
        elif isinstance(item, enum.Enum):
            waiting.append(item.value)
        else:
            seen.append(hex(item) if isinstance(item, int) and abs(item) > 1 << 200 else str(item))
    return "\n".join(seen)
