"""How one transport signs: the settings, and whom they say to sign for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from delegate.client.answers import ServerKeys
from delegate.client.bodies import inspect, require_lookout
from delegate.client.context import Delegation, current_delegation, entered_delegation
from delegate.client.steps import Outgoing
from delegate.clock import Clock
from delegate.errors import ConfigurationError, DelegateError
from delegate.limits import BODY_MAX_BYTES_DEFAULT, RETRIES_MAX, WINDOW_DEFAULT, WINDOW_MAX
from delegate.names import require_origin
from delegate.observer import Observer

if TYPE_CHECKING:
    from delegate.masking.masker import Masker

__all__ = ["Rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one transport signs; the defaults are the safe choice."""

    clock: Clock = field(default_factory=Clock)
    lifetime: int = WINDOW_DEFAULT
    """How long a signature is good, in seconds."""
    origins: frozenset[str] | None = None
    """Origins that are never sent to unsigned; ``None`` wants a delegation for every request."""
    cover: frozenset[str] = frozenset()
    """Further headers to sign, in lower case; a request without one of them is refused."""
    retries: int = 0
    follow_same_origin: bool = False
    body_limit: int = BODY_MAX_BYTES_DEFAULT
    server_keys: ServerKeys | None = None
    """Origins whose answers must be signed, and the keys that sign them; never sent to unsigned either."""
    body_masker: Masker | None = None
    """Looks into bodies before they are signed; its policy warns or blocks."""
    observer: Observer | None = None
    """Is told of every signing; see ``delegate.observer``."""

    def __post_init__(self) -> None:
        """Refuse settings out of their bounds with ``ConfigurationError``."""
        for name, value, low, high in (
            ("lifetime", self.lifetime, 1, WINDOW_MAX),
            ("retries", self.retries, 0, RETRIES_MAX),
        ):
            if type(value) is not int or not low <= value <= high:
                msg = f"{name} must be a whole number from {low} to {high}, not {value!r}"
                raise ConfigurationError(msg, field=name, limit=high)
        for origin in self.origins or ():
            try:
                require_origin(origin, "origins")
            except DelegateError as error:
                raise ConfigurationError(str(error), field="origins") from None
        for header in self.cover:
            if header != header.lower():
                msg = f"header name {header!r} must be written in lower case"
                raise ConfigurationError(msg, field="cover")
        if self.body_masker is not None:
            require_lookout(self.body_masker)

    def delegation_for(self, origin: str) -> Delegation | None:
        """What signs a request to ``origin``, open or closed; ``None`` where it is to be sent unsigned.

        Raises ``DelegationMissingError`` where it must be signed and nothing is current.
        """
        entered = entered_delegation()
        if entered is not None and origin in entered.token.audience:
            return entered
        if self.origins is None:
            current_delegation()
            return None
        return current_delegation() if origin in self.origins or self.must_be_answered(origin) else None

    def inspect(self, request: Outgoing, body: bytes) -> None:
        """Look into a body that is to be signed, where ``body_masker`` says so."""
        if self.body_masker is not None:
            inspect(self.body_masker, body, request)

    def would_sign(self, origin: str) -> bool:
        """Whether a request to ``origin`` is one to sign: then nobody else may choose its target."""
        entered = entered_delegation()
        named = origin in (self.origins or ()) or self.must_be_answered(origin)
        return named or (entered is not None and origin in entered.token.audience)

    def must_be_answered(self, origin: str) -> bool:
        """Whether answers of ``origin`` must be signed."""
        return self.server_keys is not None and origin in self.server_keys
