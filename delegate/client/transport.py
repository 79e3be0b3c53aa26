"""What the signing ends of all HTTP libraries share: their settings, and the loops that carry out the steps.

``delegate.client.signing`` decides, and yields what it needs. ``drive`` and ``drive_async`` hand each step
to the file of one library, which performs it, and hand back the outcome; a failure is thrown into the steps,
for they alone decide what it means. So every library is held to the same rules, and knows none of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack

from delegate.client.answers import ServerKeys
from delegate.client.context import current_action
from delegate.client.rules import Rules
from delegate.client.signing import exchange
from delegate.client.steps import Outgoing, Step, Steps
from delegate.clock import Clock
from delegate.errors import MalformedError
from delegate.limits import LABEL_MAX_CHARS
from delegate.observer import Observer
from delegate.scope import Action

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = ["Settings", "Signing", "drive", "drive_async", "encoded"]

_Request = TypeVar("_Request")
_R = TypeVar("_R")


class Settings(TypedDict, Generic[_Request], total=False):
    """The keyword arguments of every signing end; the defaults are those of ``Rules``, the safe choice."""

    clock: Clock
    lifetime: int
    """How long a signature is good, in seconds."""
    origins: Iterable[str] | None
    """Origins that are never sent to unsigned; a delegation is then needed for them and for its own audience
    only. Without it, any request without a current delegation raises."""
    cover: Iterable[str]
    """Further header names to sign, in lower case; every request must have them."""
    action_for: Callable[[_Request], Action | None] | None
    """Names the action of a request, checked against the token before sending, as is that of
    ``delegate.action(...)``."""
    retries: int
    """Further tries of GET and HEAD, or with an Idempotency-Key, when no answer came."""
    follow_same_origin: bool
    """Follow a 307 or 308 to the identical origin; all other redirects raise."""
    body_limit: int
    """The longest body that is held in memory to be signed, in bytes."""
    server_keys: ServerKeys | None
    """The origins whose answers must be signed, and their keys. What such an answer proves stands in the
    response under the name ``ANSWER`` of the library's file, as a ``VerifiedAnswer``."""
    body_masker: Masker | None
    """Looks for secrets in bodies that are to be signed; its policy warns or blocks."""
    observer: Observer | None
    """Is told of every signing, one for each try; see ``delegate.observer``."""


class Signing(Generic[_Request]):
    """How one end signs; ``_Request`` is its library's request."""

    def __init__(self, **settings: Unpack[Settings[_Request]]) -> None:
        """Take the settings. Raises ``ConfigurationError`` for one out of bounds."""
        stated: dict[str, Any] = dict(settings)
        self._action_for: Callable[[_Request], Action | None] | None = stated.pop("action_for", None)
        for name in {"origins", "cover"} & stated.keys():
            stated[name] = None if stated[name] is None else frozenset(stated[name])
        self._rules = Rules(**stated)

    def _exchange(
        self, request: _Request, outgoing: Outgoing, failures: tuple[type[Exception], ...]
    ) -> Steps[Any]:
        """The steps of one request: ``outgoing`` is ``request`` as it will stand on the wire."""
        return exchange(self._rules, outgoing, actions=self._actions(request), failures=failures)

    def _actions(self, request: _Request) -> Generator[Action | None, None, None]:
        yield current_action()
        if self._action_for is not None:
            yield self._action_for(request)


def drive(steps: Steps[_R], perform: Callable[[Step[_R]], object]) -> _R:
    """Perform the steps one by one; returns the response they end in, or raises what they raise."""
    resume: Callable[[Any], Step[_R]] = steps.send
    outcome: object = None
    try:
        while True:
            step = resume(outcome)
            try:
                resume, outcome = steps.send, perform(step)
            except Exception as error:  # noqa: BLE001 - the steps decide, and raise it again
                resume, outcome = steps.throw, error
    except StopIteration as end:
        response: _R = end.value
        return response


async def drive_async(steps: Steps[_R], perform: Callable[[Step[_R]], Awaitable[object]]) -> _R:
    """The async twin of ``drive``: the same, awaited."""
    resume: Callable[[Any], Step[_R]] = steps.send
    outcome: object = None
    try:
        while True:
            step = resume(outcome)
            try:
                resume, outcome = steps.send, await perform(step)
            except Exception as error:  # noqa: BLE001 - the steps decide, and raise it again
                resume, outcome = steps.throw, error
    except StopIteration as end:
        response: _R = end.value
        return response


def encoded(headers: Iterable[tuple[str, str | bytes]], encoding: str) -> list[tuple[bytes, bytes]]:
    """Header lines as a library that keeps them as text writes them; ``MalformedError`` where it cannot."""
    lines = []
    for name, value in headers:
        try:
            text = value if isinstance(value, bytes) else value.encode(encoding)
            lines.append((name.encode(encoding), text))
        except UnicodeEncodeError:
            msg = f"a header cannot be written in {encoding}"
            raise MalformedError(msg, component=ascii(name)[1:-1][:LABEL_MAX_CHARS]) from None
    return lines
