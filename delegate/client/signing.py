"""Whether to sign a request, with what, and what to do with the answer: all decisions, no I/O.

``exchange`` is a generator that a transport drives, sync or async: it yields what it needs (``ReadBody``,
``Send``, ``Discard``), is sent the outcome or thrown the failure, and returns the answer for the caller.
The rules (design section 7, Client):

- a copy is signed, never the caller's request, and every header of ours that was on it is dropped;
- it is signed for origins of the token's effective audience and for those in ``origins``, which are never
  sent to without a signature; every other host gets none of our headers;
- what is sent is what was signed: the body is held in memory, and its length is stated;
- every try is signed afresh and keeps its idempotency key; only GET and HEAD, and requests with an
  idempotency key, are tried again, at once, when no answer came;
- a redirect is an error, unless ``follow_same_origin`` lets a 307 or 308 to the identical origin be
  signed and sent in its turn;
- nothing else in an answer changes what is done: not its status, not ``Accept-Signature``, not ``Date``.

An error raised before anything was sent says ``executed="no"``. Once something was sent it says
``"unknown"``, for no unsigned answer, and no missing one, proves what happened (design rule 10). When no
answer comes and no try is left, the HTTP library's own exception passes through: it means "unknown" too.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from delegate.client.bodies import inspect, require_lookout
from delegate.client.context import Delegation, current_delegation, entered_delegation
from delegate.clock import Clock, read
from delegate.envelope.components import BODY_METHODS
from delegate.envelope.message import snapshot
from delegate.envelope.sign import sign_request
from delegate.envelope.target import Origins, origin_authority
from delegate.errors import (
    AuthorityRejectedError,
    BodyTooLargeError,
    ConfigurationError,
    DelegateError,
    HeaderDuplicateError,
    MalformedError,
    RedirectRefusedError,
)
from delegate.limits import (
    BODY_MAX_BYTES_DEFAULT,
    LABEL_MAX_CHARS,
    REDIRECTS_MAX,
    RETRIES_MAX,
    SKEW_DEFAULT,
    WINDOW_DEFAULT,
    WINDOW_MAX,
)
from delegate.names import require_origin
from delegate.scope import Action
from delegate.token.verify import require_current

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = [
    "Address",
    "Answer",
    "Discard",
    "Outgoing",
    "ReadBody",
    "Rules",
    "Send",
    "Steps",
    "canonical_origin",
    "exchange",
]

_R = TypeVar("_R")

_OURS: Final = frozenset({"signature", "signature-input", "content-digest", "agent-identity", "delegation"})
_REPLACED: Final = _OURS | {"host", "content-length", "transfer-encoding"}
_SPLITS: Final = re.compile(rb"[\r\n\0]")
"""What ends a header line early; HTTP libraries differ in what they let through (row S165)."""

_REPEATABLE: Final = frozenset({"GET", "HEAD"})
_REDIRECTS_FOLLOWED: Final = frozenset({307, 308})
"""The two that keep method and body (RFC 9110 sections 15.4.8 and 15.4.9)."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

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


class Discard(NamedTuple, Generic[_R]):
    """Asks to close a response that the caller will not see."""

    response: _R


Steps: TypeAlias = "Generator[ReadBody | Send | Discard[_R], Any, _R]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one transport signs; the defaults are the safe choice."""

    clock: Clock = field(default_factory=Clock)
    lifetime: int = WINDOW_DEFAULT
    """How long a signature is good, in seconds."""
    origins: frozenset[str] | None = None
    """Origins that are never sent to unsigned; ``None`` wants a delegation for every request."""
    cover: frozenset[str] = frozenset()
    """Further headers to sign, in lower case; a request without one of them is refused."""
    retries: int = 0
    follow_same_origin: bool = False
    body_limit: int = BODY_MAX_BYTES_DEFAULT
    body_masker: Masker | None = None
    """Looks into bodies before they are signed; its policy warns or blocks."""

    def __post_init__(self) -> None:
        """Refuse settings out of their bounds with ``ConfigurationError``."""
        for name, value, low, high in (
            ("lifetime", self.lifetime, 1, WINDOW_MAX),
            ("retries", self.retries, 0, RETRIES_MAX),
        ):
            if type(value) is not int or not low <= value <= high:
                msg = f"{name} must be a whole number from {low} to {high}, not {value!r}"
                raise ConfigurationError(msg, field=name, limit=high)
        for origin in self.origins or ():
            try:
                require_origin(origin, "origins")
            except DelegateError as error:
                raise ConfigurationError(str(error), field="origins") from None
        for header in self.cover:
            if header != header.lower():
                msg = f"header name {header!r} must be written in lower case"
                raise ConfigurationError(msg, field="cover")
        if self.body_masker is not None:
            require_lookout(self.body_masker)

    def delegation_for(self, origin: str) -> Delegation | None:
        """What signs a request to ``origin``, open or closed; ``None`` where it is to be sent unsigned.

        Raises ``DelegationMissingError`` where it must be signed and nothing is current.
        """
        entered = entered_delegation()
        if entered is not None and origin in entered.token.audience:
            return entered
        if self.origins is None:
            current_delegation()
            return None
        return current_delegation() if origin in self.origins else None

    def inspect(self, request: Outgoing, body: bytes) -> None:
        """Look into a body that is to be signed, where ``body_masker`` says so."""
        if self.body_masker is not None:
            inspect(self.body_masker, body, _content_type(request), origin=request.address.origin)

    def would_sign(self, origin: str) -> bool:
        """Whether a request to ``origin`` is one to sign: then nobody else may choose its target."""
        entered = entered_delegation()
        return origin in (self.origins or ()) or (entered is not None and origin in entered.token.audience)


