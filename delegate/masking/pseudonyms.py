"""Keyed pseudonyms: the same secret gets the same name, and nobody without the key can guess it back.

A pseudonym is ``<16 letters>-<8 letters>`` in base32: 80 bits of HMAC-SHA256 over the kind and the value,
and a tag, 40 bits of HMAC-SHA256 over the kind and those letters. Whoever has the key can tell by the tag
whether a marker was made by it or forged; whoever has not learns that two values were equal, and no more.

Each input begins with words of its own, the tenant's name and the kind, all with their lengths, so a
pseudonym of one tenant, one kind or one purpose is never that of another. The rule of the design applies:
low-entropy values (telephone numbers) are never hashed without a key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Final, NoReturn

from delegate import known_secrets
from delegate.encoding import b32_encode
from delegate.errors import ConfigurationError
from delegate.limits import MASKING_PSEUDONYM_KEY_MIN_BYTES

__all__ = ["PseudonymKey"]

_NAME: Final = b"delegate/v1/pseudonym"
_TAG: Final = b"delegate/v1/pseudonym-tag"
_NAME_BYTES: Final = 10
_TAG_BYTES: Final = 5


class PseudonymKey:
    """The key of one tenant. Its ``repr`` says the tenant; it cannot be copied or pickled."""

    __slots__ = ("__weakref__", "_secret", "tenant")

    def __init__(self, secret: bytes, *, tenant: str) -> None:
        """Raises ``ConfigurationError`` for less than 32 bytes."""
        if type(secret) is not bytes or len(secret) < MASKING_PSEUDONYM_KEY_MIN_BYTES:
            msg = f"a pseudonym key is {MASKING_PSEUDONYM_KEY_MIN_BYTES} random bytes or more"
            raise ConfigurationError(msg, field="secret", limit=MASKING_PSEUDONYM_KEY_MIN_BYTES)
        self._secret = secret
        self.tenant = tenant
        known_secrets.add(self)

    def name(self, kind: str, value: str) -> str:
        """The pseudonym of ``value``, with its tag."""
        name = self._letters(_NAME, kind, value, _NAME_BYTES)
        return f"{name}-{self._letters(_TAG, kind, name, _TAG_BYTES)}"

    def made(self, kind: str, pseudonym: str) -> bool:
        """Whether this key made ``pseudonym`` for a value of ``kind``."""
        name, _, tag = pseudonym.partition("-")
        expected = self._letters(_TAG, kind, name, _TAG_BYTES)
        return hmac.compare_digest(tag.encode(), expected.encode())

    def _letters(self, purpose: bytes, kind: str, text: str, size: int) -> str:
        fields = [purpose, *(each.encode("utf-8", "surrogatepass") for each in (self.tenant, kind, text))]
        framed = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
        return b32_encode(hmac.digest(self._secret, framed, "sha256")[:size])

    def __known_secrets__(self) -> Iterator[bytes]:
        """For masking: the key itself must not leave either."""
        yield self._secret

    def __repr__(self) -> str:
        """The tenant, not the key."""
        return f"<PseudonymKey of {self.tenant!r}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or written down."""
        msg = "a pseudonym key is not picklable"
        raise TypeError(msg)
