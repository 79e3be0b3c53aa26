"""Signing transports for httpx2: they wrap the transport that sends.

    transport = SigningTransport(httpx2.HTTPTransport())
    with httpx2.Client(base_url="https://api.example.com", transport=transport) as api: ...

How they work is written once for the family, in ``delegate.client.httpx_api``; the settings they take are
listed in ``delegate.client.transport.Settings``.
"""

from __future__ import annotations

from typing import Final

import httpx2

from delegate.client.httpx_api import ANSWER, AsyncTransport, Library, SyncTransport

__all__ = ["ANSWER", "AsyncSigningTransport", "SigningTransport"]

_LIBRARY: Final = Library(
    request=httpx2.Request,
    response=httpx2.Response,
    byte_stream=httpx2.ByteStream,
    invalid_url=httpx2.InvalidURL,
    no_answer=(httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError),
)


class SigningTransport(SyncTransport[httpx2.Request, httpx2.Response], httpx2.BaseTransport):
    """Signs requests with the current delegation and sends them through another transport of httpx2."""

    _library = _LIBRARY


class AsyncSigningTransport(AsyncTransport[httpx2.Request, httpx2.Response], httpx2.AsyncBaseTransport):
    """The async twin of ``SigningTransport``: the same steps, awaited."""

    _library = _LIBRARY
