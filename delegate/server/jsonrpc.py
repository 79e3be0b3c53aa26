"""JSON-RPC 2.0 calls, as MCP and many queues carry them, with our envelope inside of their parameters.

Reading is strict: one call in one JSON text, no batch, no unknown member, an ``id`` that is a string or an
integer, or none for a notification. What a call says is what was parsed here, once; the handler gets its
parameters from what was verified and not from this text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.canonical import canonicalize, parse_strict
from delegate.envelope.params import detach
from delegate.errors import MalformedError
from delegate.verifier import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delegate.canonical import JsonValue

__all__ = ["INVALID_REQUEST", "Call", "parse_call"]

_VERSION: Final = "2.0"
_MEMBERS: Final = frozenset({"jsonrpc", "method", "params", "id"})

_INVALID_REQUEST: Final = -32600
_INTERNAL_ERROR: Final = -32603
REFUSED: Final = -32001
"""Of the range that JSON-RPC leaves to servers; ``data`` holds what is known of the refusal."""


class Call(NamedTuple):
    """One call: what to verify, and how to answer it."""

    id: str | int | None
    """``None`` for a notification, which is never answered."""
    message: Message

    def result(self, value: JsonValue) -> bytes | None:
        """The answer ``value``; raises ``MalformedError`` or ``TooLargeError`` where JSON cannot say it."""
        return self._answer("result", value)

    def refused(self, members: Mapping[str, JsonValue]) -> bytes | None:
        """The answer of a refusal, whose members are those of its problem details."""
        title = members["title"]
        return self._answer("error", {"code": REFUSED, "message": title, "data": dict(members)})

    def failed(self) -> bytes | None:
        """The answer where this server has a defect: it says nothing."""
        return self._answer("error", {"code": _INTERNAL_ERROR, "message": "Internal error"})

    def _answer(self, name: str, value: JsonValue) -> bytes | None:
        if self.id is None:
            return None
        return canonicalize({"jsonrpc": _VERSION, "id": self.id, name: value})


INVALID_REQUEST: Final = canonicalize(
    {"jsonrpc": _VERSION, "id": None, "error": {"code": _INVALID_REQUEST, "message": "Invalid Request"}}
)
"""The answer to what is no call."""


def parse_call(data: bytes) -> Call:
    """The call in ``data``; raises ``MalformedError`` or ``TooLargeError``."""
    members = parse_strict(data)
    if type(members) is not dict or members.get("jsonrpc") != _VERSION or members.keys() - _MEMBERS:
        msg = "a call is one JSON-RPC 2.0 object with jsonrpc, method, params and id, and nothing else"
        raise MalformedError(msg)
    method, number = members.get("method"), members.get("id")
    if type(method) is not str:
        msg = "method must be a string"
        raise MalformedError(msg, field="method")
    if type(number) not in {str, int} and "id" in members:
        msg = "id must be a string or an integer, or absent"
        raise MalformedError(msg, field="id")
    envelope, params = detach(members.get("params"))
    return Call(number, Message(method=method, params=params, envelope=envelope))  # type: ignore[arg-type]
