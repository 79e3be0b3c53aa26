"""Containers taken apart and put together again, by the methods of the built-in types."""

from __future__ import annotations

import collections
import collections.abc
import types
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from delegate.masking.shapes import EXACT, Parts, Shape, shape_of
from delegate.masking.state import attributes, class_attribute, lineage, native_base, restored
from tests.masking.samples import Default, Model, Pair, User
from tests.masking.test_values import (
    DequeBelow,
    Frozen,
    ListBelow,
    OrderedBelow,
    ProblemError,
    SetBelow,
    SlotsOnly,
)


def shape(value: object) -> Shape:
    found = EXACT.get(type(value)) or shape_of(value)
    assert found is not None
    return found


class Reader(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        return iter("ab")

    def __len__(self) -> int:
        return 2


class Marked:
    __attrs_attrs__ = ()

    def __init__(self) -> None:
        self.a = 1


class Fields(tuple[object, ...]):
    __slots__ = ()
    _fields = ("a", "b")


class Bound(collections.deque[int]):
    pass


class Weak:
    __slots__ = ("__weakref__", "a")


KEYED: list[Any] = [
    *({"a": 1, "b": 2}, collections.OrderedDict(a=1, b=2), OrderedBelow(a=1, b=2)),
    *(collections.defaultdict(int, a=1, b=2), collections.Counter(a=1, b=2), Default(a=1, b=2)),
    *(types.MappingProxyType({"a": 1, "b": 2}), collections.UserDict(a=1, b=2), Reader()),
    types.MappingProxyType(Reader()),
]
LISTED: list[Any] = [
    *([1, 2], (1, 2), {1, 2}, frozenset({1, 2}), collections.deque([1, 2]), ListBelow([1, 2])),
    *(SetBelow({1, 2}), DequeBelow([1, 2]), collections.UserList([1, 2]), {1: 0, 2: 0}.keys()),
]


@pytest.mark.parametrize("value", KEYED, ids=lambda value: type(value).__name__)
def test_mappings_have_keys(value: Any) -> None:
    found = shape(value)
    names, values = found.take(value)
    assert found.keyed
    assert list(names or ()) == ["a", "b"]
    made: Any = found.build(value, Parts(["c"], [7]))
    assert dict(made) == {"c": 7}
    assert not found.build(value, Parts([], []))
    assert type(made) is (dict if isinstance(value, collections.UserDict | Reader) else type(value))
    assert len(value) == len(values)


@pytest.mark.parametrize("value", LISTED, ids=lambda value: type(value).__name__)
def test_lists_and_sets_have_places(value: Any) -> None:
    found = shape(value)
    assert not found.keyed
    assert found.take(value) == (None, [1, 2])
    made: Any = found.build(value, Parts(None, [3]))
    assert list(made) == [3]
    comes_back_as_a_list = isinstance(value, collections.UserList | collections.abc.KeysView)
    assert type(made) is (list if comes_back_as_a_list else type(value))


@pytest.mark.parametrize(
    "value", [User("u", "p"), Frozen("x"), Marked(), types.SimpleNamespace(a=1)], ids=type
)
def test_records_have_names_that_are_no_keys(value: Any) -> None:
    found = shape(value)
    names, values = found.take(value)
    assert not found.keyed
    assert not found.foreign
    assert dict(zip(names or (), values, strict=True)) == attributes(value)
    made = found.build(value, Parts(names, ["new"] * len(values)))
    assert type(made) is type(value)
    assert set(attributes(made).values()) == {"new"}


def test_models_are_records() -> None:
    model = Model(user="u", password="", token="t")
    names, values = shape(model).take(model)
    held = dict(zip(names or (), values, strict=True))
    assert (held["user"], held["token"]) == ("u", "t")
    assert not shape(model).keyed


OWN: list[object] = [
    *({}, [], (), set(), collections.deque(), collections.OrderedDict(), OrderedBelow(), ListBelow()),
    *(Default(), SetBelow(), Pair("a", "b"), ProblemError(1, "x")),
    *(types.MappingProxyType({}), types.MappingProxyType(collections.OrderedDict())),
]
STRANGE: list[object] = [
    *(collections.UserDict(), collections.UserList(), Reader(), types.MappingProxyType(Reader())),
]


@pytest.mark.parametrize(
    ("value", "foreign"),
    [*((each, False) for each in OWN), *((each, True) for each in STRANGE)],
    ids=lambda each: type(each).__name__,
)
def test_what_was_read_by_code_of_its_own_is_replaced(value: object, *, foreign: bool) -> None:
    assert shape(value).foreign is foreign


def test_attributes_on_a_container_make_it_a_stranger() -> None:
    bag = ListBelow()
    bag.note = "x"  # type: ignore[attr-defined]
    assert shape(bag).foreign
    assert not shape(ListBelow()).foreign


def test_what_is_not_looked_into() -> None:
    for value in (object(), SlotsOnly(), iter("ab"), len, int):
        assert shape_of(value) is None


def test_fields_name_members_only_where_there_are_as_many() -> None:
    pair = Fields((1, 2))
    assert shape(pair).take(pair) == (("a", "b"), [1, 2])
    more = Fields((1, 2, 3))
    assert shape(more).take(more) == (None, [1, 2, 3])
    assert shape((1, 2)).take((1, 2)) == (None, [1, 2])


def test_a_queue_keeps_its_bound() -> None:
    queue = collections.deque([1, 2, 3], maxlen=3)
    made: Any = shape(queue).build(queue, Parts(None, [4, 5, 6, 7]))
    assert (list(made), made.maxlen) == ([5, 6, 7], 3)


def test_an_order_of_its_own_is_kept() -> None:
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    assert shape(ordered).take(ordered) == (["b", "a"], [2, 1])


# --- exceptions ------------------------------------------------------------------------------------


def test_what_an_exception_holds() -> None:
    error = ProblemError(7, "text")
    error.__cause__ = cause = KeyError("k")
    names, values = shape(error).take(error)
    assert names == ["args", "__cause__", "__context__", "text"]
    assert values == [("7: text",), cause, None, "text"]
    missing = FileNotFoundError(2, "no", "/a", None, "/b")
    names, values = shape(missing).take(missing)
    held = dict(zip(names or (), values, strict=True))
    assert (held["args"], held["filename"], held["filename2"]) == ((2, "no"), "/a", "/b")


@pytest.mark.parametrize("suppressed", [True, False])
def test_how_an_exception_is_shown_is_kept(suppressed: bool) -> None:  # noqa: FBT001
    error = ProblemError(7, "text")
    error.__context__ = KeyError("k")
    error.__suppress_context__ = suppressed
    found = shape(error)
    made: Any = found.build(error, found.take(error))
    assert (type(made), made.args, made.text) == (ProblemError, error.args, "text")
    assert made.__context__ is error.__context__
    assert made.__suppress_context__ is suppressed


def test_what_a_marker_replaced_in_an_exception() -> None:
    """A cause that became a marker is none; arguments that did are one argument."""
    error = FileNotFoundError(2, "no", "/a", None, "/b")
    names = ["args", "__cause__", "__context__", "filename", "filename2"]
    made: Any = shape(error).build(error, Parts(names, ["[M]", "[M]", "[M]", "[M]", "[M]"]))
    assert (made.args, made.__cause__, made.__context__) == (("[M]",), None, None)
    assert (made.filename, made.filename2) == ("[M]", "[M]")


# --- an object's own data --------------------------------------------------------------------------


def test_slots_and_dictionary_are_read_and_written() -> None:
    class Both(Weak):
        pass

    both: Any = Both()
    assert attributes(both) == {}
    both.a, both.b = 1, 2
    assert attributes(both) == {"a": 1, "b": 2}
    made = restored(Both, {"a": 3, "c": 4})
    assert (made.a, vars(made)) == (3, {"c": 4})
    assert attributes(7) == {}
    assert attributes(Weak()) == {}


def test_the_nearest_class_answers() -> None:
    class Upper:
        mark = "upper"

    class Lower(Upper):
        mark = "lower"

    assert class_attribute(Lower, "mark") == "lower"
    assert class_attribute(Upper, "mark") == "upper"
    assert class_attribute(Upper, "none") is None
    assert lineage(Lower) == (Lower, Upper, object)
    assert native_base(Lower) is object
    assert native_base(ListBelow) is list
    assert native_base(ProblemError) is Exception
