"""The same small server in every framework: two actions, one of them on an order, and a page for everybody.

``GET /v1/orders`` reads, ``POST /v1/refunds/{order}`` refunds that order, ``GET /about`` is public. Each
handler that runs says so in ``Shop.ran``; ``Shop.further`` is what the refund authorizes besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Annotated, Any, Final

import django
import litestar
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import clear_url_caches, path
from fastapi import Body, Depends, FastAPI
from litestar import Litestar
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import delegate
from delegate.adapters import django as django_adapter
from delegate.adapters import fastapi as fastapi_adapter
from delegate.adapters import litestar as litestar_adapter
from delegate.adapters import starlette as starlette_adapter
from delegate.server.interface import ASGIApp
from delegate.verifier import Verifier
from tests.server.driver import STALL, Answer, call, chunked
from tests.support.world import HOST, Agent, Header

STRANGER: Final[list[Header]] = [(b"host", HOST)]
READ: Final[dict[str, Any]] = {"tool": "orders.read", "operation": "read", "risk": "low"}
REFUND: Final[dict[str, Any]] = {"tool": "refunds.create", "operation": "financial", "risk": "high"}

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="of tests",
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        LOGGING_CONFIG=None,
    )
    django.setup()


@dataclass(slots=True)
class Shop:
    """What the handlers of one application share."""

    ran: list[str] = field(default_factory=list)
    fault: Callable[[], object] = bool
    """Called where the resources of a refund are named."""
    further: delegate.Action | None = None
    app: ASGIApp = field(init=False)

    def orders(self, grant: delegate.Grant) -> dict[str, Any]:
        self.ran.append("orders")
        return {"by": grant.agent, "path": list(grant.path)}

    def refund(self, order: str, cents: int, grant: delegate.Grant) -> dict[str, Any]:
        self.ran.append("refund")
        if self.further is not None:
            grant.verified.authorize(self.further)
        return {"order": order, "cents": cents, "by": grant.agent, "for": grant.root}

    def about(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        self.ran.append("about")
        return {"proof": "delegate.verified" in scope or "delegate.grant" in scope}

    def resources(self, order: str) -> dict[str, list[str]]:
        self.fault()
        return {"order": [order]}


def fastapi_shop(verifier: Verifier, shop: Shop, **options: Any) -> ASGIApp:
    requires, public = fastapi_adapter.requires, fastapi_adapter.public
    may_read = requires(**READ)
    may_refund = requires(**REFUND, resources=lambda r: shop.resources(r.path_params["order"]))
    app = FastAPI(openapi_url=None)

    @app.get("/v1/orders")
    def orders(grant: delegate.Grant = Depends(may_read)) -> dict[str, Any]:  # noqa: B008, FAST002 - local
        return shop.orders(grant)

    @app.post("/v1/refunds/{order}")
    async def refund(
        order: str,
        cents: Annotated[int, Body(embed=True)],
        grant: delegate.Grant = Depends(may_refund),  # noqa: B008, FAST002 - a local name
    ) -> dict[str, Any]:
        return shop.refund(order, cents, grant)

    @app.get("/about")
    @public
    async def about(request: Request) -> dict[str, Any]:
        return shop.about(request.scope)

    fastapi_adapter.protect(app, verifier, **options)
    return app


def starlette_shop(verifier: Verifier, shop: Shop, **options: Any) -> ASGIApp:
    requires, public = starlette_adapter.requires, starlette_adapter.public

    @requires(**READ)
    def orders(_request: Request, grant: delegate.Grant) -> JSONResponse:
        return JSONResponse(shop.orders(grant))

    @requires(**REFUND, resources=lambda r: shop.resources(r.path_params["order"]))
    async def refund(request: Request, grant: delegate.Grant) -> JSONResponse:
        cents = (await request.json())["cents"]
        return JSONResponse(shop.refund(request.path_params["order"], cents, grant))

    @public
    async def about(request: Request) -> JSONResponse:
        return JSONResponse(shop.about(request.scope))

    app = Starlette(
        routes=[
            Route("/v1/orders", orders),
            Route("/v1/refunds/{order}", refund, methods=["POST"]),
            Route("/about", about),
        ]
    )
    starlette_adapter.protect(app, verifier, **options)
    return app


def litestar_shop(verifier: Verifier, shop: Shop, **options: Any) -> ASGIApp:
    requires = litestar_adapter.requires
    may_read = requires(**READ)
    may_refund = requires(**REFUND, resources=lambda c: shop.resources(c.path_params["order"]))

    @litestar.get("/v1/orders", guards=[may_read], sync_to_thread=True)
    def orders(grant: NamedDependency[delegate.Grant]) -> dict[str, Any]:
        return shop.orders(grant)

    @litestar.post("/v1/refunds/{order:str}", guards=[may_refund], status_code=200)
    async def refund(
        order: FromPath[str], data: JSONBody[dict[str, int]], grant: NamedDependency[delegate.Grant]
    ) -> dict[str, Any]:
        return shop.refund(order, data["cents"], grant)

    @litestar.get("/about", opt=litestar_adapter.public)
    async def about(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        return shop.about(request.scope)

    app = Litestar(
        [orders, refund, about],
        dependencies=litestar_adapter.grants,
        openapi_config=None,
        logging_config=None,
    )
    litestar_adapter.protect(app, verifier, **options)
    return app  # type: ignore[return-value]  # its types and ours are one at run time


def django_shop(verifier: Verifier, shop: Shop, **options: Any) -> ASGIApp:
    requires, public = django_adapter.requires, django_adapter.public

    @requires(**READ)
    def orders(_request: HttpRequest, grant: delegate.Grant) -> JsonResponse:
        return JsonResponse(shop.orders(grant))

    @requires(**REFUND, resources=lambda r: shop.resources(r.resolver_match.kwargs["order"]))
    async def refund(request: HttpRequest, order: str, grant: delegate.Grant) -> JsonResponse:
        return JsonResponse(shop.refund(order, json.loads(request.body)["cents"], grant))

    @public
    async def about(request: HttpRequest) -> JsonResponse:
        return JsonResponse(shop.about(request.scope))

    serve_urls(
        path("v1/orders", orders),
        path("v1/refunds/<str:order>", refund),
        path("about", about),
    )
    return django_adapter.protect(get_asgi_application(), verifier, **options)


def serve_urls(*patterns: Any) -> None:
    """Make these the routes of Django, which knows one set of them per process."""
    urls = ModuleType("urls")
    urls.urlpatterns = patterns  # type: ignore[attr-defined]
    clear_url_caches()
    settings.ROOT_URLCONF = urls


SHOPS: Final[Mapping[str, Callable[..., ASGIApp]]] = {
    "fastapi": fastapi_shop,
    "starlette": starlette_shop,
    "litestar": litestar_shop,
    "django": django_shop,
}


def ask(app: ASGIApp, method: str, target: str, headers: list[Header], body: bytes = b"") -> Answer:
    """One request of a client that stays until it has its answer."""
    return call(app, method, target, headers, [*chunked(body), STALL])


def signed(app: ASGIApp, agent: Agent, method: str, target: str, body: bytes = b"") -> Answer:
    """One request signed by ``agent``."""
    return ask(app, method, target, agent.sign(method, target, body=body), body)
