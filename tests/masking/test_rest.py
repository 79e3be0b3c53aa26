"""Masking twice is masking once, for texts put together from what detectors look for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.masking.samples import MASKER, PASSWORD, TOKEN, masked
from tests.masking.test_engines import texts

NAMES = st.sampled_from(["password", "token", "Authorization", "note", "api_key", "cookie", "agent_id"])
often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@often
@given(texts)
def test_i4_texts_come_to_rest(text: str) -> None:
    """'mask(mask(x)) == mask(x)'"""
    once = MASKER.mask(text).value
    assert MASKER.mask(once).value == once


@often
@given(st.dictionaries(NAMES, texts, max_size=3))
def test_i4_values_under_names_come_to_rest(value: dict[str, str]) -> None:
    once = MASKER.mask(value).value
    assert MASKER.mask(once).value == once


@pytest.mark.parametrize("before", ["x", "bob:1001:", f"{TOKEN}:", f"{TOKEN}\x08bob:", f"{TOKEN}bob:"])
def test_i4_a_password_behind_something_else(before: str) -> None:
    """Hypothesis found what ended where a user stood: it and the marker were taken for one password."""
    once = masked(f"{before}bob:{PASSWORD}@tcp(db:3306)/app")
    assert PASSWORD not in once
    assert masked(once) == once


def test_i4_a_hash_that_ends_in_padding() -> None:
    """Hypothesis found it before another token: that became a marker, and the hash stood alone."""
    once = masked(f"pbkdf2_sha256$600000$a7Q2xK9m${'a7Q2xK9m' * 5}5={TOKEN}")
    assert masked(once) == once
