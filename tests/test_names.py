"""Names have one form, and it is ASCII; free text has no hidden characters (design section 5)."""

from __future__ import annotations

import unicodedata
from ipaddress import IPv6Address
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import DelegateError, MalformedError, TooLargeError
from delegate.names import (
    is_origin,
    require_audience,
    require_label,
    require_message_audience,
    require_name,
    require_nfc,
    require_origin,
    require_text,
)

CHECKS = (
    require_name,
    require_label,
    require_text,
    require_origin,
    require_message_audience,
    require_audience,
)


@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.lists(st.text())))
def test_any_value_is_returned_or_refused_with_a_documented_error(value: object) -> None:
    for check in CHECKS:
        try:
            outcome: object = check(value, "x")
        except DelegateError as error:
            outcome = value if error.field == "x" else f"no field in {error!r}"
        assert outcome == value


@pytest.mark.parametrize("name", ["a", "A9", "worker-agent", "user:alice@example.com", "a/b+c_d", "x" * 128])
def test_names(name: str) -> None:
    assert require_name(name, "sub") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "x" * 129,
        "admin ",
        " admin",
        "\u0430dmin",  # Cyrillic a
        "ad\u200dmin",  # zero-width joiner
        "\uff41dmin",  # full width
        "admin\n",
        "e\u0301",
        "a\x00",
        "a%2f",
    ],
)
def test_a8_d76_names_outside_the_grammar_are_refused_not_folded(name: str) -> None:
    with pytest.raises(MalformedError) as refusal:
        require_name(name, "sub")
    assert refusal.value.field == "sub"


def test_a8_names_that_differ_only_in_case_stay_different() -> None:
    assert require_name("Admin", "sub") != require_name("admin", "sub")


@pytest.mark.parametrize("label", ["a", "financial", "a.b_c-d", "x" * 64])
def test_labels(label: str) -> None:
    assert require_label(label, "operations") == label


@pytest.mark.parametrize("label", ["", "A", "9a", "x" * 65, "a b", "a/b", "é"])
def test_labels_outside_the_grammar_are_refused(label: str) -> None:
    with pytest.raises(MalformedError):
        require_label(label, "operations")


@pytest.mark.parametrize("text", ["x", "é", "日本", "a b", "x" * 256, "é" * 128, "\U0001f600"])
def test_text(text: str) -> None:
    assert require_text(text, "why") == text


HIDDEN = "\x00 \n \t \x7f \x85 \u00ad \u200b \u200d \u200e \u2028 \u202e \u2066 \u2060 \ufeff \ufffe"
HIDDEN += " \ud800 \udfff \ufdd0 \U0001fffe \U0010ffff \U000e0041 \U000e0100 \u3164"


@pytest.mark.parametrize("character", HIDDEN.split(" "))
def test_d69_hidden_characters_are_refused(character: str) -> None:
    with pytest.raises(MalformedError):
        require_text(f"a{character}b", "why")


def test_text_is_bounded_in_bytes_not_characters() -> None:
    with pytest.raises(TooLargeError) as refusal:
        require_text("é" * 129, "why")
    assert refusal.value.limit == 256


def test_d70_text_is_compared_by_code_point_and_nfc_is_asked_at_mint_only() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert require_text(decomposed, "why") != require_text(composed, "why")
    assert require_nfc(composed, "why") == composed
    with pytest.raises(MalformedError):
        require_nfc(decomposed, "why")
    assert unicodedata.normalize("NFC", decomposed) == composed


@pytest.mark.parametrize(
    "origin",
    [
        "https://api.example.com",
        "https://a",
        "https://a:8443",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:9",
        "https://[2001:db8::1]",
        "https://xn--bcher-kva.example",
    ],
)
def test_origins(origin: str) -> None:
    assert require_origin(origin, "aud") == origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://API.example.com",
        "https://api.example.com/",
        "https://api.example.com:443",
        "http://localhost:80",
        "https://a:0",
        "https://a:65536",
        "https://a:080",
        "http://api.example.com",
        "http://127.0.0.1.evil.example",
        "https://user@a",
        "https://a.example.",
        "https://a..b",
        "https://-a",
        "https://a?b",
        "ftp://a",
        "https://",
        "https://bücher.example",
        "https://a.example.evil/..",
        "https://[::::]",
        "https://[2001:db8:0::1]",
        "https://[2001:DB8::1]",
        "https://[::ffff:127.0.0.1%1]",
    ],
)
def test_a16_origins_have_one_form(origin: str) -> None:
    with pytest.raises(MalformedError):
        require_origin(origin, "aud")


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("::", "::"),
        ("::ffff:1.2.3.4", "::ffff:102:304"),
        ("0:0:1::", "0:0:1::"),
        ("1:0:0:2:0:0:3:4", "1::2:0:0:3:4"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("10:0:0:a0:0:0:0:1", "10:0:0:a0::1"),
    ],
)
def test_a16_an_ipv6_address_has_one_text_in_every_python(address: str, text: str) -> None:
    """Python 3.13 began to write an address that holds one of IPv4 with dots; origins do not follow."""
    assert require_origin(f"https://[{text}]", "aud") == f"https://[{text}]"
    for other in {address, text.upper(), text.replace("::", ":0:0:", 1)} - {text}:
        with pytest.raises(MalformedError):
            require_origin(f"https://[{other}]", "aud")


def test_the_short_form_of_ipv6_is_that_of_the_standard_library() -> None:
    random = Random(5952)
    for _ in range(2000):
        groups = [random.choice([0, 0, 0, 1, 0x10, 0xA0, 0xFFFF]) for _ in range(8)]
        if groups[:5] == [0] * 5:
            continue  # an address of IPv4 inside: there the versions of Python differ
        text = str(IPv6Address(b"".join(group.to_bytes(2, "big") for group in groups)))
        assert require_origin(f"https://[{text}]", "aud") == f"https://[{text}]"
        written_out = ":".join(f"{group:x}" for group in groups)
        if written_out != text:
            with pytest.raises(MalformedError):
                require_origin(f"https://[{written_out}]", "aud")


AUDIENCES = ["mcp:workspace", "urn:example:orders", "amqp:orders/v1", "a:b", "m+q-1:X", "x:" + "y" * 126]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_audiences_of_messages(audience: str) -> None:
    assert require_message_audience(audience, "aud") == require_audience(audience, "aud") == audience
    assert not is_origin(audience)
    with pytest.raises(MalformedError):
        require_origin(audience, "aud")


@pytest.mark.parametrize(
    "audience",
    [
        "",
        ":",
        "workspace",
        "mcp:",
        ":workspace",
        "MCP:workspace",
        "mcp:9",
        "mcp://workspace",
        "localhost:8000",
        "api.example.com:x",
        "http:workspace",
        "https:workspace",
        "mcp:work space",
        "mcp:workspace\n",
        "mcp:\u00e9",
        "mcp:a?b",
        "mcp:a#b",
        "mcp:a%20b",
        "x:" + "y" * 127,
    ],
)
def test_what_is_no_audience_of_messages_is_refused(audience: str) -> None:
    for check in (require_message_audience, require_audience):
        with pytest.raises(MalformedError):
            check(audience, "aud")


@given(st.text(st.sampled_from("htps:/mc.a-+1"), max_size=14))
def test_no_text_is_both_an_origin_and_an_audience_of_messages(text: str) -> None:
    kinds = []
    for check in (require_origin, require_message_audience):
        try:
            kinds.append(check(text, "aud"))
        except MalformedError:
            continue
    assert len(kinds) <= 1
    if kinds:
        assert require_audience(text, "aud") == text
