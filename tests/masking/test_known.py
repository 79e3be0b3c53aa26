"""Known values, in every form in which they may travel: each to the character, and none that is shorter."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from delegate.masking.known import KnownValues
from tests.masking.holder import Holder

SECRET = b'correct/horse+\xc3\xa9 "x"'
BINARY = bytes(range(3, 20)) + b"\xfb\xff\xfe\x00"


def found(text: str, *secrets: bytes) -> list[str]:
    holder = Holder(*secrets)
    known = KnownValues()
    hits = known.find(text)
    assert known.stand_in([text]) == bool(hits)
    assert all((hit.kind, hit.detector) == ("known_secret", "known-value") for hit in hits)
    del holder
    return [text[hit.start : hit.end] for hit in hits]


@pytest.mark.parametrize(
    "form",
    [
        SECRET.decode(),
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        json.dumps(SECRET.decode())[1:-1],
        SECRET.hex(),
        SECRET.hex().upper(),
    ],
)
def test_a_form_of_a_text_is_found_wherever_it_stands(form: str) -> None:
    for text in (form, f"see {form} there", f"{form} \u00e9 {form}"):
        assert found(text, SECRET) == [form] * text.count(form)


@pytest.mark.parametrize("form", [BINARY.hex(), BINARY.hex().upper()])
def test_what_cannot_be_printed_travels_encoded(form: str) -> None:
    assert found(f"see {form} there", BINARY) == [form]
    assert found(BINARY.decode("latin-1"), BINARY) == []


@pytest.mark.parametrize("secret", [SECRET, SECRET + b"y", SECRET + b"yz", BINARY, BINARY[:-1], BINARY[:-2]])
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("behind", [1, 2, 3])
def test_in_base64_what_holds_only_bits_of_the_secret_is_found(
    secret: bytes, before: int, behind: int
) -> None:
    """Those characters that stay the same whatever stands beside the secret."""
    one, other = (
        base64.b64encode(each * before + secret + each * behind).decode() for each in (b"\x00", b"\xff")
    )
    same = "".join(mine if mine == its else "*" for mine, its in zip(one, other, strict=True)).strip("=*")
    assert found(f"see {one} there", secret) == [same]
    url = same.translate(str.maketrans("+/", "-_"))
    assert found(f"see {one.translate(str.maketrans('+/', '-_'))} there", secret) == [url]


def test_how_short_a_known_value_may_be() -> None:
    assert found("see abcdefg8 there", b"abcdefg8") == ["abcdefg8"]
    assert found("see abcdefg there", b"abcdefg") == []


def test_what_is_not_held_any_more_is_not_known_any_more() -> None:
    known = KnownValues()
    assert not known.stand_in(["abcdefg8"])
    one, other = Holder(b"abcdefg8"), Holder(b"abcdefg9")
    assert known.stand_in(["abcdefg8"])
    del one
    assert not known.stand_in(["abcdefg8"])
    assert known.stand_in(["abcdefg9"])
    del other
    assert known.find("abcdefg8 abcdefg9") == []
