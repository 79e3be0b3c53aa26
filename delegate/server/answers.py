"""Signing answers: an ASGI ``send`` that holds an answer until it is whole, and signs it.

The rule: what goes out after a request that asked for a signature is signed, or it is one of the answers
that never are: an event stream, and a body over ``ANSWER_MAX_BYTES``, both of which pass on as they come.
An answer that cannot be signed is not sent: a plain error is, which claims nothing about what was done.

It stands outside of everything that makes the answer, so it must stand inside of nothing that changes one: a
middleware or proxy further out that compresses, or rewrites a status or a ``Location``, breaks the signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from delegate.clock import Clock, read
from delegate.envelope.response import REPLACED, has_content, is_event_stream, sign_response
from delegate.limits import ANSWER_MAX_BYTES
from delegate.masking.logs import masked_logger
from delegate.server.problem import INTERNAL

if TYPE_CHECKING:
    from delegate.envelope.response import RequestBinding
    from delegate.keys import Signer
    from delegate.server.interface import Message, Scope, Send

__all__ = ["SigningSend", "without_shortcuts"]

_SHORTCUTS: Final = ("http.response.pathsend", "http.response.zerocopysend", "http.response.trailers")
"""Extensions of ASGI by which a body, or headers after it, would go out without passing here."""

_log: Final = masked_logger("delegate.server")


class SigningSend:
    """The ``send`` of one request; called with messages as ASGI has them."""

    __slots__ = ("_binding", "_body", "_clock", "_done", "_method", "_send", "_signer", "_start")

    def __init__(self, send: Send, signer: Signer, binding: RequestBinding, clock: Clock) -> None:
        """Sign the answer to the request of ``binding``, by the time of ``clock``."""
        self._send = send
        self._signer = signer
        self._binding = binding
        self._method = binding.target["@method"].decode()
        self._clock = clock
        self._start: Message | None = None
        self._body = bytearray()
        self._done = False

    async def __call__(self, message: Message) -> None:
        """Hold, sign or pass on one message."""
        if self._done:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = {**message, "headers": list(message.get("headers", ()))}
            if is_event_stream(self._start["headers"]):
                await self._release(self._start)
        elif message["type"] == "http.response.body" and self._start is not None:
            await self._take(self._start, message)
        else:
            await self._send(message)

    async def _take(self, start: Message, message: Message) -> None:
        if has_content(self._method, start["status"]):
            self._body += message.get("body", b"")
        more: bool = message.get("more_body", False)
        if len(self._body) > ANSWER_MAX_BYTES:
            _log.warning("an answer over %d bytes goes out unsigned", ANSWER_MAX_BYTES)
            await self._release(start, more=more)
        elif not more:
            await self._send_signed(start)

    async def _release(self, start: Message, *, more: bool = True) -> None:
        """Send what is held, unsigned, and let the rest pass."""
        self._done = True
        await self._send(start)
        if self._body:
            await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": more})
        self._body.clear()

    async def _send_signed(self, start: Message) -> None:
        self._done = True
        body = bytes(self._body)
        self._body.clear()
        try:
            start = {**start, "headers": self._signed(start, body)}
        except Exception:  # noqa: BLE001 - whatever it is, nothing unsigned goes out in its place
            _log.exception("an answer could not be signed; the request may have been executed")
            start = {"type": start["type"], "status": INTERNAL.status, "headers": INTERNAL.headers}
            body = INTERNAL.body
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _signed(self, start: Message, body: bytes) -> list[tuple[bytes, bytes]]:
        """The header lines of the answer with those of its signature."""
        lines = [
            (bytes(name), bytes(value))
            for name, value in start["headers"]
            if bytes(name).decode("latin-1").lower() not in REPLACED
        ]
        added = sign_response(
            self._signer,
            self._binding,
            status=start["status"],
            headers=lines,
            body=body,
            now=read(self._clock),
        )
        return [*lines, *((name.encode(), value) for name, value in added.items())]


def without_shortcuts(scope: Scope) -> dict[str, object]:
    """The extensions of ``scope`` without those by which an answer would get past ``SigningSend``."""
    offered: dict[str, object] = scope.get("extensions") or {}
    return {name: extension for name, extension in offered.items() if name not in _SHORTCUTS}
