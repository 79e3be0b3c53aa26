"""ASGI middleware: every HTTP request is verified before the application sees it, or refused.

The rule: the application is called for a request only if the request was verified, or somebody wrote down
that it need not be (``exempt``, ``public``, an observing verifier). An error, a time-out or a defect on the
way is a refusal. What the application gets is what was verified: a copy of the scope with the headers as
they were before the body was read, and the body in one piece.

Who names the action (design section 8)? Either ``action_for`` does, here, and the application finds a
``Grant`` under ``scope["delegate.grant"]``; or ``handlers_authorize=True`` says that the handlers do, by
``scope["delegate.verified"].authorize(action)``, as the framework adapters arrange it. One must be given.

Place it outermost: a middleware outside of it could change what was verified. It runs under asyncio.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote

from delegate.envelope.response import is_asked_for
from delegate.envelope.target import require_method, require_target
from delegate.errors import ActionUnmappedError, ConfigurationError, DelegateError, TargetRejectedError
from delegate.keys import Signer
from delegate.masking.logs import masked_logger
from delegate.observer import log_fields
from delegate.scope import Action
from delegate.server.answers import SigningSend, without_shortcuts
from delegate.server.body import RequestBody
from delegate.server.development import masked_base
from delegate.server.interface import ASGIApp, Receive, Scope, Send
from delegate.server.problem import INTERNAL, Problem, public_refusal
from delegate.server.stream import BoundAnswer
from delegate.verifier import Request, Verified, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DENIED", "GRANT", "VERIFIED", "ActionFor", "DelegateMiddleware"]

VERIFIED: Final = "delegate.verified"
"""The key of the ``Verified`` in the scope of a request that was verified."""

GRANT: Final = "delegate.grant"
"""The key of the ``Grant`` in the scope of a request whose action ``action_for`` named."""

ActionFor: TypeAlias = Callable[[Request, Verified], Action | Awaitable[Action | None] | None]
"""Names the action that a verified request asks for; ``None`` where the server knows none: denied."""

DENIED: Final = "delegate.denied"
"""The key of a refusal that came before the handler: nothing was executed."""

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_POLICY_VIOLATION: Final = 1008
"""WebSocket close code (RFC 6455 section 7.4.1)."""

_log: Final = masked_logger("delegate.server")


class DelegateMiddleware:
    """Wraps an ASGI 3 application; see the top of this file."""

    __slots__ = (
        "_action_for",
        "_answer_key",
        "_development",
        "_exempt",
        "_public",
        "_root_path",
        "_verifier",
        "app",
    )

    def __init__(
        self,
        app: ASGIApp,
        verifier: Verifier,
        *,
        action_for: ActionFor | None = None,
        handlers_authorize: bool = False,
        exempt: Iterable[str] = (),
        public: Callable[[Scope], bool] | None = None,
        root_path: str = "",
        development: bool = False,
        answer_key: Signer | None = None,
    ) -> None:
        """Check the configuration; raises ``ConfigurationError``.

        - ``exempt``: paths, exactly as they are on the wire, whose GET and HEAD requests pass unverified,
          such as ``/healthz``;
        - ``public``: answers whether a request may pass unverified, for adapters that know the routes;
        - ``root_path``: where the application is mounted, as its server or an application around it says in
          the scope; any other is refused, for one server takes it from a header of the request;
        - ``development=True`` tells every caller why it was refused and what this server saw;
        - ``answer_key`` signs the answers to verified requests that ask for it, refusals among them; see
          ``delegate.server.answers``. It must be a key for nothing else.

        With ``Verifier(mode="observe")`` every request passes, its verdict is logged, and no ``Verified``
        or ``Grant`` exists.
        """
        if verifier.mode == "enforce" and (action_for is not None) == handlers_authorize:
            msg = "give either action_for=, or handlers_authorize=True where handlers call Verified.authorize"
            raise ConfigurationError(msg, field="action_for")
        if answer_key is not None:
            verifier.require_answer_key(answer_key.public_key)
        self._answer_key = answer_key
        self.app: Final = app
        self._verifier = verifier
        self._action_for = action_for
        self._exempt = frozenset(_exempt_path(path) for path in exempt)
        self._public = public
        self._root_path = root_path
        self._development = development
        if development:
            _log.warning("development mode: refusals tell strangers why; never use it in production")
        if verifier.mode == "observe":
            _log.warning("observe mode: every request passes, verified or not")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server."""
        if scope["type"] == "http":
            await self._serve_http(_own_copy(scope), receive, send)
        elif scope["type"] == "websocket":
            await _refuse_websocket(receive, send)
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            msg = f"unknown ASGI scope type {scope['type']!r}"
            raise ConfigurationError(msg, field="type")

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = RequestBody(receive)
        try:
            verified = await self._admit(scope, body)
        except DelegateError as error:
            await self._refuse(error, scope, body, self._signing(scope, send) if error.proved else send)
        except Exception:  # noqa: BLE001 - whatever it is, the request is not forwarded
            _log.exception("a defect while verifying; the request is refused")
            await _answer(INTERNAL, scope, body, send)
        else:
            if verified is None:
                await self.app(scope, body.replay, send)
            else:
                await self._hand_on(verified, scope, body, self._signing(scope, send))

    def _signing(self, scope: Scope, send: Send) -> Send:
        """``send`` for an answer to a request whose signatures have verified: it signs if that was asked."""
        if self._answer_key is None or not is_asked_for(scope["headers"]):
            return send
        scope["extensions"] = without_shortcuts(scope)
        binding = self._verifier.binding(_request(scope))
        return SigningSend(send, self._answer_key, binding, self._verifier.clock)

    async def _admit(self, scope: Scope, body: RequestBody) -> Verified | None:
        """The proof, or ``None`` for a request that passes unverified; raises to refuse."""
        if self._verifier.mode == "observe":
            await self._observe(scope, body)
            return None
        request = _request(scope)
        _require_mounted_at(self._root_path, scope)
        if request.method in _SAFE_METHODS and request.path in self._exempt:
            return None
        if self._public is not None and self._public(scope):
            require_method(request.method)
            require_target(request.path, request.query)
            return None
        verified = await self._verifier.averify(request, body.read)
        scope[VERIFIED] = verified
        scope["headers"] = _signed_view(scope["headers"], verified)
        if self._action_for is not None:
            seen = replace(request, headers=scope["headers"])
            await self._authorize(self._action_for, seen, verified, scope)
        return verified

    async def _observe(self, scope: Scope, body: RequestBody) -> None:
        """Log the verdict; whatever comes out of it, the request goes on."""
        try:
            await self._verifier.aobserve(_request(scope), body.read)
        except Exception:  # noqa: BLE001 - an observer stops nothing
            _log.exception("observing failed; the request goes on, as all do in this mode")

    async def _authorize(
        self, action_for: ActionFor, request: Request, verified: Verified, scope: Scope
    ) -> None:
        try:
            named = action_for(request, verified)
            action = named if isinstance(named, Action) or not isawaitable(named) else await named
            if action is None:
                msg = f"this server names no action for {request.method} {request.path.decode('ascii')}"
                raise ActionUnmappedError(msg)
            scope[GRANT] = verified.authorize(action)
        except DelegateError as error:
            error.proved = True
            raise

    async def _hand_on(self, verified: Verified, scope: Scope, body: RequestBody, send: Send) -> None:
        """Call the application; a refusal by ``authorize`` is answered unless an answer has begun."""
        answer = BoundAnswer(send, expires_at=verified.expires_at, clock=self._verifier.clock)
        try:
            await answer.serve(self.app, scope, body.replay)
        except DelegateError as error:
            if answer.begun or not error.proved or error.step is not None:
                raise  # of another verification, which the handler made: a defect, not a refusal
            if scope.get(DENIED) is not error:
                error.executed = "unknown"  # the application ran, and may have done something before
            await self._refuse(error, scope, body, send)

    async def _refuse(self, error: DelegateError, scope: Scope, body: RequestBody, send: Send) -> None:
        verified: Verified | None = scope.get(VERIFIED)
        extra = log_fields(error, verdict="refused", **({} if verified is None else verified.names))
        if isinstance(error, ConfigurationError):
            _log.error("the set-up is wrong, so requests are refused: %s", error, extra=extra)
        elif error.step is None:  # the verifier logs its own
            _log.warning("refused: %s (%s)", error.code, error, extra=extra)
        problem = public_refusal(
            error,
            development=self._development,
            request_id=None if verified is None else verified.request_id,
            signature_base=self._base(scope) if self._development else None,
        )
        await _answer(problem, scope, body, send)

    def _base(self, scope: Scope) -> str | None:
        try:
            return masked_base(self._verifier, _request(scope))
        except DelegateError:
            return None


