"""One real server for ``benchmarks.middleware_http``.

``python -m benchmarks.middleware_server <core> [key]`` serves ``protected``, trusting ``key`` as the issuer's
public one, or ``buffering`` where none is given, until it is killed. It does so by uvicorn on a port of the
loopback, which is the one line that it prints. ``GET /cpu`` answers with the CPU time of this process so far,
in nanoseconds: whoever asks twice knows what came between. ``<core>`` is the processor that it keeps to,
``any`` where the system cannot pin a process to one.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from typing import Any, Final

import uvicorn

from benchmarks.middleware_apps import App, buffering, protected
from delegate.keys import KeyRecord, PublicKey, Usage

ANY_CORE: Final = "any"
CPU: Final = "/cpu"
KEEP_ALIVE: Final = 600
"""Seconds for which a connection may be idle: while the generator signs, or waits for its turn."""
_LOOPBACK: Final = "127.0.0.1"


def _telling(app: App) -> App:
    """``app``, and beside it the time that this process took."""

    async def told(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        if scope["type"] != "http" or scope["path"] != CPU:
            await app(scope, receive, send)
            return
        body = b"%d" % time.process_time_ns()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return told


def _app(keys: list[str]) -> App:
    if not keys:
        return buffering()
    key = PublicKey.from_text(keys[0])
    return protected(KeyRecord(key=key, usages=frozenset({Usage.ISSUE}), not_before=0))


def main() -> None:
    """Serve until killed."""
    core, *keys = sys.argv[1:]
    if core != ANY_CORE:
        os.sched_setaffinity(0, {int(core)})
    logging.getLogger("delegate").setLevel(logging.CRITICAL)
    listening = socket.create_server((_LOOPBACK, 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        _telling(_app(keys)),
        http="h11",
        loop="asyncio",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
