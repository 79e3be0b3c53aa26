"""Canonical JSON: RFC 8785 on the published vectors, and every input with two readings refused."""

from __future__ import annotations

import hashlib
import lzma
import math
import struct
import time
from collections import UserDict
from collections.abc import Callable
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, cast

import pytest

from delegate import canonical
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
from delegate.errors import BytesError, MalformedError, NonCanonicalError, TooLargeError
from delegate.limits import JSON_MAX_BYTES, JSON_MAX_DEPTH, JSON_MAX_INTEGER
from tests.conftest import VECTORS, needs_vectors

JCS = VECTORS / "signing" / "jcs"
PAIRS = ("arrays", "french", "structures", "unicode", "values", "weird")
BLOCK = b'{"aud":["https://api.example.com"],"dep":3,"n":"AAAAAAAAAAAAAAAA","sc":{"tools":[]},"v":1}'


class Tool(StrEnum):
    READ = "read"


class Level(IntEnum):
    LOW = 1


def es6_numbers() -> list[bytes]:
    """Lines of the published file: ``<bits of a double in hex>,<its text>``."""
    with lzma.open(JCS / "es6_first_100000.txt.xz") as lines:
        return lines.read().splitlines()


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


# --- published vectors -----------------------------------------------------------------------------


@needs_vectors
@pytest.mark.parametrize("name", PAIRS)
def test_jcs_pairs(name: str) -> None:
    expected = bytes.fromhex((JCS / "outhex" / f"{name}.txt").read_text())
    value = parse_strict((JCS / "input" / f"{name}.json").read_bytes())
    assert canonicalize(value) == expected
    assert require_canonical(expected) == value
    assert expected == (JCS / "output" / f"{name}.json").read_bytes().rstrip(b"\n")


@needs_vectors
def test_jcs_pairs_are_all_there() -> None:
    assert sorted(path.stem for path in Path(JCS / "input").iterdir()) == list(PAIRS)


@needs_vectors
def test_s175_es6_numbers() -> None:
    lines = es6_numbers()
    assert len(lines) == 100_000
    written = hashlib.sha256()
    for count, line in enumerate(lines, 1):
        bits, _, _ = line.partition(b",")
        (number,) = struct.unpack(">d", bytes.fromhex(bits.decode().rjust(16, "0")))
        text = format_number(number)
        written.update(b"%b,%b\n" % (bits, text.encode()))
        if count in {1_000, 10_000}:
            assert written.hexdigest().startswith({1_000: "be18b62b", 10_000: "b9f7a8e7"}[count])
    assert written.hexdigest() == "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"


@needs_vectors
def test_a6_every_es6_number_reads_back_or_is_beyond_2_53() -> None:
    """Design section 5, row A6: what is read is the same number and is written the same way."""
    for line in es6_numbers():
        text = line.partition(b",")[2]
        if JSON_MAX_INTEGER < abs(float(text)) < 1e21:
            refused(text)
            continue
        number = parse_strict(text)
        assert number == float(text)
        assert canonicalize(number) == text


