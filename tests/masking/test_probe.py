"""The quick look: which values are plain, and where each text stands in them."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pytest

from delegate.limits import MASKING_MAX_DEPTH, MASKING_MAX_NODES
from delegate.masking import probe
from delegate.masking.leaves import LARGE
from delegate.masking.names import Names
from delegate.masking.probe import Plain, look
from tests.masking.samples import MASKER, PASSWORD, Number, Text, nested

RULES = MASKER._rules
NAN = float("nan")


def opened(value: object) -> Plain | None:
    return look(value, RULES.names)


@pytest.mark.parametrize(
    "value",
    [
        *("x", 7, None, True, 1.5, dt.date(2026, 1, 2), [], {}, (), [[]], {"a": ()}),
        *(LARGE - 1, 1 - LARGE, [LARGE - 1], [1 - LARGE], {"a": LARGE - 1}, {"a": 1 - LARGE}),
        *([float(LARGE - 1)], ["a", "b"], ["password"], ["password", "b", "c"], ["note", "password"]),
        *([7, "b"], {"password": "x"}, {"password": None}, {"password": True}, {"v": None}),
        *({"note": {"a": "--x=1"}}, ["x-", ""], {"agent_id": ["x"]}),
    ],
    ids=repr,
)
def test_what_is_plain(value: object) -> None:
    assert opened(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        *(b"x", {1}, [b"x"], {"a": b"x"}, decimal.Decimal(1), [decimal.Decimal(1)], Text("x"), [Number(1)]),
        *([LARGE], [-LARGE], {"a": LARGE}, {"a": -LARGE}, [float(LARGE)], [NAN], {"a": NAN}),
        *(["password", "b"], ("password", 7), ["token", []], ["a=b"], ["x", "-"], ["--flag"], [["=", 1]]),
        *({"password": 7}, {"password": ["x"]}, {"token": {}}, {"value": "x"}, {"V": "x"}, {"value": [7]}),
        {"value": 7},
        *({7: "x"}, {None: "x"}, {Text("a"): "x"}, {"x" * 129: "x"}, {"x" * 129: None}, {b"a": 1}),
    ],
    ids=repr,
)
def test_what_needs_the_full_walk(value: object) -> None:
    try:
        assert opened(value) is None
    except TypeError:  # a key that is no text: ``Masker.mask`` goes on with the walk
        assert type(value) is dict


def test_where_each_text_stands() -> None:
    value: dict[str, Any] = {
        "a": "1",
        "b": ["2", ("3", 4), {"password": PASSWORD}],
        "c": {"d": "5"},
        "e": "6",
    }
    plain = opened(value)
    assert plain is not None
    assert plain.texts == ["1", "6", "2", "5", "3", PASSWORD]
    assert plain.named == [(5, "password")]
    assert plain.keys == ["a", "b", "c", "e", "d", "password"]
    assert [plain.holder(text) for text in range(6)] == [1, 1, 2, 3, 4, 5]
    assert [plain.above(container) for container in range(1, 6)] == [0, 1, 1, 2, 2]
    assert plain.containers[1:] == [value, value["b"], value["c"], value["b"][1], value["b"][2]]
    assert plain.depth() == 2


def test_texts_under_telling_names_are_counted_among_the_texts() -> None:
    plain = opened(
        ["x", {"a": "1", "n": 7, "b": "2", "password": PASSWORD, "l": [], "token": "dark", "c": "3"}]
    )
    assert plain is not None
    assert plain.named == [(3, "password"), (4, "token")]
    assert plain.texts == ["x", "1", "2", PASSWORD, "dark", "3"]


@pytest.mark.parametrize(("value", "depth"), [("x", -1), ([], 0), ([[]], 1), ([[], [[[]]], []], 3)], ids=repr)
def test_depth(value: object, depth: int) -> None:
    plain = opened(value)
    assert plain is not None
    assert plain.depth() == depth


def test_how_deep_it_goes() -> None:
    for leaf in (1, "x"):
        assert opened(nested(MASKING_MAX_DEPTH + 1, leaf)) is not None
        assert opened(nested(MASKING_MAX_DEPTH + 2, leaf)) is None


def test_how_many_containers_and_texts_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MASKING_MAX_NODES == 50_000
    monkeypatch.setattr(probe, "MASKING_MAX_NODES", 10)
    members: tuple[object, ...] = ("x", [])
    for member in members:
        assert opened([member] * 9) is not None
        assert opened([member] * 10) is None
    assert opened([7] * 20) is not None
    assert opened(["x", "y", [], [], "z", [[]], "x", "x"]) is not None
    assert opened(["x", "y", [], [], "z", [[]], "x", "x", "x"]) is None


def test_how_many_members_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value itself is one of them."""
    monkeypatch.setattr(probe, "MASKING_MAX_ITEMS", 10)
    assert opened([[1] * 4, [2] * 3]) is not None
    assert opened([[1] * 4, [2] * 4]) is None
    assert opened({"a": {str(number): 1 for number in range(8)}}) is not None
    assert opened({"a": {str(number): 1 for number in range(9)}}) is None


def test_keys_are_looked_up_and_not_searched() -> None:
    asked: list[str] = []
    names = Names(frozenset(), asked.append)
    for _ in range(2):
        assert look([{"a": "x"}, {"a": "y", "b": 1}], names) is not None
    assert asked == ["a", "b"]


def test_a_text_of_another_class_among_the_keys_is_not_plain() -> None:
    value: dict[Any, Any] = {"a": "x", Text("b"): "y"}
    assert opened(value) is None
