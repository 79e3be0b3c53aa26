"""Starlette: each route names its action, or says that it is public; nothing else is served.

    may_refund = requires("refunds.create", operation="financial", risk="high",
                          resources=lambda r: {"order": [r.path_params["order"]]})

    @may_refund
    async def refund(request: Request, grant: delegate.Grant) -> Response: ...

    app = Starlette(routes=[Route("/v1/refunds/{order}", refund, methods=["POST"])])
    protect(app, verifier)

What keeps everybody else out is in ``delegate.server.gate``. Here is what Starlette adds to it: an action
is named by a decorator of the endpoint, or of a method of an ``HTTPEndpoint``; the decorated function
answers refusals itself, so it does so in mounted applications too. HEAD, which Starlette serves by a GET
route, asks for the action of that route.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from inspect import isawaitable, isclass, iscoroutinefunction
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Host, Match, Mount, WebSocketRoute

from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import Signer
from delegate.server.gate import Gate, Requirement, Resources, refusal_of
from delegate.server.interface import ASGIApp, Scope
from delegate.server.routes import Route, Says, chosen, is_public, leaves, naming_action, public, says_of
from delegate.verifier import Verifier

__all__ = ["protect", "public", "requires"]

Handler: TypeAlias = Callable[..., Any]
"""An endpoint or a method of one, sync or async: its last argument is the request, ``grant`` a keyword."""

_MOUNTS: Final = (Mount, Host)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
"""Those that ``HTTPEndpoint`` looks for."""


def requires(
    tool: str,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Resources[Request] | None = None,
) -> Callable[[Handler], Handler]:
    """A decorator that permits this action and gives the handler its ``Grant``, as the keyword ``grant``.

    ``resources`` is asked for each request; what it names is what the handler will touch. Where several
    decorators stand on one handler, all must permit, and it gets the grant of the lowest. Raises
    ``MalformedError`` at once for a name that is not one.
    """
    requirement = Requirement(
        tool, operation=operation, risk=risk, sensitivities=sensitivities, resources=resources
    )

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def permitted(*args: Any, **options: Any) -> Response:  # noqa: ANN401 - as the handler has them
            request: Request = args[-1]
            try:
                grant = await requirement.apermit(request, request.scope)
                return await _call(handler, *args, **{**options, "grant": grant})
            except DelegateError as error:
                problem = refusal_of(error, request.scope)
                headers = {name.decode(): value.decode() for name, value in problem.headers}
                return Response(problem.body, problem.status, headers)

        return naming_action(permitted)

    return decorate


async def _call(handler: Handler, *args: Any, **options: Any) -> Response:  # noqa: ANN401
    """Call a handler as Starlette does: one that is not async, in a thread."""
    if iscoroutinefunction(handler):
        result: Any = handler(*args, **options)
    else:
        result = await run_in_threadpool(handler, *args, **options)
    response: Response = await result if isawaitable(result) else result
    return response


def protect(
    app: Starlette,
    verifier: Verifier,
    *,
    exempt: Iterable[str] = (),
    root_path: str = "",
    development: bool = False,
    answer_key: Signer | None = None,
) -> None:
    """Verify every request to ``app``, outside of all its middleware, before and after this call.

    ``exempt``, ``root_path``, ``development`` and ``answer_key`` are those of ``DelegateMiddleware``. Where a
    route names no action and is not public, the application fails to start, or where its server knows no
    start-up, at the first request.

    Raises ``ConfigurationError`` for an application that is protected or has served already, and for an
    observing verifier, which has no ``Grant`` to give. A FastAPI application has an adapter of its own.
    """
    if app.middleware_stack is not None or "build_middleware_stack" in vars(app):
        msg = "protect() must be called once, and before the application serves"
        raise ConfigurationError(msg, field="app")
    gate = Gate(
        verifier,
        says=lambda scope: chosen(_shown(app.routes), scope),
        leaves=lambda: leaves(_shown(app.routes)),
        exempt=exempt,
        root_path=root_path,
        development=development,
        answer_key=answer_key,
    )
    build = app.build_middleware_stack

    def build_gate() -> ASGIApp:
        gate.app = build()
        return gate

    app.build_middleware_stack = build_gate  # type: ignore[method-assign]


# --- what routes there are -------------------------------------------------------------------------


class _Route:
    """One route as the router tries it."""

    __slots__ = ("_route",)

    def __init__(self, route: BaseRoute) -> None:
        self._route = route

    @property
    def kind(self) -> str:
        methods: Iterable[str] | None = getattr(self._route, "methods", None)
        return ",".join(sorted(methods)) if methods else type(self._route).__name__

    @property
    def path(self) -> str:
        path: str = getattr(self._route, "path", "")
        return path

    @property
    def says(self) -> Says | None:
        if isinstance(self._route, WebSocketRoute):
            return Says.WEBSOCKET
        return says_of(getattr(self._route, "endpoint", None))

    def match(self, scope: Scope) -> Scope | None:
        match, added = self._route.matches(scope)
        return added if match is Match.FULL else None

    def below(self) -> Iterator[Route]:
        return iter(())


class _Mounted(_Route):
    """A mounted application; one that hides its routes is one route, which nobody can map."""

    __slots__ = ()

    _route: Mount | Host

    @property
    def kind(self) -> str:
        return "mount"

    @property
    def path(self) -> str:
        return self._route.path if isinstance(self._route, Mount) else self._route.host

    @property
    def says(self) -> Says | None:
        if is_public(self._route.app):
            return Says.PUBLIC
        return None if self._routes else Says.NOTHING

    def below(self) -> Iterator[Route]:
        return _shown(self._routes)

    @property
    def _routes(self) -> list[BaseRoute]:
        app = self._route.app
        return [app] if isinstance(app, BaseRoute) else self._route.routes or []


class _Method(_Route):
    """One method of a route that leads to a class with methods."""

    __slots__ = ("_handler", "_method")

    def __init__(self, route: BaseRoute, method: str, handler: Handler) -> None:
        super().__init__(route)
        self._method = method
        self._handler = handler

    @property
    def kind(self) -> str:
        return self._method

    @property
    def says(self) -> Says:
        return says_of(self._handler)

    def match(self, scope: Scope) -> Scope | None:
        return super().match(scope) if scope["method"] == self._method else None


def _shown(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    """The routes as the router tries them; of a class with methods, one for each method."""
    for route in routes:
        endpoint = getattr(route, "endpoint", None)
        if isinstance(route, _MOUNTS):
            yield _Mounted(route)
        elif isclass(endpoint) and issubclass(endpoint, HTTPEndpoint) and not is_public(endpoint):
            yield from _by_method(route, endpoint)
        else:
            yield _Route(route)


def _by_method(route: BaseRoute, endpoint: type[HTTPEndpoint]) -> Iterator[Route]:
    handlers = {method: getattr(endpoint, method.lower(), None) for method in _METHODS}
    handlers["HEAD"] = handlers["HEAD"] or handlers["GET"]
    for method, handler in handlers.items():
        if handler is not None:
            yield _Method(route, method, handler)
