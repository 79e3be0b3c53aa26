"""Every end, and servers to send to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from delegate.client.context import Delegation
from tests.client.ends import ENDS, End
from tests.client.support import entered
from tests.client.wire import WireServer


@pytest.fixture(params=ENDS, ids=lambda end: end.name)
def end(request: pytest.FixtureRequest) -> End:
    """Each signing end in turn."""
    chosen: End = request.param
    return chosen


@pytest.fixture
def server() -> Iterator[WireServer]:
    """The server whose origin is in the token's audience; at the end, all it got must have verified."""
    with WireServer() as running:
        yield running


@pytest.fixture
def other() -> Iterator[WireServer]:
    """Somebody else's server."""
    with WireServer(verify=False) as running:
        yield running


class Site:
    """One end and one server: what nearly every test of the contract needs."""

    def __init__(self, end: End, server: WireServer) -> None:
        self.end, self.server = end, server

    def client(self, **settings: Any) -> AbstractContextManager[Any]:
        """A client that signs, by the server's clock."""
        return self.end.client(**{"clock": self.server.clock, **settings})

    def entered(self, **parts: Any) -> AbstractContextManager[Delegation]:
        """The worker's delegation for this server, current."""
        return entered(**{"audience": [self.server.origin], **parts})

    def url(self, target: str = "/v1/orders") -> str:
        return self.server.origin + target


@pytest.fixture
def site(end: End, server: WireServer) -> Site:
    return Site(end, server)
