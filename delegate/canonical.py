r"""Canonical JSON: one encoding for each value, in both directions (RFC 8785, design section 5).

``canonicalize`` writes RFC 8785 in full: members in the order of their UTF-16 code units, numbers as
ECMAScript prints them, the fewest escapes. ``parse_strict`` reads any JSON text that has one meaning, and
``require_canonical`` only the bytes that ``canonicalize`` would write. The rules:

- **What is read is written so that it reads back.** For every ``x`` that ``parse_strict`` returns,
  ``canonicalize(parse_strict(canonicalize(x))) == canonicalize(x)``.
- **No two readings.** Duplicate members, halves of surrogate pairs, and integers that a reader of doubles
  would round are refused.
- **Bounded before it is parsed.** Size first, then depth, counted in linear time without recursion.

Numbers, where RFC 8259 leaves the choice: an integer literal within +-(2^53-1) is an ``int`` and refused
beyond. A literal with a fraction or an exponent is the nearest ``float``; it is refused where that is an
infinity, and where RFC 8785 would print it as an integer beyond 2^53-1 (``1e20`` prints as
``100000000000000000000``), because what was read could then not be read again. ``-0`` and ``-0.0`` read as
zero and are written ``0``.

Objects that we sign use the **signed subset**: an object of objects, arrays, strings, integers and
booleans. No float and no null, which languages read differently or drop.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from math import isfinite
from types import NoneType
from typing import Any, Final, TypeAlias, cast

from delegate.errors import MalformedError, NonCanonicalError, TooLargeError
from delegate.limits import JSON_MAX_BYTES, JSON_MAX_DEPTH, JSON_MAX_INTEGER

__all__ = [
    "JsonValue",
    "SignedValue",
    "canonicalize",
    "canonicalize_signed",
    "format_number",
    "parse_signed",
    "parse_strict",
    "require_canonical",
]

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
"""What JSON can say, in exactly these types: no subclasses, no tuples."""

SignedValue: TypeAlias = "dict[str, SignedValue] | list[SignedValue] | str | int | bool"
"""What may stand in an object that we sign."""

# --- writing ---------------------------------------------------------------------------------------

_Append: TypeAlias = Callable[[str], None]
_Scalars: TypeAlias = dict[type, Callable[[Any], str]]
"""How each scalar type is written. A type that is not here is refused, so the table is the policy."""


def canonicalize(value: JsonValue) -> bytes:
    """The RFC 8785 encoding of ``value``.

    Raises ``MalformedError`` for what JSON cannot say (NaN, infinities, halves of surrogate pairs, an
    ``int`` beyond 2^53-1, member names that are not ``str``, any other type) and ``TooLargeError`` beyond
    ``JSON_MAX_DEPTH`` levels, which a value that contains itself always is.
    """
    return _encode(value, _ALL_SCALARS)


def canonicalize_signed(value: dict[str, SignedValue]) -> bytes:
    """The RFC 8785 encoding of an object that is to be signed.

    Raises as ``canonicalize`` does, and ``MalformedError`` for floats and nulls.
    """
    if type(value) is not dict:
        msg = f"what is signed must be an object, not {type(value).__name__}"
        raise MalformedError(msg)
    return _encode(value, _SIGNED_SCALARS)


def format_number(number: float) -> str:
    """``number`` as ECMAScript's Number::toString prints it (RFC 8785 section 3.2.2.3).

    Python and ECMAScript choose the same shortest digits; they differ in when they use an exponent
    (below 1e-4 and from 1e16 here, below 1e-6 and from 1e21 there) and in how it looks.
    Raises ``MalformedError`` for NaN and infinities.
    """
    if 1e-4 <= abs(number) < 1e16:  # noqa: PLR2004 - where Python's repr uses no exponent
        return repr(number).removesuffix(".0")
    if number == 0:
        return "0"
    if not isfinite(number):
        msg = f"JSON has no number {number!r}"
        raise MalformedError(msg)
    return _format_with_exponent(number)


def _format_with_exponent(number: float) -> str:
    """Rewrite a repr of the form ``-d.ddde-XX``, whose exponent is below -4 or above 15."""
    mantissa, _, exponent_text = repr(number).partition("e")
    exponent = int(exponent_text)
    if not -7 < exponent < 21:  # noqa: PLR2004 - ECMA-262 Number::toString
        return f"{mantissa}e{exponent:+d}"
    _, sign, digits = mantissa.replace(".", "").rpartition("-")
    if exponent_text.startswith("-"):
        return f"{sign}0.{'0' * (-1 - exponent)}{digits}"
    return sign + digits.ljust(exponent + 1, "0")


def _format_integer(number: int) -> str:
    if -JSON_MAX_INTEGER <= number <= JSON_MAX_INTEGER:
        return str(number)
    msg = f"an integer of {number.bit_length()} bits is beyond 2^53-1: send it as a string"
    raise MalformedError(msg, limit=JSON_MAX_INTEGER)


_quote: Final = encode_basestring
"""The standard library's C function escapes exactly what RFC 8785 section 3.2.2.2 names."""

