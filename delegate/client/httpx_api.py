"""Signing transports for the libraries with httpx's interface, written once: httpx and its heir httpx2.

A library of this family is its classes (``Library``); what is used of its objects stands in the protocols
below. This file imports none of them: ``delegate.client.httpx`` and ``delegate.client.httpx2`` each name
their own, and make transports that are also that library's transports.

A transport sees every request as it will be sent, after event hooks and ``auth`` have had their say, so
what it signs is final; nothing that changes a request may stand below it. The caller's request is never
changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, Protocol, Self, TypeVar, Unpack, cast

from delegate.client.steps import (
    Address,
    Answer,
    Deliver,
    Discard,
    Outgoing,
    ReadAnswer,
    ReadBody,
    Send,
    Step,
    Steps,
    canonical_origin,
)
from delegate.client.transport import Settings, Signing, drive, drive_async
from delegate.errors import ConfigurationError, TargetRejectedError

__all__ = ["ANSWER", "AsyncTransport", "Library", "SyncTransport"]

ANSWER: Final = "delegate.answer"
"""The extension of a response whose signature was verified: its ``VerifiedAnswer``."""

_MARK: Final = "delegate.signed"
"""The extension of a signed copy, by which a second signing transport below knows it."""


class _URL(Protocol):
    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def raw_host(self) -> bytes: ...
    @property
    def port(self) -> int | None: ...
    @property
    def raw_path(self) -> bytes: ...
    @property
    def userinfo(self) -> bytes: ...
    def copy_with(self, *, raw_path: bytes) -> _URL: ...
    def join(self, url: str, /) -> _URL: ...


class _Headers(Protocol):
    @property
    def raw(self) -> Sequence[tuple[bytes, bytes]]: ...
    def get(self, key: str, /) -> str | None: ...


class _RequestLike(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> _URL: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def stream(self) -> object: ...
    @property
    def extensions(self) -> Mapping[str, Any]: ...


class _ResponseLike(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def stream(self) -> object: ...
    @property
    def extensions(self) -> Mapping[str, Any]: ...
    def close(self) -> None: ...
    def aclose(self) -> Coroutine[Any, Any, None]: ...


_Request = TypeVar("_Request", bound=_RequestLike)
_Response = TypeVar("_Response", bound=_ResponseLike)
_Sent_contra = TypeVar("_Sent_contra", bound=_RequestLike, contravariant=True)
_Got_co = TypeVar("_Got_co", bound=_ResponseLike, covariant=True)


class _Inner(Protocol[_Sent_contra, _Got_co]):
    """A transport that sends."""

    def handle_request(self, request: _Sent_contra, /) -> _Got_co: ...
    def close(self) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...


class _AsyncInner(Protocol[_Sent_contra, _Got_co]):
    """The same, async."""

    async def handle_async_request(self, request: _Sent_contra, /) -> _Got_co: ...
    async def aclose(self) -> None: ...
    async def __aenter__(self) -> object: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Library(Generic[_Request, _Response]):
    """What one library of the family calls things."""

    request: Callable[..., _Request]
    response: Callable[..., _Response]
    byte_stream: Callable[[bytes], object]
    invalid_url: type[Exception]
    no_answer: tuple[type[Exception], ...]
    """By these it says that an answer did not come; the request may have been executed."""


class _Family(Signing[_Request], Generic[_Request, _Response]):
    """What the sync and the async transport share: everything but waiting."""

    _library: Library[_Request, _Response]

    def _steps(self, request: _Request) -> Steps[_Response]:
        outgoing = Outgoing(request.method, _address(request.url), request.headers.raw)
        return self._exchange(request, outgoing, self._library.no_answer)

    def _copy(self, request: _Request, step: Send) -> _Request:
        """The request that goes out: never the caller's own object."""
        if step.body is None:
            return self._library.request(
                request.method,
                request.url,
                headers=step.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        url = request.url
        if step.target != url.raw_path:
            url = url.copy_with(raw_path=step.target)
        if step.target != url.raw_path:
            msg = "the HTTP library would send another path than the one that was signed"
            raise TargetRejectedError(msg, component="@path")
        return self._library.request(
            request.method,
            url,
            headers=step.headers,
            stream=self._library.byte_stream(step.body),
            extensions={**request.extensions, _MARK: True},
        )

    def _answer(self, sent: _Request, response: _Response) -> Answer[_Response]:
        location = response.headers.get("location")
        where = None if location is None else self._resolved(sent.url, location)
        return Answer(response.status_code, where, response, response.headers.raw)

    def _held(self, step: Deliver[_Response]) -> _Response:
        """The response that the caller reads: what was verified, from memory."""
        received = step.response
        return self._library.response(
            received.status_code,
            headers=received.headers.raw,
            stream=self._library.byte_stream(step.body),
            extensions={**received.extensions, ANSWER: step.answer},
        )

    def _resolved(self, base: _URL, location: str) -> Address:
        try:
            return _address(base.join(location))
        except (self._library.invalid_url, ValueError):
            return Address("", b"")


class SyncTransport(_Family[_Request, _Response]):
    """Signs requests with the current delegation and sends them through another transport."""

    def __init__(self, inner: _Inner[_Request, _Response], **settings: Unpack[Settings[_Request]]) -> None:
        """Sign what goes through ``inner``. Raises ``ConfigurationError`` for a setting out of bounds.

        The settings are those of ``delegate.client.transport.Settings``.
        """
        super().__init__(**settings)
        self._inner: _Inner[_Request, _Response] = inner

    def handle_request(self, request: _Request) -> _Response:
        """Send one request; raises what ``delegate.client.signing.exchange`` and the inner one raise."""
        return drive(self._steps(request), lambda step: self._perform(request, step))

    def _perform(self, request: _Request, step: Step[_Response]) -> object:
        if isinstance(step, ReadBody):
            _require_plain(request)
            return self._read(request.stream, step)
        if isinstance(step, ReadAnswer):
            with closing(step.response):
                return self._read(step.response.stream, step)
        if isinstance(step, Deliver):
            return self._held(step)
        if isinstance(step, Discard):
            return step.response.close()
        sent = self._copy(request, step)
        return self._answer(sent, self._inner.handle_request(sent))

    def _read(self, stream: object, step: ReadBody | ReadAnswer[_Response]) -> bytes:
        body = bytearray()
        for chunk in cast("Iterable[bytes]", stream):
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


class AsyncTransport(_Family[_Request, _Response]):
    """The async twin of ``SyncTransport``: the same steps, awaited."""

    def __init__(
        self, inner: _AsyncInner[_Request, _Response], **settings: Unpack[Settings[_Request]]
    ) -> None:
        """Sign what goes through ``inner``. Raises ``ConfigurationError`` for a setting out of bounds.

        The settings are those of ``delegate.client.transport.Settings``.
        """
        super().__init__(**settings)
        self._inner: _AsyncInner[_Request, _Response] = inner

    async def handle_async_request(self, request: _Request) -> _Response:
        """Send one request; raises what ``delegate.client.signing.exchange`` and the inner one raise."""
        return await drive_async(self._steps(request), lambda step: self._perform(request, step))

    async def _perform(self, request: _Request, step: Step[_Response]) -> object:
        if isinstance(step, ReadBody):
            _require_plain(request)
            return await self._read(request.stream, step)
        if isinstance(step, ReadAnswer):
            async with aclosing(step.response):
                return await self._read(step.response.stream, step)
        if isinstance(step, Deliver):
            return self._held(step)
        if isinstance(step, Discard):
            return await step.response.aclose()
        sent = self._copy(request, step)
        return self._answer(sent, await self._inner.handle_async_request(sent))

    async def _read(self, stream: object, step: ReadBody | ReadAnswer[_Response]) -> bytes:
        body = bytearray()
        async for chunk in cast("AsyncIterable[bytes]", stream):
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


def _address(url: _URL) -> Address:
    origin = canonical_origin(url.scheme, url.raw_host.decode("ascii"), url.port)
    return Address(origin if url.host else "", url.raw_path, bool(url.userinfo))


def _require_plain(request: _RequestLike) -> None:
    """Refuse what would be sent differently from what is signed, and what is signed already."""
    if "target" in request.extensions:
        msg = "the extension 'target' would replace the signed path on the wire: put the path into the URL"
        raise TargetRejectedError(msg, component="@path")
    if _MARK in request.extensions:
        msg = "the request went through two signing transports: use one"
        raise ConfigurationError(msg, field="transport")
