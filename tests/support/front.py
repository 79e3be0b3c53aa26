"""nginx in front of a FastAPI application under uvicorn, arranged as ``docs/proxies.md`` says.

The page's blocks are the source: ``server`` is the frame, ``proxy:<name>`` a location for nginx and the lines
that make the ``Verifier``. They are used as they are written; only what no test can have is replaced: the
name, the two ports, and where the certificate lies.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
from fastapi import Depends, FastAPI, Request

import delegate
from delegate.adapters.fastapi import protect, requires
from delegate.client.httpx import SigningTransport
from delegate.clock import ManualClock
from delegate.replay.memory import MemoryReplayStore
from delegate.verifier import Grant, Verifier
from tests.conftest import ROOT
from tests.integration.test_uvicorn import PATIENCE, Reply, listening, raw, reply_on, running
from tests.support.nginx import make_certificate, running_nginx, trusting
from tests.support.world import Header, World

__all__ = ["BLOCKS", "PAGE", "Front", "behind_nginx", "nginx_lines", "within_frame"]

PAGE: Final = (ROOT / "docs" / "proxies.md").read_text(encoding="utf-8")
BLOCKS: Final[dict[tuple[str, str], str]] = {
    (language, name): text
    for language, name, text in re.findall(
        r"^```(nginx|python) (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
}
"""The page's blocks by language and name."""

_PLACE: Final = "    # the location of one arrangement below\n"
_NAME: Final = "localhost"


class RealTime(ManualClock):
    """The world's clock, running."""

    __slots__ = ()

    def now(self) -> int:
        return int(time.time())


@dataclass(slots=True, kw_only=True)
class Front:
    """A running arrangement, and everybody in it."""

    port: int
    """nginx's; ``backend`` is uvicorn's."""
    backend: int
    certificate: Path
    world: World
    calls: list[dict[str, Any]] = field(default_factory=list)
    """What the handler saw of each request it ran for."""

    @property
    def origin(self) -> str:
        """What clients sign for."""
        return self.world.origin

    @property
    def host(self) -> bytes:
        return self.origin.partition("://")[2].encode()

    @contextmanager
    def client(self, *, http2: bool = False, **settings: Any) -> Iterator[httpx.Client]:
        """The worker's HTTP client: it trusts exactly nginx's certificate."""
        inner = httpx.HTTPTransport(verify=trusting(self.certificate), http2=http2)
        worker = self.world.worker
        assert worker.token is not None
        with (
            httpx.Client(base_url=self.origin, transport=SigningTransport(inner, **settings)) as client,
            delegate.with_delegation(worker.token, key=worker.key, identity=worker.identity),
        ):
            yield client

    def sign(self, method: str, target: str, body: bytes = b"", **options: Any) -> list[Header]:
        """The header lines of an honest request, to be sent by hand."""
        settings: dict[str, Any] = {"origin": self.origin, "now": int(time.time())}
        return self.world.worker.sign(method, target, body=body, **(settings | options))

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """A connection to nginx, which is asked for one of ``protocols``."""
        tls = trusting(self.certificate)
        tls.set_alpn_protocols(protocols)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        try:
            return tls.wrap_socket(plain, server_hostname=_NAME)
        except ssl.SSLError:
            plain.close()
            raise

    def send(self, method: str, target: str, headers: list[Header], body: bytes = b"") -> Reply:
        """One request through nginx, byte for byte."""
        with closing(self.connect()) as connection:
            connection.sendall(raw(method, target, headers, body))
            return reply_on(connection)

    def send_past(self, method: str, target: str, headers: list[Header], body: bytes = b"") -> Reply:
        """The same past nginx, to uvicorn itself."""
        with closing(socket.create_connection(("127.0.0.1", self.backend), timeout=PATIENCE)) as connection:
            connection.sendall(raw(method, target, headers, body))
            return reply_on(connection)


def nginx_lines(name: str) -> str:
    """The page's frame around the page's location ``name``."""
    return within_frame(BLOCKS["nginx", f"proxy:{name}"])


def within_frame(location: str) -> str:
    """The page's frame around any location."""
    frame: str = BLOCKS["nginx", "server"]
    assert _PLACE in frame
    return frame.replace(_PLACE, location)


def arranged(name: str, world: World) -> Verifier:
    """The ``Verifier`` that the page's block ``name`` makes."""
    store = MemoryReplayStore(single_process=True, assume_fresh=True)
    names: dict[str, Any] = {"delegate": delegate, "trust": world.trust, "replay": store}
    exec(BLOCKS["python", f"proxy:{name}"].replace("https://api.example.com", world.origin), names)
    verifier: Verifier = names["verifier"]
    return verifier


@contextmanager
def behind_nginx(
    folder: Path,
    lines: str,
    verifier: str | dict[str, Any],
    *,
    development: bool = False,
    extra: str = "",
) -> Iterator[Front]:
    """Run ``lines`` in front of an application; ``verifier`` is the name of a block, or settings.

    ``extra`` stands beside the server, in nginx's ``http`` block.
    """
    with listening() as before, listening() as behind:
        port, backend = before.getsockname()[1], behind.getsockname()[1]
        world = World(origin=f"https://{_NAME}:{port}", clock=RealTime(0))
        certificate, key = make_certificate(folder, _NAME)
        front = Front(port=port, backend=backend, certificate=certificate, world=world)
        door = arranged(verifier, world) if isinstance(verifier, str) else world.verifier(**verifier)
        app = application(front)
        protect(app, door, development=development)
        replaced = {
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "api.example.com;": f"{_NAME};",
            "/etc/ssl/api.example.com.pem": str(certificate),
            "/etc/ssl/api.example.com.key": str(key),
            "127.0.0.1:8000": f"127.0.0.1:{backend}",
        }
        lines = extra + lines
        for written, here in replaced.items():
            lines = lines.replace(written, here)
        with running(app, behind, "httptools"), running_nginx(folder, lines, [before]):
            yield front


_may_read = requires("orders.read", operation="read", risk="low")


def application(front: Front) -> FastAPI:
    """Answers any path with what the handler saw, and notes it in ``front.calls``."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
    async def echo(request: Request, grant: Annotated[Grant, Depends(_may_read)]) -> dict[str, Any]:
        body = await request.body()
        seen = {
            "agent": grant.agent,
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "host": request.headers["host"],
            "headers": {name: value for name, value in request.headers.items() if name != "delegation"},
            "length": len(body),
            "body": hashlib.sha256(body).hexdigest(),
        }
        front.calls.append(json.loads(json.dumps(seen)))
        return seen

    return app
