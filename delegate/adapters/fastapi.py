"""FastAPI: each route names its action, or says that it is public; nothing else is served.

    may_refund = requires("refunds.create", operation="financial", risk="high",
                          resources=lambda r: {"order": [r.path_params["order"]]})

    @app.post("/v1/refunds/{order}")
    async def refund(order: str, grant: Annotated[delegate.Grant, Depends(may_refund)]): ...

    protect(app, verifier)

Three locks, each of which holds alone. ``protect`` puts the verifying middleware around everything else,
and lets a request pass unverified only where the router's first full match is ``public``. A verified
request goes on only where that match names an action. And ``requires``, which the framework runs before
the handler, gives out a ``Grant`` only for a ``Verified`` that the middleware left in the scope: a request
that slipped past the first two would still have none.

Routes are looked at again for every request, because they can be added at any time; at start-up all of
them are, and one that names no action stops the application (design section 8). A path that no route
matches in full is denied as well, so redirects to another spelling and other methods are.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, TypeAlias, TypeVar

import fastapi.routing
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.routing import Host, Match, Mount, WebSocketRoute

from delegate.errors import (
    ActionUnmappedError,
    ConfigurationError,
    DelegateError,
    ResourceMalformedError,
)
from delegate.masking.logs import masked_logger
from delegate.scope import Action
from delegate.server.asgi import DENIED, VERIFIED, DelegateMiddleware
from delegate.server.interface import ASGIApp, Receive, Scope, Send
from delegate.server.problem import public_refusal
from delegate.verifier import Grant, Verified, Verifier

__all__ = ["protect", "public", "requires"]

_T = TypeVar("_T")

Resources: TypeAlias = Callable[
    [Request], Mapping[str, Sequence[str]] | Awaitable[Mapping[str, Sequence[str]]]
]
"""The resources that a request touches, by type; may be async."""

_MARK: Final = "__delegate_public__"
_ROUTE: Final = "delegate.route"
_log: Final = masked_logger("delegate.adapters.fastapi")


# --- what a route says -----------------------------------------------------------------------------


def requires(
    tool: str,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Resources | None = None,
) -> Callable[[Request], Coroutine[Any, Any, Grant]]:
    """A dependency that permits this action and gives the handler its ``Grant``.

    ``resources`` is asked for each request; what it names is what the handler will touch. It stands on a
    route (``Annotated[Grant, Depends(...)]``), or in ``dependencies=`` of a route, router or application;
    where several stand, all must permit. Raises ``MalformedError`` at once for a name that is not one.
    """
    action = Action(tool, operation=operation, risk=risk, sensitivities=sensitivities)
    return _Requirement(action=action, resources=resources).authorize


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Requirement:
    """What ``requires`` was told; its method is the dependency."""

    action: Action
    resources: Resources | None

    async def authorize(self, request: Request) -> Grant:
        """The grant; raises ``OutOfScopeError``, ``ResourceMalformedError`` or ``DelegationExpiredError``."""
        verified: Verified | None = request.scope.get(VERIFIED)
        if verified is None:
            msg = f"nobody verified this request for {self.action.tool!r}: call protect(app, verifier)"
            raise ConfigurationError(msg, field="protect")
        try:
            return verified.authorize(await self._wanted(request))
        except DelegateError as error:
            error.proved = True
            request.scope[DENIED] = error
            raise

    async def _wanted(self, request: Request) -> Action:
        """The action with the resources that this request touches."""
        if self.resources is None:
            return self.action
        named = self.resources(request)
        resources = await named if isawaitable(named) else named
        if not resources:
            msg = f"resources= of {self.action.tool!r} named nothing that this request touches"
            raise ResourceMalformedError(msg, field="resources")
        return Action(
            self.action.tool,
            operation=self.action.operation,
            risk=self.action.risk,
            sensitivities=self.action.sensitivities,
            resources=resources,
        )


def public(endpoint: _T) -> _T:
    """Mark an endpoint, or an application to be mounted, as open to everybody: it never has a ``Grant``.

    As a decorator it may stand above or below the route's own.
    """
    setattr(endpoint, _MARK, True)
    return endpoint


def protect(
    app: FastAPI, verifier: Verifier, *, exempt: Iterable[str] = (), development: bool = False
) -> None:
    """Verify every request to ``app``, outside of all its middleware, before and after this call.

    ``exempt`` and ``development`` are those of ``DelegateMiddleware``. Where a route names no action and is
    not public, the application fails to start, or where its server knows no start-up, at the first request.
    The documentation pages of FastAPI are such routes: switch them off, or list them in ``exempt``.

    Raises ``ConfigurationError`` for an application that is protected or has served already, and for an
    observing verifier, which has no ``Grant`` to give.
    """
    if verifier.mode != "enforce":
        msg = "an observing verifier has no Grant to give: wrap the application in DelegateMiddleware instead"
        raise ConfigurationError(msg, field="mode")
    if app.middleware_stack is not None or DelegateError in app.exception_handlers:
        msg = "protect() must be called once, and before the application serves"
        raise ConfigurationError(msg, field="app")
    gate = _Gate(app, verifier, tuple(exempt), development=development)
    app.add_exception_handler(DelegateError, gate.render)
    app.build_middleware_stack = gate.build  # type: ignore[method-assign]


# --- what routes there are -------------------------------------------------------------------------


class _Says(enum.Enum):
    """What a route says about who may ask for it."""

    ACTION = "names an action"
    PUBLIC = "is public"
    NOTHING = "names no action and is not public"
    BOTH = "is public and names an action"
    WEBSOCKET = "is a WebSocket, which is not supported"


def _contexts(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes in the order in which they are matched, those of included routers as they are in effect."""
    flatten = getattr(fastapi.routing, "iter_route_contexts", iter)  # included routers were flat once
    result: Iterator[Any] = flatten(list(routes))
    return result


