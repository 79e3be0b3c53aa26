"""The same without a framework: an ASGI application, and one function that names the action of a request.

    python examples/bare_asgi.py

Everything runs in this process, with throwaway keys and without a network. In production ``make_app`` is
what uvicorn serves, the trust store is a file, and nonces are kept by ``SQLiteReplayStore``.
"""

from __future__ import annotations

import asyncio
import json

import httpx

import delegate
from delegate.client.httpx import AsyncSigningTransport
from delegate.keys import Issuer, KeyRecord, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.server.asgi import GRANT, DelegateMiddleware
from delegate.server.interface import Receive, Scope, Send
from delegate.verifier import Request

ORIGIN = "https://files.example.com"


def action_for(request: Request, _verified: delegate.Verified) -> delegate.Action | None:
    """Name what is asked for; ``None`` is denied."""
    path = request.path.decode()
    if request.method == "GET" and path.startswith("/data/"):
        return delegate.Action("files.read", operation="read", risk="low", resources={"file": [path]})
    return None


async def application(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers with who asked; it is called for permitted requests only, and for ``/healthz``."""
    grant: delegate.Grant | None = scope.get(GRANT)
    payload = json.dumps({"by": None if grant is None else "/".join(grant.path)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


def make_app(verifier: delegate.Verifier) -> DelegateMiddleware:
    """The server."""
    return DelegateMiddleware(application, verifier, action_for=action_for, exempt=("/healthz",))


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
    """An orchestrator hands a part of its files to a sub-worker."""
    issuer_key = delegate.SigningKey.generate()
    orchestrator_key, worker_key = delegate.SigningKey.generate(), delegate.SigningKey.generate()
    token = delegate.issue(
        issuer_key,
        issuer="acme",
        agent="orchestrator",
        holder=orchestrator_key.public_key,
        scope=files("/data/**"),
        audience=[ORIGIN],
        further_hops=1,
    )
    part = delegate.attenuate(
        token, orchestrator_key, agent="worker", holder=worker_key.public_key, scope=files("/data/q3/**")
    )
    server = httpx.ASGITransport(make_app(make_verifier(issuer_key.public_key)))
    transport = AsyncSigningTransport(server)
    me = delegate.Identity(agent="worker")
    async with (
        httpx.AsyncClient(base_url=ORIGIN, transport=transport) as api,
        delegate.with_delegation(part, key=worker_key, identity=me),
    ):
        show("/data/q3/sales", await api.get("/data/q3/sales"))
        show("/data/q4/sales", await api.get("/data/q4/sales"))
        show("/admin", await api.get("/admin"))
    async with httpx.AsyncClient(base_url=ORIGIN, transport=server) as stranger:
        show("unsigned /data/q3/sales", await stranger.get("/data/q3/sales"))
        show("unsigned /healthz", await stranger.get("/healthz"))


def files(pattern: str) -> delegate.Scope:
    """Reading the files below a pattern."""
    return delegate.Scope(tools=["files.read"], operations=["read"], resources={"file": {"path": [pattern]}})


def show(what: str, answer: httpx.Response) -> None:
    """One line for one answer."""
    details = answer.json()
    print(f"{what}: {answer.status_code} {details.get('detail') or details.get('code') or details}")


if __name__ == "__main__":
    asyncio.run(main())
