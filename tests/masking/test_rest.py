"""Masking twice is masking once, for texts put together from what detectors look for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.masking.samples import MASKER, PASSWORD, masked
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


@pytest.mark.parametrize("before", ["[MASKED:private-key]:", "[MASKED:key]\x08bob:", "bob:1001:", "bob:"])
def test_i4_a_password_that_is_masked_already(before: str) -> None:
    """Hypothesis found what ends where a user stands: it and the marker were taken for one password."""
    text = f"{before}[MASKED:password]@tcp(db:3306)/app"
    assert masked(text) == text
    assert PASSWORD not in masked(f"{before}{PASSWORD}@tcp(db:3306)/app")