def _says(route: Any) -> _Says:  # noqa: ANN401 - FastAPI's views of routes share no type
    if isinstance(_original(route), WebSocketRoute):
        return _Says.WEBSOCKET
    named = _names_action(getattr(route, "dependant", None))
    if _marked(getattr(route, "endpoint", None)):
        return _Says.BOTH if named else _Says.PUBLIC
    return _Says.ACTION if named else _Says.NOTHING


def _original(route: Any) -> object:  # noqa: ANN401
    return getattr(route, "original_route", route)


def _marked(endpoint: object) -> bool:
    return getattr(endpoint, _MARK, False) is True


def _names_action(dependant: Any) -> bool:  # noqa: ANN401 - differs between FastAPI's versions
    """Whether one of the dependencies, however deep, is made by ``requires``."""
    if dependant is None:
        return False
    return isinstance(getattr(dependant.call, "__self__", None), _Requirement) or any(
        _names_action(each) for each in dependant.dependencies
    )


def _matched(routes: Iterable[Any], scope: Scope) -> _Says:
    """What the route says that the router will choose: the first that matches in full."""
    for route in routes:
        if route.matches(scope)[0] is Match.FULL:
            return _chosen(route, scope)
    return _Says.NOTHING


def _chosen(route: Any, scope: Scope) -> _Says:  # noqa: ANN401
    """The same for one route of the router, which may be a whole router that it includes."""
    for each in _contexts([route]):
        match, child_scope = each.matches(scope)
        if match is not Match.FULL:
            continue
        if not isinstance(_original(each), Mount | Host):
            return _says(each)
        if _marked(each.app):
            return _Says.PUBLIC
        return _matched(each.routes, {**scope, **child_scope})
    return _Says.NOTHING


def _leaves(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str, _Says]]:
    """Kind, path and word of every route; a mounted application that hides its routes is one."""
    for route in _contexts(routes):
        original = _original(route)
        path = prefix + (getattr(route, "path", None) or getattr(route, "host", None) or "")
        if not isinstance(original, Mount | Host):
            methods = getattr(route, "methods", None)
            yield ",".join(sorted(methods)) if methods else type(original).__name__, path, _says(route)
        elif _marked(route.app):
            yield "mount", path, _Says.PUBLIC
        elif route.routes:
            yield from _leaves(route.routes, path)
        else:
            yield "mount", path, _Says.NOTHING


