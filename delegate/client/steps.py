"""What ``exchange`` asks of a transport, and what a transport tells it: the whole of their protocol.

``delegate.client.signing.exchange`` is a generator. A transport starts it with an ``Outgoing``, performs
each step that it yields and sends back the outcome, or throws in what went wrong; what the generator returns
is for the caller. A step is one of

- ``ReadBody``    the whole body of the request, as bytes
- ``Send``        one round trip; answered with an ``Answer``, its body not yet read
- ``ReadAnswer``  the body of an answer as it was received, before any content decoding; answered with bytes
- ``Deliver``     that answer for the caller, reading the same bytes; answered with the library's response
- ``Discard``     close a response that the caller will not see

``ReadAnswer`` and ``Deliver`` are asked only where answers must be signed (``Rules.server_keys``).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from delegate.client.answers import VerifiedAnswer
from delegate.errors import BodyTooLargeError

__all__ = [
    "Address",
    "Answer",
    "Deliver",
    "Discard",
    "Headers",
    "Outgoing",
    "ReadAnswer",
    "ReadBody",
    "Send",
    "Step",
    "Steps",
    "canonical_origin",
]

_R = TypeVar("_R")

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HANDSHAKES: Final = {"ws": "http", "wss": "https"}
"""A WebSocket opens with an HTTP request to the same server (RFC 6455 section 4.1), signed like any other."""

Headers: TypeAlias = "Sequence[tuple[bytes, bytes]]"
"""Header lines in order, names in any case."""


class Address(NamedTuple):
    """Where a request goes, as its library will send it."""

    origin: str
    """From ``canonical_origin``; empty where there is none."""
    target: bytes
    """The raw path and query, exactly as in the request line."""
    userinfo: bool = False
    """Whether the URL names a user: ``https://user@host/``."""


class Outgoing(NamedTuple):
    """A request that is about to be sent; its body is asked for if it is needed."""

    method: str
    address: Address
    headers: Headers


class ReadBody(NamedTuple):
    """Asks for the whole body, as bytes; asked only of a request that will be signed."""

    limit: int

    def require_within(self, size: int) -> None:
        """Refuse a body that has grown to ``size`` bytes with ``BodyTooLargeError``."""
        if size > self.limit:
            msg = (
                f"the body is over {self.limit} bytes, the most that is held to be signed: raise body_limit="
            )
            raise BodyTooLargeError(msg, limit=self.limit)


class Send(NamedTuple):
    """Asks for one round trip, answered with an ``Answer``: these headers and no others."""

    target: bytes
    headers: Headers
    body: bytes | None
    """``None``: unsigned, and the caller's own body stream."""

    def __repr__(self) -> str:
        """Whether it is signed; neither headers nor body."""
        return f"<Send, {'unsigned' if self.body is None else 'signed'}>"


class Answer(NamedTuple, Generic[_R]):
    """What came back, as far as it decides anything."""

    status: int
    location: Address | None
    """Where ``Location`` points, resolved; origin empty where that is no URL; ``None`` without one."""
    response: _R
    """The library's own response."""
    headers: Headers
    """Every header line as it came."""


class ReadAnswer(NamedTuple, Generic[_R]):
    """Asks for the whole body of an answer as it was received, and to close it, whatever comes of that."""

    response: _R
    limit: int

    def require_within(self, size: int) -> None:
        """Refuse a body that has grown to ``size`` bytes with ``BodyTooLargeError``."""
        if size > self.limit:
            msg = f"the answer is over {self.limit} bytes, the most that is held to be verified"
            raise BodyTooLargeError(msg, limit=self.limit)


class Deliver(NamedTuple, Generic[_R]):
    """Asks for the response to give to the caller: ``response`` again, with ``body`` still to be read."""

    response: _R
    body: bytes
    answer: VerifiedAnswer
    """To be attached where the library has a place for it."""


class Discard(NamedTuple, Generic[_R]):
    """Asks to close a response that the caller will not see."""

    response: _R


Step: TypeAlias = "ReadBody | Send | ReadAnswer[_R] | Deliver[_R] | Discard[_R]"
Steps: TypeAlias = "Generator[Step[_R], Any, _R]"


def canonical_origin(scheme: str, host: str, port: int | None) -> str:
    """The origin of a URL in the form that tokens name it: lower case, without the default port.

    ``host`` is in its ASCII form (RFC 5890), an IPv6 address without brackets.
    """
    scheme, host = _HANDSHAKES.get(scheme.lower(), scheme.lower()), host.lower()
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port in {None, _DEFAULT_PORTS.get(scheme)} else f":{port}")
