"""The methods and authorities of requests: what is taken, and what a refusal shows."""

from __future__ import annotations

import pytest

from delegate.envelope.target import Origins, require_method
from delegate.errors import AuthorityRejectedError, MethodRejectedError
from tests.support.forge import ORIGIN


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PROPFIND", "M-SEARCH"])
def test_an_upper_case_method_is_taken_as_it_is(method: str) -> None:
    assert require_method(method) == method


@pytest.mark.parametrize("method", ["", "G", "get", "Options", "CONNECT", "-GET", "GET-", "X" * 33])
def test_any_other_method_is_refused(method: str) -> None:
    with pytest.raises(MethodRejectedError) as refused:
        require_method(method)
    assert refused.value.component == "@method"


def test_an_authority_that_is_none_of_ours_is_shown_by_its_first_64_characters() -> None:
    origins = Origins([ORIGIN])
    assert origins.select(b"api.example.com") == (ORIGIN, b"api.example.com")
    for host in (b"x" * 64, b"x" * 65):
        with pytest.raises(AuthorityRejectedError) as refused:
            origins.select(host)
        assert str(refused.value).startswith(f"authority {'x' * 64!r} is none")
