"""Whether to sign a request, with what, and what to do with the answer: all decisions, no I/O.

``exchange`` is a generator that a transport drives, sync or async: it yields what it needs, is sent the
outcome or thrown the failure, and returns the answer for the caller. The steps are in
``delegate.client.steps``; a transport without ``server_keys`` is asked for ``ReadBody``, ``Send`` and
``Discard`` only. The rules (design section 7, Client):

- a copy is signed, never the caller's request, and every header of ours that was on it is dropped;
- it is signed for origins of the token's effective audience and for those in ``origins``, which are never
  sent to without a signature; every other host gets none of our headers;
- what is sent is what was signed: the body is held in memory, and its length is stated;
- every try is signed afresh and keeps its idempotency key; only GET and HEAD, and requests with an
  idempotency key, are tried again, at once, when no answer came;
- a redirect is an error, unless ``follow_same_origin`` lets a 307 or 308 to the identical origin be
  signed and sent in its turn;
- where answers must be signed (``server_keys``), an answer is read whole and verified before anything else
  in it counts; a signed refusal that proves that nothing was done is tried again if its code allows it;
- nothing else in an answer changes what is done: not its status, not ``Accept-Signature``, not ``Date``.

An error raised before anything was sent says ``executed="no"``. Once something was sent it says
``"unknown"``, for no unsigned answer, and no missing one, proves what happened (design rule 10); what a
signed one proves is decided in ``delegate.client.answers``. When no
answer comes and no try is left, the HTTP library's own exception passes through: it means "unknown" too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Final, TypeVar

from delegate.client.answers import refuse_answer, require_signable, verify_answer
from delegate.client.copy import require_usable, signed_copy, without_ours
from delegate.client.rules import Rules
from delegate.client.steps import (
    Address,
    Answer,
    Deliver,
    Discard,
    Outgoing,
    ReadAnswer,
    ReadBody,
    Send,
    Steps,
)
from delegate.clock import read
from delegate.envelope.sign import SignedRequest
from delegate.errors import DelegateError, RedirectRefusedError, ResponseUnboundError
from delegate.limits import ANSWER_MAX_BYTES, REDIRECTS_MAX
from delegate.scope import Action

__all__ = ["exchange"]

_R = TypeVar("_R")

_REPEATABLE: Final = frozenset({"GET", "HEAD"})
_REDIRECTS_FOLLOWED: Final = frozenset({307, 308})
"""The two that keep method and body (RFC 9110 sections 15.4.8 and 15.4.9)."""


def exchange(
    rules: Rules,
    request: Outgoing,
    *,
    actions: Iterable[Action | None] = (),
    failures: tuple[type[Exception], ...] = (),
) -> Steps[_R]:
    """Send one request, signed where it must be; returns the library's response.

    ``actions`` is what the caller says the request does, checked against the token before sending;
    ``failures`` are the exceptions by which the library says that no answer came.

    Raises, before sending: ``DelegationMissingError``, ``OutOfScopeError``, ``ResourceMalformedError``,
    ``AudienceMismatchError``, ``DelegationExpiredError``, ``DelegationNotYetValidError``,
    ``AuthorityRejectedError``, ``BodyTooLargeError``, ``MalformedError``, ``MaskingBlockedError``,
    ``MaskingLimitError`` and what ``sign_request`` raises; after it: ``ResponseUnboundError``,
    ``RedirectRefusedError``, or any of the former for a later try, with ``executed="unknown"``.
    """
    delegation = rules.delegation_for(request.address.origin)
    if delegation is None:
        return (yield from _exchange_unsigned(rules, request))
    require_usable(rules, delegation, request)
    for action in actions:
        if action is not None:
            delegation.require_permits(action)
    body: bytes = yield ReadBody(rules.body_limit)
    rules.inspect(request, body)
    target, sent, hops, tries = request.address.target, False, 0, rules.retries
    while True:
        try:
            signed, headers = signed_copy(rules, delegation, request, target, body)
        except DelegateError as error:
            error.executed = "unknown" if sent else error.executed
            raise
        sent = True
        try:
            answer: Answer[_R] = yield Send(target, headers, body)
            held = yield from _proved(rules, request.address.origin, signed, answer)
        except failures:
            if not (tries and _repeatable(request)):
                raise
            tries -= 1
            continue
        if held is not None and held.answer.may_be_repeated and tries:
            tries -= 1
            continue
        if answer.location is None or not _is_redirect(answer):
            return answer.response if held is None else (yield held)
        yield Discard(answer.response)
        target = _followed(rules, request.address.origin, answer.status, answer.location, hops)
        hops += 1


def _exchange_unsigned(rules: Rules, request: Outgoing) -> Steps[_R]:
    """Send a request to a host that gets none of our headers, and that may not redirect to one that does."""
    answer: Answer[_R] = yield Send(request.address.target, without_ours(request.headers), None)
    location = answer.location
    if location is not None and _is_redirect(answer) and rules.would_sign(location.origin):
        yield Discard(answer.response)
        msg = f"a host that gets no signature redirects to {location.origin}, whose requests are signed"
        raise RedirectRefusedError(msg)
    return answer.response


def _proved(
    rules: Rules, origin: str, signed: SignedRequest, answer: Answer[_R]
) -> Generator[ReadAnswer[_R] | Discard[_R], Any, Deliver[_R] | None]:
    """Read and verify an answer that must be signed; ``None`` for one that need not be."""
    keys = rules.server_keys
    if keys is None or origin not in keys:
        return None
    try:
        require_signable(origin, answer.headers)
    except ResponseUnboundError:
        yield Discard(answer.response)
        raise
    try:
        body: bytes = yield ReadAnswer(answer.response, ANSWER_MAX_BYTES)
    except DelegateError as error:
        refuse_answer(origin, error)
    proof = verify_answer(
        keys,
        signed,
        origin,
        status=answer.status,
        headers=answer.headers,
        body=body,
        now=read(rules.clock),
    )
    return Deliver(answer.response, body, proof)


def _is_redirect(answer: Answer[_R]) -> bool:
    """Whether the answer sends its reader elsewhere (RFC 9110 section 15.4)."""
    return 300 <= answer.status < 400  # noqa: PLR2004 - 3xx


def _repeatable(request: Outgoing) -> bool:
    """Whether doing it twice is doing it once."""
    return request.method in _REPEATABLE or any(
        name.lower() == b"idempotency-key" for name, _ in request.headers
    )


def _followed(rules: Rules, origin: str, status: int, location: Address, hops: int) -> bytes:
    """The target that a redirect leads to, if it is one to follow; else ``RedirectRefusedError``."""
    if not rules.follow_same_origin or status not in _REDIRECTS_FOLLOWED:
        msg = f"a signed request was answered with a redirect ({status})"
    elif location.origin != origin or location.userinfo:
        msg = f"a signed request to {origin} was redirected elsewhere ({status})"
    elif hops == REDIRECTS_MAX:
        msg = f"a signed request was redirected more than {REDIRECTS_MAX} times"
    else:
        return location.target
    raise RedirectRefusedError(msg, component="location", limit=origin)
