"""The scanner of text as a whole: its bounds, its layers, and hits where leaves are joined."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from delegate.masking import text as module
from delegate.masking.detectors import Detector
from delegate.masking.hits import Hit
from delegate.masking.text import TextScanner, with_name
from delegate.masking.tokens import RUN
from tests.masking.samples import CARD, EMAIL, PASSWORD, TOKEN

RANDOM = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"
SCANNER = TextScanner()


def found(text: str, **settings: Any) -> list[tuple[str, str]]:
    return [(hit.kind, text[hit.start : hit.end]) for hit in TextScanner(**settings).scan(text)]


def encoded(text: str, times: int = 1) -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


# --- finders ---------------------------------------------------------------------------------------


def test_a_frame_around_a_key_is_looked_for_where_there_are_dashes() -> None:
    key = "-----BEGIN PRIVATE " + "KEY-----\nab\n-----END PRIVATE KEY-----"
    assert found(f"see {key} there") == [("private-key", key)]


# --- layers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_all_of_an_encoded_part_is_masked_as_what_is_in_it(layers: int) -> None:
    secret = encoded(f"words and {TOKEN}", layers)
    for before in ("see", "\u00e9"):
        assert found(f"{before} {secret} there") == [("github-token", secret)]
        assert found(f"{before} {encoded(secret, 4 - layers)} there") == []


def test_escapes_are_placed_in_the_text() -> None:
    escaped = EMAIL.replace("@", "%40")
    assert found(f"mail {escaped} there") == [("email", escaped)]
    assert found(f"\u00e9: mail {escaped} there") == [("email", escaped)]
    assert found(f"words\0mail {escaped}\0{escaped}") == [("email", escaped)] * 2


def test_of_several_secrets_in_an_encoded_part_the_longest_names_it() -> None:
    for text in (f"{EMAIL} {TOKEN} words", f"{TOKEN} {EMAIL} words"):
        assert found(encoded(text)) == [("github-token", encoded(text))]
    assert found(encoded(f"mail {EMAIL}, no card")) == [("email", encoded(f"mail {EMAIL}, no card"))]


@pytest.mark.parametrize("more", [0, 1])
def test_how_much_may_be_decoded(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    text = f"mail {EMAIL}"
    monkeypatch.setattr(module, "MASKING_DECODED_MAX_BYTES", len(text) - more)
    assert bool(found(encoded(text))) is (not more)
    assert bool(found(text.replace("@", "%40"))) is (not more)


def test_all_parts_of_a_text_share_what_may_be_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"mail {EMAIL}"
    monkeypatch.setattr(module, "MASKING_DECODED_MAX_BYTES", 2 * len(text))
    assert len(found(" ".join([encoded(text)] * 3))) == 2
    assert len(found(f"{encoded(text)}\\n{encoded(text)}")) <= 2


def test_a_layer_in_letters_of_other_scripts_counts_as_one() -> None:
    for inner, kinds in ((2, ["github-token"]), (3, [])):
        text = encoded(f"from all of us: k\u00fcsse, {encoded(f'words and {TOKEN}', inner)}")
        assert [kind for kind, _ in found(text)] == kinds


def test_look_alikes_are_read_as_what_they_look_like() -> None:
    for letter in ("\u0430", "\uff41", "a\u200b"):
        assert found(f"x p{letter}ssword: {PASSWORD}") == [("password", PASSWORD)]


def test_letters_of_other_scripts_in_an_encoded_part() -> None:
    text = "from all of us: k\u00fcsse \u4e2d\u6587 p\u0430ssword: " + PASSWORD
    assert found(encoded(text)) == [("password", encoded(text))]


# --- randomness ------------------------------------------------------------------------------------


def test_randomness_is_the_least_reason() -> None:
    assert found(RANDOM) == []
    assert found(f"x {RANDOM} y", entropy=True) == [("high_entropy", RANDOM)]
    assert found(f"token={RANDOM}", entropy=True) != [("high_entropy", RANDOM)]
    assert found("word" * 8, entropy=True) == []


# --- joined leaves ---------------------------------------------------------------------------------


def across(pattern: str) -> TextScanner:
    row = Detector(
        id="x",
        kind="x",
        pattern=pattern,
        example="",
        counter_example="",
        source="x",
        needles=("A",),
        gate="A",
    )
    return TextScanner(detectors=[row])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Ab", [(0, 2)]),
        (".Acdb.", [(1, 5)]),
        ("A\0b", [(0, 1), (2, 3)]),
        ("c\0Ad\0\0eb\0f", [(2, 4), (6, 8)]),
        ("Ab\0Ab", [(0, 2), (3, 5)]),
        ("A\0b.A\0b", [(0, 1), (2, 3), (4, 5), (6, 7)]),
    ],
)
def test_what_is_found_across_leaves_is_cut_into_its_parts(text: str, parts: list[tuple[int, int]]) -> None:
    hits = across("A[a-eg-z\\x00]{0,6}b").scan(text)
    assert [(hit.start, hit.end) for hit in hits] == parts
    assert {hit.detector for hit in hits} == {"x"}


def test_a_row_for_long_runs_is_not_asked_about_others() -> None:
    row = Detector(
        id="x", kind="x", pattern="Q9[a-z]{18}", example="", counter_example="", source="x",
        needles=("Q9",), run=30,
    )  # fmt: skip
    token = "Q9" + "abcdefghijklmnopqr"
    for engine in ("re", "re2"):
        scanner = TextScanner(detectors=[row], engine=engine)
        assert scanner.scan(f"see {token} there") == []
        assert [hit.kind for hit in scanner.scan(f"see {token}----------")] == ["x"]


# --- under a name ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "spans"),
    [
        ("note", PASSWORD, []),
        ("password", PASSWORD, [(0, len(PASSWORD))]),
        ("Authorization", f"Bearer {RANDOM}", [(7, 31)]),
        ("password", f"Bearer {RANDOM}", [(0, 31)]),
        ("token", "dark", []),
        ("note", EMAIL, [(0, len(EMAIL))]),
        ("password", f"{EMAIL} and more", [(0, len(EMAIL) + 9)]),
        ("token", f"dark {EMAIL}", [(5, len(EMAIL) + 5)]),
    ],
)
def test_what_a_value_holds_under_a_name(key: str, value: str, spans: list[tuple[int, int]]) -> None:
    hits = SCANNER.scan(value)
    assert [(hit.start, hit.end) for hit in with_name(key, value, hits)] == spans
    assert SCANNER.scan_value(key, value) == with_name(key, value, hits)


def test_a_form_says_more_than_a_name() -> None:
    assert [hit.kind for hit in SCANNER.scan_value("password", TOKEN)] == ["github-token"]
    assert [hit.kind for hit in SCANNER.scan_value("password", f"{TOKEN} x")] == ["password"]


def test_the_hits_of_a_scan_are_not_changed() -> None:
    hits = [Hit(0, 4, "x", "x", 1)]
    for key, value in (("note", "dark"), ("token", "dark")):
        assert with_name(key, value, hits) == hits
        assert with_name(key, value, hits) is not hits


def test_the_shortest_run_that_is_looked_at_is_a_key_id() -> None:
    """'the shortest tokens that need no context (AWS key ids) are this long': 20."""
    key_id = "AKIA" + "Q3RT7ZPLM2WXC5VB"
    assert len(key_id) == RUN
    assert [text for _, text in found(f"see {key_id} there")] == [key_id]
    assert found(f"see {key_id[:-1]} there") == []


# --- each finder has its sign ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"card {CARD}", ["credit_card"]),
        (f"mail {EMAIL}", ["email"]),
        ("GB82 WEST 1234 5698 7654 32", ["iban"]),
        (f"curl -u svc:{PASSWORD}", ["password"]),
        (f"password: {PASSWORD}", ["password"]),
        (f"https://svc:{PASSWORD}@db.example", ["url-password"]),
        (f"see {TOKEN}", ["github-token"]),
        ("nothing at all", []),
    ],
)
def test_each_finder_is_asked(text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in found(text)] == kinds
    assert [kind for kind, _ in found(text, engine="re2")] == kinds
