"""Leaves: which values say something, in which words, and the way back from these."""

from __future__ import annotations

import decimal
import enum
import math
import pathlib
import uuid
from typing import Any

import pydantic
import pytest

from delegate.masking.leaves import LARGE, digits, is_inert, text_of
from tests.masking.samples import PASSWORD, Number, Text
from tests.masking.test_values import ArrayBelow, BytesBelow, FloatBelow, ListBelow

TOO_LONG = 10**40


class Size(enum.Enum):
    SMALL = 3
    LARGE = 10**15
    WORD = "a word"
    MANY = (1, 2)


class Slotted(str):
    __slots__ = ()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("of", [int, float])
def test_a_number_says_something_from_twelve_digits_on(of: Any, sign: int) -> None:
    assert is_inert(of(sign * (LARGE - 1)))
    assert not is_inert(of(sign * LARGE))


def test_a_number_of_more_digits_than_any_account_says_nothing() -> None:
    assert LARGE == 100_000_000_000
    for sign in (1, -1):
        assert not is_inert(sign * (TOO_LONG - 1))
        assert is_inert(sign * TOO_LONG)
    for number in (math.nan, math.inf, -math.inf):
        assert is_inert(number)


@pytest.mark.parametrize("value", [True, None, ..., 3 + 4j, uuid.UUID(int=7)], ids=str)
def test_what_says_nothing_by_itself(value: object) -> None:
    assert is_inert(value)
    assert not is_inert(str(value))
    assert not is_inert([value])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "7"),
        (TOO_LONG - 1, "9" * 40),
        (1 - TOO_LONG, "-" + "9" * 40),
        (TOO_LONG, hex(TOO_LONG)),
        (-TOO_LONG, hex(-TOO_LONG)),
        (4e15, "4000000000000000"),
        (1.5, "1.5"),
        (math.inf, "inf"),
        (decimal.Decimal("1.50"), "1.50"),
    ],
    ids=lambda each: str(each)[:12],
)
def test_digits(number: object, text: str) -> None:
    assert digits(number) == text


@pytest.mark.parametrize(
    ("value", "unnamed", "named"),
    [
        ("words", "words", "words"),
        (b"\xff", "\udcff", "\udcff"),
        (7, "", "7"),
        (1.5, "", "1.5"),
        (LARGE, str(LARGE), str(LARGE)),
        (decimal.Decimal(7), "7", "7"),
        (uuid.UUID(int=7), "", str(uuid.UUID(int=7))),
        (True, "", ""),
        (None, "", ""),
        (..., "", ""),
        (NotImplemented, "", ""),
        (pathlib.PurePosixPath("/a"), "/a", "/a"),
        (Size.SMALL, "", "3"),
        (Size.LARGE, str(10**15), str(10**15)),
        (Size.WORD, "a word", "a word"),
        (Text("words"), "words", "words"),
        (BytesBelow(b"x"), "x", "x"),
        (ArrayBelow(b"x"), "x", "x"),
        (Number(7), "", "7"),
        (Number(LARGE), str(LARGE), str(LARGE)),
        (FloatBelow(1.5), "", "1.5"),
    ],
    ids=repr,
)
def test_what_a_value_says_alone_and_under_a_telling_name(value: object, unnamed: str, named: str) -> None:
    alone, under = text_of(value), text_of(value, named=True)
    assert alone is not None
    assert under is not None
    assert (alone.text, under.text) == (unnamed, named)
    assert {alone.secret, alone.foreign, under.secret, under.foreign} == {False}


@pytest.mark.parametrize("value", [[], {}, object(), ListBelow(), Size.MANY], ids=type)
def test_what_is_no_scalar(value: object) -> None:
    assert text_of(value) is None
    assert text_of(value, named=True) is None


@pytest.mark.parametrize(
    "value",
    [
        *("words", b"words", bytearray(b"words"), pathlib.PurePosixPath("words")),
        *(Text("words"), BytesBelow(b"words"), ArrayBelow(b"words")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_way_back_keeps_the_type(value: Any) -> None:
    text = text_of(value)
    assert text is not None
    assert text.text == "words"
    back = text.back("other \udcff")
    assert type(back) is type(value)
    again = text_of(back)
    assert again is not None
    assert again.text == "other \udcff"


@pytest.mark.parametrize("value", [7, Size.WORD, uuid.UUID(int=7), Number(7)], ids=repr)
def test_what_cannot_hold_a_marker_becomes_a_text(value: object) -> None:
    text = text_of(value, named=True)
    assert text is not None
    assert text.back("[MASKED:x]") == "[MASKED:x]"
    assert type(text.back("[MASKED:x]")) is str


def test_attributes_on_a_text_make_it_a_stranger() -> None:
    tagged: Any = type("Tagged", (str,), {})("words")
    for each in (Slotted("words"), tagged):
        clean = text_of(each)
        assert clean is not None
        assert not clean.foreign
    tagged.note = "x"
    found = text_of(tagged)
    assert found is not None
    assert found.foreign


def test_what_its_type_calls_a_secret_is_one() -> None:
    for value in (pydantic.SecretStr(PASSWORD), pydantic.SecretBytes(PASSWORD.encode()), pydantic.Secret(7)):
        text = text_of(value)
        assert text is not None
        assert text.secret
        assert text.text in {PASSWORD, "7"}
    assert text_of(pydantic.Secret([PASSWORD])) is None
