"""What is current, for whom, and until when."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from functools import partial, wraps

import pytest

import delegate
from delegate import known_secrets
from delegate.client.context import Delegation, current_action, current_delegation, with_delegation
from delegate.clock import ManualClock
from delegate.encoding import b64url_encode
from delegate.errors import (
    ConfigurationError,
    DelegationMissingError,
    DelegationSignatureInvalidError,
    DepthExceededError,
    HolderMismatchError,
    IdentityMismatchError,
    MalformedError,
    OutOfScopeError,
    WidenedError,
)
from delegate.identity import Identity
from delegate.keys import Purpose, SigningKey
from delegate.scope import Action, Scope
from delegate.token import UnverifiedToken
from delegate.token.chain import append, parse_unverified
from tests.client.support import ME, NOW, READ_ONLY, WORKER_KEY, entered, run, sub_token, token

CLOCK = ManualClock(NOW)
READ = Action("orders.read", operation="read", risk="low")


def in_own_context(test: Callable[[], None]) -> Callable[[], None]:
    """Run a test that leaves blocks in the wrong order where it disturbs nobody."""

    @wraps(test)
    def run_test() -> None:
        contextvars.copy_context().run(test)

    return run_test


def refused() -> str:
    """Why nothing is current."""
    with pytest.raises(DelegationMissingError) as caught:
        current_delegation()
    assert caught.value.executed == "no"
    return str(caught.value)


# --- with_delegation -------------------------------------------------------------------------------


def test_the_delegation_is_current_inside_and_not_outside() -> None:
    assert "no delegation is current" in refused()
    with delegate.with_delegation(token(), key=WORKER_KEY, identity=ME) as handle:
        assert delegate.current_delegation() is handle
        assert (handle.identity, handle.key, handle.closed) == (ME, WORKER_KEY, False)
    assert handle.closed
    assert "no delegation is current" in refused()


def test_a_token_may_be_given_as_text_and_the_identity_left_out() -> None:
    given = token()
    with with_delegation(given.text, key=WORKER_KEY) as handle:
        assert handle.token == given
        assert handle.identity == Identity(agent="worker-agent")


def test_async_with_is_the_same() -> None:
    async def check() -> Delegation:
        async with with_delegation(token(), key=WORKER_KEY, identity=ME) as handle:
            async with delegate.narrow(scope=READ_ONLY, clock=CLOCK) as inner, delegate.action(READ):
                assert current_delegation() is inner
                assert current_action() is READ
            assert current_delegation() is handle
        return handle

    assert run(check()).closed
    refused()


def test_both_exit_stacks_take_it() -> None:
    async def check() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(entered())  # type: ignore[arg-type]
            current_delegation()
        refused()

    run(check())
    with ExitStack() as stack:
        stack.enter_context(entered())
        current_delegation()
    refused()


def test_nesting_replaces_and_leaving_restores() -> None:
    """It "replaces the current one and never merges"."""
    chain, key = sub_token()
    with entered() as outer:
        with with_delegation(chain, key=key) as inner:
            assert current_delegation() is inner
            assert inner.token.agent == "sub-agent"
            with pytest.raises(OutOfScopeError):
                inner.require_permits(Action("refunds.create", operation="financial", risk="high"))
        assert current_delegation() is outer
        assert inner.closed
        assert not outer.closed


def test_an_error_inside_leaves_the_block_and_passes_through() -> None:
    boom = RuntimeError("boom")
    with pytest.raises(RuntimeError) as caught, entered() as handle:
        raise boom
    assert caught.value is boom
    assert handle.closed
    refused()


def test_a_block_is_entered_once() -> None:
    block = entered()
    with block:
        with pytest.raises(ConfigurationError, match="once"), block:
            pytest.fail("entered twice")  # pragma: no cover
        current_delegation()
    with pytest.raises(ConfigurationError, match="once"):
        block.__enter__()
    refused()


def test_another_key_than_the_holders_is_refused() -> None:
    with pytest.raises(HolderMismatchError) as caught, with_delegation(token(), key=SigningKey.generate()):
        pytest.fail("entered")  # pragma: no cover
    assert caught.value.block == 0
    refused()


def test_another_agent_than_the_tokens_is_refused() -> None:
    block = with_delegation(token(), key=WORKER_KEY, identity=Identity(agent="somebody"))
    with pytest.raises(IdentityMismatchError) as caught, block:
        pytest.fail("entered")  # pragma: no cover
    assert caught.value.component == "agent-identity"
    assert caught.value.limit == "worker-agent"


def resigned(chain: UnverifiedToken, key: SigningKey, payload: bytes) -> UnverifiedToken:
    """``chain`` with another last block."""
    first = parse_unverified(".".join(chain.text.split(".")[:3]))
    unsigned = append(first, payload, bytes(64))
    return append(first, payload, key.sign(Purpose.BLOCK, unsigned.last.signing_input))


def test_the_inner_signatures_are_checked_on_entry() -> None:
    """ "The client checks signature, time, audience and depth of its own token before it sends." """
    chain, key = sub_token()
    with with_delegation(chain.text, key=key):
        pass
    head, _, signature = chain.text.rpartition(".")
    broken = f"{head}.{b64url_encode(bytes(64))}"
    assert len(signature) == 86
    with pytest.raises(DelegationSignatureInvalidError) as caught, with_delegation(broken, key=key):
        pytest.fail("entered")  # pragma: no cover
    assert caught.value.block == 1


def test_a_chain_that_widens_is_refused_on_entry() -> None:
    chain, key = sub_token()
    wide = Scope(tools=["admin"], operations=["read"])
    payload = chain.last.block._replace(scope=wide).to_payload()
    widened = resigned(chain, WORKER_KEY, payload)
    with pytest.raises(WidenedError) as caught, with_delegation(widened, key=key):
        pytest.fail("entered")  # pragma: no cover
    assert (caught.value.block, caught.value.field) == (1, "tools")


# --- narrow ----------------------------------------------------------------------------------------


def test_narrow_mints_one_block_to_a_fresh_key_and_keeps_the_identity() -> None:
    with entered() as outer:
        with delegate.narrow(scope=READ_ONLY, expires_in=60, clock=CLOCK) as inner:
            assert current_delegation() is inner
            assert inner.token.links[:-1] == outer.token.links
            assert inner.key.public_key == inner.token.holder != WORKER_KEY.public_key
            assert inner.identity == ME
            assert inner.token.expires_at == NOW + 60
            inner.require_permits(READ)
            with pytest.raises(OutOfScopeError) as caught:
                inner.require_permits(Action("refunds.create", operation="financial", risk="high"))
            assert caught.value.block == 1
        assert inner.closed
        assert current_delegation() is outer


def test_narrow_needs_a_delegation_and_only_narrows() -> None:
    with pytest.raises(DelegationMissingError), delegate.narrow(scope=READ_ONLY):
        pytest.fail("entered")  # pragma: no cover
    with entered(further_hops=1) as outer:
        with pytest.raises(WidenedError), delegate.narrow(scope=Scope(tools=["admin"]), clock=CLOCK):
            pytest.fail("entered")  # pragma: no cover
        with (
            delegate.narrow(clock=CLOCK),
            pytest.raises(DepthExceededError),
            delegate.narrow(clock=CLOCK),
        ):
            pytest.fail("entered")  # pragma: no cover
        assert current_delegation() is outer


@in_own_context
def test_a_narrowed_delegation_ends_with_the_one_it_was_narrowed_from() -> None:
    with ExitStack() as inner_block:
        with entered():
            inner = inner_block.enter_context(delegate.narrow(clock=CLOCK))
            assert not inner.closed
        assert inner.closed
        assert "closed" in refused()
    refused()


# --- leaving ---------------------------------------------------------------------------------------


def test_a_task_inherits_and_one_that_outlives_the_block_is_refused() -> None:
    """ "Leaving closes the handle, so a task that outlives it raises." """

    async def worker(left: asyncio.Event, seen: list[Delegation]) -> str:
        seen.append(current_delegation())
        await left.wait()
        return refused()

    async def check() -> str:
        left, seen = asyncio.Event(), list[Delegation]()
        with entered() as handle:
            task = asyncio.create_task(worker(left, seen))
            await asyncio.sleep(0)
        left.set()
        message = await task
        assert seen == [handle]
        return message

    assert "closed" in run(check())


def test_a_task_that_outlives_a_narrowing_does_not_fall_back_to_the_wider_delegation() -> None:
    async def worker(left: asyncio.Event) -> str:
        with entered():
            await left.wait()
        return refused()  # what was current before is closed by now

    async def check() -> str:
        left = asyncio.Event()
        with entered() as outer:
            with delegate.narrow(scope=READ_ONLY, clock=CLOCK):
                task = asyncio.create_task(worker(left))
                await asyncio.sleep(0)
            left.set()
            message = await task
            assert current_delegation() is outer
        return message

    assert "closed" in run(check())


def test_tasks_do_not_see_each_other() -> None:
    async def worker(key: SigningKey, chain: UnverifiedToken) -> None:
        with with_delegation(chain, key=key) as handle:
            for _ in range(3):
                await asyncio.sleep(0)
                assert current_delegation() is handle

    async def check() -> None:
        chain, key = sub_token()
        await asyncio.gather(worker(WORKER_KEY, token()), worker(key, chain))
        refused()

    run(check())


def test_leaving_in_another_context_closes_and_raises_nothing_else() -> None:
    async def numbers() -> AsyncIterator[int]:
        with entered():
            yield 1
            yield 2  # pragma: no cover

    async def check() -> None:
        stream = numbers()
        await asyncio.create_task(anext(stream))  # type: ignore[arg-type]
        await stream.aclose()  # type: ignore[attr-defined]
        refused()

    run(check())

    block = entered()
    context = contextvars.copy_context()
    handle = context.run(block.__enter__)
    block.__exit__(None, None, None)
    assert handle.closed
    assert "closed" in context.run(refused)
    assert "no delegation" in refused()


@in_own_context
def test_blocks_left_in_the_wrong_order_never_leave_a_closed_one_usable() -> None:
    first, second = entered(), entered()
    a, b = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)
    assert current_delegation() is b
    second.__exit__(None, None, None)
    assert a.closed
    assert b.closed
    assert "closed" in refused()
    with entered() as again:  # a fresh one is not hindered
        assert current_delegation() is again


def test_a_generator_takes_its_delegation_with_it_when_it_is_closed() -> None:
    def numbers() -> Iterator[int]:
        with entered():
            yield 1

    stream = numbers()
    next(stream)
    current_delegation()  # a generator shares the context of its consumer (PEP 567)
    stream.close()  # type: ignore[attr-defined]
    refused()


# --- threads ---------------------------------------------------------------------------------------


def test_to_thread_inherits() -> None:
    async def check() -> None:
        with entered() as handle:
            assert await asyncio.to_thread(current_delegation) is handle

    run(check())


def in_thread(function: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_another_thread_has_nothing_without_bind() -> None:
    with entered() as handle, delegate.action(READ):
        assert "no delegation" in str(in_thread(refused))
        assert in_thread(delegate.bind(current_delegation)) is handle
        assert in_thread(delegate.bind(current_action)) is READ


def test_bind_leaves_nothing_behind_in_the_thread() -> None:
    with entered(), ThreadPoolExecutor(1) as pool:
        pool.submit(delegate.bind(current_delegation)).result()
        assert "no delegation" in pool.submit(refused).result()


def test_a_bound_function_may_run_in_many_threads_at_once() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def work() -> Delegation:
        barrier.wait()
        return current_delegation()

    with entered() as handle, ThreadPoolExecutor(4) as pool:
        bound = delegate.bind(work)
        assert [job.result() for job in [pool.submit(bound) for _ in range(4)]] == [handle] * 4


def test_a_bound_function_is_refused_once_the_block_was_left() -> None:
    with entered():
        bound = delegate.bind(current_delegation)
        bound()
    with pytest.raises(DelegationMissingError, match="closed"):
        in_thread(bound)
    with pytest.raises(DelegationMissingError):
        delegate.bind(current_delegation)


def test_bind_keeps_name_arguments_and_kind_of_a_coroutine_function() -> None:
    async def work(number: int, *, times: int) -> tuple[Delegation, int]:
        await asyncio.sleep(0)
        return current_delegation(), number * times

    with entered() as handle:
        bound, half_bound = delegate.bind(work), delegate.bind(partial(work, 2))
        assert asyncio.iscoroutinefunction(bound)
        assert bound.__name__ == "work"
        assert in_thread(lambda: run(bound(2, times=3))) == (handle, 6)
        assert in_thread(lambda: run(half_bound(times=2))) == (handle, 4)


# --- action ----------------------------------------------------------------------------------------


def test_an_action_is_named_by_value_or_by_its_parts() -> None:
    assert current_action() is None
    with delegate.action("orders.read", operation="read", risk="low"):
        assert current_action() == READ
        with delegate.action(READ) as inner:
            assert current_action() is inner is READ
        assert current_action() == READ
    assert current_action() is None
    with pytest.raises(MalformedError):
        delegate.action("orders.read", operation="Not A Label", risk="low")


# --- secrets ---------------------------------------------------------------------------------------


def test_nothing_secret_is_shown() -> None:
    with entered() as handle:
        secrets = [handle.token.text, *(secret.decode("latin-1") for secret in known_secrets.values())]
        shown = repr(handle)
        assert handle.token.token_id in shown
        assert "open" in shown
        assert not [secret for secret in secrets if secret in shown]
    assert "closed" in repr(handle)
    assert handle.token.text not in refused()
