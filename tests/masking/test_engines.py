"""Both engines give equal findings; and what must be true of every scan."""

from __future__ import annotations

import builtins
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delegate.errors import ConfigurationError
from delegate.masking.detectors import STANDARD
from delegate.masking.detectors.optional import COUNTRIES, NETWORK, PHONE
from delegate.masking.text import TextScanner
from tests.conftest import needs_vectors
from tests.masking.vectors import OWN, cases, masked, rows

STDLIB: Final = TextScanner(engine="re", entropy=False)
LINEAR: Final = TextScanner(engine="re2", entropy=False)
ENTROPY: Final = (TextScanner(engine="re", entropy=True), TextScanner(engine="re2", entropy=True))

PARTS: Final = (
    *(row.example for row in STANDARD[::3]),
    *(row.counter_example for row in STANDARD[1::7]),
    *(
        "password",
        "api_key",
        "token",
        "Authorization",
        "secret",
        "client secret",
        "-u ",
        "curl",
        "Bearer",
        "Basic",
    ),
    *(
        "=",
        ": ",
        ":=",
        '"',
        "'",
        "\\",
        "\\n",
        "\n",
        "\0",
        " ",
        ",",
        "<",
        ">",
        "(",
        ")",
        "&",
        "%",
        "@",
        "://",
        "/",
        "-",
        "----",
    ),
    *(
        "%41",
        "\\u0041",
        "&#64;",
        "[MASKED:password]",
        "MASKED-",
        "é",
        "\u200b",
        "\u0430",
        "\ud800",
        "4111",
        "1111",
        "GB82",
    ),
    *(
        "hunter2",
        "x.example",
        "a@b.co",
        "Z2hw",
        "67687068",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
    ),
)
texts = st.lists(st.sampled_from(PARTS) | st.text(max_size=8), max_size=12).map("".join) | st.text(
    max_size=60
)


@given(texts)
@example("\0")
@example("")
def test_both_engines_find_the_same(text: str) -> None:
    """ "Both must give equal findings (differential test)." """
    assert STDLIB.scan(text) == LINEAR.scan(text)


@given(texts)
def test_both_engines_find_the_same_with_entropy(text: str) -> None:
    one, other = ENTROPY
    assert one.scan(text) == other.scan(text)


OPTIONAL: Final = (*STANDARD, *NETWORK, *PHONE, *(row for rows_ in COUNTRIES.values() for row in rows_))
EVERYTHING: Final = (TextScanner(detectors=OPTIONAL), TextScanner(detectors=OPTIONAL, engine="re2"))


@given(st.lists(st.sampled_from([row.example for row in OPTIONAL[-40:]]) | texts, max_size=4).map(" ".join))
def test_both_engines_find_the_same_with_every_row(text: str) -> None:
    one, other = EVERYTHING
    assert one.scan(text) == other.scan(text)


@needs_vectors
@pytest.mark.parametrize(
    "name",
    ["gitleaks", "presidio", "detect_secrets", "datafog", "benign_semconv", "benign_payload_leaves"],
)
def test_both_engines_find_the_same_in_the_vectors(name: str) -> None:
    different = [row["id"] for row in cases(name) if STDLIB.scan(row["text"]) != LINEAR.scan(row["text"])]
    assert different == []


def test_both_engines_find_the_same_in_lines_of_our_own() -> None:
    assert [row["text"] for row in rows(OWN) if STDLIB.scan(row["text"]) != LINEAR.scan(row["text"])] == []


@given(texts)
def test_hits_are_places_in_the_text(text: str) -> None:
    """ "non-overlapping, ascending": in range, apart, without NUL, and the same again."""
    hits = STDLIB.scan(text)
    place = 0
    for hit in hits:
        assert place <= hit.start < hit.end <= len(text)
        assert "\0" not in text[hit.start : hit.end]
        assert hit.kind in STDLIB.kinds
        place = hit.end
    assert STDLIB.scan(text) == hits


@given(texts, st.sampled_from(("password", "token", "note", "Authorization", "cookie")))
def test_values_under_a_name(text: str, name: str) -> None:
    hits = STDLIB.scan_value(name, text)
    place = 0
    for hit in hits:
        assert place <= hit.start < hit.end <= len(text)
        place = hit.end


@given(texts)
def test_masking_comes_to_rest(text: str) -> None:
    """ "mask(mask(x)) == mask(x)", once nothing new shows; each round can free one neighbour at most."""
    for _ in range(16):  # more than a text here has parts
        hits = STDLIB.scan(text)
        text = masked(text, hits)
        if not hits:
            break
    assert STDLIB.scan(text) == []


@given(st.lists(texts.filter(lambda text: "\0" not in text), min_size=1, max_size=5))
def test_leaves_do_not_touch(leaves: list[str]) -> None:
    """What is found in joined leaves holds no NUL, and whatever each leaf holds alone is found there, too."""
    joined = "\0".join(leaves)
    covered = {place for hit in STDLIB.scan(joined) for place in range(hit.start, hit.end)}
    place = 0
    for leaf in leaves:
        for hit in STDLIB.scan(leaf):
            if hit.rank >= 80:
                assert set(range(place + hit.start, place + hit.end)) <= covered
        place += len(leaf) + 1


def test_a_missing_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "re2", None)
    with pytest.raises(ConfigurationError, match=r"delegate-security\[fast\]"):
        TextScanner(engine="re2")


def test_the_standard_library_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_re2(name: str, *rest: Any, **named: Any) -> Any:
        assert name != "re2"
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_re2)
    assert TextScanner().scan("no secret here") == []
