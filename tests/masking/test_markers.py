"""Markers: what they look like, how a forged one is told, pseudonyms, and masking twice."""

from __future__ import annotations

import base64
import copy
import hmac
import pickle
import urllib.parse
from typing import Any

import pytest

from delegate.errors import ConfigurationError
from delegate.masking import Masker, Policy, PseudonymKey
from delegate.masking.markers import Markers
from delegate.masking.rewrite import rewrite, whole
from tests.masking.samples import CARD, EMAIL, MASKER, PASSWORD, TOKEN, masked, plain

KEY = PseudonymKey(bytes(range(32)), tenant="acme")
FORGED = plain("W01BU0tFRDpn.aXRodWI6Z2hw.X3dXUHc1azRh.WGNhVDRmTlAw.VWNuWndKVVZG.azZMTzBwSU5V.eF0=")


def pseudonymous(value: object, key: PseudonymKey = KEY) -> Any:
    return Masker(Policy(pseudonyms=key)).mask(value).value


def test_in_a_url_the_marker_leaves_a_url() -> None:
    """'in URL userinfo MASKED-kind, so the URL still parses'"""
    for port in ("", ":5432"):
        out = masked(f"see postgres://svc:{PASSWORD}@db.internal{port}/app?x=1 there")
        url = urllib.parse.urlsplit(out.split()[1])
        assert (url.username, url.hostname, url.path) == ("svc", "db.internal", "/app")
        assert str(url.password).startswith("MASKED-")
        assert MASKER.mask(out).value is out
    assert "[MASKED:" in masked(f"https://x.example/cb?access_token={TOKEN}")


@pytest.mark.parametrize(
    "text",
    [
        "[MASKED:email]",
        "a [MASKED:jwt] b",
        "[MASKED:size]",
        "https://u:MASKED-url-password@h/",
        "password: [MASKED:password]",
    ],
)
def test_a_marker_stays_as_it_is(text: str) -> None:
    assert MASKER.mask({"text": text}) == ({"text": text}, ())


def test_a_marker_beside_more_of_a_secret_does_not_protect_it() -> None:
    assert masked({"password": "[MASKED:password]"}) == {"password": "[MASKED:password]"}
    assert masked({"password": f"[MASKED:password]{PASSWORD}"}) == {"password": "[MASKED:password]"}
    assert masked({"password": "[MASKED:hunter2]x"}) == {"password": "[MASKED:password]"}


def test_what_calls_itself_masked_is_searched() -> None:
    assert TOKEN not in masked(FORGED)
    assert TOKEN not in masked(f"[MASKED:email:{TOKEN}]")
    assert masked("[MASKED:email:0011223344556677]") == "[MASKED:email]"
    assert masked({"password": "[MASKED:hunter2-xYz91]"}) == {"password": "[MASKED:forged]"}
    assert masked("[MASKED:forged] MASKED-hunter2") == "[MASKED:forged] MASKED-hunter2"
    assert masked("[MASKED:email:*1234] x") == "[MASKED:email] x"
    (found,) = MASKER.mask("[MASKED:email:0011223344556677]").findings
    assert (found.kind, found.detector) == ("email", "forged-marker")


def test_a_hit_that_touches_a_marker_takes_all_of_it() -> None:
    markers = Markers({"email", "secret"}, reveal={})
    text = "ab[MASKED:email]cd [MASKED:email]"

    def run(*spans: tuple[int, int]) -> str:
        hits = [whole(text, "secret", "x")._replace(start=start, end=end) for start, end in spans]
        return rewrite(text, hits, search=lambda _: [], mode_of=lambda _: "mask", markers=markers).text

    assert run((0, 5)) == "[MASKED:secret]cd [MASKED:email]"
    assert run((4, 18)) == "ab[MASKED:secret] [MASKED:email]"
    assert run((3, 9)) == text
    assert run((0, 5), (14, 18)) == "[MASKED:secret] [MASKED:email]"
    assert run((0, 5), (6, 9)) == "[MASKED:secret]cd [MASKED:email]"


