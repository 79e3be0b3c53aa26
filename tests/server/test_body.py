"""The body: bounded, in time, and the same bytes twice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import BodyTooLargeError, BodyTruncatedError, BodyUnexpectedError
from delegate.server.body import RequestBody
from delegate.server.interface import Message, Receive
from delegate.verifier import ReadBody
from tests.server.driver import DISCONNECT, STALL, chunked


def client(messages: Iterator[Message]) -> Receive:
    async def receive() -> Message:
        message = next(messages, DISCONNECT)
        if message is STALL:
            await asyncio.Event().wait()
        return message

    return receive


def read(*messages: Message, limit: int = 10, deadline: float = 5.0) -> bytes:
    body = RequestBody(client(iter(messages)))
    return asyncio.run(body.read(ReadBody(limit, deadline)))


@given(st.lists(st.binary(max_size=5), min_size=1))
def test_s119_the_handler_reads_what_was_verified(chunks: list[bytes]) -> None:
    async def both() -> None:
        body = RequestBody(client(iter(chunked(*chunks))))
        verified = await body.read(ReadBody(1000, 5.0))
        first, second = await body.replay(), await body.replay()
        assert verified == b"".join(chunks)
        assert first == {"type": "http.request", "body": verified, "more_body": False}
        assert second == DISCONNECT

    asyncio.run(both())


def test_the_limit_itself_is_within() -> None:
    assert read(*chunked(b"12345", b"67890")) == b"1234567890"


def test_s115_one_byte_over_the_limit() -> None:
    with pytest.raises(BodyTooLargeError) as caught:
        read(*chunked(b"12345", b"67890", b"1"))
    assert caught.value.limit == 10


def test_s115_endless_chunks_are_read_to_the_limit_only() -> None:
    asked = itertools.count()
    endless: Iterator[Message] = ({"type": "http.request", "body": b"xxx", "more_body": True} for _ in asked)
    with pytest.raises(BodyTooLargeError):
        asyncio.run(RequestBody(client(endless)).read(ReadBody(10, 5.0)))
    assert next(asked) == 4


def test_any_byte_is_too_many_where_none_was_signed() -> None:
    assert read(*chunked(b""), limit=0) == b""
    with pytest.raises(BodyUnexpectedError):
        read(*chunked(b"x"), limit=0)


def test_s116_a_client_that_leaves() -> None:
    with pytest.raises(BodyTruncatedError):
        read({"type": "http.request", "body": b"12", "more_body": True}, DISCONNECT)


def test_j5_a_client_that_stalls() -> None:
    with pytest.raises(BodyTruncatedError) as caught:
        read({"type": "http.request", "body": b"12", "more_body": True}, STALL, deadline=0.01)
    assert caught.value.limit == 0.01


def test_what_was_not_read_is_not_replayed() -> None:
    async def untouched() -> None:
        messages = chunked(b"a", b"b")
        body = RequestBody(client(iter(messages)))
        assert [await body.replay(), await body.replay()] == messages

    asyncio.run(untouched())


def test_what_was_read_before_a_refusal_is_replayed() -> None:
    async def too_large() -> None:
        body = RequestBody(client(iter(chunked(b"12345", b"678901", b"rest"))))
        with pytest.raises(BodyTooLargeError):
            await body.read(ReadBody(10, 5.0))
        first = await body.replay()
        assert first == {"type": "http.request", "body": b"12345678901", "more_body": True}
        assert (await body.replay())["body"] == b"rest"

    asyncio.run(too_large())
