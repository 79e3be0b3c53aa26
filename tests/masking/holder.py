"""Somebody who holds secrets, for as long as a test does."""

from __future__ import annotations

from delegate import known_secrets

__all__ = ["Holder"]


class Holder:
    """Registers itself, as keys and tokens do."""

    def __init__(self, *secrets: bytes) -> None:
        self.secrets = secrets
        known_secrets.add(self)

    def __known_secrets__(self) -> tuple[bytes, ...]:
        return self.secrets