_LITERALS: Final = {True: "true", False: "false", None: "null"}
_SIGNED_SCALARS: Final[_Scalars] = {str: _quote, int: _format_integer, bool: _LITERALS.__getitem__}
_ALL_SCALARS: Final[_Scalars] = _SIGNED_SCALARS | {float: format_number, NoneType: _LITERALS.__getitem__}


def _encode(value: object, scalars: _Scalars) -> bytes:
    chunks: list[str] = []
    _write(value, chunks.append, JSON_MAX_DEPTH, scalars)
    try:
        return "".join(chunks).encode()
    except UnicodeEncodeError:
        msg = "a string holds half of a surrogate pair, which is not Unicode text"
        raise MalformedError(msg) from None


def _write(value: Any, append: _Append, levels: int, scalars: _Scalars) -> None:  # noqa: ANN401 - checked here
    """Append the text of ``value``, which may nest ``levels`` deep."""
    kind = type(value)
    if kind in scalars:
        append(scalars[kind](value))
    elif kind is not dict and kind is not list:
        msg = f"{kind.__name__} is not a type that may stand here"
        raise MalformedError(msg, limit=", ".join(scalar.__name__ for scalar in scalars))
    elif levels == 0:
        raise _too_deep(JSON_MAX_DEPTH)
    elif kind is dict:
        _write_object(value, append, levels - 1, scalars)
    else:
        _write_array(value, append, levels - 1, scalars)


# The two loops below are where the time goes: they write a scalar together with what leads up to it, and
# the commonest one without a look at the table.


def _write_object(members: dict[str, Any], append: _Append, levels: int, scalars: _Scalars) -> None:
    lead = "{"
    for name in _in_order(members):
        if type(name) is not str:  # a subclass may have changed the order
            raise _not_a_name()
        item = members[name]
        kind = type(item)
        if kind is str:
            append(f"{lead}{_quote(name)}:{_quote(item)}")
        elif kind in scalars:
            append(f"{lead}{_quote(name)}:{scalars[kind](item)}")
        else:
            append(f"{lead}{_quote(name)}:")
            _write(item, append, levels, scalars)
        lead = ","
    append("}" if members else "{}")


def _write_array(items: list[Any], append: _Append, levels: int, scalars: _Scalars) -> None:
    lead = "["
    for item in items:
        kind = type(item)
        if kind is str:
            append(lead + _quote(item))
        elif kind in scalars:
            append(lead + scalars[kind](item))
        else:
            append(lead)
            _write(item, append, levels, scalars)
        lead = ","
    append("]" if items else "[]")


