"""``require_target``: the raw path and query of a request line."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote_to_bytes

from delegate.envelope.target import require_target
from fuzz.first_step import FirstStep

SEEDS = (b"/v1/orders/o-1?dry=1&x=%2F..", b"/", b"/a%20b/~c/;d=1/", b"/%E2%82%AC/...?")
FIRST_STEP = FirstStep(by=(require_target,))


def target(data: bytes) -> None:
    """A path that is accepted reads the same to servers that decode, normalize, or do neither."""
    path, _, query = data.partition(b"?")
    require_target(path, query)
    decoded = unquote_to_bytes(path)
    if posixpath.normpath(decoded) != (decoded.rstrip(b"/") or b"/"):
        msg = "decoded, the path has another normal form"
        raise AssertionError(msg)
    if decoded.count(b"/") != path.count(b"/") or {*b"\\\0"} & {*decoded}:
        msg = "decoded, the path has other segments"
        raise AssertionError(msg)
    decoded.decode("utf-8")
    if not all(0x20 < byte < 0x7F for byte in path + query) or b"#" in path + query:
        msg = "the target holds what no request line may"
        raise AssertionError(msg)
