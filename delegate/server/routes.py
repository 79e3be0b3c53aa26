"""What the routes of an application say about who may ask for them, whatever its framework.

The rule (design section 8): a route names its action, or it is marked public; one that says neither is
denied, and an application that has such a route does not start. An adapter shows the routes of its
framework as ``Route``; what is decided about them is decided here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol, TypeVar

from delegate.errors import ConfigurationError
from delegate.server.interface import Scope

__all__ = [
    "Leaf",
    "Route",
    "Says",
    "chosen",
    "is_public",
    "leaves",
    "naming_action",
    "public",
    "require_mapped",
    "said",
    "says_of",
]

_T = TypeVar("_T")

_PUBLIC: Final = "__delegate_public__"
_NAMES_ACTION: Final = "__delegate_names_action__"


class Says(enum.Enum):
    """What a route says about who may ask for it."""

    ACTION = "names an action"
    PUBLIC = "is public"
    NOTHING = "names no action and is not public"
    BOTH = "is public and names an action"
    WEBSOCKET = "is a WebSocket, which is not supported"


class Leaf(NamedTuple):
    """One route for people who must mend it."""

    kind: str
    """Its methods, or what it is."""
    path: str
    says: Says


class Route(Protocol):
    """One route of a tree of routes; asked for each request, so what it says is found out when asked."""

    @property
    def kind(self) -> str:
        """Its methods, or what it is."""
        ...

    @property
    def path(self) -> str:
        """Its part of the path."""
        ...

    @property
    def says(self) -> Says | None:
        """``None`` where it only leads to those ``below``."""
        ...

    def match(self, scope: Scope) -> Scope | None:
        """What the router adds to the scope where this route matches in full; ``None`` where it does not."""
        ...

    def below(self) -> Iterable[Route]:
        """The routes that it leads to, in the order in which the router tries them."""
        ...


def public(endpoint: _T) -> _T:
    """Mark an endpoint, or an application to be mounted, as open to everybody: it never has a ``Grant``.

    As a decorator it may stand above or below the route's own. A class that inherits from a public one is
    not public.
    """
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    """Whether ``public`` marked it."""
    return _is_marked(endpoint, _PUBLIC)


def naming_action(endpoint: _T) -> _T:
    """Mark an endpoint as one that asks a ``Requirement`` before it does anything."""
    setattr(endpoint, _NAMES_ACTION, True)
    return endpoint


def says_of(endpoint: object) -> Says:
    """What the marks of an endpoint say."""
    return said(named=_is_marked(endpoint, _NAMES_ACTION), marked=is_public(endpoint))


def _is_marked(endpoint: object, mark: str) -> bool:
    if isinstance(endpoint, type):
        return vars(endpoint).get(mark) is True
    return getattr(endpoint, mark, False) is True


def said(*, named: bool, marked: bool) -> Says:
    """The word of a route that names an action or is marked public, or neither, or both."""
    if marked:
        return Says.BOTH if named else Says.PUBLIC
    return Says.ACTION if named else Says.NOTHING


def chosen(routes: Iterable[Route], scope: Scope) -> Says:
    """What the route says that the router will choose: the first that matches in full."""
    for route in routes:
        added = route.match(scope)
        if added is not None:
            says = route.says
            return says if says is not None else chosen(route.below(), {**scope, **added})
    return Says.NOTHING


def leaves(routes: Iterable[Route], prefix: str = "") -> Iterator[Leaf]:
    """Every route that a request can end at."""
    for route in routes:
        says = route.says
        if says is None:
            yield from leaves(route.below(), prefix + route.path)
        else:
            yield Leaf(route.kind, prefix + route.path, says)


def require_mapped(routes: Iterable[Leaf], exempt: Iterable[str]) -> None:
    """Refuse to start where a route names no action; ``ConfigurationError`` lists them all."""
    wrong = [
        f"\n  {leaf.kind} {leaf.path} {leaf.says.value}"
        for leaf in routes
        if leaf.says not in {Says.ACTION, Says.PUBLIC} and leaf.path not in exempt
    ]
    if wrong:
        msg = f"say of each route who may ask, with requires(...) or public: {''.join(wrong)}"
        raise ConfigurationError(msg, field="routes")