# --- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (1e-4, "0.0001"),
        (9.5e-5, "0.000095"),
        (1e-6, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (9.99e-7, "9.99e-7"),
        (1e-10, "1e-10"),
        (9999999999999998.0, "9999999999999998"),
        (1e16, "10000000000000000"),
        (-1.2345e17, "-123450000000000000"),
        (88888888888888880.0, "88888888888888880"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers_at_the_borders_of_the_forms(number: float, text: str) -> None:
    assert format_number(number) == text
    assert canonicalize([number]) == f"[{text}]".encode()
    if JSON_MAX_INTEGER < abs(number) < 1e21:
        assert refused(text.encode()).limit == JSON_MAX_INTEGER
    else:
        assert require_canonical(text.encode()) == number


def test_escapes_are_the_fewest() -> None:
    named = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    for code in [*range(0x80), 0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x1F600]:
        expected = named.get(code, f"\\u{code:04x}" if code < 0x20 else chr(code))
        assert canonicalize(chr(code)) == f'"{expected}"'.encode()


def test_d86_members_stand_in_utf16_order() -> None:
    """U+1F600 is D83D DE00 in UTF-16, so it comes before U+FB33, though its code point is greater."""
    assert canonicalize({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()
    assert canonicalize({"a\ufb33": 1, "a\U0001f600": 2, "a": 3}) == (
        '{"a":3,"a\U0001f600":2,"a\ufb33":1}'.encode()
    )
    with pytest.raises(NonCanonicalError):
        require_canonical('{"\ufb33":1,"\U0001f600":2}'.encode())
    with pytest.raises(NonCanonicalError):
        parse_signed('{"\ufb33":1,"\U0001f600":2}'.encode())
    assert parse_signed('{"\U0001f600":2,"\ufb33":1}'.encode()) == {"\ufb33": 1, "\U0001f600": 2}


def test_each_type_is_written() -> None:
    value: JsonValue = {"b": [True, False, None, {}, [], "", 0, -7, 1.5], "a": {"": {"x": []}}}
    assert canonicalize(value) == b'{"a":{"":{"x":[]}},"b":[true,false,null,{},[],"",0,-7,1.5]}'
    assert [canonicalize(scalar) for scalar in ("x", 1, True, None)] == [b'"x"', b"1", b"true", b"null"]


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": x}, lambda x: [{"a": [0, x]}]])
@pytest.mark.parametrize(
    "refused",
    [
        math.nan,
        math.inf,
        -math.inf,
        JSON_MAX_INTEGER + 1,
        -JSON_MAX_INTEGER - 1,
        pytest.param(10**5000, id="5001-digits"),
        "\ud800",
        "x\udfff",
        (),
        {1},
        b"x",
        1j,
        object(),
        Tool.READ,
        Level.LOW,
        UserDict(),
        {1: "x"},
        {None: "x"},
        {1: "x", "a": "y"},
        {True: 1},
        {b"a": 1},
        {Tool.READ: 1},
        {"\ud83d": 1},
        {"\ud83d": 1, "\ufb33": 2},
    ],
)
def test_what_json_cannot_say_is_refused(wrap: Callable[[object], JsonValue], refused: object) -> None:
    assert canonicalize(wrap(JSON_MAX_INTEGER)) == canonicalize(wrap(float(JSON_MAX_INTEGER)))
    with pytest.raises(MalformedError):
        canonicalize(wrap(refused))


@pytest.mark.parametrize("number", [JSON_MAX_INTEGER, -JSON_MAX_INTEGER])
def test_the_greatest_and_the_least_integer_are_written(number: int) -> None:
    assert canonicalize(number) == str(number).encode()
    assert canonicalize_signed({"n": number}) == b'{"n":%d}' % number
    beyond = number + (1 if number > 0 else -1)
    with pytest.raises(MalformedError, match="an integer of 54 bits is beyond") as refusal:
        canonicalize(beyond)
    assert refusal.value.limit == JSON_MAX_INTEGER


def test_a_bool_is_not_an_integer() -> None:
    assert canonicalize({"a": True, "b": 1}) == b'{"a":true,"b":1}'


def test_nesting_is_bounded_when_written() -> None:
    assert canonicalize(nested(JSON_MAX_DEPTH)) == b"[" * JSON_MAX_DEPTH + b"]" * JSON_MAX_DEPTH
    with pytest.raises(TooLargeError) as refusal:
        canonicalize(nested(JSON_MAX_DEPTH + 1))
    assert refusal.value.limit == JSON_MAX_DEPTH
    with pytest.raises(TooLargeError):
        canonicalize({"a": nested(JSON_MAX_DEPTH)})


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value += [value, value]
    with pytest.raises(TooLargeError):
        canonicalize(value)


# --- reading ---------------------------------------------------------------------------------------


def refused(data: bytes) -> BytesError:
    """The one error that all three readers give; an object around it changes nothing."""
    for reader in (parse_strict, require_canonical, parse_signed):
        for text in (data, b'{"a":%b}' % data):
            with pytest.raises(BytesError) as refusal:
                reader(text)
            assert type(refusal.value) is MalformedError, (reader, text[:80])
    with pytest.raises(MalformedError) as last:
        parse_strict(data)
    return last.value


@pytest.mark.parametrize(
    "data",
    [
        b'{"amount":1,"amount":1000}',
        b'{"amount":1,"amount":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"sc":{"tools":["x"],"tools":[]}}',
        b'[[{"x":{"a":1,"b":2,"a":1}}]]',
        b'{"":1,"":2}',
        '{"\U0001f600":1,"\\ud83d\\ude00":2}'.encode(),
    ],
)
def test_d82_a3_s121_s122_duplicate_members(data: bytes) -> None:
    assert parse_strict(b'{"amount":1,"Amount":1000}') == {"amount": 1, "Amount": 1000}
    refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\ud800\\ud800"',
        b'"\\uD83Dx\\uDE00"',
        b'{"\\ud83d":1}',
        b"\xef\xbb\xbf1",
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-16-be"),
        "[]".encode("utf-32"),
        b'"\xc0\xaf"',  # overlong
        b'"\xe0\x80\xaf"',
        b'"\xc0\x80"',
        b'"\xed\xa0\xbd\xed\xb8\x80"',  # CESU-8
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xe2\x82"',
        b'"\xff"',
        b'"\x00"',
        b"[1]\x00",
        b"\x00[1]",
        b'"\x1f"',
        b'"\n"',
        b'"\t"',
    ],
)
def test_a7_s123_text_that_is_not_unicode_or_has_control_characters(data: bytes) -> None:
    assert parse_strict(b'"\\ud83d\\ude00"') == parse_strict('"\U0001f600"'.encode()) == "\U0001f600"
    assert parse_strict(b'"\\\\ud800\x7f"') == "\\ud800\x7f"
    refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"9007199254740993",
        b"-9007199254740993",
        b"90071992547409930",
        b"1" * 4301,
        b"-" + b"9" * 4301,
        b"9" * 309,
        b"88888888888888881",
        b"100000000000000000001",
        b"1000000000000000000000",  # RFC 8785 prints this double as 1e+21
    ],
)
def test_a5_integers_that_a_double_cannot_hold(data: bytes) -> None:
    assert parse_strict(b"9007199254740991") == JSON_MAX_INTEGER
    assert parse_strict(b"-9007199254740991") == -JSON_MAX_INTEGER
    error = refused(data)
    assert error.limit == JSON_MAX_INTEGER


