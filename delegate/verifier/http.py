"""A request as it arrived over HTTP: what the steps ask of it (``delegate.verifier.steps``).

``ReceivedRequest`` answers each step from the bytes of one request, in the order of the steps: every method
relies on those before it. ``delegate.verifier.message`` is its twin for messages; all that the two have in
common, which is the decision, is in the steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from delegate.envelope.components import signature_base
from delegate.envelope.digest import require_digest
from delegate.envelope.message import snapshot
from delegate.envelope.response import binding_received
from delegate.envelope.target import require_method
from delegate.envelope.verify import (
    pick_signature,
    read_delegation,
    read_member,
    read_target,
    read_usual_member,
    require_coverage,
)
from delegate.errors import ComponentMissingError, TargetRejectedError
from delegate.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from delegate.envelope.components import Parameters
    from delegate.envelope.response import RequestBinding
    from delegate.envelope.verify import PickedMember, SignedMember
    from delegate.keys import PublicKey
    from delegate.verifier.policy import Policy, ReadBody

__all__ = ["ReceivedRequest", "Request", "bind", "rebuilt_base"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as it arrived: nothing decoded, nothing normalized."""

    method: str
    path: bytes
    """The raw path, percent-encoded, without the query."""
    query: bytes = field(default=b"", repr=False)
    """The raw query, without its question mark."""
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)

    def received(self, policy: Policy) -> ReceivedRequest:
        """The request as the steps see it; step 1."""
        return ReceivedRequest(policy, self)

    def stated_delegation(self) -> str | None:
        """The token's text that it carries, if any: unverified. Raises ``DelegateError``."""
        headers, _ = snapshot(self.headers)
        return read_delegation(headers["delegation"]) if "delegation" in headers else None


class ReceivedRequest:
    """One request on its way through the steps."""

    __slots__ = (
        "_member",
        "_policy",
        "_repeated",
        "_request",
        "headers",
        "hidden_headers",
        "target",
    )

    params: Final = None
    """Of messages only."""

    _repeated: AbstractSet[str]
    _member: SignedMember
    headers: dict[str, bytes]
    hidden_headers: AbstractSet[str]
    target: dict[str, bytes]

    def __init__(self, policy: Policy, request: Request) -> None:
        """Step 1: the headers, before any byte of the body is read."""
        self._policy = policy
        self._request = request
        self.headers, self._repeated = snapshot(request.headers)

    def pick(self) -> PickedMember | SignedMember:
        """Step 2: the one signature of ours."""
        return read_usual_member(self.headers) or pick_signature(self.headers)

    def read(self, picked: PickedMember | SignedMember) -> Parameters:
        """Step 3: what it covers, and its parameters."""
        member = self._member = read_member(picked)
        self.hidden_headers = require_coverage(
            member, self._request.method, self.headers, self._repeated, self._policy.rules
        )
        return member.parameters

    def locate(self) -> str:
        """Step 5: the origin that the request is for, and the values of the derived components."""
        request, policy = self._request, self._policy
        require_method(request.method)
        origin, authority = policy.origins.select(self.headers.get("host"))
        path = request.path
        if policy.strip_prefix or policy.public_prefix:
            path = _signed_path(policy, path)
        self.target = read_target(request.method, path, request.query, authority)
        return origin

    def sender(self) -> tuple[Identity, str | None]:
        """Step 6: who says to be calling, and the token's text."""
        headers = self.headers
        if "agent-identity" not in headers:
            msg = "the request has no Agent-Identity header"
            raise ComponentMissingError(msg, component="agent-identity")
        identity = _read_identity(headers["agent-identity"])
        return identity, read_delegation(headers["delegation"]) if "delegation" in headers else None

    def require_signature(self, key: PublicKey) -> bytes:
        """Step 7: ``key`` signed exactly this; returns the signature base."""
        member = self._member
        values = self.headers
        values.update(self.target)
        base = signature_base(member.components, values, member.text)
        key.verify_http(member.signature, base)
        return base

    def wanted_body(self) -> ReadBody:
        """Step 9: what to read."""
        covers_body = "content-digest" in self._member.components.as_set
        return self._policy.whole_body if covers_body else self._policy.no_body

    def require_body(self, body: bytes) -> bytes | None:
        """Step 9: the body is the one that was signed; returns its SHA-256."""
        if "content-digest" not in self._member.components.as_set:
            return None
        return require_digest(body, self.headers["content-digest"])


def rebuilt_base(policy: Policy, request: Request) -> bytes:
    """The signature base as this server sees it: what a signer's base is compared with, line by line.

    Raises what steps 1 to 5 raise, but for what is covered.
    """
    received, member = _reread(policy, request)
    return signature_base(member.components, received.headers | received.target, member.text)


def bind(policy: Policy, request: Request) -> RequestBinding:
    """What an answer to ``request`` is bound to; raises what ``rebuilt_base`` raises."""
    received, member = _reread(policy, request)
    return binding_received(member, received.headers, received.target)


def _reread(policy: Policy, request: Request) -> tuple[ReceivedRequest, SignedMember]:
    """The headers and target of ``request``, and its signature, without deciding anything."""
    received = request.received(policy)
    member = read_member(received.pick())
    received.locate()
    return received, member


def _signed_path(policy: Policy, path: bytes) -> bytes:
    """The path as the client signed it, where a proxy adds or removes a prefix."""
    if not path.startswith(b"/"):
        msg = "the path does not begin with a slash"
        raise TargetRejectedError(msg, component="@path")
    if policy.strip_prefix:
        if not path.startswith(policy.strip_prefix + b"/"):
            prefix = policy.strip_prefix.decode()
            msg = f"the path does not begin with {prefix!r}, which the proxy in front should add"
            raise TargetRejectedError(msg, component="@path", limit=prefix)
        path = path[len(policy.strip_prefix) :]
    return policy.public_prefix + path


@lru_cache(maxsize=1024)
def _read_identity(value: bytes) -> Identity:
    """A pure function of its bytes, and agents repeat themselves; a refusal is never cached."""
    return Identity.from_header(value.decode("latin-1"))
