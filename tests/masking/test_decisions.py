"""Decisions of the masker that one example each holds fast: bounds, orders, and what stands against what."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.errors import ConfigurationError, MaskingLimitError
from delegate.limits import MASKING_MAX_DEPTH
from delegate.masking import Masker, Policy, register_secret
from delegate.masking.policy import Mode
from tests.masking.samples import CARD, EMAIL, MASKER, PASSWORD, TOKEN, masked, nested

RANDOM = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"
DEEP = nested(40, 1)

# --- policy ----------------------------------------------------------------------------------------


def test_randomness_alone_is_masked_only_where_it_was_asked_for() -> None:
    assert masked([f"see {RANDOM} there"]) == [f"see {RANDOM} there"]
    strict = Masker(Policy(entropy=True))
    assert strict.mask([f"see {RANDOM} there"]).value == ["see [MASKED:high_entropy] there"]


def test_no_character_may_be_revealed() -> None:
    shown = Masker(Policy(reveal={"credit_card": 0})).mask([str(CARD)]).value
    assert shown == ["[MASKED:credit_card]"]
    with pytest.raises(ConfigurationError):
        Policy(reveal={"credit_card": -1})


def test_the_longer_place_decides_whatever_its_mode_is_called() -> None:
    value = {"a": {"b": EMAIL}}
    assert Masker(Policy(paths={"/a": "block", "/a/b": "off"})).mask(value).value is value


def test_of_two_places_of_one_length_the_one_with_fewer_stars_decides() -> None:
    orders: tuple[dict[str, Mode], ...] = ({"/*/*": "off", "/a/b": "mask"}, {"/a/b": "mask", "/*/*": "off"})
    for paths in orders:
        masker = Masker(Policy(paths=paths))
        assert masker.mask({"a": {"b": EMAIL, "c": EMAIL}}).value == {
            "a": {"b": "[MASKED:email]", "c": EMAIL}
        }


def test_what_was_not_searched_is_blocked_or_masked_but_never_let_through() -> None:
    with pytest.raises(MaskingLimitError):
        Masker(Policy(mode="block")).mask(DEEP)
    for mode in ("warn", "off"):
        assert "[MASKED:depth]" in str(Masker(Policy(mode=mode)).mask(DEEP).value)


def test_a_refused_setting_is_shown_by_its_beginning_and_only_if_it_is_a_text() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Policy(mode="x" * 100)  # type: ignore[arg-type]
    assert str(caught.value).startswith("mode= of a masking policy does not take '" + "x" * 39)
    assert "x" * 40 not in str(caught.value)
    wrong: tuple[dict[str, Any], ...] = (
        *({"mode": ["off"]}, {"kinds": {"email": ["off"]}}),
        *({"reveal": {"email": [4]}}, {"engine": []}),
    )
    for setting in wrong:
        with pytest.raises(ConfigurationError, match="does not take list"):
            Policy(**setting)


# --- rewriting -------------------------------------------------------------------------------------


def test_what_only_the_masking_of_its_neighbour_uncovers() -> None:
    """A card number that a token goes on from is part of a longer thing, until the token is masked."""
    assert masked([f"{CARD}-{TOKEN}"]) == ["[MASKED:credit_card]-[MASKED:github-token]"]
    assert masked([f"{TOKEN}.{CARD}"]) == ["[MASKED:github-token].[MASKED:credit_card]"]


def test_a_marker_that_a_hit_only_touches_stays() -> None:
    assert masked([f"{EMAIL}[MASKED:password]"]) == ["[MASKED:email][MASKED:password]"]
    assert masked([f"[MASKED:password]{EMAIL}"]) == ["[MASKED:password][MASKED:email]"]


def test_a_forged_marker_beside_a_hit_is_another_one() -> None:
    assert masked([f"[MASKED:nonsense]{EMAIL}"]) == ["[MASKED:forged][MASKED:email]"]


# --- the masker ------------------------------------------------------------------------------------


def test_a_key_that_became_known_as_a_secret_is_masked_although_its_name_was_remembered() -> None:
    name = "the name of a " + "remembered key"
    assert MASKER.mask({name: "x"}).value == {name: "x"}
    register_secret(name)
    assert MASKER.mask({name: "x"}).value == {"[MASKED:known_secret]": "x"}


def test_a_value_under_a_name_beside_a_marker() -> None:
    assert masked({"password": PASSWORD, "note": "[MASKED:password]"}) == {
        "password": "[MASKED:password]",
        "note": "[MASKED:password]",
    }


def test_a_card_number_under_a_governance_name_is_none_unless_a_sentence_holds_it() -> None:
    assert masked({"agent_id": str(CARD)}) == {"agent_id": str(CARD)}
    assert masked({"agent_id": f"card {CARD}"}) == {"agent_id": "card [MASKED:credit_card]"}


def test_what_stands_before_a_password_in_one_argument_is_searched_too() -> None:
    assert masked(["curl", f"-u{EMAIL}:{PASSWORD}"]) == ["curl", "-[MASKED:email]:[MASKED:password]"]


def test_a_recognizer_may_name_all_of_a_text_and_nothing_beyond() -> None:
    everything = Masker(Policy(recognizer=lambda text: [(0, len(text), "person")]))
    assert everything.mask(["Jane"]).value == ["[MASKED:person]"]
    beyond = Masker(Policy(recognizer=lambda text: [(0, len(text) + 1, "person")]))
    assert beyond.mask(["Jane"]).value == ["[MASKED:error]"]


def test_how_short_a_value_under_a_strong_name_may_be() -> None:
    assert masked({"secret": "abcd", "password": "abc"}) == {
        "secret": "[MASKED:secret]",
        "password": "[MASKED:password]",
    }
    assert masked({"secret": "abc", "password": "ab"}) == {"secret": "abc", "password": "ab"}


@pytest.mark.parametrize("leaf", ["x", b"x"], ids=["plain", "walked"])
def test_how_deep_a_value_may_be(leaf: object) -> None:
    """Below the outermost container, which is at depth 0, there may be that many."""
    deepest = nested(MASKING_MAX_DEPTH + 1, leaf)
    assert masked(deepest) is deepest
    deeper = nested(MASKING_MAX_DEPTH + 2, leaf)
    assert masked(deeper) == nested(MASKING_MAX_DEPTH + 1, "[MASKED:depth]")