def canonical_origin(scheme: str, host: str, port: int | None) -> str:
    """The origin of a URL in the form that tokens name it: lower case, without the default port.

    ``host`` is in its ASCII form (RFC 5890), an IPv6 address without brackets.
    """
    scheme, host = scheme.lower(), host.lower()
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port in {None, _DEFAULT_PORTS.get(scheme)} else f":{port}")


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
    ``MaskingLimitError`` and what ``sign_request`` raises;
    after it: ``RedirectRefusedError``, or any of them for a later try, with ``executed="unknown"``.
    """
    delegation = rules.delegation_for(request.address.origin)
    if delegation is None:
        answer: Answer[_R] = yield Send(request.address.target, _foreign(request.headers), None)
        location = answer.location
        if location is not None and _is_redirect(answer) and rules.would_sign(location.origin):
            yield Discard(answer.response)
            msg = f"a host that gets no signature redirects to {location.origin}, whose requests are signed"
            raise RedirectRefusedError(msg)
        return answer.response
    _require_usable(rules, delegation, request)
    for action in actions:
        if action is not None:
            delegation.require_permits(action)
    body: bytes = yield ReadBody(rules.body_limit)
    rules.inspect(request, body)
    target, sent, hops = request.address.target, False, 0
    tries = rules.retries if _repeatable(request) else 0
    while True:
        try:
            signed = _signed(rules, delegation, request, target, body)
        except DelegateError as error:
            error.executed = "unknown" if sent else error.executed
            raise
        sent = True
        try:
            answer = yield Send(target, signed, body)
        except failures:
            if not tries:
                raise
            tries -= 1
            continue
        if answer.location is None or not _is_redirect(answer):
            return answer.response
        yield Discard(answer.response)
        target = _followed(rules, request.address.origin, answer.status, answer.location, hops)
        hops += 1


def _is_redirect(answer: Answer[_R]) -> bool:
    """Whether the answer sends its reader elsewhere (RFC 9110 section 15.4)."""
    return 300 <= answer.status < 400  # noqa: PLR2004 - 3xx


def _require_usable(rules: Rules, delegation: Delegation, request: Outgoing) -> int:
    """Refuse a token that may not be used there, or not now; returns the time of the decision."""
    address, now = request.address, read(rules.clock)
    if address.userinfo:
        msg = "the URL names a user: take user and password out of it"
        raise AuthorityRejectedError(msg, component="@authority")
    delegation.require_open()
    require_current(delegation.token, origin=address.origin, now=now, skew=SKEW_DEFAULT)
    return now


def _repeatable(request: Outgoing) -> bool:
    """Whether doing it twice is doing it once."""
    return request.method in _REPEATABLE or any(
        name.lower() == b"idempotency-key" for name, _ in request.headers
    )


def _content_type(request: Outgoing) -> str:
    return next((line[1].decode("latin-1") for line in request.headers if _name(line) == "content-type"), "")


def _foreign(headers: Headers) -> Headers:
    """The headers without ours."""
    return [line for line in headers if _name(line) not in _OURS]


def _name(line: tuple[bytes, bytes]) -> str:
    return line[0].decode("latin-1").lower()


def _signed(rules: Rules, delegation: Delegation, request: Outgoing, target: bytes, body: bytes) -> Headers:
    """All headers of one try: the caller's, the framing of exactly this body, and ours."""
    now = _require_usable(rules, delegation, request)
    authority = origin_authority(request.address.origin)
    lines = _lines(request, authority)
    if body or request.method in BODY_METHODS:
        lines.append((b"Content-Length", b"%d" % len(body)))
    headers, repeated = snapshot(lines)
    if twice := repeated & rules.cover:
        msg = f"header {min(twice)!r} is to be signed and stands in the request twice: join its lines"
        raise HeaderDuplicateError(msg, component=min(twice))
    path, _, query = target.partition(b"?")
    signed = sign_request(
        delegation.key,
        method=request.method,
        authority=authority,
        path=path,
        query=query,
        headers=headers,
        body=body,
        identity=delegation.identity,
        token=delegation.token.text,
        now=now,
        lifetime=rules.lifetime,
        cover=rules.cover,
    )
    return [*lines, *[(name.encode(), value) for name, value in signed.headers.items()]]


def _lines(request: Outgoing, authority: str) -> list[tuple[bytes, bytes]]:
    """The caller's headers under the ``Host`` that is signed, without ours and without the framing.

    Refuses a header that would become two lines, and a ``Host`` other than the URL's.
    """
    lines = [(b"Host", authority.encode())]
    for line in request.headers:
        name = _name(line)
        if _SPLITS.search(line[0]) or _SPLITS.search(line[1]):
            msg = "a header holds a line end or NUL"
            raise MalformedError(msg, component=name[:LABEL_MAX_CHARS])
        if name == "host":
            _require_host(line[1].decode("latin-1"), request.address.origin)
        elif name not in _REPLACED:
            lines.append(line)
    return lines


def _require_host(host: str, origin: str) -> None:
    """Refuse a ``Host`` that a server of ``origin`` alone would not take for its own."""
    if host == origin_authority(origin):
        return
    try:
        Origins((origin,)).select(host.encode("latin-1"))
    except AuthorityRejectedError:
        msg = f"the Host header does not name {origin}, to which the URL leads: leave it out"
        raise AuthorityRejectedError(msg, component="@authority", limit=origin) from None


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
