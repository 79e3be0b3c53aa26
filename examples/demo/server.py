"""The tool server of the demonstration: FastAPI on uvicorn, nonces in SQLite, in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Depends, FastAPI

import delegate
from delegate.adapters.fastapi import protect, requires
from delegate.keys import Issuer, KeyRecord, Usage
from delegate.replay.sqlite import SQLiteReplayStore
from examples.demo.cast import CEILING

read_order = requires(
    "orders.read",
    operation="read",
    risk="low",
    resources=lambda request: {"order": [request.path_params["order"]]},
)
create_refund = requires(
    "refunds.create",
    operation="financial",
    risk="high",
    resources=lambda request: {"order": [request.path_params["order"]]},
)
read_file = requires(
    "files.read",
    operation="read",
    risk="low",
    resources=lambda request: {"file": [request.query_params["path"]]},
)
Grant = delegate.Grant


def tool_server(folder: Path, origin: str) -> FastAPI:
    """The application: every route names its action, and handlers get a grant."""
    app = FastAPI(openapi_url=None)

    @app.get("/v1/orders/{order}")
    def get_order(order: str, grant: Annotated[Grant, Depends(read_order)]) -> dict[str, Any]:
        return {"order": order} | who(grant)

    @app.post("/v1/refunds/{order}")
    def post_refund(
        order: str, body: dict[str, int], grant: Annotated[Grant, Depends(create_refund)]
    ) -> dict[str, Any]:
        return {"order": order, "cents": body["cents"]} | who(grant)

    @app.get("/v1/files")
    def get_file(path: str, grant: Annotated[Grant, Depends(read_file)]) -> dict[str, Any]:
        return {"path": path} | who(grant)

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    verifier = delegate.Verifier(
        trust=delegate.TrustStore.load(folder / "trust.json"),
        origins=[origin],
        replay=SQLiteReplayStore(folder / "replay.db", assume_fresh=True),
    )
    protect(app, verifier, exempt=["/healthz"], development=True)
    return app


def who(grant: Grant) -> dict[str, Any]:
    """Who asked and on whose behalf, as the server knows it."""
    return {"by": " > ".join(grant.path), "for": grant.root, "issuer": grant.issuer}


def serve(folder: Path, port: int) -> None:
    """Run the tool server in a process of its own."""
    logging.getLogger("delegate").setLevel(logging.CRITICAL)
    app = tool_server(folder, f"http://127.0.0.1:{port}")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def running_server_for(folder: Path, orchestrator: delegate.SigningKey) -> Iterator[str]:
    """The origin of a running tool server that trusts ``orchestrator`` to issue for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    write_trust(folder, orchestrator, f"http://127.0.0.1:{port}")
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, port), daemon=True)
    process.start()
    origin = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(origin, process)
        yield origin
    finally:
        process.terminate()
        process.join(5)


def wait_until_up(origin: str, process: multiprocessing.process.BaseProcess) -> None:
    """Ask for the health page until it answers; ten seconds at most."""
    give_up = time.monotonic() + 10
    while process.is_alive() and time.monotonic() < give_up:
        try:
            if httpx.get(f"{origin}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    sys.exit("the tool server did not start")


def write_trust(folder: Path, orchestrator: delegate.SigningKey, origin: str) -> None:
    """What the server's operator decides: who may issue, for which server, and how much at most."""
    record = KeyRecord(
        key=orchestrator.public_key, usages=frozenset({Usage.ISSUE}), not_before=0, not_after=None
    )
    acme = Issuer(
        name="acme",
        ceiling=CEILING,
        audiences=(origin,),
        max_depth=3,
        max_ttl=3600,
        revocation="none",
        keys=(record,),
    )
    delegate.TrustStore([acme]).save(folder / "trust.json")
