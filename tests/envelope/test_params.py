"""Parameters in the one form that is digested, and the place where they carry their envelope."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from delegate.canonical import parse_strict
from delegate.encoding import b64url_encode
from delegate.envelope.params import ENTRY, META, attach, canonical_params, detach, require_params_digest
from delegate.errors import DelegateError, DigestMismatchError, MalformedError

values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e6, 1e6)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab_é\U0001f600"), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(["a", "b", META, "name"]), values, max_size=4)


@given(values)
def test_the_canonical_form_is_rfc_8785_and_reads_as_itself(value: Any) -> None:
    data = canonical_params(value)
    assert data == rfc8785.dumps(value)
    assert canonical_params(parse_strict(data)) == data


@given(objects, st.text("abc", max_size=3))
def test_what_was_attached_is_detached_and_leaves_the_parameters(params: Any, entry: str) -> None:
    _, bare = detach(params)
    before = canonical_params(params)
    if isinstance(bare, dict) and isinstance(bare.get(META, {}), dict):
        carrying = attach(bare, entry)
        assert detach(carrying) == (entry, bare)
        assert carrying[META][ENTRY] == entry  # type: ignore[index, call-overload]
    assert canonical_params(params) == before


@pytest.mark.parametrize(
    ("params", "entry", "rest"),
    [
        ({"a": 1}, None, {"a": 1}),
        ({"a": 1, META: {}}, None, {"a": 1}),
        ({"a": 1, META: {ENTRY: "x"}}, "x", {"a": 1}),
        ({META: {ENTRY: "x", "progressToken": 1}}, "x", {META: {"progressToken": 1}}),
        ({META: {ENTRY: None}}, None, {}),
        ({META: "x"}, None, {META: "x"}),
        ({"b": {META: {ENTRY: "x"}}}, None, {"b": {META: {ENTRY: "x"}}}),
        ([{META: {ENTRY: "x"}}], None, [{META: {ENTRY: "x"}}]),
        (None, None, None),
    ],
)
def test_our_entry_stands_in_meta_and_nowhere_else(params: Any, entry: str | None, rest: Any) -> None:
    """'The canonical form of the parameters without our own entry.'"""
    assert detach(params) == (entry, rest)


@pytest.mark.parametrize("entry", [1, True, ["x"], {"payload": "x"}])
def test_an_entry_that_is_no_text_is_refused(entry: Any) -> None:
    with pytest.raises(MalformedError) as refused:
        detach({META: {ENTRY: entry}})
    assert refused.value.field == ENTRY


@pytest.mark.parametrize(("params", "field"), [([], "params"), (None, "params"), ({META: 1}, META)])
def test_what_has_no_place_for_an_entry_is_refused(params: Any, field: str) -> None:
    with pytest.raises(MalformedError) as refused:
        attach(params, "x")
    assert refused.value.field == field


def test_a_number_that_would_not_read_back_is_refused() -> None:
    assert canonical_params(1e21) == b"1e+21"
    with pytest.raises(MalformedError):
        canonical_params(1e20)


@given(st.binary(max_size=40), st.text("ABab01-_=", max_size=45))
def test_any_digest_gives_a_value_or_a_refusal(params: bytes, stated: str) -> None:
    digest = hashlib.sha256(params).digest()
    assert require_params_digest(params, b64url_encode(digest)) == digest
    with pytest.raises(DelegateError):
        require_params_digest(params, stated)
    with pytest.raises(DigestMismatchError):
        require_params_digest(params + b"x", b64url_encode(digest))
