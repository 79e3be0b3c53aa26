"""Signing transports for httpx: they wrap the transport that sends.

    transport = SigningTransport(httpx.HTTPTransport())
    with httpx.Client(base_url="https://api.example.com", transport=transport) as api: ...

A transport sees every request as it will be sent, after event hooks and ``auth`` have had their say, so
what it signs is final; nothing that changes a request may stand below it. The caller's ``httpx.Request``
is never changed. What is decided is in ``delegate.client.signing``; here it is carried out with httpx.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeAlias, TypeVar, cast

import httpx

from delegate.client.answers import ServerKeys
from delegate.client.context import current_action
from delegate.client.signing import (
    Address,
    Answer,
    Deliver,
    Discard,
    Outgoing,
    ReadAnswer,
    ReadBody,
    Rules,
    Send,
    Steps,
    canonical_origin,
    exchange,
)
from delegate.clock import Clock
from delegate.errors import ConfigurationError, TargetRejectedError
from delegate.limits import BODY_MAX_BYTES_DEFAULT, WINDOW_DEFAULT
from delegate.scope import Action

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = ["ANSWER", "AsyncSigningTransport", "SigningTransport"]

_Inner = TypeVar("_Inner", httpx.BaseTransport, httpx.AsyncBaseTransport)

_Step: TypeAlias = (
    "ReadBody | Send | ReadAnswer[httpx.Response] | Deliver[httpx.Response] | Discard[httpx.Response]"
)
_Resume: TypeAlias = "Callable[[Any], _Step]"

_NO_ANSWER: Final = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
"""By these httpx says that an answer did not come; the request may have been executed."""

ANSWER: Final = "delegate.answer"
"""The extension of a response whose signature was verified: its ``VerifiedAnswer``."""

_MARK: Final = "delegate.signed"
"""The extension of a signed copy, by which a second signing transport below knows it."""


class _Signing(Generic[_Inner]):
    """What the sync and the async transport share: everything but waiting."""

    def __init__(
        self,
        inner: _Inner,
        *,
        clock: Clock | None = None,
        lifetime: int = WINDOW_DEFAULT,
        origins: Iterable[str] | None = None,
        cover: Iterable[str] = (),
        action_for: Callable[[httpx.Request], Action | None] | None = None,
        retries: int = 0,
        follow_same_origin: bool = False,
        body_limit: int = BODY_MAX_BYTES_DEFAULT,
        server_keys: ServerKeys | None = None,
        body_masker: Masker | None = None,
    ) -> None:
        """Sign what goes through ``inner``. Raises ``ConfigurationError`` for a setting out of bounds.

        - ``origins``: origins that are never sent to unsigned; a delegation is then needed for them and
          for its own audience only. Without it, any request without a current delegation raises;
        - ``lifetime``: how long a signature is good, in seconds;
        - ``cover``: further header names to sign, in lower case; every request must have them;
        - ``action_for``: names the action of a request, checked against the token before sending, as is
          that of ``delegate.action(...)``;
        - ``retries``: further tries of GET and HEAD, or with an Idempotency-Key, when no answer came;
        - ``follow_same_origin``: follow a 307 or 308 to the identical origin; all else raises;
        - ``body_limit``: the longest body that is held in memory to be signed, in bytes;
        - ``server_keys``: the origins whose answers must be signed, and their keys. What such an answer
          proves is in ``response.extensions["delegate.answer"]``, a ``VerifiedAnswer``;
        - ``body_masker``: looks for secrets in bodies that are to be signed; its policy warns or blocks.
        """
        self._inner: _Inner = inner
        self._action_for = action_for
        self._rules = Rules(
            clock=clock or Clock(),
            lifetime=lifetime,
            origins=None if origins is None else frozenset(origins),
            cover=frozenset(cover),
            retries=retries,
            follow_same_origin=follow_same_origin,
            body_limit=body_limit,
            server_keys=server_keys,
            body_masker=body_masker,
        )

    def _steps(self, request: httpx.Request) -> Steps[httpx.Response]:
        outgoing = Outgoing(request.method, _address(request.url), request.headers.raw)
        return exchange(self._rules, outgoing, actions=self._actions(request), failures=_NO_ANSWER)

    def _actions(self, request: httpx.Request) -> Generator[Action | None, None, None]:
        yield current_action()
        if self._action_for is not None:
            yield self._action_for(request)


class SigningTransport(_Signing[httpx.BaseTransport], httpx.BaseTransport):
    """Signs requests with the current delegation and sends them through another transport."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises what ``delegate.client.signing.exchange`` and the inner one raise."""
        steps = self._steps(request)
        resume: _Resume = steps.send
        outcome: object = None
        try:
            while True:
                step = resume(outcome)
                try:
                    resume, outcome = steps.send, self._perform(request, step)
                except Exception as error:  # noqa: BLE001 - the steps decide, and raise it again
                    resume, outcome = steps.throw, error
        except StopIteration as end:
            return _response(end)

    def _perform(self, request: httpx.Request, step: _Step) -> object:
        if isinstance(step, ReadBody):
            _require_plain(request)
            return self._read(request.stream, step)
        if isinstance(step, ReadAnswer):
            with closing(step.response):
                return self._read(step.response.stream, step)
        if isinstance(step, Deliver):
            return _held(step)
        if isinstance(step, Discard):
            return step.response.close()
        sent = _copy(request, step)
        return _answer(sent, self._inner.handle_request(sent))

    def _read(self, stream: object, step: ReadBody | ReadAnswer[httpx.Response]) -> bytes:
        body = bytearray()
        for chunk in cast("httpx.SyncByteStream", stream):
            body += chunk
            step.require_within(len(body))
        return bytes(body)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def __enter__(self) -> Self:
        """Enter the inner transport."""
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave the inner transport."""
        self._inner.__exit__(exc_type, exc_value, traceback)


class AsyncSigningTransport(_Signing[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport):
    """The async twin of ``SigningTransport``: the same steps, awaited."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises what ``delegate.client.signing.exchange`` and the inner one raise."""
        steps = self._steps(request)
        resume: _Resume = steps.send
        outcome: object = None
        try:
            while True:
                step = resume(outcome)
                try:
                    resume, outcome = steps.send, await self._perform(request, step)
                except Exception as error:  # noqa: BLE001 - the steps decide, and raise it again
                    resume, outcome = steps.throw, error
        except StopIteration as end:
            return _response(end)

    async def _perform(self, request: httpx.Request, step: _Step) -> object:
        if isinstance(step, ReadBody):
            _require_plain(request)
            return await self._read(request.stream, step)
        if isinstance(step, ReadAnswer):
            try:
                return await self._read(step.response.stream, step)
            finally:
                await step.response.aclose()
        if isinstance(step, Deliver):
            return _held(step)
        if isinstance(step, Discard):
            return await step.response.aclose()
        sent = _copy(request, step)
        return _answer(sent, await self._inner.handle_async_request(sent))

    async def _read(self, stream: object, step: ReadBody | ReadAnswer[httpx.Response]) -> bytes:
        body = bytearray()
        async for chunk in cast("httpx.AsyncByteStream", stream):
            body += chunk
            step.require_within(len(body))
        return bytes(body)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        """Enter the inner transport."""
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave the inner transport."""
        await self._inner.__aexit__(exc_type, exc_value, traceback)


def _response(end: StopIteration) -> httpx.Response:
    response: httpx.Response = end.value
    return response


def _address(url: httpx.URL) -> Address:
    origin = canonical_origin(url.scheme, url.raw_host.decode("ascii"), url.port)
    return Address(origin if url.host else "", url.raw_path, bool(url.userinfo))


def _require_plain(request: httpx.Request) -> None:
    """Refuse what would be sent differently from what is signed, and what is signed already."""
    if "target" in request.extensions:
        msg = "the extension 'target' would replace the signed path on the wire: put the path into the URL"
        raise TargetRejectedError(msg, component="@path")
    if _MARK in request.extensions:
        msg = "the request went through two signing transports: use one"
        raise ConfigurationError(msg, field="transport")


def _copy(request: httpx.Request, step: Send) -> httpx.Request:
    """The request that goes out: never the caller's own object."""
    url, headers = request.url, list(step.headers)
    if step.body is None:
        return httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
    if step.target != url.raw_path:
        url = url.copy_with(raw_path=step.target)
    if step.target != url.raw_path:
        msg = "httpx would send another path than the one that was signed"
        raise TargetRejectedError(msg, component="@path")
    return httpx.Request(
        request.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(step.body),
        extensions={**request.extensions, _MARK: True},
    )


def _answer(sent: httpx.Request, response: httpx.Response) -> Answer[httpx.Response]:
    location = response.headers.get("location")
    return Answer(
        response.status_code,
        None if location is None else _resolved(sent.url, location),
        response,
        response.headers.raw,
    )


def _held(step: Deliver[httpx.Response]) -> httpx.Response:
    """The response that the caller reads: what was verified, from memory."""
    received = step.response
    return httpx.Response(
        received.status_code,
        headers=received.headers.raw,
        stream=httpx.ByteStream(step.body),
        extensions={**received.extensions, ANSWER: step.answer},
    )


def _resolved(base: httpx.URL, location: str) -> Address:
    try:
        return _address(base.join(location))
    except (httpx.InvalidURL, ValueError):
        return Address("", b"")