def _signed_view(headers: list[tuple[bytes, bytes]], verified: Verified) -> list[tuple[bytes, bytes]]:
    """The headers without those a mesh injected, and with the authority that was signed as their Host."""
    host, hidden = verified.facts.target["@authority"], verified.hidden_headers
    if not hidden and (b"host", host) in headers:  # and there is no second Host, or it was not verified
        return headers
    seen = []
    for name, value in headers:
        lower = name.decode("latin-1").lower()
        if lower not in hidden:
            seen.append((name, host if lower == "host" else value))
    return seen


def _exempt_path(path: str) -> bytes:
    try:
        require_target(path.encode(), b"")
    except DelegateError as error:
        msg = f"exempt path {path!r}: {error}"
        raise ConfigurationError(msg, field="exempt") from None
    return path.encode()


def _own_copy(scope: Scope) -> Scope:
    """A scope of our own: no proof of anybody else in it, and headers that no trailer can join later.

    White space around a value is no part of it (RFC 9110 section 5.5), yet some servers leave it there.
    """
    copy = {**scope}
    for key in (VERIFIED, GRANT, DENIED):
        copy.pop(key, None)
    copy["headers"] = [
        (
            name if type(name) is bytes else bytes(name),  # a call for each costs more than the question
            (value if type(value) is bytes else bytes(value)).strip(b" \t"),
        )
        for name, value in scope["headers"]
    ]
    return copy


