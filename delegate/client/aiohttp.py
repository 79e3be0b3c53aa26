"""A signing middleware for aiohttp's client.

    async with aiohttp.ClientSession(middlewares=[SigningMiddleware()]) as api: ...

A client middleware sees every hop, redirects included, with host, cookies, credentials and the body already
in the request; name it last, so that nothing below it changes a request. What aiohttp still does to a
request below its middlewares, or with an answer above them, is met here:

- A POST, PUT or PATCH without ``Content-Type`` is given one when it is written: it is given before signing.
- aiohttp retries idempotent methods, PUT and DELETE too, when a connection breaks: the exceptions that
  make it do so reach the caller of a signed request as their base class, ``ClientConnectionError``.
- It follows a ``URI`` header where there is no ``Location``: both count as a redirect.
- It decodes a compressed answer before anybody can read what was signed: where answers must be signed, it
  asks for uncompressed ones, unless the session has ``auto_decompress=False``.
- ``compress=`` changes the body while it is written, after it was signed: refused.
- A user in a URL has become an ``Authorization`` header before anybody can refuse it: it is signed as such.
- A response shows the headers of its request: those of ours are taken out once they were sent.
"""

from __future__ import annotations

import asyncio
import copy
from contextlib import closing
from typing import Final

from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientHandlerType,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ServerDisconnectedError,
    StreamReader,
    hdrs,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.base_protocol import BaseProtocol
from multidict import CIMultiDict
from yarl import URL

from delegate.client.copy import OURS
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
    canonical_origin,
)
from delegate.client.transport import Signing, drive_async, encoded
from delegate.errors import ConfigurationError, TargetRejectedError

__all__ = ["ANSWER", "SigningMiddleware"]

ANSWER: Final = "delegate_answer"
"""The attribute of a response whose signature was verified: its ``VerifiedAnswer``."""

_NO_ANSWER: Final = (ClientConnectionError, ClientPayloadError)
"""By these aiohttp says that an answer did not come; the request may have been executed."""

_MARK: Final = "_delegate_signed"
"""The attribute of a signed copy, by which a second signing middleware below knows it."""


