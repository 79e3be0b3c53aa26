"""The body: bounded, in time, and the same bytes twice."""

from __future__ import annotations

import asyncio
import itertools
import tracemalloc
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


def test_s115_a_body_in_two_byte_pieces_takes_little_more_memory_than_its_bytes() -> None:
    size = 200_000
    pieces: Iterator[Message] = (
        {"type": "http.request", "body": b"%02d" % (at % 100), "more_body": at < size - 2}
        for at in range(0, size, 2)
    )
    body = RequestBody(client(pieces))
    tracemalloc.start()
    try:
        assert len(asyncio.run(body.read(ReadBody(size, 60.0)))) == size
        assert tracemalloc.get_traced_memory()[1] < 4 * size
    finally:
        tracemalloc.stop()


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


def test_j5_a_client_that_sends_nothing_at_all() -> None:
    with pytest.raises(BodyTruncatedError) as caught:
        read(STALL, deadline=0.01)
    assert caught.value.limit == 0.01


def slow(messages: list[Message], seconds: float) -> Receive:
    """A client whose every message has to be waited for."""
    waiting = client(iter(messages))

    async def receive() -> Message:
        await asyncio.sleep(seconds)
        return await waiting()

    return receive


def test_j5_the_deadline_is_for_the_whole_body_and_not_for_each_message() -> None:
    async def trickling() -> None:
        parts = RequestBody(slow(chunked(*[b"x"] * 1000), 0.005))
        with pytest.raises(BodyTruncatedError) as caught:
            await parts.read(ReadBody(5000, 0.03))
        assert caught.value.limit == 0.03

    asyncio.run(trickling())


@pytest.mark.parametrize("chunks", [[b"12345"], [b"12", b"345"], [b"", b"12345", b""]])
def test_a_body_that_is_waited_for_is_read_whole(chunks: list[bytes]) -> None:
    async def patient() -> None:
        body = RequestBody(slow(chunked(*chunks), 0.0))
        assert await body.read(ReadBody(5, 5.0)) == b"12345"
        assert await body.replay() == {"type": "http.request", "body": b"12345", "more_body": False}

    asyncio.run(patient())


@pytest.mark.parametrize("seconds", [None, 0.0])
def test_s115_the_limit_is_the_same_whether_a_body_is_waited_for_or_not(seconds: float | None) -> None:
    async def too_large() -> None:
        messages = chunked(b"123456")
        receive = client(iter(messages)) if seconds is None else slow(messages, seconds)
        with pytest.raises(BodyTooLargeError):
            await RequestBody(receive).read(ReadBody(5, 5.0))

    asyncio.run(too_large())


def test_a_deadline_is_set_only_where_something_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[float | None] = []
    timeout = asyncio.timeout

    def noting(delay: float | None) -> asyncio.Timeout:
        set_to.append(delay)
        return timeout(delay)

    async def both() -> None:
        await RequestBody(client(iter(chunked(b"12345")))).read(ReadBody(5, 5.0))
        assert set_to == []
        await RequestBody(slow(chunked(b"12345"), 0.0)).read(ReadBody(5, 5.0))
        assert set_to == [5.0]

    monkeypatch.setattr(asyncio, "timeout", noting)
    asyncio.run(both())


def test_a_cancellation_while_a_body_is_waited_for_is_no_refusal() -> None:
    async def cancel() -> None:
        reading = asyncio.create_task(RequestBody(client(iter([STALL]))).read(ReadBody(5, 5.0)))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(cancel())


def test_a_body_is_read_once() -> None:
    async def twice() -> None:
        body = RequestBody(client(iter(chunked(b"12345"))))
        assert await body.read(ReadBody(5, 5.0)) == b"12345"
        await body.replay()
        assert await body.read(ReadBody(5, 5.0)) == b""
        assert await body.replay() == DISCONNECT

    asyncio.run(twice())


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
