"""base64url, base64 and base32: one text for each value, whatever the text."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.encoding import b32_encode, b64_decode, b64_encode, b64url_decode, b64url_encode
from delegate.errors import DelegateError, MalformedError


@pytest.mark.parametrize(
    ("data", "url", "standard", "thirty_two"),
    [
        # RFC 4648 section 10
        (b"", "", "", ""),
        (b"f", "Zg", "Zg==", "my"),
        (b"fo", "Zm8", "Zm8=", "mzxq"),
        (b"foo", "Zm9v", "Zm9v", "mzxw6"),
        (b"foob", "Zm9vYg", "Zm9vYg==", "mzxw6yq"),
        (b"fooba", "Zm9vYmE", "Zm9vYmE=", "mzxw6ytb"),
        (b"foobar", "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi"),
        # the two characters that differ between the alphabets
        (b"\xfb\xff\xfe", "-__-", "+//+", "7p774"),
    ],
)
def test_published_pairs(data: bytes, url: str, standard: str, thirty_two: str) -> None:
    assert (b64url_encode(data), b64_encode(data), b32_encode(data)) == (url, standard, thirty_two)
    assert b64url_decode(url) == b64_decode(standard) == data


def test_a_token_id_is_26_characters() -> None:
    assert b32_encode(bytes(16)) == "a" * 26


@pytest.mark.parametrize(
    "text",
    [
        "Zg==",  # padding
        "Zg=",
        "Zg===",
        "=Zg",
        "Z=g",
        "+//+",  # the other alphabet
        "-_/-",
        " Zg",  # white space
        "Zg ",
        "Z g",
        "Zg\n",
        "Zg\r\n",
        "\tZg",
        "Zh",  # spare bits that are set
        "Zm9",
        "Z",  # no value has this length
        "Zm9vY",
        "Zg!!",  # characters that lenient decoders skip
        "Zg\x00",
        "Z\u0261",  # not ASCII
        "\uff3a\uff47",
        "Zg\ud800",
        "Zg.Zg",
    ],
)
def test_d87_one_base64url_text_per_value(text: str) -> None:
    assert b64url_decode("Zg") == b"f"
    with pytest.raises(MalformedError) as refusal:
        b64url_decode(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "Zg",
        "Zg=",
        "Zg===",
        "Zg==\n",
        " Zg==",
        "Zg= =",
        "Zg==Zg==",
        "Zh==",
        "Zm9=",
        "-__-",
        "Z===",
        "====",
        "Zg==!",
        "\u0417g==",
        "Zg==\ud800",
    ],
)
def test_d87_one_base64_text_per_value(text: str) -> None:
    assert b64_decode("Zg==") == b"f"
    with pytest.raises(MalformedError) as refusal:
        b64_decode(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize(("encode", "decode"), [(b64url_encode, b64url_decode), (b64_encode, b64_decode)])
@pytest.mark.parametrize("size", [0, 1, 12, 16, 32, 64])
def test_a_stated_size_is_exact(
    encode: Callable[[bytes], str], decode: Callable[..., bytes], size: int
) -> None:
    assert decode(encode(bytes(size)), size=size) == bytes(size)
    for other in {max(size - 1, 0), size + 1} - {size}:
        with pytest.raises(MalformedError) as refusal:
            decode(encode(bytes(other)), size=size)
        assert refusal.value.limit == size
        assert f" of {size} bytes " in str(refusal.value)
    with pytest.raises(MalformedError) as refusal:
        decode("!")
    assert refusal.value.limit is None
    assert " bytes " not in str(refusal.value)


@given(st.binary(max_size=100))
def test_what_is_encoded_decodes(data: bytes) -> None:
    assert b64url_decode(b64url_encode(data)) == data
    assert b64_decode(b64_encode(data)) == data
    assert base64.b32decode(b32_encode(data).upper() + "=" * (-len(b32_encode(data)) % 8)) == data


@given(st.text() | st.text("ABab01-_+/= \n", max_size=12))
def test_what_decodes_is_the_one_text_of_its_value(text: str) -> None:
    """What parses re-encodes to the same bytes; any text gives a value or a DelegateError."""
    for decode, encode in ((b64url_decode, b64url_encode), (b64_decode, b64_encode)):
        try:
            data = decode(text)
        except DelegateError:
            continue
        assert encode(data) == text
