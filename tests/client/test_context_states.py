"""The current delegation as a state machine: blocks entered and left in any order, in tasks and threads.

Every actor is real: asyncio tasks, which inherit what is current where they are made; threads that took it
along with ``bind``; threads that did not. They live until the end and do one thing at a time, as they are
told. The model is a table of who has which block current, and the one sentence that matters: nobody is ever
given a delegation whose block, or whose wider delegation's block, has been left.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from delegate.client.context import (
    Delegation,
    action,
    bind,
    current_action,
    current_delegation,
    entered_delegation,
    narrow,
    with_delegation,
)
from delegate.clock import ManualClock
from delegate.errors import DelegateError, DelegationMissingError, DepthExceededError
from delegate.scope import Action
from tests.client.support import ME, NOW, READ_ONLY, WORKER_KEY, token

CLOCK: Final = ManualClock(NOW)
TOKEN: Final = token()
ACTORS_MAX: Final = 6
PATIENCE: Final = 30
"""Seconds: far above what any step takes."""

Call = Callable[[], Any]


class Actor(Protocol):
    """Does one thing at a time, always in the same context."""

    inherits: bool

    def run(self, call: Call) -> Any: ...

    def stop(self) -> None: ...


class TaskActor:
    """A task of the machine's event loop, which runs while somebody waits for an answer."""

    inherits = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.calls: asyncio.Queue[tuple[Call, asyncio.Future[Any]] | None] = asyncio.Queue()
        self.task = loop.create_task(self.live())

    async def live(self) -> None:
        while (told := await self.calls.get()) is not None:
            call, answer = told
            try:
                answer.set_result(call())
            except DelegateError as error:
                answer.set_exception(error)

    def run(self, call: Call) -> Any:
        answer: asyncio.Future[Any] = self.loop.create_future()
        self.calls.put_nowait((call, answer))
        return self.loop.run_until_complete(answer)

    def stop(self) -> None:
        self.calls.put_nowait(None)
        self.loop.run_until_complete(self.task)


class ThreadActor:
    """A thread; ``bound`` is done by whoever makes it, for what is current there."""

    def __init__(self, *, inherits: bool) -> None:
        self.inherits = inherits
        self.calls: queue.SimpleQueue[tuple[Call, Future[Any]] | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=bind(self.live) if inherits else self.live)
        self.thread.start()

    def live(self) -> None:
        while (told := self.calls.get()) is not None:
            call, answer = told
            try:
                answer.set_result(call())
            except DelegateError as error:
                answer.set_exception(error)

    def run(self, call: Call) -> Any:
        answer: Future[Any] = Future()
        self.calls.put((call, answer))
        return answer.result(PATIENCE)

    def stop(self) -> None:
        self.calls.put(None)
        self.thread.join(PATIENCE)


@dataclass(eq=False)
class Block:
    """One block that was entered, and what was current before it."""

    manager: Any
    value: Delegation | Action
    before: Block | None
    wider: Block | None = None
    left: bool = False

    @property
    def closed(self) -> bool:
        return self.left or (self.wider is not None and self.wider.closed)


@dataclass(eq=False)
class Seat:
    """An actor, and the blocks that the model says are current for it."""

    actor: Actor
    delegation: Block | None = None
    stated: Block | None = None
    entered: list[Block] = field(default_factory=list)


