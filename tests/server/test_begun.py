"""An awaitable that was begun is, to the task and to itself, as if it had been awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

import pytest

from delegate.server.begun import Begun

_T = TypeVar("_T")


async def awaited(coroutine: Coroutine[Any, Any, _T]) -> _T:
    begun = Begun(coroutine)
    return begun.result if begun.done else await begun


async def at_once() -> str:
    return "at once"


async def failing() -> str:
    msg = "failing"
    raise LookupError(msg)


async def failing_later() -> str:
    await asyncio.sleep(0)
    return await failing()


async def after_waits() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, "later")
    result: str = await future
    return result


def test_what_need_not_be_waited_for_is_done() -> None:
    async def begin() -> tuple[bool, bool]:
        later = Begun(after_waits())
        done = later.done
        await later
        return Begun(at_once()).done, done

    assert asyncio.run(begin()) == (True, False)


@pytest.mark.parametrize(("each", "result"), [(at_once, "at once"), (after_waits, "later")])
def test_the_result_is_that_of_the_awaitable(
    each: Callable[[], Coroutine[Any, Any, str]], result: str
) -> None:
    assert asyncio.run(awaited(each())) == result


@pytest.mark.parametrize("each", [failing, failing_later])
def test_what_the_awaitable_raises_passes_through(each: Callable[[], Coroutine[Any, Any, str]]) -> None:
    with pytest.raises(LookupError, match="failing"):
        asyncio.run(awaited(each()))


def waiting_in_vain(told: list[str], *, cleans: bool = False) -> Coroutine[Any, Any, str]:
    async def wait() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("cancelled")
            if not cleans:
                return "nevertheless"
            await asyncio.sleep(0)
            told.append("cleaned")
            raise
        return "never"

    return wait()


def test_a_cancellation_reaches_the_awaitable_which_may_wait_again() -> None:
    async def cancel(told: list[str]) -> None:
        task = asyncio.create_task(awaited(waiting_in_vain(told, cleans=True)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    told: list[str] = []
    asyncio.run(cancel(told))
    assert told == ["cancelled", "cleaned"]


def test_an_awaitable_may_answer_a_cancellation() -> None:
    async def cancel(told: list[str]) -> str:
        task = asyncio.create_task(awaited(waiting_in_vain(told)))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    told: list[str] = []
    assert asyncio.run(cancel(told)) == "nevertheless"
    assert told == ["cancelled"]


def test_closing_closes_the_awaitable() -> None:
    async def close(told: list[str]) -> None:
        async def wait() -> None:
            try:
                await asyncio.sleep(1)
            finally:
                told.append("closed")

        coroutine = awaited(wait())
        coroutine.send(None)
        coroutine.close()

    told: list[str] = []
    asyncio.run(close(told))
    assert told == ["closed"]


class Plain:
    """An awaitable as servers in other languages have it: an iterator, which takes no exception."""

    def __init__(self, future: asyncio.Future[str]) -> None:
        self.rest = iter(future.__await__())

    def __await__(self) -> Plain:
        return self

    def __iter__(self) -> Plain:
        return self

    def __next__(self) -> object:
        return next(self.rest)


async def awaited_plain(future: asyncio.Future[str]) -> str:
    begun: Begun[str] = Begun(cast("Awaitable[str]", Plain(future)))
    return begun.result if begun.done else await begun


def test_an_awaitable_may_be_an_iterator_and_no_more() -> None:
    async def both() -> list[str]:
        loop = asyncio.get_running_loop()
        ready, later = loop.create_future(), loop.create_future()
        ready.set_result("at once")
        loop.call_soon(later.set_result, "later")
        return [await awaited_plain(ready), await awaited_plain(later)]

    assert asyncio.run(both()) == ["at once", "later"]


def test_an_iterator_that_takes_no_exception_is_left_by_it() -> None:
    async def cancel() -> None:
        future = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(awaited_plain(future))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        coroutine = awaited_plain(asyncio.get_running_loop().create_future())
        coroutine.send(None)
        coroutine.close()

    asyncio.run(cancel())
