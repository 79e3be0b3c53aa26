"""One HTTP/1.1 request out of a file, as ``curl --trace-ascii`` or a proxy's log would give it back.

The rule: the bytes are split where HTTP/1.1 splits them (RFC 9112) and not changed, so that the verdict is
about what was captured. Editors like to turn CRLF into LF, so both end a line. What cannot be one request
is refused: a folded header line, a chunked body, a body of another length than Content-Length says.
"""

from __future__ import annotations

import re
from typing import Final

from delegate.errors import MalformedError
from delegate.verifier import Request

__all__ = ["parse_request"]

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_LINE_END: Final = re.compile(rb"\r?\n")
_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[^ ?]*)(?:\?([^ ]*))? HTTP/1\.[01]")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)


def parse_request(data: bytes) -> tuple[Request, bytes]:
    """The request in ``data`` and its body; raises ``MalformedError``, naming the line."""
    head, *rest = _HEAD_END.split(data, maxsplit=1)
    first, *lines = _LINE_END.split(head.rstrip(b"\r\n"))
    target = _REQUEST_LINE.fullmatch(first)
    if target is None:
        msg = "line 1 is not a request line such as 'GET /v1/orders HTTP/1.1'"
        raise MalformedError(msg, field="line 1")
    headers = [_header(line, number) for number, line in enumerate(lines, 2)]
    body = rest[0] if rest else b""
    _require_whole(headers, body)
    request = Request(
        method=target[1].decode("ascii"), path=target[2], query=target[3] or b"", headers=headers
    )
    return request, body


def _header(line: bytes, number: int) -> tuple[bytes, bytes]:
    match = _HEADER.fullmatch(line)
    if match is None:
        msg = f"line {number} is not a header of the form 'Name: value'"
        raise MalformedError(msg, field=f"line {number}")
    return match[1], match[2]


def _require_whole(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Refuse a body that is not there whole, or not as it was sent."""
    for name, value in headers:
        if name.lower() == b"transfer-encoding":
            msg = "the body is chunked: save it joined, without Transfer-Encoding"
            raise MalformedError(msg, field="transfer-encoding")
        if name.lower() == b"content-length" and value != str(len(body)).encode():
            stated = value[:20].decode("latin-1")
            msg = f"Content-Length says {stated!r} bytes, the file has a body of {len(body)}"
            raise MalformedError(msg, field="content-length", limit=len(body))
