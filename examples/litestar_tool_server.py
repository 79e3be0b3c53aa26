"""A tool server with Litestar: guards that name the actions, and a worker with a part of them.

    python examples/litestar_tool_server.py

Everything runs in this process, with throwaway keys and without a network. In production ``make_app`` is
what the server serves, the trust store is a file, and nonces are kept by ``SQLiteReplayStore``.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
from litestar import Litestar, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

import delegate
from delegate.adapters.litestar import grants, protect, public, requires
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


@get("/v1/orders/{order:str}", guards=[may_read])
async def read(order: FromPath[str], grant: NamedDependency[delegate.Grant]) -> dict[str, str]:
    """One order, for whoever may read it."""
    return {"order": order, "by": grant.agent}


@post("/v1/refunds/{order:str}", guards=[may_refund], status_code=200)
async def refund(
    order: FromPath[str], data: JSONBody[dict[str, int]], grant: NamedDependency[delegate.Grant]
) -> dict[str, Any]:
    """Pay something back."""
    return {"order": order, "cents": data["cents"], "by": grant.agent, "for": grant.root}


@get("/about", opt=public)
async def about() -> dict[str, str]:
    """Everybody may know what this is."""
    return {"service": "refunds"}


def make_app(verifier: delegate.Verifier) -> Litestar:
    """The server: two actions, and one page for everybody."""
    app = Litestar([read, refund, about], dependencies=grants, openapi_config=None, logging_config=None)
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
    server = httpx.ASGITransport(cast("Any", make_app(make_verifier(issuer_key.public_key))))
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
