"""A signing adapter for requests: it wraps the adapter that sends.

    adapter = SigningAdapter(HTTPAdapter())
    with requests.Session() as api:
        api.mount("https://", adapter)
        api.mount("http://", adapter)

An adapter, because it sees every hop as it will be sent: a session has merged cookies, ``.netrc`` and
proxies by then, auth handlers have run, and the redirects that a session follows come through it again. An
auth handler, which comes earlier, would sign what is still to change. Mount it on both prefixes: what goes
through another adapter is not signed, and a foreign host's redirect to a signed origin is seen, and
refused, only where this adapter saw the foreign hop.

- The origin is read as requests reads it to connect (``urllib.parse``); what is sent is a URL of our own
  making, of the origin that was decided on and the target that was signed.
- urllib3 would repeat the same bytes, nonce and all, so an inner adapter with ``max_retries`` is refused;
  ``retries=`` signs each try afresh.
- The response keeps the caller's request and this adapter, so that an auth handler which answers a
  challenge (``HTTPDigestAuth``) sends through here again.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final, Unpack
from urllib.parse import urljoin, urlsplit

from requests import ConnectionError as NoConnection
from requests import PreparedRequest, Response, Timeout
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.util import parse_url

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
from delegate.client.transport import Settings, Signing, drive, encoded
from delegate.errors import ConfigurationError, TargetRejectedError

__all__ = ["ANSWER", "SigningAdapter"]

ANSWER: Final = "delegate_answer"
"""The attribute of a response whose signature was verified: its ``VerifiedAnswer``."""

_NO_ANSWER: Final = (NoConnection, Timeout)
"""By these requests says that an answer did not come; the request may have been executed."""

_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")

_CHUNK: Final = 65536
"""How much of a file is read at once, in bytes."""


class _Signed(PreparedRequest):
    """A signed copy; a second signing adapter below knows it by its class."""


class SigningAdapter(Signing[PreparedRequest], BaseAdapter):
    """Signs requests with the current delegation and sends them through another adapter."""

    def __init__(self, inner: BaseAdapter, **settings: Unpack[Settings[PreparedRequest]]) -> None:
        """Sign what goes through ``inner``. Raises ``ConfigurationError`` for a setting out of bounds.

        The settings are those of ``delegate.client.transport.Settings``.
        """
        super().__init__(**settings)
        _require_no_retries(inner)
        self._inner = inner

    def send(self, request: PreparedRequest, *args: Any, **sending: Any) -> Response:  # noqa: ANN401 - only passed on
        """Send one request; raises what ``delegate.client.signing.exchange`` and the inner one raise.

        The rest is what the inner adapter's ``send`` takes: stream, timeout, verify, cert, proxies.
        """

        def perform(step: Step[Response]) -> object:
            if isinstance(step, ReadBody):
                self._require_plain(request)
                return _read(_chunks(request.body), step)
            if isinstance(step, ReadAnswer):
                return _read_answer(step)
            if isinstance(step, Deliver):
                return _held(step)
            if isinstance(step, Discard):
                return step.response.close()
            sent = _copy(request, step)
            return _answer(sent, self._inner.send(sent, *args, **sending))

        headers = encoded(request.headers.items(), "latin-1")
        outgoing = Outgoing(request.method or "", _address(request.url or ""), headers)
        response: Response = drive(self._exchange(request, outgoing, _NO_ANSWER), perform)
        response.request = request
        vars(response)["connection"] = self
        return response

    def _require_plain(self, request: PreparedRequest) -> None:
        """Refuse what would be sent differently from what is signed, and what is signed already."""
        _require_no_retries(self._inner)
        if isinstance(request, _Signed):
            msg = "the request went through two signing adapters: use one"
            raise ConfigurationError(msg, field="adapter")

    def close(self) -> None:
        """Close the inner adapter."""
        self._inner.close()


def _require_no_retries(inner: BaseAdapter) -> None:
    """Refuse an adapter that would send the same signed bytes again."""
    retry = getattr(inner, "max_retries", None)
    if retry is not None and getattr(retry, "total", retry) != 0:
        msg = "the inner adapter would repeat a signature: set its max_retries to 0, and retries= of this one"
        raise ConfigurationError(msg, field="max_retries")


def _address(url: str) -> Address:
    """Where ``url`` leads, as requests finds it; origin empty where that is no URL."""
    try:
        parts = urlsplit(url)
        origin = canonical_origin(parts.scheme, parts.hostname or "", parts.port)
        target = _target(url)
    except ValueError:
        return Address("", b"")
    return Address(origin if parts.hostname else "", target, "@" in parts.netloc)


def _target(url: str) -> bytes:
    """The target of a URL: what requests takes for it, with the digits of escapes as urllib3 writes them."""
    request = PreparedRequest()
    request.url = url
    return _ESCAPE.sub(lambda escape: escape[0].upper(), request.path_url.encode())


def _read(chunks: Iterator[Any], step: ReadBody | ReadAnswer[Response]) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        whole += chunk.encode() if isinstance(chunk, str) else chunk
        step.require_within(len(whole))
    return bytes(whole)


def _chunks(body: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever requests takes
    """The parts of a body in the order and by the signs in which urllib3 would send them."""
    if body is None:
        return
    if hasattr(body, "read"):
        while chunk := body.read(_CHUNK):
            yield chunk
    elif isinstance(body, str | bytes | bytearray | memoryview):
        yield body
    else:
        yield from body


def _copy(request: PreparedRequest, step: Send) -> PreparedRequest:
    """The request that goes out: never the caller's own object."""
    headers = CaseInsensitiveDict(
        {name.decode("latin-1"): text.decode("latin-1") for name, text in step.headers}
    )
    if step.body is None:
        sent = request.copy()
        sent.headers = headers
        return sent
    sent = _Signed()
    vars(sent).update(vars(request.copy()))
    sent.headers, sent.body = headers, step.body or None
    sent.url = _address(request.url or "").origin + step.target.decode()
    if sent.path_url.encode() != step.target or parse_url(sent.url).request_uri.encode() != step.target:
        msg = "requests would send another path than the one that was signed"
        raise TargetRejectedError(msg, component="@path")
    return sent


def _read_answer(step: ReadAnswer[Response]) -> bytes:
    """The body as it came; one that breaks off is no answer, as it is where requests reads it."""
    with closing(step.response):
        try:
            return _read(step.response.raw.stream(_CHUNK, decode_content=False), step)
        except (ProtocolError, ReadTimeoutError) as error:
            raise NoConnection(error) from error


def _held(step: Deliver[Response]) -> Response:
    """The response that the caller reads: what was verified, from memory."""
    response, raw = step.response, step.response.raw
    response.raw = HTTPResponse(
        io.BytesIO(step.body),
        raw.headers,
        raw.status,
        version=raw.version,
        reason=raw.reason,
        preload_content=False,
        decode_content=False,
        original_response=getattr(raw, "_original_response", None),  # where requests finds cookies
    )
    setattr(response, ANSWER, step.answer)
    return response


def _answer(sent: PreparedRequest, response: Response) -> Answer[Response]:
    location = response.headers.get("location")
    where = None if location is None else _resolved(sent.url or "", location)
    lines = getattr(response.raw, "headers", response.headers).items()
    return Answer(response.status_code, where, response, encoded(lines, "latin-1"))


def _resolved(base: str, location: str) -> Address:
    """Where a session would go: ``SessionRedirectMixin.resolve_redirects`` reads the header as UTF-8."""
    try:
        return _address(requote_uri(urljoin(base, location.encode("latin-1").decode())))
    except ValueError:
        return Address("", b"")