def _request(scope: Scope) -> Request:
    """The request as it was on the wire; refuses a server that does not say what that was."""
    raw_path = scope.get("raw_path")
    if not isinstance(raw_path, bytes):
        msg = "this ASGI server gives no raw_path, without which no path can be verified: use another server"
        raise ConfigurationError(msg, field="raw_path")
    _require_one_path(raw_path, scope["path"], scope.get("root_path", ""))
    return Request(
        method=scope["method"],
        path=raw_path,
        query=scope.get("query_string", b""),
        headers=scope["headers"],
    )


def _require_one_path(raw_path: bytes, path: str, root_path: str) -> None:
    """Refuse a request that would be verified under one path and routed by another."""
    decoded = raw_path.decode("latin-1")
    if "%" in decoded:
        decoded = unquote(decoded)
    if decoded not in (path, root_path + path):
        msg = "the path that the application would route by is not the path on the wire"
        raise TargetRejectedError(msg, component="@path")


def _require_mounted_at(root_path: str, scope: Scope) -> None:
    """Refuse a request that would be routed from elsewhere: the root path is part of nothing signed."""
    stated = scope.get("root_path", "")
    if stated != root_path:
        msg = f"the server says that the application is mounted at {stated!r}, and root_path= {root_path!r}"
        raise TargetRejectedError(msg, component="@path")


async def _refuse_websocket(receive: Receive, send: Send) -> None:
    """Refuse the upgrade: a WebSocket carries messages that nobody signed."""
    await receive()
    _log.warning("refused: a WebSocket upgrade")
    await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


async def _answer(problem: Problem, scope: Scope, body: RequestBody, send: Send) -> None:
    """Send the refusal; a connection on which an unread body would follow is closed."""
    headers = problem.headers
    if not body.complete and _announces_body(scope):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body})


def _announces_body(scope: Scope) -> bool:
    """Whether a request of HTTP/1 says that a body follows (RFC 9112 section 6)."""
    if not str(scope.get("http_version", "")).startswith("1"):
        return False
    framing = dict(scope["headers"])
    return b"transfer-encoding" in framing or framing.get(b"content-length", b"0") != b"0"
