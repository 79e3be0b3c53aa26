"""A tool server with Starlette: endpoints that name their actions, and a worker with a part of them.

    python examples/starlette_tool_server.py

Everything runs in this process, with throwaway keys and without a network. In production ``make_app`` is
what the server serves, the trust store is a file, and nonces are kept by ``SQLiteReplayStore``.
"""

from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import delegate
from delegate.adapters.starlette import protect, public, requires
from delegate.client.httpx import AsyncSigningTransport
from delegate.keys import Issuer, KeyRecord, Usage
from delegate.replay.memory import MemoryReplayStore

ORIGIN = "https://api.example.com"

may_read = requires(
    "orders.read",
    operation="read",
    risk="low",
    resources=lambda r: {"order": [r.path_params["order"]]},
)
may_refund = requires(
    "refunds.create",
    operation="financial",
    risk="high",
    resources=lambda r: {"order": [r.path_params["order"]]},
)


@may_read
async def read(request: Request, grant: delegate.Grant) -> JSONResponse:
    """One order, for whoever may read it."""
    return JSONResponse({"order": request.path_params["order"], "by": grant.agent})


@may_refund
async def refund(request: Request, grant: delegate.Grant) -> JSONResponse:
    """Pay something back."""
    cents = (await request.json())["cents"]
    order = request.path_params["order"]
    return JSONResponse({"order": order, "cents": cents, "by": grant.agent, "for": grant.root})


@public
async def about(_request: Request) -> JSONResponse:
    """Everybody may know what this is."""
    return JSONResponse({"service": "refunds"})


def make_app(verifier: delegate.Verifier) -> Starlette:
    """The server: two actions, and one page for everybody."""
    app = Starlette(
        routes=[
            Route("/v1/orders/{order}", read),
            Route("/v1/refunds/{order}", refund, methods=["POST"]),
            Route("/about", about),
        ]
    )
    protect(app, verifier)
    return app


def make_verifier(issuer_key: delegate.PublicKey) -> delegate.Verifier:
    """Trusts one issuer; in production: ``TrustStore.load("trust.json")``."""
    issuer = Issuer(
        name="acme",
        ceiling=delegate.Scope.UNRESTRICTED,
        audiences=(ORIGIN,),
        max_depth=3,
        revocation="none",
        keys=(KeyRecord(key=issuer_key, usages=frozenset({Usage.ISSUE}), not_before=0),),
    )
    store = MemoryReplayStore(single_process=True, assume_fresh=True)
    return delegate.Verifier(trust=delegate.TrustStore([issuer]), origins=[ORIGIN], replay=store)


async def main() -> None:
    """Ada's session lets a worker refund one order; the worker calls the server."""
    issuer_key, worker_key = delegate.SigningKey.generate(), delegate.SigningKey.generate()
    token = delegate.issue(
        issuer_key,
        issuer="acme",
        agent="worker-agent",
        holder=worker_key.public_key,
        scope=delegate.Scope(
            tools=["orders.read", "refunds.create"],
            operations=["read", "financial"],
            max_risk="high",
            resources={"order": {"exact": ["o-1"]}},
        ),
        audience=[ORIGIN],
        expires_in=600,
        further_hops=1,
        root="user:ada",
    )
    server = httpx.ASGITransport(make_app(make_verifier(issuer_key.public_key)))
    me = delegate.Identity(agent="worker-agent", run="rt-1")
    only_read = delegate.Scope(
        tools=["orders.read"], operations=["read"], resources={"order": {"exact": ["o-1"]}}
    )

    async with (
        httpx.AsyncClient(base_url=ORIGIN, transport=AsyncSigningTransport(server)) as api,
        delegate.with_delegation(token, key=worker_key, identity=me),
    ):
        show("refund o-1", await api.post("/v1/refunds/o-1", json={"cents": 1250}))
        show("refund o-2", await api.post("/v1/refunds/o-2", json={"cents": 1250}))
        async with delegate.narrow(scope=only_read, expires_in=60):
            show("narrowed: read o-1", await api.get("/v1/orders/o-1"))
            show("narrowed: refund o-1", await api.post("/v1/refunds/o-1", json={"cents": 1250}))
    async with httpx.AsyncClient(base_url=ORIGIN, transport=server) as stranger:
        show("unsigned: read o-1", await stranger.get("/v1/orders/o-1"))
        show("unsigned: about", await stranger.get("/about"))


def show(what: str, answer: httpx.Response) -> None:
    """One line for one answer."""
    details = answer.json()
    print(f"{what}: {answer.status_code} {details.get('detail') or details.get('code') or details}")


if __name__ == "__main__":
    asyncio.run(main())
