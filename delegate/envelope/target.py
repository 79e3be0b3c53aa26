r"""The target of a request: method, path and query in the one form that every party reads alike.

The rule: nothing is normalized. A path that two servers could read differently (dot segments, empty
segments, encoded slashes, bad escapes, escapes that are not UTF-8) is refused, so what was signed is what is
routed. The scheme is not part of the signature, because behind a proxy nobody can tell it; the origin a
server is configured for takes its place (design section 7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote_to_bytes

from delegate.errors import (
    AuthorityRejectedError,
    ConfigurationError,
    DelegateError,
    MethodRejectedError,
    TargetRejectedError,
)
from delegate.limits import TARGET_MAX_BYTES
from delegate.names import require_origin

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Origins", "origin_authority", "require_method", "require_target"]

_USUAL_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
"""Those that need no second look."""

_METHOD: Final = re.compile(r"[A-Z][A-Z-]{0,30}[A-Z]")
_SEGMENT: Final = (
    rb"(?!(?:\.|%2[eE]){1,2}(?:/|\Z))"  # no '.' or '..', encoded or not
    rb"(?:[!\"$&-.0->@-\[\]-~]++|%(?!2[fF]|5[cC]|00)[0-9A-Fa-f]{2})++"  # no '#', '?', '\', %2f, %5c, %00
)
_PATH: Final = re.compile(rb"/(?:%b(?:/%b)*+/?+)?+" % (_SEGMENT, _SEGMENT))
_EXPLICIT_PORT: Final = re.compile(r":[0-9]+\Z")
_QUERY: Final = re.compile(rb"(?:[!\"$&-~]++|%[0-9A-Fa-f]{2})*+")


def require_method(method: str) -> str:
    """An upper-case HTTP method other than CONNECT; ``MethodRejectedError`` otherwise.

    Methods are case-sensitive (RFC 9110 section 9.1), yet many frameworks fold them: ``post`` signed and
    ``POST`` executed would be two readings.
    """
    if method not in _USUAL_METHODS and (_METHOD.fullmatch(method) is None or method == "CONNECT"):
        msg = f"method {method[:32]!r} is not an upper-case method"
        raise MethodRejectedError(msg, component="@method")
    return method


def require_target(path: bytes, query: bytes) -> None:
    """Refuse a raw path or query (without its question mark) that two parties could read differently.

    An empty segment is one between two slashes: a single slash at the end is allowed. Raises
    ``TargetRejectedError``.
    """
    if len(path) + len(query) > TARGET_MAX_BYTES:
        msg = f"path and query are over {TARGET_MAX_BYTES} bytes together"
        raise TargetRejectedError(msg, component="@path", limit=TARGET_MAX_BYTES)
    if _PATH.fullmatch(path) is None:
        msg = "the path has an empty, '.' or '..' segment, an encoded slash, or a character it may not have"
        raise TargetRejectedError(msg, component="@path")
    if path.find(b"%") >= 0:
        _require_utf8(path)
    if _QUERY.fullmatch(query) is None:
        msg = "the query has a bad escape or a character outside its grammar"
        raise TargetRejectedError(msg, component="@query")


def _require_utf8(path: bytes) -> None:
    """Refuse escapes that are not UTF-8: frameworks decode all such bytes to one replacement character."""
    try:
        unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        msg = "the path's escapes are not UTF-8 (RFC 3629)"
        raise TargetRejectedError(msg, component="@path") from None


def origin_authority(origin: str) -> str:
    """The ``@authority`` of a canonical origin: host, and the port where it is not the default."""
    return origin.partition("://")[2]


_Selected: TypeAlias = tuple[str, bytes]
"""An origin and its authority."""


class Origins:
    """The origins one server answers for: a request's authority selects exactly one of them."""

    __slots__ = ("_by_authority", "_public")

    def __init__(self, origins: Iterable[str], public_origin: str | None = None) -> None:
        """Index ``origins``; with ``public_origin`` the ``Host`` header is ignored altogether.

        With none at all, every request is refused. Raises ``ConfigurationError`` for a malformed one, or two
        that share an authority.
        """
        self._by_authority: dict[bytes, _Selected] = {}
        for origin in origins if public_origin is None else (*origins, public_origin):
            for authority in _authority_forms(_configured(origin)):
                other, _ = self._by_authority.setdefault(authority.encode(), _selected(origin))
                if other != origin:
                    msg = f"origins {origin!r} and {other!r} share an authority"
                    raise ConfigurationError(msg, field="origins")
        self._public = None if public_origin is None else _selected(public_origin)

    def select(self, host: bytes | None) -> _Selected:
        """The origin that ``host`` (the ``Host`` header) names, and the value of its ``@authority``.

        Raises ``AuthorityRejectedError`` when there is none.

        Case and a default port do not tell origins apart (RFC 9110 section 4.2.3); anything else does.
        """
        if self._public is not None:
            return self._public
        if host is not None:
            selected = self._by_authority.get(host) or self._by_authority.get(host.lower())
            if selected is not None:
                return selected
        shown = None if host is None else host[:64].decode("latin-1")
        msg = f"authority {shown!r} is none of this server's origins"
        raise AuthorityRejectedError(msg, component="@authority")


def _selected(origin: str) -> _Selected:
    return origin, origin_authority(origin).encode()


def _configured(origin: str) -> str:
    try:
        return require_origin(origin, "origins")
    except DelegateError as error:
        raise ConfigurationError(str(error), field="origins") from None


def _authority_forms(origin: str) -> tuple[str, ...]:
    """The authorities that name ``origin``: with its default port spelled out, too."""
    authority = origin_authority(origin)
    if _EXPLICIT_PORT.search(authority):
        return (authority,)
    return (authority, authority + (":443" if origin.startswith("https:") else ":80"))