def test_a_text_that_does_not_come_to_rest_is_masked_whole() -> None:
    def always(text: str) -> Any:
        start = text.rfind("]") + 1
        return [whole(text, "secret", "x")._replace(start=start, end=start + 1)]

    markers = Markers({"secret"}, reveal={})
    done = rewrite("abcdefghij", always(""), search=always, mode_of=lambda _: "mask", markers=markers)
    assert done.text == "[MASKED:error]"
    assert done.seen[-1].detector == "unstable"


# --- reveal ----------------------------------------------------------------------------------------


def test_nothing_is_revealed_unless_a_policy_says_so() -> None:
    masker = Masker(Policy(reveal={"credit_card": 4, "us_ssn": 4}))
    out = masker.mask({"card": str(CARD), "ssn": "123-45-6789", "mail": EMAIL}).value
    assert out == {
        "card": "[MASKED:credit_card:*1111]",
        "ssn": "[MASKED:us_ssn:*89]",
        "mail": "[MASKED:email]",
    }
    assert masker.mask(out).value is out
    assert masked(out)["card"] == "[MASKED:credit_card]"
    assert masker.mask("[MASKED:credit_card:*11111]").value == "[MASKED:credit_card]"


def test_what_would_break_a_marker_is_not_revealed() -> None:
    markers = Markers({"x"}, reveal={"x": 4})
    for secret in ("aaaaaaaaaaaaaa] b", "aaaaaaaaaaaaaaa\n", "abc"):
        assert markers.write("x", secret) == "[MASKED:x]"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("abc", ""), ("abcd", ":*d"), ("abcdefg", ":*g"), ("abcdefgh", ":*gh"), ("abcdefgh" * 4, ":*efgh")],
)
def test_at_most_a_quarter_is_revealed(secret: str, shown: str) -> None:
    markers = Markers({"x", "y"}, reveal={"x": 4})
    assert markers.write("x", secret) == f"[MASKED:x{shown}]"
    assert markers.write("y", secret) == "[MASKED:y]"


@pytest.mark.parametrize(
    ("marker", "genuine"),
    [
        ("[MASKED:x]", True),
        ("[MASKED:x:*1]", True),
        ("[MASKED:x:*12]", True),
        ("[MASKED:x:*123]", False),
        ("[MASKED:x:12]", False),
        ("[MASKED:x:]", False),
        ("[MASKED:y]", True),
        ("[MASKED:y:*1]", False),
        ("MASKED-x", True),
    ],
)
def test_a_marker_that_shows_more_than_the_policy_does_is_not_its_own(marker: str, *, genuine: bool) -> None:
    markers = Markers({"x", "y"}, reveal={"x": 2})
    text = f"see {marker} there"
    (found,) = markers.find(text)
    assert (text[found.start : found.end], found.genuine) == (marker, genuine)
    assert found.kind in {"x", "y"}


def test_markers_of_unknown_kinds() -> None:
    markers = Markers({"x"}, reveal={})
    assert [*markers.find("[MASKED:z] MASKED-z [MASKED]")] == [(0, 10, "forged", False)]
    assert [each.genuine for each in markers.find("[MASKED:forged] [MASKED:depth]")] == [True, True]


@pytest.mark.parametrize(
    ("before", "after", "marker"),
    [
        ("a://u:", "@h/", "MASKED-x"),
        ("see a://", "@h/", "MASKED-x"),
        ("a" * 32 + "://" + "u" * 511 + ":", "@h/", "MASKED-x"),
        ("see: " * 200 + "a" * 32 + "://" + "u" * 511 + ":", "@h/", "MASKED-x"),
        ("://u:", "@h/", "[MASKED:x]"),
        ("a://u v:", "@h/", "[MASKED:x]"),
        ("a://h/", "", "[MASKED:x]"),
        ("a://h?k=", "@h", "[MASKED:x]"),
        ("a:/", "@h", "[MASKED:x]"),
    ],
    ids=lambda each: each[:20],
)
def test_what_stands_between_a_scheme_and_a_host_is_userinfo(before: str, after: str, marker: str) -> None:
    markers = Markers({"x"}, reveal={})
    assert markers.replacing(f"{before}secret{after}", len(before), len(before) + 6, "x") == marker


