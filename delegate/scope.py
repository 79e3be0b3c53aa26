"""Scopes and actions: what a block of a delegation grants, and what a server is about to do.

A ``Scope`` has five parts: tools, the highest risk, operations, sensitivities, and patterns of resources
by type. Empty means none in each of them, and there is no "all" (``Scope.UNRESTRICTED`` is for the ceiling
of an issuer in a trust store and cannot stand in a token). Three operations carry the whole meaning
(design sections 6 and 8):

- ``require_contains``: a block may grant no more than its parent. Sound by itself it is not needed, since
- ``require_permits``: an action needs the permission of *every* block and of the ceiling; but it tells
  people what they did wrong;
- ``meet``: the scope of what two scopes both allow.

In signed bytes a scope is ``{"max_risk", "operations", "resources", "sensitivities", "tools"}``, and it is
complete: a missing part is nothing. One value has one encoding, so a part that is nothing must be missing;
an empty array or object is ``non_canonical``. ``max_risk`` is always stated, since no level means "none":
the least scope is ``{"max_risk": "low"}``. Sets are strictly ascending by UTF-8 bytes, and patterns in
reduced normal form. ``from_json`` reads this and nothing else; the constructor is for people and
normalizes what they write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from delegate.errors import (
    ConfigurationError,
    MalformedError,
    NonCanonicalError,
    OutOfScopeError,
    ResourceMalformedError,
    TooLargeError,
    WidenedError,
)
from delegate.limits import (
    ACTION_MAX_VALUES,
    LABEL_MAX_CHARS,
    SCOPE_MAX_LABELS,
    SCOPE_MAX_TOOLS,
)
from delegate.names import require_label, require_name, require_nfc, require_text
from delegate.resources import Patterns, normalize, parse, require_all_fit, too_many

if TYPE_CHECKING:
    from delegate.canonical import SignedValue

__all__ = ["RISKS", "Action", "Scope"]

RISKS: Final = ("low", "medium", "high", "critical")
"""The levels of risk, ascending."""

_RANK: Final = {risk: rank for rank, risk in enumerate(RISKS)}
_PARTS: Final = frozenset({"max_risk", "operations", "resources", "sensitivities", "tools"})
_SHOWN: Final = 4
"""How many granted values a message lists before it counts the rest."""

_Limit: TypeAlias = "tuple[str, ...] | str"
_set = object.__setattr__


def _require_risk(value: object, name: str) -> str:
    if type(value) is not str or value not in _RANK:
        msg = f"{name} must be one of {', '.join(RISKS)}"
        raise MalformedError(msg, field=name, limit=RISKS)
    return value


def _not_of_parts(value: object) -> MalformedError:
    """Why ``value`` is no object with the parts of a scope and no other."""
    if type(value) is not dict:
        return MalformedError(f"a scope must be an object, not {type(value).__name__}", field="scope")
    name = min(value.keys() - _PARTS, key=ascii)
    shown = ascii(name)[1:-1][:LABEL_MAX_CHARS] if type(name) is str else type(name).__name__
    return MalformedError(f'a scope has no part "{shown}"', field=shown, limit=tuple(sorted(_PARTS)))


def _stated_set(
    parts: dict[str, object], name: str, limit: int, require: Callable[[object, str], str]
) -> frozenset[str]:
    """The set under ``name`` in signed bytes: nothing when missing, else ascending and not empty."""
    if name not in parts:
        return frozenset()
    items = parts[name]
    if type(items) is not list:
        msg = f"{name} must be an array, not {type(items).__name__}"
        raise MalformedError(msg, field=name)
    if len(items) > limit:
        raise too_many(len(items), limit, name)
    for item in items:
        require(item, name)
    values = frozenset(items)
    if not values or sorted(values) != items:
        msg = f"{name} must be strictly ascending, and left out when empty"
        raise NonCanonicalError(msg, field=name)
    return values


def _written_set(
    items: Iterable[str], name: str, limit: int, require: Callable[[object, str], str]
) -> frozenset[str]:
    """The set that a person wrote, in any order."""
    if isinstance(items, str):
        msg = f'{name} must be a list of names: write ["{items[:LABEL_MAX_CHARS]}"]'
        raise MalformedError(msg, field=name)
    values = frozenset([require(item, name) for item in items])
    if len(values) > limit:
        raise too_many(len(values), limit, name)
    return values


def _require_values(kind: str, values: object) -> tuple[str, ...]:
    """The values of one resource type that an action touches, each once."""
    name = f"resources.{require_label(kind, 'resources')}"
    if isinstance(values, str) or not isinstance(values, Iterable) or not (listed := [*values]):
        msg = f"{name} must be a list of at least one value; leave out a type that is not touched"
        raise ResourceMalformedError(msg, field=name)
    if len(listed) > ACTION_MAX_VALUES:
        raise too_many(len(listed), ACTION_MAX_VALUES, name)
    try:
        return tuple(sorted({require_text(value, name) for value in listed}))
    except (MalformedError, TooLargeError) as error:
        raise ResourceMalformedError(str(error), field=name, limit=error.limit) from error


def _fill(
    scope: Scope,
    *,
    tools: frozenset[str],
    max_risk: str,
    operations: frozenset[str],
    sensitivities: frozenset[str],
    resources: dict[str, Patterns],
) -> Scope:
    """Give a new ``scope`` its parts, which are checked and in normal form."""
    _set(scope, "tools", tools)
    _set(scope, "max_risk", max_risk)
    _set(scope, "operations", operations)
    _set(scope, "sensitivities", sensitivities)
    _set(scope, "_resources", resources)
    _set(scope, "unrestricted", False)  # noqa: FBT003 - that is how setattr is called
    return scope


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _more(field: str, given: frozenset[str], limit: frozenset[str]) -> tuple[str, str, _Limit]:
    """A widening by the first name that is ``given`` and not within ``limit``."""
    return field, _quoted(min(given - limit)), tuple(sorted(limit))


def _allowance(block: int, name: str, limit: _Limit) -> str:
    """Who allows what, for a message: ``block 1 allows repo: ["sernixa"]``."""
    owner = "the issuer's ceiling" if block < 0 else f"block {block}"
    if isinstance(limit, str):
        return f"{owner} allows {name}: {_quoted(limit)}"
    shown = ", ".join(_quoted(value) for value in limit[:_SHOWN])
    rest = f", and {len(limit) - _SHOWN} more" if len(limit) > _SHOWN else ""
    return f"{owner} allows {name.removeprefix('resources.')}: [{shown}{rest}]"


def _out_of_scope(
    block: int, what: str, value: str, field: str, allowed: Iterable[str] | str
) -> OutOfScopeError:
    limit = allowed if isinstance(allowed, str) else tuple(sorted(allowed))
    msg = f"{what} {_quoted(value)} is outside scope ({_allowance(block, field, limit)})"
    return OutOfScopeError(msg, block=block, field=field, limit=limit)


@dataclass(frozen=True, slots=True, init=False)
class Action:
    """What a server is about to do, in its own words: never what the caller says it is.

    A dimension that the action does not touch is left out and is not checked. ``resources`` gives the
    values of each resource type that it touches; a type without values is refused, since "touches files,
    but none" is a sign of a route that did not find its argument.
    """

    tool: str
    operation: str
    risk: str
    sensitivities: frozenset[str]
    resources: tuple[tuple[str, tuple[str, ...]], ...]
    """``(type, values)`` of each resource type that is touched, ascending."""

    def __init__(
        self,
        tool: str,
        *,
        operation: str,
        risk: str,
        sensitivities: Iterable[str] = (),
        resources: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Check every name and value.

        Raises ``MalformedError`` for names, ``ResourceMalformedError`` for resource values (the form of a
        path is checked where a scope grants by ``path``), ``TooLargeError`` beyond 1,024 values.
        """
        _set(self, "tool", require_name(tool, "tool"))
        _set(self, "operation", require_label(operation, "operation"))
        _set(self, "risk", _require_risk(risk, "risk"))
        marks = _written_set(sensitivities, "sensitivities", SCOPE_MAX_LABELS, require_label)
        _set(self, "sensitivities", marks)
        items = sorted((resources or {}).items())
        _set(self, "resources", tuple([(kind, _require_values(kind, values)) for kind, values in items]))
        count = sum(len(values) for _, values in self.resources)
        if count > ACTION_MAX_VALUES:
            raise too_many(count, ACTION_MAX_VALUES, "resources")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Scope:
    """What one block grants. Immutable and hashable; equal means: the same grant, written the same way."""

    UNRESTRICTED: ClassVar[Scope]
    """Everything. Only for the ceiling of an issuer: it has no JSON form and cannot be minted."""

    tools: frozenset[str]
    max_risk: str
    operations: frozenset[str]
    sensitivities: frozenset[str]
    _resources: dict[str, Patterns]
    unrestricted: bool
    """Whether this is ``UNRESTRICTED``, which lists nothing and permits all."""

    def __init__(
        self,
        *,
        tools: Iterable[str] = (),
        max_risk: str = "low",
        operations: Iterable[str] = (),
        sensitivities: Iterable[str] = (),
        resources: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    ) -> None:
        """Take a scope as a person writes it: any order, repeated names, patterns contained in others.

        ``resources`` is ``{type: {matcher: patterns}}`` with the matcher ``"exact"`` or ``"path"``. Raises
        ``MalformedError`` for names and patterns that are not allowed, ``TooLargeError`` over a limit.
        """
        _fill(
            self,
            tools=_written_set(tools, "tools", SCOPE_MAX_TOOLS, require_name),
            max_risk=_require_risk(max_risk, "max_risk"),
            operations=_written_set(operations, "operations", SCOPE_MAX_LABELS, require_label),
            sensitivities=_written_set(sensitivities, "sensitivities", SCOPE_MAX_LABELS, require_label),
            resources=normalize(resources or {}),
        )

    @classmethod
    def from_json(cls, value: object) -> Scope:
        """Read a scope from signed bytes, after JSON parsing.

        Raises ``MalformedError`` (also for an unknown member), ``NonCanonicalError`` and
        ``TooLargeError``, each with the path of the ``field``. Nothing is normalized.
        """
        if type(value) is not dict or not value.keys() <= _PARTS:
            raise _not_of_parts(value)
        parts: dict[str, object] = value
        return _fill(
            cls.__new__(cls),
            tools=_stated_set(parts, "tools", SCOPE_MAX_TOOLS, require_name),
            max_risk=_require_risk(parts.get("max_risk"), "max_risk"),
            operations=_stated_set(parts, "operations", SCOPE_MAX_LABELS, require_label),
            sensitivities=_stated_set(parts, "sensitivities", SCOPE_MAX_LABELS, require_label),
            resources=parse(parts["resources"]) if "resources" in parts else {},
        )

    def to_json(self) -> dict[str, SignedValue]:
        """The one form in which this scope stands in signed bytes, as a value for the canonical encoder.

        Raises ``ConfigurationError`` for ``UNRESTRICTED``.
        """
        if self.unrestricted:
            msg = "Scope.UNRESTRICTED is for an issuer's ceiling only: list what to grant"
            raise ConfigurationError(msg, field="scope")
        parts: dict[str, SignedValue] = {
            "operations": [*sorted(self.operations)],
            "resources": {
                kind: {matcher: [*patterns] for matcher, patterns in granted.items()}
                for kind, granted in self.resources.items()
            },
            "sensitivities": [*sorted(self.sensitivities)],
            "tools": [*sorted(self.tools)],
        }
        return {"max_risk": self.max_risk} | {name: part for name, part in parts.items() if part}

    def require_mintable(self) -> None:
        """Refuse what a mint must not sign, though a verifier would read it.

        Raises ``MalformedError`` for a pattern that is not in Unicode NFC (verifiers do not ask, since
        their tables may differ), and ``ConfigurationError`` for ``UNRESTRICTED``.
        """
        self.to_json()
        for kind, granted in self._resources.items():
            for pattern in granted.patterns:
                require_nfc(pattern, f"resources.{kind}")

    @property
    def resources(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """``{type: {matcher: patterns}}``, as the constructor takes it."""
        return {
            kind: {granted.matcher: granted.patterns} for kind, granted in sorted(self._resources.items())
        }

    def meet(self, other: Scope) -> Scope:
        """The scope of what both allow. ``UNRESTRICTED`` changes nothing; equal scopes meet in themselves.

        A resource type under two matchers is nothing. Raises ``TooLargeError`` where crossing patterns
        (``/*/a`` and ``/b/*``) have more in common than one scope may state.
        """
        if self.unrestricted or other.unrestricted:
            return other if self.unrestricted else self
        resources: dict[str, Patterns] = {}
        for kind, mine in self._resources.items():
            theirs = other._resources.get(kind)
            if theirs is not None and theirs.matcher == mine.matcher and (both := mine.meet(theirs)).patterns:
                resources[kind] = both
        require_all_fit(resources)
        return _fill(
            Scope.__new__(Scope),
            tools=self.tools & other.tools,
            max_risk=min(self.max_risk, other.max_risk, key=_RANK.__getitem__),
            operations=self.operations & other.operations,
            sensitivities=self.sensitivities & other.sensitivities,
            resources=resources,
        )

    def contains(self, child: Scope) -> bool:
        """Whether ``child`` grants no more than this scope, pattern by pattern. Equal scopes do."""
        return self._widening(child) is None

    def require_contains(self, child: Scope, *, block: int) -> None:
        """Refuse a ``child`` scope, stated by ``block``, that grants more than this one, its parent's.

        Raises ``WidenedError`` with the first widened ``field``, the parent's ``limit`` and ``block``.
        Block 0 is held against the issuer's ceiling.
        """
        widening = self._widening(child)
        if widening is not None:
            field, given, limit = widening
            msg = f"block {block} widens {field} by {given} ({_allowance(block - 1, field, limit)})"
            raise WidenedError(msg, block=block, field=field, limit=limit)

    def _widening(self, child: Scope) -> tuple[str, str, _Limit] | None:
        """The first part in which ``child`` is wider: its path, what is too much, and what is allowed."""
        if self.unrestricted:
            return None
        if child.unrestricted:
            return "scope", "everything", ()
        return self._name_widening(child) or self._resource_widening(child)

    def _name_widening(self, child: Scope) -> tuple[str, str, _Limit] | None:
        if not child.tools <= self.tools:
            return _more("tools", child.tools, self.tools)
        if not child.operations <= self.operations:
            return _more("operations", child.operations, self.operations)
        if not child.sensitivities <= self.sensitivities:
            return _more("sensitivities", child.sensitivities, self.sensitivities)
        if _RANK[child.max_risk] > _RANK[self.max_risk]:
            return "max_risk", _quoted(child.max_risk), self.max_risk
        return None

    def _resource_widening(self, child: Scope) -> tuple[str, str, _Limit] | None:
        for kind, theirs in child._resources.items():
            mine = self._resources.get(kind)
            if mine is not None and mine.matcher != theirs.matcher:
                return f"resources.{kind}", f"the matcher {_quoted(theirs.matcher)}", mine.matcher
            for pattern in theirs.patterns:
                if mine is None or not mine.covers(pattern):
                    return f"resources.{kind}", _quoted(pattern), () if mine is None else mine.patterns
        return None

    def require_permits(self, action: Action, *, block: int) -> None:
        """Refuse an ``action`` that this scope, stated by ``block``, does not permit; -1 is the ceiling.

        Raises ``OutOfScopeError`` with ``field``, ``limit`` and ``block``, and ``ResourceMalformedError``
        for a value that is not a canonical path where this scope grants by ``path``.
        """
        if self.unrestricted:
            return
        if action.tool not in self.tools:
            raise _out_of_scope(block, "tool", action.tool, "tools", self.tools)
        if action.operation not in self.operations:
            raise _out_of_scope(block, "operation", action.operation, "operations", self.operations)
        if _RANK[action.risk] > _RANK[self.max_risk]:
            raise _out_of_scope(block, "risk", action.risk, "max_risk", self.max_risk)
        if more := action.sensitivities - self.sensitivities:
            raise _out_of_scope(block, "sensitivity", min(more), "sensitivities", self.sensitivities)
        for kind, values in action.resources:
            self._require_permits_values(kind, values, block)

    def _require_permits_values(self, kind: str, values: tuple[str, ...], block: int) -> None:
        granted = self._resources.get(kind)
        if granted is None:
            raise _out_of_scope(block, "resource", f"{kind}:{values[0]}", f"resources.{kind}", ())
        for value in values:
            granted.require_value(value, f"resources.{kind}", block)
            if not granted.matches(value):
                shown = f"{kind}:{value}"
                raise _out_of_scope(block, "resource", shown, f"resources.{kind}", granted.patterns)

    def __hash__(self) -> int:
        """Of all parts: the dictionary of patterns is never changed."""
        resources = frozenset(self._resources.items())
        return hash((self.tools, self.max_risk, self.operations, self.sensitivities, resources))

    def __repr__(self) -> str:
        """As it would be written, without what it does not grant."""
        if self.unrestricted:
            return "Scope.UNRESTRICTED"
        parts = [f"{name}={value!r}" for name, value in self.to_json().items()]
        return f"Scope({', '.join(parts)})"


Scope.UNRESTRICTED = Scope(max_risk=RISKS[-1])
_set(Scope.UNRESTRICTED, "unrestricted", True)  # noqa: FBT003 - that is how setattr is called
