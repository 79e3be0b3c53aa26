"""The gate that every framework adapter puts around its application, and what ``requires`` stands for.

Four locks, each of which holds alone:

1. the verifying middleware is outside of everything; unverified requests pass to public routes only;
2. a verified request goes on only where the route that the router will choose names an action;
3. ``Requirement``, which the framework runs before the handler, gives out a ``Grant`` only for a
   ``Verified`` that the middleware left in the scope;
4. no answer but an error leaves for a verified request before its action was permitted, so a cache or a
   middleware that answers instead of the handler gives nothing away.

Routes are looked at again for every request, because they can be added at any time; at start-up all of
them are, and one that names no action stops the application (design section 8). A path that no route
matches is denied as well, and so are redirects to another spelling of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import isawaitable
from types import TracebackType
from typing import Final, Generic, TypeAlias, TypeVar

from delegate.errors import (
    ActionUnmappedError,
    ConfigurationError,
    DelegateError,
    ResourceMalformedError,
)
from delegate.keys import Signer
from delegate.masking.logs import masked_logger
from delegate.observer import log_fields
from delegate.scope import Action
from delegate.server.asgi import DENIED, GRANT, VERIFIED, DelegateMiddleware
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from delegate.server.problem import Problem, public_refusal
from delegate.server.routes import Leaf, Says, require_mapped
from delegate.verifier import Grant, Verified, Verifier

__all__ = ["Gate", "Requirement", "Resources", "refusal_of"]

_R = TypeVar("_R")
_Named: TypeAlias = Mapping[str, Sequence[str]]

Resources: TypeAlias = Callable[[_R], _Named | Awaitable[_Named]]
"""The resources that a request (of the framework's own type) touches, by type; may be async."""

_PASSAGE: Final = "delegate.passage"
"""The key of the ``_Passage``, which copies of the scope share."""

_ERROR: Final = 400
_log: Final = masked_logger("delegate.server")


class _Passage:
    """How far one request has come: where it will go, and whether it may."""

    __slots__ = ("development", "permitted", "refused", "says")

    def __init__(self, says: Says, *, development: bool) -> None:
        self.says = says
        self.development = development
        self.permitted = False
        """Whether all that was asked has permitted: one refusal is for good."""
        self.refused = False


class _Asking:
    """Whatever is raised in here refuses the verified request, for good, before its handler has run."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> None:
        """Nothing is known yet."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        passage: _Passage = self._scope[_PASSAGE]
        passage.refused = passage.refused or error is not None
        passage.permitted = not passage.refused
        if isinstance(error, DelegateError) and not isinstance(error, ConfigurationError):
            error.proved = True  # what is wrong with the set-up, its caller need not know
            self._scope[DENIED] = error


# --- what a handler needs --------------------------------------------------------------------------


class Requirement(Generic[_R]):
    """One action of a route, and how the resources of a request are found; what ``requires`` makes."""

    __slots__ = ("__weakref__", "action", "resources")

    def __init__(
        self,
        tool: str,
        *,
        operation: str,
        risk: str,
        sensitivities: Iterable[str] = (),
        resources: Resources[_R] | None = None,
    ) -> None:
        """Check the names; raises ``MalformedError``."""
        self.action: Final = Action(tool, operation=operation, risk=risk, sensitivities=sensitivities)
        self.resources: Final = resources

    def permit(self, request: _R, scope: Scope) -> Grant:
        """The grant, which is left in the scope as well.

        Raises ``OutOfScopeError``, ``ResourceMalformedError``, ``DelegationExpiredError``, and
        ``ConfigurationError`` where nobody verified the request. ``resources`` must not be async.
        """
        verified = self._verified(scope)
        with _Asking(scope):
            named = None if self.resources is None else self.resources(request)
            if isawaitable(named):
                msg = f"resources= of {self.action.tool!r} is async, and this framework asks it in a thread"
                raise ConfigurationError(msg, field="resources")
            return self._authorize(verified, named, scope)

    async def apermit(self, request: _R, scope: Scope) -> Grant:
        """The async twin of ``permit``."""
        verified = self._verified(scope)
        with _Asking(scope):
            if self.resources is None:
                return self._authorize(verified, None, scope)
            named = self.resources(request)
            return self._authorize(verified, await named if isawaitable(named) else named, scope)

    def _verified(self, scope: Scope) -> Verified:
        verified: Verified | None = scope.get(VERIFIED)
        if verified is None or _PASSAGE not in scope:  # or verified by a middleware without a gate
            msg = f"nobody verified this request for {self.action.tool!r}: call protect(app, verifier)"
            raise ConfigurationError(msg, field="protect")
        return verified

    def _authorize(self, verified: Verified, named: _Named | None, scope: Scope) -> Grant:
        grant = verified.authorize(self.action if self.resources is None else self._touching(named))
        scope[GRANT] = grant
        return grant

    def _touching(self, resources: _Named | None) -> Action:
        """The action with the resources that this request touches."""
        if not resources:
            msg = f"resources= of {self.action.tool!r} named nothing that this request touches"
            raise ResourceMalformedError(msg, field="resources")
        return Action(
            self.action.tool,
            operation=self.action.operation,
            risk=self.action.risk,
            sensitivities=self.action.sensitivities,
            resources=resources,
        )


def refusal_of(error: Exception, scope: Scope) -> Problem:
    """The answer to a refusal by ``Requirement``, or by ``Verified.authorize`` in the handler.

    Any other exception is raised again: it is a defect, or a refusal that the handler met elsewhere.
    """
    verified: Verified | None = scope.get(VERIFIED)
    if (
        not isinstance(error, DelegateError)
        or verified is None
        or not error.proved
        or error.step is not None  # of another verification
    ):
        raise error
    if scope.get(DENIED) is not error:
        error.executed = "unknown"  # the handler ran, and may have done something before
    extra = log_fields(error, verdict="refused", **verified.names)
    _log.warning("refused: %s (%s)", error.code, error, extra=extra)
    passage: _Passage = scope[_PASSAGE]
    return public_refusal(error, development=passage.development, request_id=verified.request_id)


# --- what a request meets --------------------------------------------------------------------------


def _nothing() -> None:
    """Where an adapter has nothing to prepare."""


class Gate:
    """Everything that stands between the server and an application of some framework."""

    def __init__(
        self,
        verifier: Verifier,
        *,
        says: Callable[[Scope], Says],
        leaves: Callable[[], Iterable[Leaf]],
        exempt: Iterable[str] = (),
        root_path: str = "",
        development: bool = False,
        answer_key: Signer | None = None,
        prepare: Callable[[], None] = _nothing,
    ) -> None:
        """Check the configuration; raises ``ConfigurationError``.

        - ``says``: what the route says that a request of this scope will reach;
        - ``leaves``: all routes that there are;
        - ``prepare``: runs once, after all routes were found to be mapped;
        - ``exempt``, ``root_path``, ``development`` and ``answer_key`` are those of ``DelegateMiddleware``.

        The application is set as ``app`` before the first request.
        """
        if verifier.mode != "enforce":
            msg = "an observing verifier has no Grant to give: use DelegateMiddleware instead"
            raise ConfigurationError(msg, field="mode")
        self.app: ASGIApp = _unset
        self._says = says
        self._leaves = leaves
        self._exempt = frozenset(exempt)
        self._development = development
        self._prepare = prepare
        self._checked = False
        self._middleware = DelegateMiddleware(
            self._serve,
            verifier,
            handlers_authorize=True,
            exempt=self._exempt,
            public=self._is_public,
            root_path=root_path,
            development=development,
            answer_key=answer_key,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server."""
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
        else:
            self.check()
            await self._middleware(scope, receive, send)

    def check(self) -> None:
        """Refuse to serve where a route names no action; ``ConfigurationError`` lists them all."""
        if not self._checked:
            require_mapped(self._leaves(), self._exempt)
            self._prepare()
            self._checked = True

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse to start in the words of the lifespan protocol: servers ignore an exception here."""
        try:
            self.check()
        except ConfigurationError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        else:
            await self.app(scope, receive, send)

    def _is_public(self, scope: Scope) -> bool:
        """Decide once per request, and leave the answer for ``_serve``."""
        scope[_PASSAGE] = _Passage(self._says({**scope}), development=self._development)
        return scope[_PASSAGE].says is Says.PUBLIC

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what the middleware let pass; a verified request only to a route with an action."""
        if VERIFIED not in scope:
            await self.app(scope, receive, send)
        elif scope[_PASSAGE].says is not Says.ACTION:
            error = _unmapped("no route of this server names an action for", scope)
            scope[DENIED] = error
            raise error
        else:
            await self._serve_permitted(scope, receive, send)

    async def _serve_permitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep back what the application answers before it was asked whether it may (lock 4)."""
        passage: _Passage = scope[_PASSAGE]
        refusing = False
        kept_back: ActionUnmappedError | None = None

        async def sending(message: Message) -> None:
            nonlocal kept_back, refusing
            if kept_back is None and not (passage.permitted or refusing):
                refusing = message["type"] == "http.response.start" and message["status"] >= _ERROR
                if not refusing:
                    kept_back = _unmapped("something answered before its action was permitted:", scope)
            if kept_back is None:
                await send(message)
            elif message.get("more_body", False):
                raise kept_back  # or a stream would run on, and nobody would ever be told

        try:
            await self.app(scope, receive, sending)
        except Exception:
            if kept_back is None:
                raise
        if kept_back is not None:
            raise kept_back


def _unmapped(what: str, scope: Scope) -> ActionUnmappedError:
    error = ActionUnmappedError(f"{what} {scope['method']} {scope['path']!r}")
    error.proved = True
    return error


async def _unset(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """What a gate without an application serves."""
    msg = "no application was put behind this gate"
    raise ConfigurationError(msg, field="app")
