"""What the server saw of a signed request, for the developer of a client: never in production.

A signature that does not verify says nothing about why. The signature base (RFC 9421 section 2.5) does:
laid beside the client's own, the first line that differs names the component that somebody changed. What
in it is secret is masked: the nonce, and the values of headers that carry authority.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from delegate.errors import DelegateError

if TYPE_CHECKING:
    from delegate.verifier import Request, Verifier

__all__ = ["masked_base"]

_SECRET_LINE: Final = re.compile(
    r'^("(?!@|content-type"|content-digest"|content-encoding"|agent-identity")[^"]+": )(.+)$', re.MULTILINE
)
"""Every header but those that never carry a secret; the derived components are shown."""

_NONCE: Final = re.compile(r'(;nonce=")[^"]*(")')


def masked_base(verifier: Verifier, request: Request) -> str | None:
    """The server's signature base of ``request`` without its secrets; ``None`` where it has none."""
    try:
        base = verifier.signature_base(request).decode("ascii")
    except DelegateError:
        return None
    return _NONCE.sub(r"\1<masked>\2", _SECRET_LINE.sub(_masked, base))


def _masked(line: re.Match[str]) -> str:
    return f"{line[1]}<{len(line[2])} bytes>"
