"""Signed answers at the client: which are taken, which are refused, and what the caller then knows."""

from __future__ import annotations

import httpx
import pytest

from delegate.client.answers import VerifiedAnswer
from delegate.client.httpx import ANSWER
from delegate.errors import DelegateError, ResponseUnboundError
from tests.client.support import ANSWER_KEY, NOW, SigningServer, entered, run


@pytest.fixture
def server() -> SigningServer:
    return SigningServer()


def test_a_signed_answer_is_handed_out_with_what_it_proves(server: SigningServer) -> None:
    server.answers = [httpx.Response(201, json={"order": "o-1"}, headers={"Location": "/v1/orders/o-1"})]
    with server.client() as api, entered():
        answer = api.post("/v1/orders", json={"cents": 1})
    assert (answer.status_code, answer.json(), answer.headers["location"]) == (
        201,
        {"order": "o-1"},
        "/v1/orders/o-1",
    )
    assert answer.extensions[ANSWER] == VerifiedAnswer(ANSWER_KEY.key_id, NOW, None)


def test_the_async_twin(server: SigningServer) -> None:
    async def main() -> httpx.Response:
        async with server.async_client() as api:
            with entered():
                return await api.get("/v1/orders")

    server.answers = [httpx.Response(200, text="all of them")]
    answer: httpx.Response = run(main())
    assert (answer.text, answer.extensions[ANSWER].key_id) == ("all of them", ANSWER_KEY.key_id)


def test_a_stripped_signature_is_refused(server: SigningServer) -> None:
    server.spoil = lambda answer: httpx.Response(answer.status_code)
    with server.client() as api, entered(), pytest.raises(ResponseUnboundError) as refused:
        api.post("/v1/refunds/o-1", json={"cents": 1})
    assert refused.value.executed == "unknown"
    assert isinstance(refused.value.__cause__, DelegateError)
    assert refused.value.__cause__.code == "signature_missing"
    assert len(server.verified) == 1
