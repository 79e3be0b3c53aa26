"""``parse_request`` of the command line: a request as it was saved, which ``verify`` and ``explain`` read."""

from __future__ import annotations

from delegate.cli.captured import parse_request
from fuzz import material
from fuzz.first_step import FirstStep

_HEADERS = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in material.HEADERS.items())
SEEDS = (
    b"POST /v1/orders?dry=1 HTTP/1.1\r\n" + _HEADERS + b"Content-Length: 14\r\n\r\n" + material.BODY,
    b"GET / HTTP/1.0\nhost: a\n\n",
)
FIRST_STEP = FirstStep(by=(parse_request,))


def target(data: bytes) -> None:
    """What is read says again what was saved: nothing is added, and nothing but line ends and spaces lost."""
    request, body = parse_request(data)
    if not data.endswith(body) or not data.startswith(request.method.encode() + b" " + request.path):
        msg = "another request was read than the one that was saved"
        raise AssertionError(msg)
    if any(b"\n" in part for line in request.headers for part in line):
        msg = "a header holds more than one line"
        raise AssertionError(msg)