class SigningMiddleware(Signing[ClientRequest]):
    """Signs requests with the current delegation; a client middleware of aiohttp.

    The settings are those of ``delegate.client.transport.Settings``.
    """

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send one request; raises what ``delegate.client.signing.exchange`` and aiohttp raise."""

        async def perform(step: Step[ClientResponse]) -> object:
            if isinstance(step, ReadBody):
                _require_plain(request)
                return await _read(request, step)
            if isinstance(step, ReadAnswer):
                return await _read_answer(step)
            if isinstance(step, Deliver):
                return _held(step)
            if isinstance(step, Discard):
                return step.response.close()
            if step.body is None:
                request.headers = _headers(step)
                return _answer(request, await handler(request))
            sent = _copy(request, step, step.body)
            return _answer(sent, await _send(sent, handler))

        address = _address(request.url)
        lines = _lines(request)
        if request.session.auto_decompress and self._rules.must_be_answered(address.origin):
            lines = [line for line in lines if line[0].lower() != "accept-encoding"]
            lines.append((hdrs.ACCEPT_ENCODING, "identity"))
        outgoing = Outgoing(request.method, address, encoded(lines, "utf-8"))
        response: ClientResponse = await drive_async(self._exchange(request, outgoing, _NO_ANSWER), perform)
        return response


def _lines(request: ClientRequest) -> list[tuple[str, str]]:
    """The headers as ``ClientRequest.send`` will have completed them."""
    lines = list(request.headers.items())
    typed = hdrs.CONTENT_TYPE in request.headers or hdrs.CONTENT_TYPE in request.skip_auto_headers
    if request.method in request.POST_METHODS and not typed:
        lines.append((hdrs.CONTENT_TYPE, "application/octet-stream"))
    return lines


def _address(url: URL) -> Address:
    host = url.raw_host or ""
    origin = canonical_origin(url.scheme, host, url.port)
    userinfo = url.raw_user is not None or url.raw_password is not None
    return Address(origin if host else "", url.raw_path_qs.encode(), userinfo)


def _require_plain(request: ClientRequest) -> None:
    """Refuse what would be sent differently from what is signed, and what is signed already."""
    if request.compress:
        msg = "compress= changes the body after it was signed: compress it, and state Content-Encoding"
        raise ConfigurationError(msg, field="compress")
    if hasattr(request, _MARK):
        msg = "the request went through two signing middlewares: use one"
        raise ConfigurationError(msg, field="middlewares")


def _answer(sent: ClientRequest, response: ClientResponse) -> Answer[ClientResponse]:
    location = response.headers.get(hdrs.LOCATION) or response.headers.get(hdrs.URI)
    where = _resolved(sent.url, location) if location else None
    return Answer(response.status, where, response, response.raw_headers)


def _resolved(base: URL, location: str) -> Address:
    try:
        return _address(base.join(URL(location)))
    except ValueError:
        return Address("", b"")


async def _read_answer(step: ReadAnswer[ClientResponse]) -> bytes:
    body = bytearray()
    with closing(step.response):
        async for chunk in step.response.content.iter_any():
            body += chunk
            step.require_within(len(body))
    return bytes(body)


def _held(step: Deliver[ClientResponse]) -> ClientResponse:
    """The response that the caller reads: what was verified, from memory."""
    loop = asyncio.get_running_loop()
    content = StreamReader(BaseProtocol(loop), len(step.body), loop=loop)  # room for all: none is to wait
    content.feed_data(step.body)
    content.feed_eof()
    step.response.content = content
    setattr(step.response, ANSWER, step.answer)
    return step.response


class _Memory(AbstractStreamWriter):
    """Takes a body as a connection would, into memory, and no more than the limit."""

    def __init__(self, step: ReadBody) -> None:
        self.body = bytearray()
        self._step = step

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.body += chunk
        self._step.require_within(len(self.body))

    async def write_eof(self, chunk: bytes = b"") -> None:
        await self.write(chunk)

    async def drain(self) -> None:
        """Nothing waits here."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        raise NotImplementedError

    def enable_chunking(self) -> None:
        raise NotImplementedError

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        raise NotImplementedError


async def _read(request: ClientRequest, step: ReadBody) -> bytes:
    payload = request.body
    if isinstance(payload, bytes):
        return payload
    if payload.consumed:
        msg = "the body was read by an earlier try and cannot be read again: give it as bytes"
        raise ClientPayloadError(msg)
    memory = _Memory(step)
    await payload.write(memory)
    return bytes(memory.body)


def _headers(step: Send) -> CIMultiDict[str]:
    return CIMultiDict((name.decode(), text.decode()) for name, text in step.headers)


def _copy(request: ClientRequest, step: Send, body: bytes) -> ClientRequest:
    """The request that goes out, with a body that is all there; the one above stays as it was."""
    sent = copy.copy(request)
    setattr(sent, _MARK, True)
    if step.target != _address(sent.url).target:
        sent.url = sent.original_url = URL(f"{sent.url.origin()}{step.target.decode()}", encoded=True)
    if step.target != _address(sent.url).target:
        msg = "aiohttp would send another path than the one that was signed"
        raise TargetRejectedError(msg, component="@path")
    sent.chunked = None
    sent._body = None  # noqa: SLF001 - update_body() would close the body of the request above
    sent.update_body_from_data(body or None)
    sent.headers = _headers(step)
    return sent


async def _send(sent: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """One round trip that aiohttp will not repeat."""
    try:
        return await handler(sent)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ClientConnectionError(str(error)) from error
    finally:
        for name in OURS:  # the response, and an error made of it, show these very headers
            sent.headers.popall(name, None)
