"""An object's own data, read and written without running any of its code.

What an instance keeps is in its ``__dict__`` and its slots. Both are read here through the descriptors that
the interpreter made for them, found in the classes' own dictionaries, so neither ``__getattribute__`` nor a
property runs. A new object is made with ``__new__`` of the built-in type below it, never with ``__init__``.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["attributes", "class_attribute", "native_base", "restored"]

_HEAP_TYPE: Final = 1 << 9
"""Py_TPFLAGS_HEAPTYPE: the class was made by a class statement, or is a newer extension type."""

_DICT: Final = "__dict__"


def lineage(cls: type) -> tuple[type, ...]:
    """The classes that ``cls`` descends from, itself first."""
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(cls)
    return found


def class_attribute(cls: type, name: str) -> object:
    """What the nearest class in the lineage says under ``name``, as written; ``None`` where none does."""
    for base in lineage(cls):
        namespace = type.__dict__["__dict__"].__get__(base)
        if name in namespace:
            found: object = namespace[name]
            return found
    return None


def attributes(value: object) -> dict[str, object]:
    """All data of ``value``: its slots, then its ``__dict__``."""
    found: dict[str, object] = {}
    for name, slot in _slots(type(value)):
        try:
            found[name] = slot.__get__(value)
        except AttributeError:  # an empty slot
            continue
    found.update(_dictionary(value))
    return found


def restored(cls: type, state: Mapping[str, object], *arguments: object) -> Any:
    """A new ``cls`` that holds ``state``, made from ``arguments`` by the built-in type below it."""
    new = native_base(cls).__new__(cls, *arguments)
    slots = dict(_slots(cls))
    own = _dictionary(new)
    for name, kept in state.items():
        if name in slots:
            slots[name].__set__(new, kept)
        else:
            own[name] = kept
    return new


def native_base(cls: type) -> Any:
    """The nearest class in the lineage that no class statement made."""
    return next(base for base in lineage(cls) if not base.__flags__ & _HEAP_TYPE)


def _slots(cls: type) -> Iterator[tuple[str, types.MemberDescriptorType]]:
    for base in lineage(cls):
        namespace = type.__dict__["__dict__"].__get__(base)
        if "__slots__" in namespace:
            for name, slot in namespace.items():
                if type(slot) is types.MemberDescriptorType:
                    yield name, slot


def _dictionary(value: object) -> dict[str, object]:
    """The instance's dictionary itself; an empty one of nobody's where it has none."""
    descriptor: Any = class_attribute(type(value), _DICT)
    if type(descriptor) in (types.GetSetDescriptorType, types.MemberDescriptorType):
        own: dict[str, object] = descriptor.__get__(value)
        return own
    return {}
