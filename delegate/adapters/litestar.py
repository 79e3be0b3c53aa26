"""Litestar: each handler names its action, or says that it is public; nothing else is served.

    may_refund = requires("refunds.create", operation="financial", risk="high",
                          resources=lambda c: {"order": [c.path_params["order"]]})

    @post("/v1/refunds/{order:str}", guards=[may_refund])
    async def refund(order: FromPath[str], grant: NamedDependency[delegate.Grant]) -> dict[str, str]: ...

    @get("/about", opt=public)
    async def about() -> str: ...

    app = Litestar([refund, about], dependencies=grants, openapi_config=None)
    protect(app, verifier)

What keeps everybody else out is in ``delegate.server.gate``. Here is what Litestar adds to it: an action is
a guard, on any layer, because a dependency runs only where the handler asks for it; ``opt=public`` is
inherited by the layers below, and a guard below it is a contradiction. The gate stands inside Litestar's
own ``__call__``, which only keeps the books, and outside of its router and all middleware. The handlers for
OPTIONS that Litestar adds by itself name no action: such requests are denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.types import ASGIApp as LitestarApp
from litestar.types import Scope
from litestar.utils import normalize_path

from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import Signer
from delegate.server.asgi import GRANT
from delegate.server.gate import Gate, Requirement, Resources, refusal_of
from delegate.server.interface import ASGIApp
from delegate.server.interface import Scope as PlainScope
from delegate.server.routes import Leaf, Says, said
from delegate.verifier import Grant, Verifier

__all__ = ["grants", "protect", "public", "requires"]

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]

_PUBLIC: Final = "delegate_public"
_OPTIONS: Final = {"OPTIONS"}

public: Final[dict[str, Any]] = {_PUBLIC: True}
"""``opt=public`` opens a handler, or all below a layer, to everybody: it never has a ``Grant``."""


class _Guard(Requirement[Connection]):
    """What ``requires`` was told; the framework calls it before the handler."""

    __slots__ = ()

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Raises what ``Requirement.apermit`` raises."""
        await self.apermit(connection, _plain(connection.scope))


def requires(
    tool: str,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Resources[Connection] | None = None,
) -> _Guard:
    """A guard that permits this action, for ``guards=`` of a handler, controller, router or application.

    ``resources`` is asked for each request (a ``Request``, or in a mounted ASGI application a connection);
    what it names is what the handler will touch. Where several guards stand, all must permit, and the
    handler gets the grant of the nearest. Raises ``MalformedError`` at once for a name that is not one.
    """
    return _Guard(tool, operation=operation, risk=risk, sensitivities=sensitivities, resources=resources)


def _plain(scope: Any) -> PlainScope:  # noqa: ANN401 - Litestar's type and ours are one at run time
    plain: PlainScope = scope
    return plain


def _provide_grant(scope: Scope) -> Grant:
    grant: Grant | None = _plain(scope).get(GRANT)
    if grant is None:
        msg = "this handler asks for a grant, and no guard of its layers is made by requires(...)"
        raise ConfigurationError(msg, field="guards")
    return grant


grants: Final[Mapping[str, Provide]] = MappingProxyType(
    {"grant": Provide(_provide_grant, sync_to_thread=False)}
)
"""``dependencies=grants`` gives each handler that has a parameter ``grant`` what its guard permitted."""


def protect(
    app: Litestar,
    verifier: Verifier,
    *,
    exempt: Iterable[str] = (),
    root_path: str = "",
    development: bool = False,
    answer_key: Signer | None = None,
) -> None:
    """Verify every request to ``app``, outside of its router and all its middleware.

    ``exempt``, ``root_path``, ``development`` and ``answer_key`` are those of ``DelegateMiddleware``. Where a
    handler names no action and is not public, the application fails to start, or where its server knows no
    start-up, at the first request. The pages of OpenAPI are such handlers: pass ``openapi_config=None``, or
    list them in ``exempt``.

    Raises ``ConfigurationError`` for an application that is protected already, and for an observing
    verifier, which has no ``Grant`` to give.
    """
    if DelegateError in app.exception_handlers:
        msg = "protect() must be called once"
        raise ConfigurationError(msg, field="app")
    gate = Gate(
        verifier,
        says=lambda scope: _chosen(app, scope),
        leaves=lambda: _leaves(app),
        exempt=exempt,
        root_path=root_path,
        development=development,
        answer_key=answer_key,
    )
    gate.app = cast("ASGIApp", app.asgi_handler)
    app.asgi_handler = cast("LitestarApp", gate)
    app.exception_handlers[DelegateError] = _refuse
    app.on_startup.insert(0, gate.check)


def _refuse(request: Request[Any, Any, Any], error: DelegateError) -> Response[bytes]:
    """The exception handler for refusals of guards, and of ``Verified.authorize`` in handlers."""
    problem = refusal_of(error, _plain(request.scope))
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(
        problem.body, status_code=problem.status, media_type=headers.pop("content-type"), headers=headers
    )


# --- what routes there are -------------------------------------------------------------------------


def _says(handler: BaseRouteHandler) -> Says:
    return said(
        named=any(isinstance(guard, _Guard) for guard in handler.resolve_guards()),
        marked=handler.opt.get(_PUBLIC) is True,
    )


def _chosen(app: Litestar, scope: PlainScope) -> Says:
    """What the handler says that the router will choose; the path is read as the router reads it."""
    path, root_path = scope["path"], scope.get("root_path", "")
    if root_path:
        path = path.split(root_path, maxsplit=1)[-1]
    try:
        _, handler, *_ = app.asgi_router.handle_routing(path=normalize_path(path), method=scope["method"])
    except HTTPException:
        return Says.NOTHING
    return _says(handler)


def _leaves(app: Litestar) -> Iterator[Leaf]:
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            yield Leaf("websocket", route.path, Says.WEBSOCKET)
        elif isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                says = _says(handler)
                if says is not Says.NOTHING or handler.http_methods != _OPTIONS:
                    yield Leaf(",".join(sorted(handler.http_methods)), route.path, says)
        else:
            yield Leaf("asgi", route.path, _says(route.route_handler))