def _in_order(members: dict[str, object]) -> list[str]:
    """The names by their UTF-16 code units (RFC 8785 section 3.2.3).

    Python orders strings by code point. The two orders differ only where a character beyond U+FFFF, in
    UTF-16 a pair that begins between U+D800 and U+DBFF, meets one between U+E000 and U+FFFF.
    """
    try:
        joined = "".join(members)
    except TypeError:
        raise _not_a_name() from None
    if joined.isascii() or len(_utf16(joined)) == 2 * len(joined):
        return sorted(members)
    return sorted(members, key=_utf16)


def _utf16(text: str) -> bytes:
    """The code units; halves of pairs pass here and are refused where all is encoded."""
    return text.encode("utf-16-be", "surrogatepass")


# --- reading ---------------------------------------------------------------------------------------

_LONGEST_INTEGER: Final = len(str(-JSON_MAX_INTEGER))
_FIRST_EXPONENT: Final = 1e21
"""RFC 8785 prints doubles without an exponent below this, which is the least number of 22 digits."""

_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def parse_strict(
    data: bytes, *, max_bytes: int = JSON_MAX_BYTES, max_depth: int = JSON_MAX_DEPTH
) -> JsonValue:
    """The value of a JSON text (RFC 8259) that has one reading.

    ``max_depth`` may lower the limit of nesting, not raise it: a value that ``canonicalize`` refuses is
    of no use. Raises ``TooLargeError`` beyond ``max_bytes`` or ``max_depth`` levels and ``MalformedError``
    for anything else that is wrong; white space is the only freedom of form beside escapes, member order
    and the spelling of floats.
    """
    text = _decode(data, max_bytes)
    _require_depth(data, min(max_depth, JSON_MAX_DEPTH))
    value = _parse(text, _DECODER)
    if "\\u" in text:  # only an escape brings half of a surrogate pair past the UTF-8 decoder
        _require_unicode(value)
    return value


def require_canonical(
    data: bytes, *, max_bytes: int = JSON_MAX_BYTES, max_depth: int = JSON_MAX_DEPTH
) -> JsonValue:
    """The value of ``data``, which must be the RFC 8785 encoding of it.

    Raises as ``parse_strict`` does, and ``NonCanonicalError`` for another encoding of a sound value.
    """
    value = parse_strict(data, max_bytes=max_bytes, max_depth=max_depth)
    if canonicalize(value) != data:
        raise _not_canonical()
    return value


def parse_signed(data: bytes, *, max_bytes: int = JSON_MAX_BYTES) -> dict[str, SignedValue]:
    """The object of the signed subset whose RFC 8785 encoding is ``data``.

    Raises as ``parse_strict`` does, ``MalformedError`` for a float, a null or anything but an object
    outermost, and ``NonCanonicalError`` for another encoding of a sound value.
    """
    text = _decode(data, max_bytes)
    _require_depth(data, JSON_MAX_DEPTH)
    quick = _parse_ascii(text)
    if quick is not None:
        return quick
    value = cast("dict[str, SignedValue]", _parse(text, _SIGNED_DECODER))
    if canonicalize_signed(value) != data:
        raise _not_canonical()
    return value


def _parse_ascii(text: str) -> dict[str, SignedValue] | None:
    """The value of a text that is canonical beyond doubt, else ``None``.

    Every block of every token comes through here, and nearly all are ASCII without the letters "null". Then
    one comparison in C proves all that the reader's hooks and the writer would check: a repeated member,
    for one, would be printed once.
    """
    if not text.isascii() or "null" in text:
        return None
    try:
        value, end = _scan_quickly(text, 0)
    except (StopIteration, ValueError, MalformedError):
        return None
    if end != len(text) or type(value) is not dict or _print(value) != text:
        return None
    return value


