"""Signing a message under the current delegation, for transports without HTTP: MCP over stdio, queues.

    with delegate.with_delegation(token, key=key, identity=me):
        params = sign_params("tools/call", {"name": "orders.read"}, audience="mcp:workspace")

``sign_params`` returns the parameters with the envelope inside of them, where MCP has a place for it;
``sign_message`` returns the envelope alone, for a queue that carries it beside them. A message is signed once
for one sending: to send it again, sign it again. The rules are those of requests (``client.signing``): where
no delegation is current nothing is signed, and what this side can tell a server would refuse is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delegate.client.context import current_action, current_delegation
from delegate.clock import Clock, read
from delegate.envelope import dsse
from delegate.envelope.params import attach, canonical_params, detach
from delegate.limits import SKEW_DEFAULT, WINDOW_DEFAULT
from delegate.observer import Watch
from delegate.token.verify import require_current

if TYPE_CHECKING:
    from delegate.canonical import JsonValue
    from delegate.envelope.dsse import SignedMessage
    from delegate.observer import Observer
    from delegate.scope import Action

__all__ = ["sign_message", "sign_params"]


def sign_message(
    method: str,
    params: JsonValue,
    *,
    audience: str,
    action: Action | None = None,
    lifetime: int = WINDOW_DEFAULT,
    clock: Clock | None = None,
    observer: Observer | None = None,
) -> SignedMessage:
    """Sign one call of ``method`` with ``params`` at ``audience``; its ``text`` is the envelope.

    ``params`` is any JSON value, ``audience`` a URI such as ``mcp:workspace`` that the token is for,
    ``lifetime`` in seconds. ``action``, and the one that ``delegate.action`` names, are held against the
    token; ``observer`` is told of the signing.

    Raises ``DelegationMissingError``, ``OutOfScopeError``, ``ResourceMalformedError``,
    ``AudienceMismatchError``, ``DelegationExpiredError``, ``DelegationNotYetValidError``,
    ``MalformedError``, ``TooLargeError``, ``MethodRejectedError``, ``ConfigurationError`` for the lifetime,
    and what the signer raises.
    """
    delegation = current_delegation()

    def sign() -> SignedMessage:
        now = read(clock or Clock())
        require_current(delegation.token, origin=audience, now=now, skew=SKEW_DEFAULT)
        for stated in (action, current_action()):
            if stated is not None:
                delegation.require_permits(stated)
        return dsse.sign_message(
            delegation.key,
            audience=audience,
            method=method,
            params=canonical_params(params),
            identity=delegation.identity,
            token=delegation.token.text,
            now=now,
            lifetime=lifetime,
        )

    if observer is None:
        return sign()
    with Watch(observer, "sign") as watch:
        watch.tell(**delegation.names)
        signed = sign()
        watch.tell(request_id=signed.envelope.request_id)
    return signed


def sign_params(
    method: str,
    params: JsonValue,
    *,
    audience: str,
    action: Action | None = None,
    lifetime: int = WINDOW_DEFAULT,
    clock: Clock | None = None,
    observer: Observer | None = None,
) -> dict[str, JsonValue]:
    """A copy of ``params``, an object, that carries its envelope; an envelope it had is replaced.

    Raises what ``sign_message`` raises, and ``MalformedError`` for parameters that are no object.
    """
    _, bare = detach(params)
    attach(bare, "")  # refuses what has no place for an envelope, before a key is used
    signed = sign_message(
        method,
        bare,
        audience=audience,
        action=action,
        lifetime=lifetime,
        clock=clock,
        observer=observer,
    )
    return attach(bare, signed.text)
