"""What a server configures for the decision, and how it is asked for a body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from delegate.errors import BodyTooLargeError, BodyUnexpectedError
from delegate.token.cache import ChainCache

if TYPE_CHECKING:
    from delegate.clock import Clock
    from delegate.envelope.target import Origins
    from delegate.envelope.verify import EnvelopeRules
    from delegate.errors import DelegateError
    from delegate.keys import TrustStore
    from delegate.revocation import Revocations
    from delegate.verifier.chain import Signer

__all__ = ["Policy", "ReadBody"]


class ReadBody(NamedTuple):
    """Asks for the whole body: at most ``limit`` bytes within ``deadline`` seconds."""

    limit: int
    deadline: float

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