def _decode(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        msg = f"the JSON text is {len(data)} bytes, the limit is {max_bytes}"
        raise TooLargeError(msg, limit=max_bytes)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        msg = f"the JSON text is not UTF-8 at byte {error.start}"
        raise MalformedError(msg) from None


def _require_depth(data: bytes, max_depth: int) -> None:
    """Count brackets outside strings, faithfully as far as the text is JSON: no parser gets further."""
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return  # enough for nearly every text, even with the brackets in its strings
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(unescaped.split(b'"')[::2])
    depth = 0
    for bracket in outside_strings.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise _too_deep(max_depth)


def _parse(text: str, decoder: json.JSONDecoder) -> JsonValue:
    try:
        return cast("JsonValue", decoder.decode(text))
    except json.JSONDecodeError as error:
        msg = f"the text is not JSON at character {error.pos}: {error.msg}"
        raise MalformedError(msg) from None


def _read_object(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    value = dict(members)
    if len(value) != len(members):
        msg = "an object names a member twice"
        raise MalformedError(msg)
    return value


def _read_integer(literal: str) -> int:
    if len(literal) < _LONGEST_INTEGER - 1:  # one digit less than 2^53-1 has
        return int(literal)
    if len(literal) <= _LONGEST_INTEGER:
        number = int(literal)
        if -JSON_MAX_INTEGER <= number <= JSON_MAX_INTEGER:
            return number
    msg = f"an integer of {len(literal)} characters is beyond 2^53-1: send it as a string"
    raise MalformedError(msg, limit=JSON_MAX_INTEGER)


def _read_float(literal: str) -> float:
    number = float(literal)
    if not isfinite(number):
        msg = "a number is too large for a double"
        raise MalformedError(msg)
    if JSON_MAX_INTEGER < abs(number) < _FIRST_EXPONENT:  # every such double is whole
        msg = "a number is written canonically as an integer beyond 2^53-1: send it as a string"
        raise MalformedError(msg, limit=JSON_MAX_INTEGER)
    return number


def _refuse_number(literal: str) -> float:
    msg = f"{literal[:_LONGEST_INTEGER]} is not a number that may stand here"
    raise MalformedError(msg)


_Hook: TypeAlias = "Callable[[list[tuple[str, JsonValue]]], dict[str, JsonValue]] | None"


def _decoder(read_float: Callable[[str], float], read_object: _Hook) -> json.JSONDecoder:
    """The standard library's C scanner, with a hook at each place where it is lenient or may raise.

    By itself it keeps to the grammar of RFC 8259 and refuses control characters and trailing bytes.
    """
    return json.JSONDecoder(
        object_pairs_hook=read_object,
        parse_int=_read_integer,
        parse_float=read_float,
        parse_constant=_refuse_number,
    )


_DECODER: Final = _decoder(_read_float, _read_object)
_SIGNED_DECODER: Final = _decoder(_refuse_number, _read_object)
"""For the signed subset, but for null, which the scanner has no hook for."""

_scan_quickly: Final = _decoder(_refuse_number, None).scan_once  # type: ignore[attr-defined]
"""Of a repeated member it takes the last. ``StopIteration`` where there is no value."""


def _printer() -> Callable[[object], str]:
    """The standard library's C encoder, made once: ``JSONEncoder.encode`` makes one for each value."""
    if c_make_encoder is None:  # an interpreter without the C half of json
        settings = json.JSONEncoder(
            ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
        )
        return settings.encode
    encode = c_make_encoder(None, None, _quote, None, ":", ",", True, False, True)  # noqa: FBT003 - sorted, strict names
    return lambda value: "".join(encode(value, 0))


_print: Final = _printer()
"""RFC 8785 at the speed of C for values without floats whose names are ASCII; it checks nothing."""


def _require_unicode(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        msg = "an escape names half of a surrogate pair, which is not Unicode text"
        raise MalformedError(msg) from None


def _too_deep(max_depth: int) -> TooLargeError:
    return TooLargeError(f"the value nests deeper than {max_depth} levels", limit=max_depth)


def _not_a_name() -> MalformedError:
    return MalformedError("a member name is not a str")


def _not_canonical() -> NonCanonicalError:
    return NonCanonicalError("the bytes are not the RFC 8785 encoding of their value")
