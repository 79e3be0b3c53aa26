"""What a server configures for the decision, how it is asked for a body, and the checks of its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from delegate.clock import reader
from delegate.envelope.target import Origins
from delegate.errors import (
    BodyTooLargeError,
    BodyUnexpectedError,
    ConfigurationError,
    MalformedError,
)
from delegate.names import require_message_audience, require_name
from delegate.token.cache import ChainCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from delegate.clock import Clock
    from delegate.envelope.verify import EnvelopeRules
    from delegate.errors import DelegateError
    from delegate.keys import TrustStore
    from delegate.observer import Observer
    from delegate.revocation import Revocations
    from delegate.verifier.chain import Signer

__all__ = ["Policy", "ReadBody", "addresses", "prefix", "require_number", "tenant_name"]


class ReadBody(NamedTuple):
    """Asks for the whole body: at most ``limit`` bytes within ``deadline`` seconds."""

    limit: int
    deadline: float

    def whole(self, body: bytes) -> bytes:
        """A body that was read, by whomever, and is held to the limit once more."""
        if type(body) is not bytes:
            msg = f"a body is bytes, not {type(body).__name__}"
            raise ConfigurationError(msg, field="body")
        if len(body) > self.limit:
            raise self.over_limit()
        return body

    def over_limit(self) -> DelegateError:
        """The refusal of a body that is longer: where none was signed, any byte is one too many."""
        if self.limit == 0:
            msg = "a body came with a request that was signed without one"
            return BodyUnexpectedError(msg, component="content-digest", limit=0)
        msg = f"the body is over {self.limit} bytes"
        return BodyTooLargeError(msg, limit=self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a server configures for the decision."""

    trust: TrustStore
    origins: Origins
    audiences: frozenset[str] = frozenset()
    """What messages may be addressed to, where there is no HTTP."""
    rules: EnvelopeRules
    clock: Clock
    now: Callable[[], int] = field(init=False)
    """Reads ``clock``."""
    tenant: str = "default"
    require_delegation: bool = True
    whole_body: ReadBody
    """What is asked for where a digest is signed."""
    no_body: ReadBody
    """What is asked for where none is: any byte is one too many."""
    public_prefix: bytes = b""
    strip_prefix: bytes = b""
    cache: ChainCache[Signer] = field(default_factory=ChainCache)
    revocation: Revocations | None = None
    observer: Observer | None = None

    def __post_init__(self) -> None:
        """Ready the clock's reader."""
        object.__setattr__(self, "now", reader(self.clock))


# --- what is checked before a server starts; each raises ConfigurationError with the setting's name ---------


def addresses(
    origins: Iterable[str], public_origin: str | None, audiences: Iterable[str]
) -> tuple[Origins, frozenset[str]]:
    """What this server answers for; ``ConfigurationError`` where that is nothing."""
    web, messages = tuple(origins), tuple(audiences)
    if not (web or public_origin or messages):
        msg = "a server needs an origin, such as https://api.example.com, or an audience of messages"
        raise ConfigurationError(msg, field="origins")
    for audience in messages:
        try:
            require_message_audience(audience, "audiences")
        except MalformedError as error:
            raise ConfigurationError(str(error), field="audiences", limit=error.limit) from None
    return Origins(web, public_origin), frozenset(messages)


def prefix(text: str, field: str) -> bytes:
    """A prefix of paths, as bytes."""
    if text and (not text.startswith("/") or text.endswith("/") or not text.isascii()):
        msg = f"{field} must begin with a slash and not end with one, like '/api'; it is {text!r}"
        raise ConfigurationError(msg, field=field)
    return text.encode()


def tenant_name(name: str) -> str:
    """The tenant, which is a name."""
    try:
        return require_name(name, "tenant")
    except MalformedError as error:
        raise ConfigurationError(str(error), field="tenant", limit=error.limit) from None


def require_number(value: float, field: str, *, whole: bool) -> None:
    """Refuse what is no number of bytes or seconds."""
    number = type(value) is int or (not whole and type(value) is float and isfinite(value))
    if not number or value < 0 or (value == 0 and not whole):
        kind = "a whole number, 0 or more" if whole else "a number of seconds above 0"
        msg = f"{field} must be {kind}, not {value!r}"
        raise ConfigurationError(msg, field=field)
