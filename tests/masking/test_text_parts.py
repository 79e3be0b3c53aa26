"""The parts of the scanner by themselves: folding, decoding, shapes of values, checks, known values."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.masking import checks, secret_shape
from delegate.masking import national_checks as national
from delegate.masking.decoding import decodings, unescaped
from delegate.masking.folding import fold
from delegate.masking.hits import Hit, resolve
from delegate.masking.known import KnownValues
from delegate.masking.secret_shape import is_placeholder, is_reference, looks_random, looks_secret
from delegate.masking.text import TextScanner
from tests.masking.holder import Holder

CANARY = "b7Kq29Zm" + "X4tLw8Rv"

# --- folding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("plain", "plain"),
        ("\uff41\uff20\uff42", "a@b"),
        ("\u0661\u0662\u0663", "123"),
        ("\U0001d7d2", "4"),
        ("1\u200b2\u00ad3\u034f4", "1234"),
        ("1\u20112\u20133", "1-2-3"),
        ("1\u00a02\u30003", "1 2 3"),
        ("p\u0430ss", "pass"),
        ("stra\u00dfe", "strasse"),
        ("\u00e9\u0301", "e"),
        ("\u3164x", "x"),
        ("\u4e2d\u6587", "\u4e2d\u6587"),
        ("\u2028", "\n"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text(max_size=40), st.data())
def test_the_way_back_covers_what_was_folded(text: str, data: st.DataObject) -> None:
    """Each place in the folded text stands for characters that fold to it."""
    made = fold(text)
    if made.text:
        start = data.draw(st.integers(0, len(made.text) - 1))
        end = data.draw(st.integers(start + 1, len(made.text)))
        begin, stop = made.span(start, end)
        assert 0 <= begin < stop <= len(text)
        assert made.text[start:end] in fold(text[begin:stop]).text
    assert ("\0" in text) == ("\0" in made.text)


# --- decoding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a%41%c3%a9b", "aA\u00e9b"),
        ("%ff", "\udcff"),
        (r"\u0041\x42\n\t\"\\", 'AB\n\t"\\'),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83dx", "\ud83dx"),
        (r"\u0041\u0042", "AB"),
        ("&#64;&#x41;&amp;&commat;", "@A&@"),
        ("%00&#0;", " \ufffd"),
    ],
)
def test_escapes(text: str, plain: str) -> None:
    ((start, made),) = unescaped(text)
    assert (start, made.text) == (0, plain)


def test_only_leaves_with_escapes_are_undone() -> None:
    assert [(start, made.text) for start, made in unescaped("ab\0c%41\0d\0%42")] == [(3, "cA"), (10, "B")]
    assert list(unescaped("a%zz\\")) == []


@given(st.text(alphabet="aZ9%\\u&#;4160", max_size=40), st.data())
def test_the_way_back_from_escapes(text: str, data: st.DataObject) -> None:
    for start, made in unescaped(text):
        if made.text:
            first = data.draw(st.integers(0, len(made.text) - 1))
            begin, end = made.span(first, first + 1)
            assert 0 <= start + begin < start + end <= len(text)


def said(text: str) -> list[str]:
    return [inner for _, _, inner in decodings(text, 0, len(text))]


def test_encodings_are_opened() -> None:
    message = "my name is nobody, said the wise man"
    octets = message.encode()
    assert said(base64.b64encode(octets).decode()) == [message]
    assert said(base64.urlsafe_b64encode(octets).decode().rstrip("=")) == [message]
    assert said(octets.hex()) == said("0x" + octets.hex()) == [message]
    assert said("x=" + base64.b64encode(b"fifteen letters").decode()) == ["fifteen letters"]
    assert said("x=" + base64.b64encode(octets * 20).decode()) == [message * 20]
    greetings = "many kind regards and k\u00fcsse \u4e2d\u6587" * 9
    assert said(base64.b64encode(greetings.encode()).decode()) == [greetings]


@pytest.mark.parametrize("octets", [bytes(range(64)), b"IQ" + b"\xff" * 40, b"\x89PNG" + bytes(40)])
def test_what_is_no_text_is_not(octets: bytes) -> None:
    assert said(base64.b64encode(octets).decode()) == []


def test_a_text_that_goes_on_as_something_else_is_read_as_far_as_it_goes() -> None:
    octets = b"the beginning is text, and then" + bytes(100)
    (start, end, inner) = next(decodings(text := base64.b64encode(octets).decode(), 0, len(text)))
    assert (start, inner) == (0, "the beginning is text, and then")
    assert 40 <= end <= 48


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_three_layers_are_looked_into(depth: int) -> None:
    """ "looked into to depth 3" """
    text = "ghp_" + CANARY + CANARY + "aB3d"
    for _ in range(depth):
        text = base64.b64encode(text.encode()).decode()
    assert TextScanner().scan(text)


def test_a_fourth_layer_is_not() -> None:
    text = "ghp_" + CANARY + CANARY + "aB3d"
    for _ in range(4):
        text = base64.b64encode(text.encode()).decode()
    assert TextScanner().scan(text) == []


def test_the_budget_bounds_what_is_opened() -> None:
    filler = base64.b64encode(b"harmless words, " * 70_000).decode()
    hidden = base64.b64encode(b"ghp_" + CANARY.encode() * 2 + b"aB3d").decode()
    assert TextScanner().scan(f"{hidden} {filler}")
    assert TextScanner().scan(f"{filler} {hidden}") == []
    assert TextScanner().scan(f"%41{'x' * 1_100_000}") == []


# --- shapes ----------------------------------------------------------------------------------------


SECRETS = """
    a7Q2xK9mB4tZ8wL3 8aop3510vrcmh6tj3 7a1c9e4b2d8f05e67a1c 3f2b8c1e-7a44-4d0b-9c61-5f0e2b7d9a10
    12345678901234 hunter2-xYz91 RdeidRutJuADoVDqPyuIodVhcFnZIq eqezrb277nsmnya5rodm bcdfghjklmnpq
