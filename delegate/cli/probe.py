"""Asking a server: one unsigned GET, one signed as a client would sign it, and on demand a POST with a body.

The rules: the token goes to an origin of its audience and nowhere else. Redirects are not followed, proxies
of the environment are used as any client here would use them, and an answer is read up to 64 KiB.

And no probe does anything. A GET is safe (RFC 9110 section 9.2.1). A POST is not, so the one that is sent
carries the nonce that the GET has used up: verification checks the body at step 9 and claims the nonce last,
so a server that keeps its nonces tells whether the body arrived, and refuses. Its media type and its bytes
are such that no application would know what to do with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from delegate.encoding import b64_encode, b64url_encode
from delegate.envelope.sign import LABEL, SignedRequest, sign_request
from delegate.errors import ConfigurationError, DelegateError
from delegate.identity import Identity
from delegate.keys import Purpose, SigningKey
from delegate.names import require_origin
from delegate.token import UnverifiedToken

__all__ = ["PROBE_BODY", "Answer", "Target", "ask", "sign_get", "sign_post"]

_DEADLINE: Final = 10.0
"""Seconds: a server that takes longer for a GET has another problem than signatures."""

_ANSWER_MAX_BYTES: Final = 64 * 1024
_PROBLEM: Final = "application/problem+json"

PROBE_BODY: Final = bytes(range(256))
"""Each byte once: whoever changes line ends, white space or a character set changes this."""

_PROBE_TYPE: Final = b"application/vnd.delegate.probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the probe goes, in the pieces that are signed."""

    url: str
    origin: str
    path: bytes
    query: bytes

    @classmethod
    def of(cls, text: str) -> Target:
        """Take a URL apart; raises ``ConfigurationError`` for one that no signed request could go to."""
        try:
            url = httpx.URL(text)
            origin = require_origin(f"{url.scheme}://{url.netloc.decode('ascii')}", "url")
        except (DelegateError, httpx.InvalidURL, ValueError) as error:
            msg = f"cannot probe {text!r}: {error}"
            raise ConfigurationError(msg, field="url") from None
        path, _, query = url.raw_path.partition(b"?")
        return cls(url=text, origin=origin, path=path, query=query)

    @property
    def authority(self) -> str:
        """Host and port as they are signed."""
        return self.origin.partition("://")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    date: int | None
    """The server's clock, from the Date header, in UTC seconds."""
    location: str | None
    challenged: bool
    """Whether WWW-Authenticate names this scheme."""
    problem: Mapping[str, object]
    """The members of a problem document (RFC 9457); empty when there is none."""

    @property
    def code(self) -> str | None:
        """The code of a refusal in this library's own words."""
        code = self.problem.get("code")
        return code if isinstance(code, str) else None


def sign_get(
    target: Target, key: SigningKey, *, agent: str, token: UnverifiedToken | None, now: int
) -> SignedRequest:
    """Sign a GET of ``target``, as any client would."""
    return sign_request(
        key,
        method="GET",
        authority=target.authority,
        path=target.path,
        query=target.query,
        headers={},
        identity=Identity(agent=agent),
        token=None if token is None else token.text,
        now=now,
    )


def sign_post(target: Target, key: SigningKey, get: SignedRequest, *, now: int) -> SignedRequest:
    """Sign a POST of ``PROBE_BODY`` under the nonce of ``get``, which must have been accepted before."""
    own = {"content-type": _PROBE_TYPE}
    fresh = sign_request(
        key,
        method="POST",
        authority=target.authority,
        path=target.path,
        query=target.query,
        headers=own,
        body=PROBE_BODY,
        identity=get.identity,
        token=get.delegation,
        now=now,
    )
    new, used = (b64url_encode(each.parameters.nonce).encode() for each in (fresh, get))
    base = fresh.canonical_bytes.replace(new, used)
    signature = b64_encode(key.sign(Purpose.REQUEST, base))
    again = {
        "signature-input": fresh.headers["signature-input"].replace(new, used),
        "signature": f"{LABEL}=:{signature}:".encode(),
    }
    parameters = fresh.parameters._replace(nonce=get.parameters.nonce)
    return fresh._replace(headers=own | fresh.headers | again, parameters=parameters, canonical_bytes=base)


def ask(target: Target, signed: SignedRequest | None = None, body: bytes = b"") -> Answer:
    """Send a signed request, or an unsigned GET; raises ``ConfigurationError`` when no answer comes."""
    method = "GET" if signed is None else signed.target["@method"].decode()
    fields = [] if signed is None else [(name.encode(), value) for name, value in signed.headers.items()]
    try:
        with (
            httpx.Client(follow_redirects=False, timeout=_DEADLINE) as client,
            client.stream(method, target.url, headers=fields, content=body or None) as response,
        ):
            return _answer(response)
    except httpx.HTTPError as error:
        msg = f"no answer from {target.origin}: {type(error).__name__}: {error}"
        raise ConfigurationError(msg, field="url") from None


def _answer(response: httpx.Response) -> Answer:
    return Answer(
        status=response.status_code,
        date=_date(response.headers.get("date")),
        location=response.headers.get("location"),
        challenged=response.headers.get("www-authenticate", "").lower().startswith("delegate"),
        problem=_problem(response),
    )


def _problem(response: httpx.Response) -> Mapping[str, object]:
    if not response.headers.get("content-type", "").startswith(_PROBLEM):
        return {}
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _ANSWER_MAX_BYTES:
            return {}
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _date(value: str | None) -> int | None:
    try:
        return None if value is None else int(parsedate_to_datetime(value).timestamp())
    except (ValueError, OverflowError):
        return None