@pytest.mark.parametrize(
    "data", [b"88888888888888880", b"88888888888888880.0", b"9007199254740992", b"1e20", b"-1e20", b"9.1e15"]
)
def test_a6_what_could_not_be_read_again_is_not_read(data: bytes) -> None:
    assert refused(data).limit == JSON_MAX_INTEGER
    assert canonicalize(float(data)) == format_number(float(data)).encode()
    assert parse_strict(b"9.0e15") == 9e15
    assert parse_strict(b"9007199254740991.0") == JSON_MAX_INTEGER
    assert parse_strict(b"1e21") == 1e21


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"nan",
        b"1E400",
        b"-1e309",
        b"1e" + b"9" * 1_000_000,
        b"9" * 400 + b".0",
        b"0x10",
        b"1_000",
        b"01",
        b"-01",
        b"+1",
        b".5",
        b"1.",
        b"1e",
        b"-",
        b"1e+",
        "\u0661\u0662".encode(),
        "1\u0662".encode(),
        "1.\u0662".encode(),
        "\uff11".encode(),
        "1e\uff11".encode(),
        "\u00b2".encode(),
    ],
    ids=lambda data: ascii(data[:12]),
)
def test_j9_s123_number_texts(data: bytes) -> None:
    assert parse_strict(b"1e308") == 1e308
    refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[",
        b"]",
        b"}",
        b'"',
        b'"\\',
        b'"\\"',
        b'"\\x"',
        b'"\\u12"',
        b'"\\u+123"',
        b'"\\u 123"',
        b"[1,]",
        b"[,1]",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"{a:1}",
        b"{1:1}",
        b"{'a':1}",
        b"[1}",
        b"[1] x",
        b"[1][1]",
        b"1 2",
        b"tru",
        b"True",
        b"nullx",
        b"// x\n1",
        b"[1]/**/",
        b"\xa0",
        "\u00a01".encode(),
        "\u20281".encode(),
        b"\x0c1",
        b"\x0b1",
    ],
)
def test_what_is_not_json(data: bytes) -> None:
    assert parse_strict(b' \t\r\n{ "a" : [ 1 , true ] } \n') == {"a": [1, True]}
    refused(data)