class ContextMachine(RuleBasedStateMachine):
    """One event loop, its first task, and whatever comes of that."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.seats: list[Seat] = []
        self.blocks: list[Block] = []

    @initialize()
    def start(self) -> None:
        self.seats.append(Seat(TaskActor(self.loop)))

    def teardown(self) -> None:
        for seat in self.seats:
            seat.actor.stop()
        self.loop.close()

    def seat(self, data: st.DataObject, *, tasks: bool = False) -> Seat:
        return data.draw(
            st.sampled_from([seat for seat in self.seats if not tasks or isinstance(seat.actor, TaskActor)])
        )

    # --- blocks ---------------------------------------------------------------------------------------

    @rule(data=st.data())
    def enter(self, data: st.DataObject) -> None:
        """ "Entering replaces what was current and never merges with it." """
        seat, manager = self.seat(data), with_delegation(TOKEN, key=WORKER_KEY, identity=ME)
        block = Block(manager, seat.actor.run(manager.__enter__), seat.delegation)
        seat.delegation = block
        self.blocks.append(block)

    @rule(data=st.data())
    def narrowed(self, data: st.DataObject) -> None:
        """The narrowed delegation ends with the one it was narrowed from."""
        seat, manager = self.seat(data), narrow(scope=READ_ONLY, clock=CLOCK)
        outer = seat.delegation
        try:
            handle = seat.actor.run(manager.__enter__)
        except DelegationMissingError:
            assert outer is None or outer.closed
            return
        except DepthExceededError:
            assert outer is not None
            assert isinstance(outer.value, Delegation)
            assert len(outer.value.token.links) == 4
            return
        assert outer is not None
        assert not outer.closed
        block = Block(manager, handle, outer, wider=outer)
        seat.delegation = block
        self.blocks.append(block)

    @rule(data=st.data())
    def state_an_action(self, data: st.DataObject) -> None:
        seat, manager = self.seat(data), action("orders.read", operation="read", risk="low")
        block = Block(manager, seat.actor.run(manager.__enter__), seat.stated)
        seat.stated = block
        self.blocks.append(block)

    @precondition(lambda self: any(not block.left for block in self.blocks))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Any block, by anybody: "whatever is unclear ends closed, never open"."""
        block = data.draw(st.sampled_from([block for block in self.blocks if not block.left]))
        seat = self.seat(data)
        seat.actor.run(lambda: block.manager.__exit__(None, None, None))
        block.left = True
        if seat.delegation is block:
            seat.delegation = block.before
        if seat.stated is block:
            seat.stated = block.before

    @precondition(lambda self: any(seat.delegation for seat in self.seats))
    @rule(data=st.data())
    def leave_what_is_current(self, data: st.DataObject) -> None:
        """ "Leaving restores exactly what was current before." """
        seat = data.draw(st.sampled_from([seat for seat in self.seats if seat.delegation]))
        block = seat.delegation
        assert block is not None
        if not block.left:
            seat.actor.run(lambda: block.manager.__exit__(None, None, None))
            block.left = True
            seat.delegation = block.before

    # --- who inherits ---------------------------------------------------------------------------------

    @precondition(lambda self: len(self.seats) < ACTORS_MAX)
    @rule(data=st.data())
    def make_a_task(self, data: st.DataObject) -> None:
        """ "asyncio tasks inherit them." """
        parent = self.seat(data, tasks=True)
        actor = parent.actor.run(lambda: TaskActor(self.loop))
        self.seats.append(Seat(actor, parent.delegation, parent.stated))

    @precondition(lambda self: len(self.seats) < ACTORS_MAX)
    @rule(data=st.data())
    def make_a_bound_thread(self, data: st.DataObject) -> None:
        """ "Other threads take them along with ``bind``", which refuses where nothing is current."""
        parent = self.seat(data)
        try:
            actor = parent.actor.run(lambda: ThreadActor(inherits=True))
        except DelegationMissingError:
            assert parent.delegation is None or parent.delegation.closed
            return
        self.seats.append(Seat(actor, parent.delegation, parent.stated))

    @precondition(lambda self: len(self.seats) < ACTORS_MAX)
    @rule(data=st.data())
    def make_a_thread(self, data: st.DataObject) -> None:
        """A thread that nobody bound has nothing."""
        self.seats.append(Seat(self.seat(data).actor.run(lambda: ThreadActor(inherits=False))))

    # --- what everybody has ---------------------------------------------------------------------------

    @rule()
    def ask_everybody(self) -> None:
        for seat in self.seats:
            block = seat.delegation
            try:
                found = seat.actor.run(current_delegation)
            except DelegationMissingError:
                assert block is None or block.closed
            else:
                assert block is not None
                assert not block.closed
                assert found is block.value
            assert seat.actor.run(entered_delegation) is (block and block.value)
            assert seat.actor.run(current_action) is (seat.stated and seat.stated.value)
        for each in self.blocks:
            if isinstance(each.value, Delegation):
                assert each.value.closed is each.closed


TestContextStates = ContextMachine.TestCase
TestContextStates.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True
)
