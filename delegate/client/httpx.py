"""Signing transports for httpx: they wrap the transport that sends.

    transport = SigningTransport(httpx.HTTPTransport())
    with httpx.Client(base_url="https://api.example.com", transport=transport) as api: ...

How they work is written once for the family, in ``delegate.client.httpx_api``; the settings they take are
listed in ``delegate.client.transport.Settings``.
"""

from __future__ import annotations

from typing import Final

import httpx

from delegate.client.httpx_api import ANSWER, AsyncTransport, Library, SyncTransport

__all__ = ["ANSWER", "AsyncSigningTransport", "SigningTransport"]

_LIBRARY: Final = Library(
    request=httpx.Request,
    response=httpx.Response,
    byte_stream=httpx.ByteStream,
    invalid_url=httpx.InvalidURL,
    no_answer=(httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError),
)


class SigningTransport(SyncTransport[httpx.Request, httpx.Response], httpx.BaseTransport):
    """Signs requests with the current delegation and sends them through another transport of httpx."""

    _library = _LIBRARY


class AsyncSigningTransport(AsyncTransport[httpx.Request, httpx.Response], httpx.AsyncBaseTransport):
    """The async twin of ``SigningTransport``: the same steps, awaited."""

    _library = _LIBRARY
