"""A worker that takes messages without HTTP: each is verified and authorized before it is obeyed, or refused.

    gate = MessageGate(verifier, action_for=action_for)

    grant = await gate.aadmit(message)              # raises the DelegateError that refused
    reply = await gate.answer(line, handle)         # the same for a whole JSON-RPC call, as bytes

The rule is that of the ASGI middleware: a handler runs for a message only if the message was verified and the
action that *the server* names for it is permitted. An error or a defect on the way is a refusal. The handler
gets a ``Grant``, and its parameters from there: ``grant.params`` is exactly what was signed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Final, TypeAlias

from delegate.errors import ActionUnmappedError, ConfigurationError, DelegateError
from delegate.masking.logs import masked_logger
from delegate.observer import log_fields
from delegate.scope import Action
from delegate.server.jsonrpc import INVALID_REQUEST, Call, parse_call
from delegate.server.problem import public_refusal
from delegate.verifier import Grant, Message, Verified, Verifier

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["ActionFor", "Handler", "MessageGate"]

ActionFor: TypeAlias = Callable[[Verified], Action | Awaitable[Action | None] | None]
"""Names the action that a verified message asks for, by its ``envelope.method`` and ``params``; ``None``
where the server knows none: denied. It may be async where the gate is used so."""

Handler: TypeAlias = "Callable[[Grant], Awaitable[JsonValue]]"
"""Does what was permitted, and returns the result of the call."""

_log: Final = masked_logger("delegate.server")


class MessageGate:
    """Stands before the handlers of one worker; see the top of this file."""

    __slots__ = ("_action_for", "_development", "_verifier")

    def __init__(self, verifier: Verifier, *, action_for: ActionFor, development: bool = False) -> None:
        """Check the configuration; raises ``ConfigurationError`` for an observing verifier.

        ``development=True`` tells every sender why it was refused.
        """
        if verifier.mode != "enforce":
            msg = "an observing verifier has no Grant to give: call its observe() for each message"
            raise ConfigurationError(msg, field="mode")
        self._verifier = verifier
        self._action_for = action_for
        self._development = development
        if development:
            _log.warning("development mode: refusals tell strangers why; never use it in production")

    def admit(self, message: Message) -> Grant:
        """Verify ``message`` and authorize what the server names for it.

        Raises the ``DelegateError`` that refused: of any step, ``ActionUnmappedError``, ``OutOfScopeError``,
        ``ResourceMalformedError`` or ``DelegationExpiredError``.
        """
        verified = self._verifier.verify(message)
        named = self._action_for(verified)
        if isawaitable(named):
            if iscoroutine(named):
                named.close()  # it will never be awaited
            msg = "action_for= is async: use aadmit() or answer()"
            raise ConfigurationError(msg, field="action_for")
        return _authorize(verified, named)

    async def aadmit(self, message: Message) -> Grant:
        """The async twin of ``admit``."""
        verified = await self._verifier.averify(message)
        named = self._action_for(verified)
        return _authorize(verified, await named if isawaitable(named) else named)

    def refusal(self, error: DelegateError) -> dict[str, JsonValue]:
        """What the sender of a refused message is told: the members of problem details (RFC 9457)."""
        return dict(public_refusal(error, development=self._development).members)

    async def answer(self, data: bytes, handler: Handler) -> bytes | None:
        """Serve one JSON-RPC call; returns the answer, or ``None`` where there is none to give.

        Never raises for anything that the message, the verifier or the handler does: refusals and defects
        are answered and logged.
        """
        try:
            call = parse_call(data)
        except DelegateError as error:
            _log.warning("refused: %s (%s)", error.code, error, extra=log_fields(error, verdict="refused"))
            return INVALID_REQUEST
        try:
            return await self._serve(call, handler)
        except Exception:  # noqa: BLE001 - whatever it is, it is no answer of the handler
            _log.exception("a defect while serving a message")
            return call.failed()

    async def _serve(self, call: Call, handler: Handler) -> bytes | None:
        try:
            grant = await self.aadmit(call.message)
        except DelegateError as error:
            if isinstance(error, ConfigurationError):
                _log.error("the set-up is wrong, so messages are refused: %s", error, extra=log_fields(error))
            return call.refused(self.refusal(error))
        try:
            return call.result(await handler(grant))
        except DelegateError as error:
            if not error.proved or error.step is not None:
                raise  # of another verification, which the handler made: a defect, not a refusal
            error.executed = "unknown"  # the handler ran, and may have done something before
            _log_refusal(grant.verified, error)
            return call.refused(self.refusal(error))


def _authorize(verified: Verified, action: Action | None) -> Grant:
    """The grant; a refusal is logged here, since verification logs only its own."""
    try:
        if action is None:
            msg = f"this server names no action for {verified.envelope.method!r}"
            raise ActionUnmappedError(msg)
        return verified.authorize(action)
    except ConfigurationError:
        raise  # the server's mistake, which the sender need not know
    except DelegateError as error:
        error.proved = True
        _log_refusal(verified, error)
        raise


def _log_refusal(verified: Verified, error: DelegateError) -> None:
    extra = log_fields(error, verdict="refused", **verified.names)
    _log.warning("refused: %s (%s)", error.code, error, extra=extra)
