"""Sentences of design section 5 about canonical bytes, with the `rfc8785` package as oracle."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import rfc8785
from hypothesis import assume, example, given
from hypothesis import strategies as st

from delegate.canonical import (
    JsonValue,
    SignedValue,
    canonicalize,
    canonicalize_signed,
    format_number,
    parse_signed,
    parse_strict,
    require_canonical,
)
from delegate.errors import BytesError, DelegateError, MalformedError, NonCanonicalError, TooLargeError
from delegate.limits import JSON_MAX_INTEGER

INTEGERS = st.integers(-JSON_MAX_INTEGER, JSON_MAX_INTEGER)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
READABLE = FLOATS.filter(lambda number: not JSON_MAX_INTEGER < abs(number) < 1e21)
"""Doubles that RFC 8785 does not print as an integer beyond 2^53-1."""
WIDE = st.text(st.sampled_from("a\ue000\ufb33\uffff\U00010000\U0001f600"), max_size=3)
TEXTS = st.text(max_size=8) | WIDE


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=15,
    )


VALUES = trees(st.none() | st.booleans() | INTEGERS | READABLE | TEXTS)
ALL_VALUES = trees(st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS)
SIGNED = st.dictionaries(TEXTS, trees(st.booleans() | INTEGERS | TEXTS), max_size=4)
ANYTHING = trees(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=4)
    | st.binary(max_size=2)
    | st.tuples(st.integers())
    | st.dictionaries(st.integers() | st.none() | st.text(st.characters(), max_size=2), st.none(), max_size=2)
)
JSON_LIKE = st.lists(
    st.sampled_from(
        [
            *'[]{},:"\\ \ufeff\x00e.0',
            '"a"',
            '"\\u0061"',
            "\\ud83d",
            "null",
            "true",
            "-0",
            "1.0",
            "1e400",
            "NaN",
            "88888888888888880",
        ]
    ),
    max_size=12,
).map("".join)


@given(ALL_VALUES)
@example(88888888888888880.0)
@example({"\ufb33": 1, "\U0001f600": 2})
def test_canonicalize_is_rfc_8785_in_full(value: JsonValue) -> None:
    """RFC 8785 in full: UTF-16 key order, ECMAScript numbers, minimal escapes."""
    assert canonicalize(value) == rfc8785.dumps(value)


@given(VALUES)
@example(-0.0)
def test_a6_what_can_be_read_reads_back(value: JsonValue) -> None:
    """``canonicalize(parse_strict(canonicalize(x))) == canonicalize(x)``."""
    data = canonicalize(value)
    assert parse_strict(data) == value
    assert canonicalize(parse_strict(data)) == data
    assert require_canonical(data) == value


@given(FLOATS)
def test_numbers_are_read_by_every_reader_as_they_were(number: float) -> None:
    assert float(format_number(number)) == number


@given(READABLE)
def test_numbers_are_read_as_they_were_written(number: float) -> None:
    assert parse_strict(format_number(number).encode()) == number


@given(SIGNED)
def test_the_signed_subset_is_a_part_of_rfc_8785(value: dict[str, Any]) -> None:
    """Signed objects of our own use the signed subset: objects, arrays, strings, integers, booleans."""
    data = canonicalize_signed(value)
    assert data == canonicalize(value)
    assert parse_signed(data) == value


@given(VALUES)
def test_the_signed_subset_is_closed(value: JsonValue) -> None:
    """No floats, no null: read and written, the same values are refused."""
    data = canonicalize(value)
    try:
        signed = parse_signed(data)
    except MalformedError:
        with pytest.raises(MalformedError):
            canonicalize_signed(cast("dict[str, SignedValue]", value))
    else:
        assert canonicalize_signed(signed) == data


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_every_other_encoding_is_refused(value: JsonValue, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001
    """``require_canonical`` refuses bytes that are not already canonical."""
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assume(data != canonicalize(value))
    with pytest.raises((NonCanonicalError, MalformedError)):
        require_canonical(data)


@given(ANYTHING)
def test_s175_any_object_is_written_as_the_oracle_does_or_refused(value: JsonValue) -> None:
    try:
        data = canonicalize(value)
    except (MalformedError, TooLargeError):
        return
    assert data == rfc8785.dumps(value)
    try:
        assert parse_strict(data) == value
    except MalformedError as error:
        assert error.limit == JSON_MAX_INTEGER  # noqa: PT017 - the other outcome is as good


@given(st.binary() | JSON_LIKE.map(str.encode) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_a_value_or_a_documented_error(data: bytes) -> None:
    """A strict parser: raises only ``MalformedError`` and ``TooLargeError``; a value has one encoding."""
    try:
        value = parse_strict(data)
    except (MalformedError, TooLargeError):
        for reader in (require_canonical, parse_signed):
            with pytest.raises((MalformedError, TooLargeError)):
                reader(data)
        return
    canonical = canonicalize(value)
    assert parse_strict(canonical) == value == json.loads(data, parse_int=float)
    if data == canonical:
        assert require_canonical(data) == value
        return
    for reader, errors in ((require_canonical, NonCanonicalError), (parse_signed, BytesError)):
        with pytest.raises(errors):
            reader(data)


@given(SIGNED, st.data())
def test_no_changed_byte_keeps_the_value(value: dict[str, Any], draw: st.DataObject) -> None:
    """One value has one encoding: a changed encoding is refused or is another value."""
    data = bytearray(canonicalize_signed(value))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    try:
        changed = parse_signed(bytes(data))
    except DelegateError:
        return
    assert canonicalize_signed(changed) == data != canonicalize_signed(value)
