"""A message as it arrived without HTTP: what the steps ask of it (``delegate.verifier.steps``).

The twin of ``delegate.verifier.http``. The parameters are in memory already, so no body is asked for; they
are encoded in step 9 and not before, since a stranger must not be able to ask for that work. What was encoded
is kept: the handler reads its parameters from those bytes, whatever became of the value meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from delegate.envelope import dsse
from delegate.envelope.params import canonical_params, require_params_digest
from delegate.errors import AuthorityRejectedError, MalformedError, MethodRejectedError, TooLargeError
from delegate.identity import Identity

if TYPE_CHECKING:
    from delegate.canonical import JsonValue
    from delegate.dsse import DsseEnvelope
    from delegate.envelope.components import Parameters
    from delegate.envelope.dsse import MessageMembers
    from delegate.keys import PublicKey
    from delegate.verifier.policy import Policy

__all__ = ["Message", "ReceivedMessage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it arrived: what is called, with what, and the envelope that came with it."""

    method: str
    """What the transport would call: it must be what was signed."""
    params: JsonValue = field(repr=False)
    """The parameters without our own entry: see ``delegate.envelope.params``."""
    envelope: str | bytes | None = field(repr=False)
    """``None`` where none came, which is refused as ``signature_missing``."""

    def received(self, policy: Policy) -> ReceivedMessage:
        """The message as the steps see it; step 1."""
        return ReceivedMessage(policy, self)

    def stated_delegation(self) -> str | None:
        """The token's text that it carries, if any: unverified. Raises ``DelegateError``."""
        return dsse.read(dsse.decode(self.encoded_envelope())).delegation

    def encoded_envelope(self) -> bytes | None:
        """The envelope as bytes; raises ``MalformedError`` for what cannot be one."""
        envelope: object = self.envelope
        try:
            encoded = envelope.encode() if isinstance(envelope, str) else envelope
        except UnicodeEncodeError:
            msg = "the envelope holds half of a surrogate pair"
            raise MalformedError(msg, component="envelope") from None
        if encoded is not None and type(encoded) is not bytes:
            msg = f"the envelope must be text or bytes, not {type(encoded).__name__}"
            raise MalformedError(msg, component="envelope")
        return encoded


class ReceivedMessage:
    """One message on its way through the steps."""

    __slots__ = (
        "_data",
        "_envelope",
        "_members",
        "_message",
        "_policy",
        "params",
        "target",
    )

    hidden_headers: frozenset[str] = frozenset()
    """Of requests only."""

    _data: bytes | None
    _envelope: DsseEnvelope
    _members: MessageMembers
    target: dict[str, bytes]
    params: bytes

    def __init__(self, policy: Policy, message: Message) -> None:
        """Step 1: the envelope, as bytes."""
        self._policy = policy
        self._message = message
        self._data = message.encoded_envelope()

    def pick(self) -> DsseEnvelope:
        """Step 2: its one signature."""
        return dsse.decode(self._data)

    def read(self, picked: DsseEnvelope) -> Parameters:
        """Step 3: what is signed, strictly."""
        self._envelope = picked
        self._members = dsse.read(picked)
        return self._members.parameters

    def locate(self) -> str:
        """Step 5: the audience is one of this server's, and the method the one that would be called."""
        audience, method = self._members.audience, self._members.method
        if audience not in self._policy.audiences:
            msg = f"audience {audience[:64]!r} is none of this server's"
            raise AuthorityRejectedError(msg, component="aud")
        if dsse.require_method(method) != self._message.method:
            msg = f"the message was signed to call {method!r}, and another method would be called"
            raise MethodRejectedError(msg, component="method", limit=method)
        self.target = dsse.message_target(audience, method)
        return audience

    def sender(self) -> tuple[Identity, str | None]:
        """Step 6: who says to be calling, and the token's text."""
        return Identity.from_header(self._members.agent), self._members.delegation

    def require_signature(self, key: PublicKey) -> bytes:
        """Step 7: ``key`` signed exactly this; returns the signing input."""
        signing_input = self._envelope.signing_input
        key.verify(self._envelope.signature, signing_input)
        return signing_input

    def wanted_body(self) -> None:
        """Step 9: nothing is to be read."""

    def require_body(self, _body: None) -> bytes:
        """Step 9: the parameters are those that were signed; returns their SHA-256."""
        need = self._policy.whole_body
        try:
            params = canonical_params(self._message.params)
        except TooLargeError:
            raise need.over_limit() from None
        if len(params) > need.limit:
            raise need.over_limit()
        self.params = params
        return require_params_digest(params, self._members.params_sha256)
