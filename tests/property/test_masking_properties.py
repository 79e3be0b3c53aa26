"""Properties of masking, over any nested value that Hypothesis thinks of."""

from __future__ import annotations

import collections
import dataclasses
import json
import logging
import pickle
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delegate.errors import MaskingError
from delegate.masking import Masker, MaskingFilter, Policy, PseudonymKey
from delegate.masking.masker import Masked
from tests.masking.samples import (
    CARD,
    EMAIL,
    MASKER,
    PASSWORD,
    TOKEN,
    Default,
    Hostile,
    Pair,
    Text,
    User,
    everything,
)

CANARIES: Final = (TOKEN, EMAIL, str(CARD))
NAMED: Final = PASSWORD
"""Found only by the name it stands under."""


class Shown(Hostile):
    """A hostile object that Hypothesis may show where a test fails."""

    def __repr__(self, *_: object) -> str:
        return "Shown()"


texts = st.text(max_size=30)
any_texts = st.text(st.characters(), max_size=20)  # lone surrogates and NUL too
keys = st.one_of(
    texts, st.integers(), st.booleans(), st.none(), st.binary(max_size=6), st.tuples(texts, st.integers())
)
scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), any_texts, st.binary(max_size=20)),
    st.just(400).map(lambda digits: 10**digits),
    *(st.decimals(), st.uuids(), st.datetimes(), st.timedeltas(), st.fractions(), st.complex_numbers()),
    st.sampled_from(["a=b", "--flag", "-x", "[MASKED:email]", "[MASKED:x:y]", Text("sub"), memoryview(b"m")]),
)
planted = st.sampled_from(CANARIES).flatmap(
    lambda canary: st.sampled_from(
        [canary, f"see {canary}.", canary.encode(), Text(canary), {canary: 1}, (canary,), ValueError(canary)]
    )
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            *(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
            *(st.lists(inner, max_size=3).map(tuple), st.lists(inner, max_size=3).map(collections.deque)),
            *(
                st.tuples(inner, inner).map(lambda pair: Pair(*pair)),
                st.tuples(inner, inner).map(lambda p: User(*p)),
            ),
            st.dictionaries(texts, inner, max_size=3).map(collections.OrderedDict),
            st.dictionaries(texts, inner, max_size=3).map(Default),
            st.sampled_from(["password", "client_secret"]).map(lambda key: {key: NAMED}),
            st.sampled_from(["password", "value"]).flatmap(lambda key: inner.map(lambda value: {key: value})),
            inner.map(lambda value: ValueError(value, 1)),
        ),
        max_leaves=12,
    )


anything = nested(st.one_of(scalars, planted, st.builds(Shown), st.builds(object)))
clean_words = st.sampled_from(
    ["the", "order", "was", "shipped", "on", "Tuesday", "max_tokens", "page", "42", ""]
)
benign = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**9), 10**9), clean_words, st.uuids(), st.datetimes()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(clean_words, inner, max_size=5),
        st.lists(inner, max_size=4).map(tuple),
        st.tuples(inner, inner).map(lambda pair: Pair(*pair)),
        st.frozensets(clean_words, max_size=3),
    ),
    max_leaves=20,
)
settings.register_profile(
    "masking", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
quick = settings(settings.get_profile("masking"), max_examples=150)


def leaks(value: object) -> list[str]:
    text = everything(value)
    return [canary for canary in (*CANARIES, NAMED) if canary in text]


@quick
@given(anything)
def test_i1_any_value_becomes_a_masked_value(value: object) -> None:
    """'any nested value -> masked value or documented error; no planted canary survives'"""
    done = MASKER.mask(value)
    assert isinstance(done, Masked)
    assert leaks(done.value) == []
    report = json.dumps([finding.to_json() for finding in done.findings])
    assert not [canary for canary in (*CANARIES, NAMED) if canary in report]


@quick
@given(anything)
def test_i4_masking_twice_is_masking_once(value: object) -> None:
    """'mask(mask(x)) == mask(x)'"""
    once = MASKER.mask(value).value
    twice = MASKER.mask(once).value
    assert everything(twice) == everything(once)
    assert type(twice) is type(once)


@quick
@given(benign)
def test_benign_values_come_back_identical(value: object) -> None:
    done = MASKER.mask(value)
    assert done.value is value
    assert done.findings == ()


@quick
@given(nested(st.one_of(scalars, planted)))
def test_arguments_are_not_changed_and_types_stay(value: Any) -> None:
    before = everything(value)
    done = MASKER.mask(value)
    assert everything(value) == before
    container = isinstance(
        value, dict | list | tuple | collections.deque | BaseException
    ) or dataclasses.is_dataclass(value)
    if container and not any(finding.pointer == "" for finding in done.findings):
        assert type(done.value) is type(value)
        if isinstance(value, dict | list | tuple | collections.deque):
            assert len(done.value) == len(value)


@quick
@given(anything)
def test_an_error_holds_nothing_of_the_value(value: object) -> None:
    blocking = Masker(Policy(mode="block"))
    if not MASKER.mask(value).findings:
        assert blocking.mask(value).findings == ()
        return
    with pytest.raises(MaskingError) as caught:
        blocking.mask(value)
    error = caught.value
    text = "\n".join([str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))])
    assert not [canary for canary in (*CANARIES, NAMED) if canary in text]
    assert error.__context__ is None


@quick
@given(nested(st.one_of(scalars, planted)))
def test_pseudonyms_and_warnings_keep_the_same_rules(value: object) -> None:
    key = PseudonymKey(bytes(range(32)), tenant="t")
    masker = Masker(Policy(pseudonyms=key, reveal={"credit_card": 4}))
    once = masker.mask(value).value
    assert leaks(once) == []
    assert everything(masker.mask(once).value) == everything(once)
    warned = Masker(Policy(mode="warn")).mask(value)
    assert not [canary for canary in (*CANARIES, NAMED) for each in warned.findings if canary in each.pointer]


@quick
@given(st.dictionaries(st.text(max_size=8), nested(st.one_of(scalars, planted)), max_size=3))
def test_a_log_record_shows_none(extra: dict[str, object]) -> None:
    record = logging.makeLogRecord({"msg": "x %s", "args": (TOKEN,)})
    reserved = set(vars(record)) | {"message", "asctime"}
    vars(record).update({name: value for name, value in extra.items() if name not in reserved})
    MaskingFilter(MASKER).filter(record)
    assert leaks(vars(record)) == []


@quick
@given(nested(st.one_of(scalars, planted)))
def test_the_quick_look_and_the_full_walk_agree(value: object) -> None:
    quick_out = MASKER.mask(value)
    full, found = MASKER._walked(value)
    assert everything(full) == everything(quick_out.value)
    assert sorted(map(repr, found)) == sorted(map(repr, quick_out.findings))


def test_the_canaries_are_what_they_should_be() -> None:
    for canary in CANARIES:
        assert MASKER.mask(canary).findings
    assert not MASKER.mask(NAMED).findings