"""
OTHERS = """
    short vulnerable_version_range SalesResults-1.2 DOC_Vector_5_32 application https://example.com/a1b2c3d4e5
    /usr/lib/python3.11/site-packages 2026-11-20T11:34:56Z v1.2.3-rc4 jane@example.com ************
    db-1.internal.example.com ${GITHUB_TOKEN} abcdefghijklmnop123456 1234567890 aaaaaaaaaaaa1
    ultraPictureBox1 user_2024 aB1-aB1-
"""


@pytest.mark.parametrize("value", SECRETS.split())
def test_secrets_look_like_secrets(value: str) -> None:
    assert looks_secret(value)


@pytest.mark.parametrize("value", [*OTHERS.split(), "", "correct horse", "a\nb3d4f5g6h7", "x" * 5000])
def test_other_things_do_not(value: str) -> None:
    assert not looks_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "***",
        "null",
        "${X}",
        "{{ x }}",
        "<password>",
        "%s",
        "$(cat x)",
        "your-key-here",
        "[REDACTED]",
        "xxxx",
        "11a1",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["{a7Q2xK9mB4tZ}", "hunter2", "1111"])
def test_values_are_no_placeholders(value: str) -> None:
    assert not is_placeholder(value)


WORDS = [word for word in secret_shape._PLACEHOLDER.pattern.replace("(?i:", "|").split("|") if word.isalpha()]


def test_no_word_that_stands_in_for_a_secret_is_longer_than_the_short_way_says() -> None:
    assert len(WORDS) > 30
    assert max(map(len, WORDS)) == secret_shape._LONGEST_WORD
    assert is_placeholder(max(WORDS, key=len))


@given(st.text("abcxX019_", min_size=1, max_size=24) | st.sampled_from(WORDS) | st.text(max_size=24))
def test_the_short_way_says_what_the_pattern_says(value: str) -> None:
    pattern = secret_shape._PLACEHOLDER.fullmatch(value) is not None and not secret_shape._braced(value)
    assert is_placeholder(value) == (pattern or secret_shape._one_character(value))


@given(st.text("0123456789", min_size=1, max_size=30))
def test_check_digits_are_summed_as_the_standard_says(number: str) -> None:
    """ISO/IEC 7812-1 annex B: every second digit from the last but one doubled, its digits added."""
    doubled = [int(digit) * 2 for digit in number[-2::-2]]
    total = sum(map(int, number[::-2])) + sum(value // 10 + value % 10 for value in doubled)
    assert checks.luhn(number) is (total % 10 == 0)


@pytest.mark.parametrize(
    "value", ["os.environ['X']", "get_token()", "self.password", "request.headers", "[x]", "new"]
)
def test_references(value: str) -> None:
    assert is_reference(value)


def test_digits_alone_are_not_random() -> None:
    assert not looks_random("123456789012345678")
    assert not looks_random("1-2-3-4-5-6-7")


# --- checks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "378282246310005", "2223003122003222"])
def test_cards(number: str) -> None:
    assert checks.card(number)
    assert not checks.card(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_accounts() -> None:
    assert checks.iban("GB82 WEST 1234 5698 7654 32")
    assert checks.iban("gb82west12345698765432")
    assert not checks.iban("GB82 WEST 1234 5698 7654 33")
    assert not checks.iban("GB82 wEST 1234 5698 7654 32")
    assert not checks.iban("ZZ82 WEST 1234 5698 7654 32")


def test_united_states() -> None:
    assert checks.ssn("123-45-6789")
    assert not any(
        map(checks.ssn, ("000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000"))
    )
    assert checks.itin("911-70-1234")
    assert not checks.itin("911-89-1234")
    assert checks.aba("021000021")
    assert not checks.aba("021000022")
    assert not checks.aba("991000021")


def test_national_checks_refuse_what_their_rows_do_not_show() -> None:
    assert not national.steuer_id("00 000 000 000")
    assert not national.steuer_id("12 345 678 903")
    assert national.nric("M1234567K")
    assert not national.nric("T1234567A")
    assert not national.cpf("111.111.111-11")
    assert not national.bsn("000000000")


# --- overlaps --------------------------------------------------------------------------------------


def test_overlaps_become_one_named_by_the_longest_then_the_most_specific() -> None:
    hits = [
        Hit(0, 10, "a", "a", 1),
        Hit(5, 20, "b", "b", 0),
        Hit(30, 34, "c", "c", 1),
        Hit(30, 34, "d", "d", 2),
    ]
    assert resolve(hits) == [Hit(0, 20, "b", "b", 0), Hit(30, 34, "d", "d", 2)]


def test_neighbours_do_not_overlap() -> None:
    hits = [Hit(0, 5, "a", "a", 1), Hit(5, 9, "b", "b", 1)]
    assert resolve(hits) == hits


# --- known values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret", [CANARY.encode(), b'two words "and" /slash', bytes(range(32)), "pässwörter".encode()]
)
def test_known_values_are_found_in_every_form(secret: bytes) -> None:
    """ "raw, base64 in three alignments, percent, JSON-escaped" """
    holder = Holder(secret)
    known = KnownValues()
    forms = [base64.b64encode(b"\xff" * offset + secret + b"yz").decode() for offset in range(3)]
    forms += [base64.urlsafe_b64encode(b"\xff" * offset + secret).decode() for offset in range(3)]
    forms += [secret.hex(), secret.hex().upper()]
    plain = secret.decode("utf-8", "surrogateescape")
    if plain.isprintable():
        forms += [
            plain,
            urllib.parse.quote(secret, safe=""),
            urllib.parse.quote_plus(secret),
            json.dumps(plain),
        ]
    for form in forms:
        assert list(known.find(f"see {form} there")), form
    assert not list(known.find("nothing"))
    del holder


def test_a_known_value_is_found_before_all_else_and_twice() -> None:
    holder = Holder(CANARY.encode())
    hits = TextScanner(known=KnownValues()).scan(f"{CANARY} and {CANARY}")
    assert [hit.kind for hit in hits] == ["known_secret", "known_secret"]
    del holder


def test_a_secret_is_forgotten_with_its_holder() -> None:
    known = KnownValues()
    holder = Holder(CANARY.encode())
    assert list(known.find(CANARY))
    del holder
    assert not list(known.find(CANARY))


def test_a_short_secret_is_not_looked_for() -> None:
    holder = Holder(b"short")
    assert not list(KnownValues().find("a short text"))
    del holder