def _require_mapped(app: FastAPI, exempt: tuple[str, ...]) -> None:
    """Refuse to start where a route names no action; ``ConfigurationError`` lists them all."""
    wrong = [
        f"\n  {kind} {path} {says.value}"
        for kind, path, says in _leaves(app.routes)
        if says not in {_Says.ACTION, _Says.PUBLIC} and path not in exempt
    ]
    if wrong:
        msg = f"say of each route who may ask, with requires(...) or @public:{''.join(wrong)}"
        raise ConfigurationError(msg, field="routes")


# --- what a request meets --------------------------------------------------------------------------

_Renderer: TypeAlias = Callable[[Request, Exception], Response]


class _Gate:
    """Everything that stands between the server and the application's own middleware."""

    def __init__(
        self, application: FastAPI, verifier: Verifier, exempt: tuple[str, ...], *, development: bool
    ) -> None:
        self._application = application
        self._build = application.build_middleware_stack
        self._stack: ASGIApp = application.router
        self._exempt = exempt
        self._development = development
        self._checked = False
        self.app = DelegateMiddleware(
            self._serve_mapped,
            verifier,
            handlers_authorize=True,
            exempt=exempt,
            public=self._is_public,
            development=development,
        )

    def build(self) -> ASGIApp:
        """The application's own stack, inside of this gate."""
        self._stack = self._build()
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
        else:
            self._check()
            await self.app(scope, receive, send)

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse to start in the words of the lifespan protocol: servers ignore an exception here."""
        try:
            self._check()
        except ConfigurationError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        else:
            await self.app(scope, receive, send)

    def _check(self) -> None:
        if not self._checked:
            _require_mapped(self._application, self._exempt)
            _teach_refusals(self._application.routes, self.render)
            self._checked = True

    def _is_public(self, scope: Scope) -> bool:
        """Decide once per request, and leave the answer for ``_serve_mapped``."""
        scope[_ROUTE] = _matched(self._application.routes, dict(scope))
        return scope[_ROUTE] is _Says.PUBLIC

    async def _serve_mapped(self, scope: Scope, receive: Receive, send: Send) -> None:
        if VERIFIED in scope and scope[_ROUTE] is not _Says.ACTION:
            msg = f"no route of this server names an action for {scope['method']} {scope['path']!r}"
            error = ActionUnmappedError(msg)
            error.proved = True
            scope[DENIED] = error
            raise error
        await self._stack(scope, receive, send)

    def render(self, request: Request, error: Exception) -> Response:
        """The exception handler for refusals of ``requires``, and of ``Verified.authorize`` in handlers."""
        verified: Verified | None = request.scope.get(VERIFIED)
        if not isinstance(error, DelegateError):
            raise error
        if verified is None or not error.proved or error.step is not None:
            raise error  # of a call that the handler made itself: a defect, not a refusal
        if request.scope.get(DENIED) is not error:
            error.executed = "unknown"  # the handler ran, and may have done something before
        _log.warning("refused: %s (%s)", error.code, error)
        problem = public_refusal(error, development=self._development, request_id=verified.request_id)
        headers = {name.decode(): value.decode() for name, value in problem.headers}
        return Response(problem.body, problem.status, headers)


def _teach_refusals(routes: Iterable[Any], render: _Renderer) -> None:
    """Have mounted applications answer refusals as the outer one does, instead of as defects."""
    for route in _contexts(routes):
        if not isinstance(_original(route), Mount | Host):
            continue
        inner = route.app
        if isinstance(inner, Starlette) and DelegateError not in inner.exception_handlers:
            if inner.middleware_stack is not None:
                msg = f"the application mounted at {route.path!r} has served before it was protected"
                raise ConfigurationError(msg, field="app")
            inner.add_exception_handler(DelegateError, render)
        _teach_refusals(route.routes, render)
