"""Revocation lists over HTTP, with httpx: the source that a verifier looks at from its background thread.

The rules: the address is ``https`` (``http`` for loopback only) and never leads elsewhere, since redirects
are refused; size and time are bounded; what is unchanged is not sent again (``If-None-Match``, RFC 9110
section 13.1.2). A list is believed for its signature alone, so what a server says about it (its age, its
type) changes nothing; TLS only keeps others from withholding it.

An entity tag is kept once its list is in force: a list that was refused is fetched again.
"""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Final, Self

import httpx

from delegate.errors import BytesError, ConfigurationError, RevocationUnavailableError
from delegate.limits import (
    REVOCATION_ETAG_MAX_CHARS,
    REVOCATION_FETCH_DEADLINE,
    REVOCATION_LIST_MAX_BYTES,
)
from delegate.names import require_origin
from delegate.revocation import Revocations

__all__ = ["HTTPSource"]

_ETAG: Final = re.compile(rf'(?:W/)?"[\x21\x23-\x7e]{{0,{REVOCATION_ETAG_MAX_CHARS}}}"')
_OK: Final = 200
_NOT_MODIFIED: Final = 304


class HTTPSource:
    """A list at a URL. Close it, or use it in a ``with``; not for two threads at once.

    ``deadline`` bounds one look, in seconds; ``transport`` is httpx's, for a proxy or certificates of one's
    own. Raises ``ConfigurationError`` for an address that must not be used.
    """

    __slots__ = ("_client", "_deadline", "_etag", "_revocations", "_url")

    def __init__(
        self,
        url: str,
        revocations: Revocations,
        *,
        deadline: float = REVOCATION_FETCH_DEADLINE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Look at ``url`` for ``revocations``."""
        if type(deadline) not in {int, float} or not 0 < deadline < float("inf"):
            msg = f"deadline must be a number of seconds above 0, not {deadline!r}"
            raise ConfigurationError(msg, field="deadline")
        self._url = _address(url)
        self._revocations = revocations
        self._deadline = deadline
        self._etag: str | None = None
        self._client = httpx.Client(transport=transport, timeout=deadline, follow_redirects=False)

    def __repr__(self) -> str:
        """Name the server and the path; a query may hold what is nobody's business."""
        return f"<HTTPSource {str(self._url.copy_with(query=None))!r}>"

    def __enter__(self) -> Self:
        """Return the source, which is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections; every later look fails."""
        self._client.close()

    def refresh(self) -> None:
        """See ``Source.refresh``; raises ``RevocationUnavailableError`` and what ``accept`` raises."""
        try:
            answer = self._fetch()
        except (httpx.HTTPError, httpx.StreamError, RuntimeError, ValueError) as error:
            # RuntimeError: a closed client; ValueError: a name or header that cannot be encoded
            raise self._unavailable(type(error).__name__) from None
        if answer is not None:
            data, etag = answer
            self._revocations.accept(data)
            self._etag = etag if etag is not None and _ETAG.fullmatch(etag) else None

    def _fetch(self) -> tuple[bytes, str | None] | None:
        """The body and its entity tag, or None when it is still what was accepted before."""
        give_up = time.monotonic() + self._deadline
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if self._etag is not None:
            headers["if-none-match"] = self._etag
        with self._client.stream("GET", self._url, headers=headers) as response:
            if response.status_code == _NOT_MODIFIED and self._etag is not None:
                return None
            if response.status_code != _OK:
                reason = f"status {response.status_code}"
                raise self._unavailable(reason)
            return self._body(response, give_up), response.headers.get("etag")

    def _body(self, response: httpx.Response, give_up: float) -> bytes:
        """The raw body: an encoding was not asked for, and is not undone."""
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > REVOCATION_LIST_MAX_BYTES:
                reason = f"more than {REVOCATION_LIST_MAX_BYTES} bytes"
                raise self._unavailable(reason)
            if time.monotonic() > give_up:
                reason = f"not complete within {self._deadline} s"
                raise self._unavailable(reason)
        return bytes(body)

    def _unavailable(self, reason: str) -> RevocationUnavailableError:
        return RevocationUnavailableError(f"no revocation list from {self!r}: {reason}", field="url")


def _address(url: str) -> httpx.URL:
    """The URL, whose origin is one that requests may be sent to."""
    try:
        parsed = httpx.URL(url)
        if parsed.userinfo or parsed.fragment:
            msg = "the address of a revocation list has no user, password or fragment"
            raise ConfigurationError(msg, field="url")
        require_origin(f"{parsed.scheme}://{parsed.netloc.decode('ascii')}", "url")
    except (httpx.InvalidURL, TypeError, BytesError):
        msg = "url must be https://host/path of a revocation list, or http:// on loopback"
        raise ConfigurationError(msg, field="url") from None
    return parsed
