"""The contract of every signing end, last part: the observer hears of each signature, or nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from delegate.errors import ComponentMissingError, ConfigurationError
from delegate.observer import Event, Operation
from tests.client.conftest import Site
from tests.client.support import WORKER_KEY
from tests.client.wire import BREAK, WireServer


class Notes:
    """An observer that notes what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        assert operation == "sign"
        return self.events.append


def broken(*_: Any) -> Any:
    msg = "a canary"
    raise KeyError(msg)


class BreaksAtBegin(Notes):
    begin = broken


class BreaksAtEnd(Notes):
    def begin(self, _operation: Operation, /) -> Callable[[Event], None]:
        return broken


def test_the_observer_is_told_of_each_signature_by_its_names_and_ids(site: Site) -> None:
    notes = Notes()
    with site.client(observer=notes) as api, site.entered() as delegation:
        api.request("POST", site.url("/v1/refunds/o-1?q=canary"), body=b"canary")
    (event,), (verified,) = notes.events, site.server.verified
    assert event.known() == {
        "operation": "sign",
        "verdict": "accepted",
        "issuer": "issuer",
        "agent": "worker-agent",
        "path": ("worker-agent",),
        "chain_id": delegation.token.chain_id,
        "key_id": WORKER_KEY.key_id,
        "request_id": verified.request_id,
    }


def test_every_try_is_one_signature(site: Site) -> None:
    notes = Notes()
    site.server.answers += [BREAK, BREAK]
    with site.client(observer=notes, retries=2) as api, site.entered():
        assert api.request("GET", site.url()).status == 200
    assert [event.verdict for event in notes.events] == ["accepted"] * 3
    assert notes.events[-1].request_id == site.server.verified[-1].request_id
    assert len({event.request_id for event in notes.events}) == 3


def test_what_is_not_signed_is_told_with_its_code(site: Site) -> None:
    notes = Notes()
    with (
        site.client(observer=notes, cover={"x-missing"}) as api,
        site.entered(),
        pytest.raises(ComponentMissingError),
    ):
        api.request("GET", site.url())
    assert site.server.requests == []
    (event,) = notes.events
    assert (event.verdict, event.code) == ("refused", ComponentMissingError.code)


def test_other_hosts_are_none_of_its_business(site: Site, other: WireServer) -> None:
    notes = Notes()
    with site.client(observer=notes, origins=[site.server.origin]) as api, site.entered():
        api.request("GET", other.origin + "/v1/orders")
        assert notes.events == []
        api.request("GET", site.url())
    assert len(notes.events) == 1


@pytest.mark.parametrize("observer", [BreaksAtBegin(), BreaksAtEnd()], ids=["begin", "end"])
def test_an_observer_that_breaks_sends_nothing(site: Site, observer: Notes) -> None:
    with (
        site.client(observer=observer) as api,
        site.entered(),
        pytest.raises(ConfigurationError) as refused,
    ):
        api.request("GET", site.url())
    assert (refused.value.field, refused.value.executed) == ("observer", "no")
    assert "canary" not in str(refused.value)
    assert site.server.requests == []