# --- pseudonyms ------------------------------------------------------------------------------------


def test_without_a_secret_there_is_no_pseudonym() -> None:
    markers = Markers({"x"}, pseudonyms=KEY, reveal={"x": 4})
    assert markers.write("x") == "[MASKED:x]"
    assert markers.write("x", "secret words") == f"[MASKED:x:{KEY.name('x', 'secret words')}]"


def test_a_pseudonym_has_sixteen_letters_and_a_tag_of_eight() -> None:
    name, _, tag = KEY.name("email", EMAIL).partition("-")
    assert (len(name), len(tag)) == (16, 8)


def test_how_a_pseudonym_is_made() -> None:
    """'HMAC-SHA256 over the kind and the value', each field with its length in eight bytes."""
    fields = (b"delegate/v1/pseudonym", b"acme", b"email", EMAIL.encode())
    framed = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    letters = base64.b32encode(hmac.digest(bytes(range(32)), framed, "sha256")[:10]).decode().lower()
    assert KEY.name("email", EMAIL).partition("-")[0] == letters


def test_a_pseudonym_key_has_thirty_two_bytes_or_more() -> None:
    assert PseudonymKey(bytes(32), tenant="acme").tenant == "acme"
    for refused in (bytes(31), bytearray(32), "x" * 32):
        with pytest.raises(ConfigurationError):
            PseudonymKey(refused, tenant="acme")  # type: ignore[arg-type]


def test_equal_secrets_have_equal_names_under_one_key_and_kind() -> None:
    out = pseudonymous({"a": EMAIL, "b": f"mail {EMAIL}", "c": "bob@example.net"})
    assert out["a"] == out["b"].removeprefix("mail ") != out["c"]
    assert out["a"].startswith("[MASKED:email:")
    assert pseudonymous(out) == out
    assert KEY.name("email", "x") != KEY.name("phone", "x")
    assert KEY.name("email", "x") != PseudonymKey(bytes(range(32)), tenant="other").name("email", "x")
    assert KEY.name("email", "x") != PseudonymKey(bytes(range(1, 33)), tenant="acme").name("email", "x")


def test_a_forged_pseudonym_is_told_by_its_tag() -> None:
    """'a tag that tells a forged marker'"""
    good = KEY.name("email", EMAIL)
    assert KEY.made("email", good)
    for bad in (good[:-1] + "a" + "", "a" + good[1:], good.replace("-", ""), "", "-"):
        if bad != good:
            assert not KEY.made("email", bad)
    assert not KEY.made("phone", good)
    forged = f"[MASKED:email:{'a' * 16}-{'b' * 8}]"
    assert pseudonymous(forged) == "[MASKED:email]"
    assert masked(f"[MASKED:email:{good}]") == "[MASKED:email]"
    assert pseudonymous(f"[MASKED:email:{good}]") == f"[MASKED:email:{good}]"
    other = PseudonymKey(bytes(range(2, 34)), tenant="acme")
    assert pseudonymous(f"[MASKED:email:{good}]", other) == "[MASKED:email]"


def test_a_pseudonym_key_keeps_itself() -> None:
    with pytest.raises(ConfigurationError) as caught:
        PseudonymKey(b"short", tenant="acme")
    assert caught.value.limit == 32
    secret = b"a-canary-of-thirty-two-bytes-or-more"
    key = PseudonymKey(secret, tenant="acme")
    assert repr(key) == "<PseudonymKey of 'acme'>"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(key)
    assert "canary" not in str(masked({"note": f"the key is {secret.decode()}"}))
