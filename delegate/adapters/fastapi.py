"""FastAPI: each route names its action, or says that it is public; nothing else is served.

    may_refund = requires("refunds.create", operation="financial", risk="high",
                          resources=lambda r: {"order": [r.path_params["order"]]})

    @app.post("/v1/refunds/{order}")
    async def refund(order: str, grant: Annotated[delegate.Grant, Depends(may_refund)]): ...

    protect(app, verifier)

What keeps everybody else out is in ``delegate.server.gate``. Here is what FastAPI adds to it: an action is
a dependency, anywhere among those of a route; included routers; mounted applications, which answer
refusals as the outer one does. HEAD is a route of its own, and unmapped where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Final

import fastapi.routing
import starlette.routing
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Match, Mount, WebSocketRoute

from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import Signer
from delegate.server.gate import Gate, Requirement, Resources, refusal_of
from delegate.server.interface import ASGIApp, Scope
from delegate.server.routes import Route, Says, chosen, is_public, leaves, public, said
from delegate.verifier import Grant, Verifier

__all__ = ["protect", "public", "requires"]

_MOUNTS: Final = (Mount, Host)


def requires(
    tool: str,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Resources[Request] | None = None,
) -> Callable[[Request], Coroutine[Any, Any, Grant]]:
    """A dependency that permits this action and gives the handler its ``Grant``.

    ``resources`` is asked for each request; what it names is what the handler will touch. It stands on a
    route (``Annotated[Grant, Depends(...)]``), or in ``dependencies=`` of a route, router or application;
    where several stand, all must permit. Raises ``MalformedError`` at once for a name that is not one.
    """
    return _Requirement(
        tool, operation=operation, risk=risk, sensitivities=sensitivities, resources=resources
    ).authorize


class _Requirement(Requirement[Request]):
    """What ``requires`` was told; its method is the dependency."""

    __slots__ = ()

    async def authorize(self, request: Request) -> Grant:
        """The grant; raises what ``Requirement.apermit`` raises."""
        return await self.apermit(request, request.scope)


def protect(
    app: FastAPI,
    verifier: Verifier,
    *,
    exempt: Iterable[str] = (),
    root_path: str = "",
    development: bool = False,
    answer_key: Signer | None = None,
) -> None:
    """Verify every request to ``app``, outside of all its middleware, before and after this call.

    ``exempt``, ``root_path``, ``development`` and ``answer_key`` are those of ``DelegateMiddleware``. Without
    ``root_path`` it is that of ``app``. Where a route names no action and is not public, the application
    fails to start, or where its server knows no start-up, at the first request. The documentation pages of
    FastAPI are such routes: switch them off, or list them in ``exempt``.

    Raises ``ConfigurationError`` for an application that is protected or has served already, and for an
    observing verifier, which has no ``Grant`` to give.
    """
    if app.middleware_stack is not None or DelegateError in app.exception_handlers:
        msg = "protect() must be called once, and before the application serves"
        raise ConfigurationError(msg, field="app")
    gate = Gate(
        verifier,
        says=lambda scope: chosen(map(_Route, app.routes), scope),
        leaves=lambda: leaves(map(_Route, app.routes)),
        exempt=exempt,
        root_path=root_path or app.root_path,
        development=development,
        answer_key=answer_key,
        prepare=lambda: _teach_refusals(app.routes),
    )
    build = app.build_middleware_stack

    def build_gate() -> ASGIApp:
        gate.app = build()
        return gate

    app.add_exception_handler(DelegateError, _refuse)
    app.build_middleware_stack = build_gate  # type: ignore[method-assign]


# --- what routes there are -------------------------------------------------------------------------


class _Route:
    """One route as the router tries it; an included router, or a mounted application, is one of them."""

    __slots__ = ("_route",)

    def __init__(self, route: Any) -> None:  # noqa: ANN401 - FastAPI's views of routes share no type
        self._route = route

    @property
    def kind(self) -> str:
        methods: Iterable[str] | None = getattr(self._route, "methods", None)
        if isinstance(_original(self._route), _MOUNTS):
            return "mount"
        return ",".join(sorted(methods or ())) or type(_original(self._route)).__name__

    @property
    def path(self) -> str:
        """Empty for an included router: what stands below it matches the whole path again."""
        path: str = getattr(self._route, "path", None) or getattr(self._route, "host", None) or ""
        return path

    @property
    def says(self) -> Says | None:
        route, original = self._route, _original(self._route)
        if not isinstance(original, starlette.routing.Route):  # which most are, and so not looked at further
            if isinstance(original, _MOUNTS):  # one that hides its routes is one, which nobody can map
                return Says.PUBLIC if is_public(route.app) else None if _below(route) else Says.NOTHING
            if isinstance(original, WebSocketRoute):
                return Says.WEBSOCKET
            if _included(route) is not None:
                return None
        return said(
            named=_names_action(getattr(route, "dependant", None)),
            marked=is_public(getattr(route, "endpoint", None)),
        )

    def match(self, scope: Scope) -> Scope | None:
        match, added = self._route.matches(scope)
        return added if match is Match.FULL else None

    def below(self) -> Iterator[Route]:
        included = _included(self._route)
        return map(_Route, _below(self._route) if included is None else included)


def _included(route: Any) -> list[Any] | None:  # noqa: ANN401
    """The routes in effect of a router that was included; ``None`` of any other route."""
    routes = list(_flat([route]))
    alone = len(routes) == 1 and _original(routes[0]) is _original(route)
    return None if alone else routes


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes as they are in effect, without the routers that were included."""
    flatten = getattr(fastapi.routing, "iter_route_contexts", iter)  # included routers were flat once
    result: Iterator[Any] = flatten(list(routes))
    return result


def _below(route: Any) -> list[Any]:  # noqa: ANN401
    """What is mounted may be a route itself, and its ``routes`` those one level below it."""
    return [route.app] if isinstance(route.app, BaseRoute) else list(route.routes)


def _original(route: Any) -> object:  # noqa: ANN401
    return getattr(route, "original_route", route)


def _names_action(dependant: Any) -> bool:  # noqa: ANN401 - differs between FastAPI's versions
    """Whether one of the dependencies, however deep, is made by ``requires``."""
    if dependant is None:
        return False
    if isinstance(getattr(dependant.call, "__self__", None), _Requirement):
        return True
    return any(map(_names_action, dependant.dependencies))


# --- what a refused request gets -------------------------------------------------------------------


def _refuse(request: Request, error: Exception) -> Response:
    """The exception handler for refusals of ``requires``, and of ``Verified.authorize`` in handlers."""
    problem = refusal_of(error, request.scope)
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(problem.body, problem.status, headers)


def _teach_refusals(routes: Iterable[Any]) -> None:
    """Have mounted applications answer refusals as the outer one does, instead of as defects."""
    for route in _flat(routes):
        if not isinstance(_original(route), _MOUNTS):
            continue
        inner = route.app
        if isinstance(inner, Starlette) and DelegateError not in inner.exception_handlers:
            if inner.middleware_stack is not None:
                msg = f"the application mounted at {route.path!r} has served before it was protected"
                raise ConfigurationError(msg, field="app")
            inner.add_exception_handler(DelegateError, _refuse)
        _teach_refusals(route.routes)