def test_numbers_keep_their_kind() -> None:
    assert [(type(n), n) for n in map(parse_strict, (b"1", b"1.0", b"-0", b"1e2", b"1e-400"))] == [
        (int, 1),
        (float, 1.0),
        (int, 0),
        (float, 100.0),
        (float, 0.0),
    ]
    assert canonicalize(parse_strict(b"[-0,-0.0]")) == b"[0,0]"


@pytest.mark.parametrize("depth", [JSON_MAX_DEPTH + 1, 994, 10_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'["\\"[",', b"]")])
def test_j1_d89_deep_nesting(depth: int, opening: bytes, closing: bytes) -> None:
    fits = opening * JSON_MAX_DEPTH + b"1" + closing * JSON_MAX_DEPTH
    assert canonicalize(parse_strict(fits)) == fits
    for data in (opening * depth, opening * depth + b"1" + closing * depth):
        start = time.perf_counter()
        with pytest.raises(TooLargeError) as refusal:
            parse_strict(data)
        assert time.perf_counter() - start < 0.5
        assert refusal.value.limit == JSON_MAX_DEPTH


def test_brackets_in_strings_do_not_nest() -> None:
    for text in (
        b'"' + b"[" * 100 + b'"',
        b'["\\"' + b"[{" * 100 + b'\\\\"]',
        b'{"' + b"[" * 100 + b'":"]"}',
    ):
        assert canonicalize(parse_strict(text)) == text
    wide = b"[" + b'[{"\\\\":"["}],' * 100 + b"1]"
    assert require_canonical(wide) == [*([[{"\\": "["}]] * 100), 1]


@pytest.mark.parametrize("sibling", [b"[],", b'{"a":1},', b"[[{}]],"])
def test_depth_is_that_of_each_member_not_of_what_was_closed_before(sibling: bytes) -> None:
    for depth, too_deep in ((JSON_MAX_DEPTH - 1, False), (JSON_MAX_DEPTH, True)):
        text = b"[" + sibling * 100 + b"[" * depth + b"]" * depth + b"]"
        if not too_deep:
            assert canonicalize(parse_strict(text)) == text
            continue
        with pytest.raises(TooLargeError) as refusal:
            parse_strict(text)
        assert refusal.value.limit == JSON_MAX_DEPTH


def test_depth_is_counted_past_escaped_quotes() -> None:
    with pytest.raises(TooLargeError):
        parse_strict(b'["\\\\",["\\"",' + b"[" * JSON_MAX_DEPTH)


