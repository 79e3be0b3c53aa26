"""Values that are a text or a number: what is searched in them, and how the result becomes one of them.

The rule: only methods of the interpreter's own types are called, on the data they keep themselves, so no
``__str__``, ``__repr__``, ``__eq__`` or property of a stranger runs. Types stay where they can: bytes stay
bytes, a path a path, a subclass of ``str`` itself. A number or an ``Enum`` member cannot hold a marker, and
becomes a text.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import uuid
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from delegate.masking.state import attributes, class_attribute, restored

__all__ = ["INERT", "LARGE", "PLAIN_TEXT", "Text", "digits", "is_inert", "text_of"]

LARGE: Final = 10**11
"""From here on a number has the twelve digits that the shortest card number has."""

_DIGITS_MAX: Final = 10**40
"""Longer numbers are no card and no account; in decimal digits they would take quadratic time."""

INERT: Final = frozenset(
    {
        *(bool, type(None), type(...), type(NotImplemented), complex, range),
        *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone),
        *(uuid.UUID, fractions.Fraction),
        *(ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network),
    }
)
"""Types that hold no secret, unless the key above them says so; numbers stand apart."""

_SAID_NOTHING: Final = frozenset({bool, type(None), type(...), type(NotImplemented)})
_PATHS: Final = frozenset(
    {pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath}
)


def _same(text: str) -> str:
    return text


class Text(NamedTuple):
    """The text of a leaf, and the way back from a changed one."""

    text: str
    back: Callable[[str], object]
    secret: bool = False
    """The type itself says that the whole is a secret."""
    foreign: bool = False
    """Attributes hang on it that were not searched: it is replaced in any case."""


_NOTHING: Final = Text("", _same)
PLAIN_TEXT: Final = _NOTHING
"""The way back to a ``str``."""


def is_inert(value: object) -> bool:
    """Whether ``value`` can hold no secret by itself."""
    cls = type(value)
    if cls is int or cls is float:
        return not LARGE <= abs(value) < _DIGITS_MAX  # type: ignore[arg-type]  # a number; true for NaN
    return cls in INERT


def text_of(value: Any, *, named: bool = False) -> Text | None:
    """What to search in ``value``: empty for a scalar with nothing in it; ``None`` for what is no scalar.

    ``named`` says that the key above may call it a secret: then a small number or a date is a text too.
    """
    cls = type(value)
    if cls is str:
        return Text(value, _same)
    if cls in _BYTES:
        return Text(_BYTES[cls][0](value), _BYTES[cls][1])
    if cls is int or cls is float or cls is decimal.Decimal:
        return _NOTHING if is_inert(value) and not named else Text(digits(value), _same)
    if cls in _PATHS:
        return Text(str(value), cls)
    if cls in INERT:
        return Text(str(value), _same) if named and cls not in _SAID_NOTHING else _NOTHING
    return _derived(value, cls, named=named)


def digits(number: Any) -> str:
    """A number in digits, whatever its size."""
    if type(number) is float and number.is_integer():
        number = int(number)
    if type(number) is int and not -_DIGITS_MAX < number < _DIGITS_MAX:
        return hex(number)
    return str(number)


def _derived(value: Any, cls: type, *, named: bool) -> Text | None:
    """Members of an ``Enum``, pydantic's secrets, and subclasses of text and numbers."""
    if issubclass(cls, enum.Enum):
        inner = text_of(attributes(value).get("_value_"), named=named)
        return inner and Text(inner.text, _same)
    if class_attribute(cls, "get_secret_value") is not None:
        return _wrapped(value, cls)
    for base in (str, bytes, bytearray):
        if issubclass(cls, base):
            data = base.__str__(value) if base is str else bytes(memoryview(value)).decode(*_UTF8)
            return Text(data, _subclass(cls, base), foreign=bool(attributes(value)))
    for number in (int, float):
        if issubclass(cls, number):
            return text_of(number.__pos__(value), named=named)
    return None


def _wrapped(value: object, cls: type) -> Text | None:
    """A ``SecretStr`` or ``SecretBytes``, whose inner value is a secret whatever it looks like."""
    state = attributes(value)
    inner = text_of(state.get("_secret_value"), named=True)
    if inner is None:
        return None

    def back(text: str) -> object:
        return restored(cls, {**state, "_secret_value": inner.back(text)})

    return Text(inner.text, back, secret=True)


def _subclass(cls: Any, base: type) -> Callable[[str], object]:
    """The way back to an instance of ``cls``, a class below ``base``."""
    if base is str:
        return lambda text: str.__new__(cls, text)
    if base is bytes:
        return lambda text: bytes.__new__(cls, text.encode(*_UTF8))

    def back(text: str) -> object:
        new = bytearray.__new__(cls)
        bytearray.extend(new, text.encode(*_UTF8))
        return new

    return back


_UTF8: Final = ("utf-8", "surrogateescape")
"""Bytes that are no text come back as they were."""

_BYTES: Final[dict[type, tuple[Callable[[Any], str], Callable[[str], object]]]] = {
    bytes: (lambda data: data.decode(*_UTF8), lambda text: text.encode(*_UTF8)),
    bytearray: (lambda data: data.decode(*_UTF8), lambda text: bytearray(text.encode(*_UTF8))),
    memoryview: (lambda data: data.tobytes().decode(*_UTF8), lambda text: memoryview(text.encode(*_UTF8))),
}
