"""A look into a request body before it is signed: secrets that should not be in it.

The rule (design section 11): a body is never rewritten, since its receiver acts on what was sent. So the
policy of the masker that looks says ``warn``, which writes the findings to the log ``delegate.client``, or
``block``, which refuses to send; ``mask`` is refused when the transport is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from delegate.client.steps import Outgoing
from delegate.errors import ConfigurationError
from delegate.masking.logs import masked_logger

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = ["inspect", "require_lookout"]

_FORM: Final = "application/x-www-form-urlencoded"
_log: Final = masked_logger("delegate.client")


def require_lookout(masker: Masker) -> None:
    """Refuse a masker that would rewrite, with ``ConfigurationError``."""
    policy = masker.policy
    if "mask" in {policy.mode, *policy.kinds.values(), *policy.paths.values()}:
        msg = "bodies are never rewritten: use a policy whose modes are warn, block or off"
        raise ConfigurationError(msg, field="body_masker")


def inspect(masker: Masker, body: bytes, request: Outgoing) -> None:
    """Look into the body of ``request``.

    Raises ``MaskingBlockedError`` or ``MaskingLimitError`` where the policy blocks.
    """
    for finding in masker.mask(_opened(body, _content_type(request))).findings:
        place = finding.pointer or "/"
        _log.warning(
            "body for %s holds %s at %s (%s)", request.address.origin, finding.kind, place, finding.detector
        )


def _content_type(request: Outgoing) -> str:
    found = (value for name, value in request.headers if name.lower() == b"content-type")
    return next(found, b"").decode("latin-1")


def _opened(body: bytes, content_type: str) -> object:
    """The body's value where its type says how it is written; else its bytes."""
    media = content_type.partition(";")[0].strip().lower()
    try:
        if media.endswith(("/json", "+json")):
            from delegate.masking.documents import read_json  # noqa: PLC0415 - only where a body is looked into

            return read_json(body)
        if media == _FORM:
            return parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        pass
    return body
