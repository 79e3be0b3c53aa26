"""How each kind of container is taken apart, and put together again with other members.

The rule: a container is read by the methods of the built-in type below it, called on that type, so what a
subclass overrides never runs; and what is put together is of the same class, as far as that can be done
without its ``__init__``. Where it cannot, the built-in type stands in.

Two kinds of objects are read through their own code, because there is no other way: a ``Mapping`` or a
``Sequence`` that is no built-in (HTTP headers, ``os.environ``). They are read once, within the bounds, and
what comes back is a plain ``dict`` or ``list`` of what was read then, for they might say something else the
next time. Whatever they raise makes the masker refuse them. Attributes that somebody hung on a ``dict`` or
``list`` of their own class are not members, are not searched, and do not come back.
"""

from __future__ import annotations

import collections
import gc
import types
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from delegate.limits import MASKING_MAX_ITEMS
from delegate.masking.state import attributes, class_attribute, native_base, restored

__all__ = ["EXACT", "Parts", "Shape", "shape_of"]


class Parts(NamedTuple):
    """The members of a container in their order, and the names they stand under."""

    names: Sequence[object] | None
    """Keys or field names, as many as values; ``None`` where members have places only."""
    values: Sequence[object]


class Shape(NamedTuple):
    """One way to take a container apart and to put it together."""

    take: Callable[[Any], Parts]
    build: Callable[[Any, Parts], object]
    """A new container like the first argument, with these members."""
    keyed: bool = False
    """The names are keys: values like any other, searched and replaced."""
    foreign: bool = False
    """It was read through code of its own, so it is always replaced by what was read."""


def shape_of(value: object) -> Shape | None:
    """How to take ``value``, of no type in ``EXACT``, apart; ``None`` where it is not looked into."""
    cls = type(value)
    if cls is types.MappingProxyType:
        (behind,) = gc.get_referents(value)
        return _PROXY if issubclass(type(behind), dict) else _FOREIGN_PROXY
    for base, shape in _DERIVED:
        if issubclass(cls, base):
            return shape._replace(foreign=base is not BaseException and bool(attributes(value)))
    if any(class_attribute(cls, mark) is not None for mark in _RECORDS) or cls is types.SimpleNamespace:
        return _RECORD
    for abstract, shape in _FOREIGN:
        if issubclass(cls, abstract):
            return shape
    return None


# --- mappings --------------------------------------------------------------------------------------


def _take_dict(value: Any) -> Parts:
    return Parts(list(dict.keys(value)), list(dict.values(value)))


def _pairs(parts: Parts) -> Any:
    return zip(parts.names or (), parts.values, strict=True)


def _build_dict(_: object, parts: Parts) -> dict[Any, Any]:
    return dict(_pairs(parts))


def _build_derived_dict(value: Any, parts: Parts) -> Any:
    new = dict.__new__(type(value))
    dict.update(new, _pairs(parts))
    return new


def _take_ordered(value: Any) -> Parts:
    keys = list(collections.OrderedDict.__iter__(value))
    return Parts(keys, [dict.__getitem__(value, key) for key in keys])


def _build_ordered(value: Any, parts: Parts) -> Any:
    new = collections.OrderedDict.__new__(type(value))
    for key, member in _pairs(parts):
        collections.OrderedDict.__setitem__(new, key, member)
    return new


def _build_default(value: Any, parts: Parts) -> Any:
    new = collections.defaultdict.__new__(type(value))
    factory: Any = collections.defaultdict.__dict__["default_factory"]
    factory.__set__(new, factory.__get__(value))
    dict.update(new, _pairs(parts))
    return new


def _take_foreign_mapping(value: Any) -> Parts:
    pairs = [(key, member) for key, member in islice(value.items(), MASKING_MAX_ITEMS + 1)]
    return Parts([key for key, _ in pairs], [member for _, member in pairs])


def _take_foreign_sequence(value: Any) -> Parts:
    return Parts(None, list(islice(value, MASKING_MAX_ITEMS + 1)))


def _build_proxy(_: object, parts: Parts) -> Any:
    return types.MappingProxyType(dict(_pairs(parts)))


# --- sequences and sets ----------------------------------------------------------------------------


def _sequence(base: Any) -> Callable[[Any], Parts]:
    def take(value: Any) -> Parts:
        return Parts(None, list(base.__iter__(value)))

    return take


def _build_list(_: object, parts: Parts) -> list[object]:
    return list(parts.values)


def _build_derived_list(value: Any, parts: Parts) -> Any:
    new = list.__new__(type(value))
    list.extend(new, parts.values)
    return new


def _take_tuple(value: Any) -> Parts:
    """The members, under the field names of a named tuple."""
    members = list(tuple.__iter__(value))
    fields = class_attribute(type(value), "_fields")
    named = type(fields) is tuple and len(fields) == len(members)
    return Parts(fields if named else None, members)  # type: ignore[arg-type]  # a tuple if named


