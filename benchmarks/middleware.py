"""A FastAPI application with the middleware, against the same one that only buffers the body.

Both are called as a server calls them (ASGI), in one process and without a network, and both answer the
same few bytes; what is measured is CPU time. The token has three hops and is remembered.
``benchmarks.middleware_http`` measures the same with a server around it.

What is compared with what is a choice, and here are all three, in bare signature verifications:

- ``middleware_cpu_vs_libsodium`` is what it costs to call ``protect`` on an application: all that comes on
  top of buffering the body. The dependency that permits the action is part of it, and so is FastAPI's
  resolving of it, which is not ours, but nobody has the one without the other. The bound is on this figure;
- ``middleware_beside_dependency_vs_libsodium`` has a dependency that does nothing on the other side, too:
  what a route pays that has dependencies already;
- ``asgi_middleware_cpu_vs_libsodium`` is ``DelegateMiddleware`` alone, which names the action itself, around
  an application that knows nothing of it.

``middleware_verify_us`` is the verification by itself, called directly, which is part of all three.
"""

from __future__ import annotations

import asyncio
from typing import Final

from benchmarks.middleware_apps import App, Message, buffering, depending, giving, guarded, protected
from benchmarks.rounds import Candidate, interleave
from benchmarks.workload import AUTHORITY, BODY, Sender, chain, issuing, verifier
from delegate.keys import SigningKey

HOPS: Final = 3


def _scope(sender: Sender) -> Message:
    """The scope of a freshly signed request, as a server makes it."""
    headers = {"host": AUTHORITY.encode(), "content-type": b"application/json", "accept": b"*/*"}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/v1/orders",
        "raw_path": b"/v1/orders",
        "query_string": b"dry=1",
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in (headers | sender.sign().headers).items()],
        "client": ("192.0.2.1", 50000),
        "server": (AUTHORITY, 443),
        "state": {},
    }


def _served(app: App, sender: Sender, loop: asyncio.AbstractEventLoop) -> Candidate:
    async def serve(scope: Message) -> None:
        status: list[int] = []

        async def send(message: Message) -> None:
            status.extend([message["status"]] if "status" in message else [])

        await app(scope, giving(BODY), send)
        assert status == [200], status

    return Candidate(prepare=lambda: _scope(sender), work=lambda scope: loop.run_until_complete(serve(scope)))


def measure() -> dict[str, float]:
    """CPU time in microseconds, and what the middleware adds in bare verifications."""
    issuer = SigningKey.generate()
    token, key = chain(issuer, HOPS)
    sender, alone = Sender(key=key, token=token), verifier(issuing(issuer))
    apps = {
        "middleware_app": protected(issuing(issuer)),
        "buffering_app": buffering(),
        "buffering_dependency_app": depending(),
        "asgi_middleware_app": guarded(issuing(issuer)),
    }
    loop = asyncio.new_event_loop()
    try:
        rounds = interleave(
            {name: _served(app, sender, loop) for name, app in apps.items()}
            | {
                "middleware_verify": Candidate(
                    prepare=sender.request, work=lambda request: alone.verify(request, BODY)
                ),
                "libsodium": sender.bare(),
            }
        )
    finally:
        loop.close()
    return {f"{name}_us": rounds.us(name) for name in rounds.times if name != "libsodium"} | {
        f"{figure}_vs_libsodium": rounds.added(name, to, "libsodium")
        for figure, name, to in (
            ("middleware_cpu", "middleware_app", "buffering_app"),
            ("middleware_beside_dependency", "middleware_app", "buffering_dependency_app"),
            ("asgi_middleware_cpu", "asgi_middleware_app", "buffering_app"),
        )
    }
