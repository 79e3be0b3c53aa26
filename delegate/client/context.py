"""Which delegation is current: entered by a ``with`` block, inherited by tasks, closed when it is left.

The rules (design section 7): entering *replaces* what was current and never merges with it. Leaving
restores exactly what was current before, and closes the handle, so whoever outlives the block (a task that
was not awaited, a thread) is refused with ``delegation_missing`` and never falls back to the wider
authority outside. Whatever is unclear, such as a generator that leaves its block in another context than
it entered it in, ends closed, never open.

Context variables carry all of it: asyncio tasks and ``asyncio.to_thread`` inherit them (PEP 567), other
threads take them along with ``bind``. A generator has no context of its own, so a block around a ``yield``
also covers what its consumer does in between; enter the block in the function that makes the calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, overload

from delegate.errors import (
    ConfigurationError,
    DelegationMissingError,
    HolderMismatchError,
    IdentityMismatchError,
)
from delegate.identity import Identity
from delegate.scope import Action
from delegate.token import UnverifiedToken, attenuate_to_ephemeral, parse_unverified
from delegate.token.verify import require_narrowing, require_signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from delegate.clock import Clock
    from delegate.keys import Signer
    from delegate.scope import Scope

__all__ = [
    "Delegation",
    "action",
    "bind",
    "current_action",
    "current_delegation",
    "entered_delegation",
    "narrow",
    "with_delegation",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_V = TypeVar("_V")


class Delegation:
    """A token, the key that may use it, and who says to be calling: good until its block is left."""

    __slots__ = ("_left", "_wider", "identity", "key", "token")

    def __init__(
        self, token: UnverifiedToken, key: Signer, identity: Identity, *, wider: Delegation | None = None
    ) -> None:
        """Keep what fits together; ``wider`` is the delegation that this one was narrowed from.

        Raises ``HolderMismatchError`` and ``IdentityMismatchError``.
        """
        if key.public_key != token.holder:
            msg = f"the key is not the one that the token's last block names for {token.agent!r}"
            raise HolderMismatchError(msg, block=token.last.index)
        if identity.agent != token.agent:
            msg = f"the identity is that of {identity.agent!r}, the token was delegated to {token.agent!r}"
            raise IdentityMismatchError(msg, component="agent-identity", limit=token.agent)
        self.token: Final = token
        self.key: Final = key
        self.identity: Final = identity
        self._wider: Final = wider
        self._left = False

    @property
    def closed(self) -> bool:
        """Whether its block, or that of the delegation it was narrowed from, has been left."""
        return self._left or (self._wider is not None and self._wider.closed)

    def require_open(self) -> Delegation:
        """Itself; ``DelegationMissingError`` once it is closed."""
        if self.closed:
            msg = (
                f"the delegation to {self.token.agent!r} was closed: the block that entered it has been left"
            )
            raise DelegationMissingError(msg)
        return self

    def require_permits(self, action: Action) -> None:
        """Refuse an action that a block of the chain does not permit, as a server would.

        Raises ``OutOfScopeError`` or ``ResourceMalformedError`` with ``block`` and ``field``.
        """
        for link in self.token.links:
            if link.block.scope is not None:
                link.scope.require_permits(action, block=link.index)

    @property
    def names(self) -> dict[str, str | tuple[str, ...] | None]:
        """Who signs, in names and ids: what a log or a trace may hold."""
        token = self.token
        return {
            "issuer": token.root.issuer,
            "agent": token.agent,
            "path": token.path,
            "chain_id": token.chain_id,
            "key_id": token.holder.key_id,
        }

    def __repr__(self) -> str:
        """Names and ids only."""
        state = "closed" if self.closed else "open"
        return f"<Delegation {self.token.token_id} to {self.token.agent!r}, {state}>"


_delegation: Final[ContextVar[Delegation | None]] = ContextVar("delegate.delegation", default=None)
_action: Final[ContextVar[Action | None]] = ContextVar("delegate.action", default=None)


class _Block(AbstractContextManager[_V], AbstractAsyncContextManager[_V]):
    """One block, for ``with`` and for ``async with``: entering and leaving it never waits."""

    def __init__(self, inner: AbstractContextManager[_V]) -> None:
        self._inner = inner
        self._entered = False

    def __enter__(self) -> _V:
        """Make the value current."""
        if self._entered:
            msg = "a block is entered once: call the function again for another"
            raise ConfigurationError(msg)
        self._entered = True
        return self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Restore what was current before; errors pass through."""
        self._inner.__exit__(kind, error, traceback)

    async def __aenter__(self) -> _V:
        """The same."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """The same."""
        self.__exit__(kind, error, traceback)


@contextmanager
def _current(variable: ContextVar[_V | None], value: _V) -> Iterator[_V]:
    """Have ``value`` current; afterwards what was before.

    ``ContextVar.reset`` would raise where a block is left in another context than it was entered in, and
    would undo what others entered meanwhile. So only our own value is taken back, and only where it is.
    """
    before = variable.get()
    variable.set(value)
    try:
        yield value
    finally:
        if variable.get() is value:
            variable.set(before)


@contextmanager
def _delegated(make: Callable[[], Delegation]) -> Iterator[Delegation]:
    """Have a new delegation current, and close it at the end."""
    delegation = make()
    try:
        with _current(_delegation, delegation):
            yield delegation
    finally:
        delegation._left = True  # noqa: SLF001 - leaving is the block's to say, and nobody else's


def with_delegation(
    token: UnverifiedToken | str, *, key: Signer, identity: Identity | None = None
) -> _Block[Delegation]:
    """Have a delegation current inside ``with`` or ``async with``; it replaces any other, never merges.

    ``token`` is the token or its text, ``key`` the private half of its holder's key, ``identity`` says who
    calls (default: the token's agent, without run or service). All but block 0's signature is checked on
    entry: this side has no trust store, so whether the issuer's own signature and key are good only a
    server can tell.

    Entering raises ``HolderMismatchError``, ``IdentityMismatchError``, ``DelegationSignatureInvalidError``,
    ``WidenedError``, ``DepthExceededError``, and for text what ``parse_unverified`` raises.
    """

    def make() -> Delegation:
        read = parse_unverified(token) if isinstance(token, str) else token
        for link in read.links:
            if link.parent is not None:
                require_signature(link, link.parent.block.key)
                require_narrowing(link)
        return Delegation(read, key, identity or Identity(agent=read.agent))

    return _Block(_delegated(make))


def narrow(
    *, scope: Scope | None = None, expires_in: int | None = None, clock: Clock | None = None
) -> _Block[Delegation]:
    """Have a part of the current delegation current inside ``with`` or ``async with``.

    Entering mints one block, offline, to a fresh key that never leaves this process; the identity stays.
    ``expires_in`` is in seconds. The narrowed delegation ends with the one it was narrowed from.

    Entering raises ``DelegationMissingError`` and what ``attenuate`` raises, ``WidenedError`` and
    ``DepthExceededError`` among it.
    """

    def make() -> Delegation:
        outer = current_delegation()
        token, key = attenuate_to_ephemeral(
            outer.token, outer.key, scope=scope, expires_in=expires_in, clock=clock
        )
        return Delegation(token, key, outer.identity, wider=outer)

    return _Block(_delegated(make))


def current_delegation() -> Delegation:
    """The delegation that is current; ``DelegationMissingError`` where there is none, or a closed one."""
    delegation = _delegation.get()
    if delegation is None:
        msg = "no delegation is current: enter delegate.with_delegation(...) around the call"
        raise DelegationMissingError(msg)
    return delegation.require_open()


def entered_delegation() -> Delegation | None:
    """The delegation that was entered last here, closed or not: for deciding whether one is needed."""
    return _delegation.get()


@overload
def action(named: Action, /) -> _Block[Action]: ...


@overload
def action(
    named: str,
    /,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Mapping[str, Iterable[str]] | None = None,
) -> _Block[Action]: ...


def action(named: Action | str, /, **parts: Any) -> _Block[Action]:
    """Say what the calls inside ``with`` or ``async with`` do, as an ``Action`` or as its arguments.

    A transport then refuses before it sends what a block of the chain does not permit
    (``OutOfScopeError``). It is a courtesy to the caller: a server names the action by itself.
    """
    stated = named if isinstance(named, Action) else Action(named, **parts)
    return _Block(_current(_action, stated))


def current_action() -> Action | None:
    """The action that ``action`` names here, if any."""
    return _action.get()


def bind(function: Callable[_P, _R], /) -> Callable[_P, _R]:
    """The same function, run with what is current *now*: for threads and executors.

    The delegation and the named action travel; the handle is not copied, so it is refused once its block
    is left. Takes functions and coroutine functions. Raises ``DelegationMissingError`` where nothing is
    current, and ``ConfigurationError`` for a generator function.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        msg = "a generator runs in its consumer's context and cannot be bound: bind the function that uses it"
        raise ConfigurationError(msg)
    delegation, stated = current_delegation(), current_action()

    @contextmanager
    def carried() -> Iterator[None]:
        with _current(_delegation, delegation), _current(_action, stated):
            yield

    async def finished(result: Awaitable[object]) -> object:
        with carried():
            return await result

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def run_async(*args: _P.args, **kwargs: _P.kwargs) -> object:
            return await finished(function(*args, **kwargs))

        return run_async  # type: ignore[return-value]  # the coroutine function that went in

    @wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with carried():
            result = function(*args, **kwargs)
        if inspect.isawaitable(result):  # it runs later, and must run with the same delegation then
            return finished(result)  # type: ignore[return-value]  # awaitable, as what went in
        return result

    return run
