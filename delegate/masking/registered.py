"""Secrets that a program names itself, besides those that this library's own objects hold.

    register_secret(os.environ["BILLING_PASSWORD"])

From then on the value is masked wherever it turns up, also in base64, percent and JSON-escaped form, and
whatever is around it. It is kept until the process ends: what was once secret may still be in a log buffer.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Final

from delegate import known_secrets
from delegate.errors import ConfigurationError
from delegate.limits import MASKING_MAX_SECRETS, MASKING_SECRET_MIN_BYTES

__all__ = ["register_secret"]


class _Registered:
    """The holder of all of them; the registry keeps it by a weak reference, this module by a strong one."""

    __slots__ = ("__weakref__", "_lock", "_values")

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[bytes, None] = {}
        known_secrets.add(self)

    def add(self, secret: bytes) -> None:
        with self._lock:
            if secret not in self._values and len(self._values) >= MASKING_MAX_SECRETS:
                msg = f"more than {MASKING_MAX_SECRETS} secrets are registered"
                raise ConfigurationError(msg, field="secret", limit=MASKING_MAX_SECRETS)
            self._values[secret] = None
            known_secrets.add(self)  # again, so that readers look at the values anew

    def __known_secrets__(self) -> Iterator[bytes]:
        return iter(tuple(self._values))


_REGISTERED: Final = _Registered()


def register_secret(secret: str | bytes) -> None:
    """Mask ``secret`` from now on, wherever it stands.

    Raises ``ConfigurationError`` for less than 8 bytes, which would turn up by chance, for a text that is
    no Unicode, and beyond ``MASKING_MAX_SECRETS`` of them.
    """
    try:
        value = secret.encode() if isinstance(secret, str) else bytes(secret)
    except UnicodeEncodeError:
        value = b""
    if len(value) < MASKING_SECRET_MIN_BYTES:
        msg = f"a secret of less than {MASKING_SECRET_MIN_BYTES} bytes cannot be masked without masking words"
        raise ConfigurationError(msg, field="secret", limit=MASKING_SECRET_MIN_BYTES)
    _REGISTERED.add(value)
