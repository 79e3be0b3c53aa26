"""What goes wrong in the middle: a search that fails, a value that changes, and so on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from delegate.masking import Masker
from delegate.masking.hits import Hit
from delegate.masking.masker import Masked
from delegate.masking.plain import Rebuilding
from delegate.masking.probe import look
from delegate.masking.walk import NUL
from tests.masking.samples import PASSWORD, TOKEN, everything, findings, masked, places
from tests.masking.test_values import MARK, Frozen


class Failing:
    """A scanner that fails for some texts."""

    def __init__(self, bad: str) -> None:
        self.inner = Masker()._rules.scanner
        self.bad = bad

    def scan(self, text: str) -> list[Hit]:
        if self.bad in text:
            raise RuntimeError(PASSWORD)
        return self.inner.scan(text)

    def scan_value(self, key: str, value: str) -> list[Hit]:
        return self.inner.scan_value(key, value)


def mask_with(scanner: Any, value: object) -> Masked:
    masker = Masker()
    masker._rules.scanner = scanner
    return masker.mask(value)


@pytest.mark.parametrize("value", [["a", "poison b", TOKEN, 1], {"a": [b"x", "poison"], "t": TOKEN}], ids=str)
def test_i5_a_text_that_cannot_be_searched_is_masked_and_spoils_no_other(value: Any) -> None:
    """'A failure inside masking masks the subtree and is a finding.'"""
    out, found = mask_with(Failing("poison"), value)
    assert "poison" not in str(out)
    assert "[MASKED:error]" in str(out)
    assert TOKEN not in str(out)
    assert sorted({finding.kind for finding in found}) == ["error", "github-token"]
    assert PASSWORD not in str(out) + str(found)


def test_a_search_that_fails_for_all_texts_at_once_is_made_of_each() -> None:
    out, found = mask_with(Failing(NUL), {"a": "x", "t": TOKEN, "l": ["a=b"]})
    assert out == {"a": "x", "t": MARK, "l": ["a=b"]}
    assert [finding.kind for finding in found] == ["github-token"]


def test_a_value_that_changed_meanwhile_is_walked_anew() -> None:
    rules = Masker()._rules
    changes: list[Callable[[dict[str, Any]], object]] = [
        lambda value: value.update(a="other"),
        lambda value: value.clear(),
        lambda value: value.update(a=1),
        lambda value: value["b"].clear(),
        lambda value: value.update(b=[{"c": "deep"}]),
    ]
    for change in changes:
        value: dict[str, Any] = {"a": "text", "b": [{"c": "deep"}]}
        plain = look(value, rules.names)
        assert plain is not None
        rebuilding = Rebuilding(plain, rules)
        change(value)
        with pytest.raises(LookupError):
            rebuilding.run({0: [Hit(0, 1, "secret", "x", 0)], 1: [Hit(0, 1, "secret", "x", 0)]})


def test_a_container_that_cannot_be_made_anew_is_masked() -> None:
    error = UnicodeDecodeError("utf-8", b"x", 0, 1, "bad")
    error.args = (TOKEN,)
    assert masked({"e": error, "n": 1}) == {"e": "[MASKED:error]", "n": 1}
    assert "error" in places([error]).values()


def test_what_has_no_name_has_a_place() -> None:
    class Metal(type):
        def __hash__(cls) -> int:
            raise RuntimeError(PASSWORD)

    key = Metal("Key", (), {})()
    out = masked({key: 1, "t": TOKEN})
    assert TOKEN not in everything(list(out.values()))
    assert {finding.kind for finding in findings({key: 1})} == {"error"}


def test_records_with_empty_slots_are_read() -> None:
    half = object.__new__(Frozen)
    object.__setattr__(half, "note", TOKEN)
    out = masked(half)
    assert out.note == MARK
    assert not hasattr(out, "n") or out.n == 0


def test_types_of_the_interpreter_that_cannot_be_made_become_plain() -> None:
    moment = time.struct_time([TOKEN, *range(8)])
    assert masked(moment) == (MARK, *range(8))
