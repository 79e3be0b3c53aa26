"""The examples of docs/clients.md run, and its table of clients names what there is."""

from __future__ import annotations

import asyncio
import importlib
import re
from typing import Any

import pytest

import delegate
from delegate.clock import Clock
from tests.client.support import ISSUER_KEY, ME, SCOPE, WORKER_KEY
from tests.client.wire import WireServer
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "run"), [("requests", None), ("aiohttp", "refund")])
def test_an_example_of_the_page_sends_a_request_that_verifies(name: str, run: str | None) -> None:
    found = re.search(rf"```python\n# example: {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    with WireServer() as server:
        server.clock.set(Clock().now())
        token = delegate.issue(
            ISSUER_KEY,
            issuer="issuer",
            agent="worker-agent",
            holder=WORKER_KEY.public_key,
            scope=SCOPE,
            audience=[server.origin],
            expires_in=600,
            further_hops=1,
            root="user:ada",
        )
        names: dict[str, Any] = {"delegate": delegate, "token": token, "key": WORKER_KEY, "me": ME}
        names |= {"origin": server.origin, "__name__": name}
        exec(compile(found[1], name, "exec"), names)
        if run is not None:
            asyncio.run(names[run]())
    assert [verified.envelope.path for verified in server.verified] == ["/v1/refunds/o-1"]


def test_the_tables_name_what_there_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (PAGE, readme):
        named = re.findall(r"`(delegate\.client\.\w+)\.(\w+)`(?:, `(\w+)`)?", page)
        assert {module for module, *_ in named} >= {
            f"delegate.client.{library}" for library in ("httpx", "httpx2", "requests", "aiohttp")
        }
        for module, *public in named:
            exported = importlib.import_module(module).__all__
            assert {name for name in public if name} <= set(exported)


def test_the_page_names_every_setting() -> None:
    from delegate.client.transport import Settings  # noqa: PLC0415 - only this test looks at it

    for name in Settings.__annotations__:
        assert f"`{name}`" in PAGE