def _build_tuple(value: Any, parts: Parts) -> Any:
    try:
        return tuple.__new__(type(value), parts.values)
    except TypeError:  # a type of the interpreter's own, such as time.struct_time
        return tuple(parts.values)


def _build_set(value: Any, parts: Parts) -> Any:
    if issubclass(type(value), frozenset):
        return frozenset.__new__(type(value), parts.values)
    new = set.__new__(type(value))
    set.update(new, parts.values)
    return new


def _build_deque(value: Any, parts: Parts) -> Any:
    bound: Any = collections.deque.__dict__["maxlen"]
    new = collections.deque.__new__(type(value))
    collections.deque.__init__(new, parts.values, bound.__get__(value))
    return new


# --- records ---------------------------------------------------------------------------------------


def _take_record(value: object) -> Parts:
    state = attributes(value)
    return Parts(list(state), list(state.values()))


def _build_record(value: object, parts: Parts) -> object:
    return restored(type(value), dict(_pairs(parts)))


_CHAIN: Final = ("__cause__", "__context__")
_SYSTEM: Final = ("filename", "filename2")


def _native(cls: Any, name: str) -> Any:
    return cls.__dict__[name]


def _take_exception(value: Any) -> Parts:
    """Arguments, attributes and notes, and the exceptions it came from; never the traceback's frames."""
    state: dict[str, object] = {"args": _native(BaseException, "args").__get__(value)}
    state |= {name: _native(BaseException, name).__get__(value) for name in _CHAIN}
    if issubclass(type(value), OSError):
        state |= {name: _native(OSError, name).__get__(value) for name in _SYSTEM}
    state |= attributes(value)
    return Parts(list(state), list(state.values()))


def _build_exception(value: Any, parts: Parts) -> object:
    state = dict(_pairs(parts))
    arguments = state.pop("args")
    kept = {name: state.pop(name) for name in (*_CHAIN, *_SYSTEM) if name in state}
    if type(arguments) is not tuple:  # over a bound, and so a marker
        arguments = (arguments,)
    new = restored(type(value), state, *arguments)
    native_base(type(value)).__init__(new, *arguments)
    _native(BaseException, "args").__set__(new, arguments)
    for name, linked in kept.items():
        owner: type = BaseException if name in _CHAIN else OSError
        if owner is OSError or issubclass(type(linked), BaseException):
            _native(owner, name).__set__(new, linked)
    suppressed = _native(BaseException, "__suppress_context__")
    suppressed.__set__(new, suppressed.__get__(value))
    return new


# --- the table -------------------------------------------------------------------------------------

_LIST: Final = Shape(_sequence(list), _build_list)
_VIEW: Final = Shape(lambda value: Parts(None, list(value)), _build_list)
_TUPLE: Final = Shape(_take_tuple, _build_tuple)
_SET: Final = Shape(_sequence(set), _build_set)
_FROZENSET: Final = Shape(_sequence(frozenset), _build_set)
_DEQUE: Final = Shape(_sequence(collections.deque), _build_deque)
_RECORD: Final = Shape(_take_record, _build_record)
_DICT: Final = Shape(_take_dict, _build_dict, keyed=True)
_ORDERED: Final = Shape(_take_ordered, _build_ordered, keyed=True)
_DEFAULT: Final = Shape(_take_dict, _build_default, keyed=True)
_FOREIGN_PROXY: Final = Shape(_take_foreign_mapping, _build_proxy, keyed=True, foreign=True)
_PROXY: Final = _FOREIGN_PROXY._replace(foreign=False)

EXACT: Final[dict[type, Shape]] = {
    dict: _DICT,
    list: _LIST,
    tuple: _TUPLE,
    **dict.fromkeys((type({}.keys()), type({}.values()), type({}.items())), _VIEW),
}
_DERIVED: Final[tuple[tuple[type, Shape], ...]] = (
    (collections.OrderedDict, _ORDERED),
    (collections.defaultdict, _DEFAULT),
    (dict, Shape(_take_dict, _build_derived_dict, keyed=True)),
    (list, Shape(_sequence(list), _build_derived_list)),
    (tuple, _TUPLE),
    (set, _SET),
    (frozenset, _FROZENSET),
    (collections.deque, _DEQUE),
    (BaseException, Shape(_take_exception, _build_exception)),
)
_RECORDS: Final = ("__dataclass_fields__", "__pydantic_fields__", "__attrs_attrs__")
"""Class attributes that say: this class is a record, its data are its fields."""

_FOREIGN: Final[tuple[tuple[Any, Shape], ...]] = (
    (Mapping, Shape(_take_foreign_mapping, _build_dict, keyed=True, foreign=True)),
    (Sequence, Shape(_take_foreign_sequence, _build_list, foreign=True)),
)
