"""Every input that once broke a parser, and every seed of the fuzzers, replayed without the fuzzer."""

from __future__ import annotations

from contextlib import suppress

import pytest

from delegate.errors import DelegateError
from fuzz import targets


@pytest.mark.parametrize("name", targets.names())
def test_seeds_are_accepted(name: str) -> None:
    """At least one seed reaches the far side of the parser, or the fuzzer would start from refusals."""
    seeds = targets.load(name).SEEDS
    assert seeds
    for seed in seeds[:1]:
        targets.load(name).target(seed)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(name, data, id=f"{name}-{number}")
        for name in targets.names()
        for number, data in enumerate([b"", b"\x00", b"\xff\xfe", *targets.inputs(name)])
    ],
)
def test_s171_any_bytes_give_a_value_or_a_delegate_error(name: str, data: bytes) -> None:
    """ "Any bytes give a value or the documented error, never another exception." """
    with suppress(DelegateError):
        targets.load(name).target(data)