def test_the_limits_are_arguments() -> None:
    assert parse_strict(b"[[1]]", max_bytes=5, max_depth=2) == [[1]]
    with pytest.raises(TooLargeError) as refusal:
        parse_strict(b"[[1]]", max_bytes=4)
    assert refusal.value.limit == 4
    with pytest.raises(TooLargeError) as refusal:
        require_canonical(b"[[1]]", max_depth=1)
    assert refusal.value.limit == 1
    with pytest.raises(TooLargeError) as refusal:
        parse_strict(b"[" * 100_000, max_depth=1_000_000)
    assert refusal.value.limit == JSON_MAX_DEPTH
    with pytest.raises(TooLargeError):
        parse_signed(b'{"a":1}', max_bytes=6)
    with pytest.raises(TooLargeError) as refusal:
        parse_strict(b"1" * (JSON_MAX_BYTES + 1))
    assert refusal.value.limit == JSON_MAX_BYTES


# --- one encoding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b'{"v": 1}',
        b' {"v":1}',
        b'{"v":1}\n',
        b'{"v":1,"a":1}',
        b'{"v":"\\u0061"}',
        b'{"v":"\\/"}',
        b'{"v":"\\u00e9"}',
        b'{"v":"\\u001F"}',
        b'{"v":"\\u000a"}',
        b'{"v":"\\ud83d\\ude00"}',
        b'{"v":-0}',
        b'{"v":[1, 2]}',
        '{"v":"\u00e9" }'.encode(),
        b'{"v":"null" }',
    ],
)
def test_d85_another_encoding_of_the_same_value(data: bytes) -> None:
    assert parse_signed(BLOCK) == require_canonical(BLOCK) == parse_strict(BLOCK)
    canonical = canonicalize(parse_strict(data))
    assert require_canonical(canonical) == parse_signed(canonical) == parse_strict(data)
    for reader in (require_canonical, parse_signed):
        with pytest.raises(NonCanonicalError):
            reader(data)


@pytest.mark.parametrize("data", [b"1.0", b"1E2", b"1e2", b"1e-07", b"-0.0", b"0.01e1", b"1e+015", b"1.10"])
def test_d85_another_spelling_of_a_float(data: bytes) -> None:
    assert require_canonical(canonicalize(parse_strict(data))) == float(data)
    with pytest.raises(NonCanonicalError):
        require_canonical(data)


# --- the signed subset -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [{"a": None}, {"a": 1.5}, {"a": [{"b": None}]}, {"a": 1e-20}, {"a": ["null", None]}, {"a": 1e300}],
)
def test_a_signed_object_holds_no_float_and_no_null(value: dict[str, Any]) -> None:
    good = b'{"a":"null","b":[true,{"c":-1}]}'
    assert canonicalize_signed(parse_signed(good)) == good
    with pytest.raises(MalformedError):
        canonicalize_signed(value)
    with pytest.raises(MalformedError):
        parse_signed(canonicalize(value))
    assert require_canonical(canonicalize(value)) == value


@pytest.mark.parametrize("value", [[], "a", 1, True, None, 1.5, [{"a": 1}]])
def test_what_is_signed_is_an_object(value: JsonValue) -> None:
    assert parse_signed(b"{}") == {}
    assert canonicalize_signed({}) == b"{}"
    with pytest.raises(MalformedError):
        canonicalize_signed(cast("dict[str, SignedValue]", value))
    with pytest.raises(MalformedError):
        parse_signed(canonicalize(value))


def test_a_signed_object_is_bounded_too() -> None:
    with pytest.raises(TooLargeError):
        canonicalize_signed({"a": nested(JSON_MAX_DEPTH)})
    with pytest.raises(TooLargeError):
        parse_signed(b'{"a":' + b"[" * JSON_MAX_DEPTH + b"]" * JSON_MAX_DEPTH + b"}")
    with pytest.raises(MalformedError):
        canonicalize_signed({"a": JSON_MAX_INTEGER + 1})


def test_the_printer_writes_alike_without_the_c_half_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    value: JsonValue = {"b": [1, {"z": "\u00e9\x7f", "a": True}], "a": {"sub": 'x\\"', "n": -5}, "c": []}
    monkeypatch.setattr(canonical, "c_make_encoder", None)
    without = canonical._printer()
    assert without(value) == canonical._print(value) == canonicalize(value).decode()
