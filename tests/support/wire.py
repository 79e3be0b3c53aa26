"""Requests signed by hand: any components, any parameters, in any form, with a correct signature.

``Wire`` is one HTTP request as bytes and text. ``sign`` follows RFC 9421 by itself (it shares no code with
the package), so it can sign what ``sign_request`` would refuse to, and a test that wounds one thing shows
that this thing is refused and not the signature.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import Any, Final

from delegate.clock import ManualClock
from delegate.keys import Issuer, KeyRecord, Purpose, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.token import UnverifiedToken
from delegate.verifier import Request, Verified, Verifier
from tests.support.forge import ISSUER_KEY, KEYS, NOW, ORIGIN, SCOPE, child_members, forge, root_members

BODY: Final = b'{"cents":1250}'
COMPONENTS: Final = (
    '"@method" "@authority" "@path" "@query" "content-type" "content-digest" "agent-identity" "delegation"'
)
NONCE: Final = "AAECAwQFBgcICQoLDA0ODw"


def token() -> UnverifiedToken:
    """A chain of two blocks for ``agent-1``, whose key is ``KEYS[1]``."""
    return forge(root_members(), child_members(1))


def digest_of(body: bytes) -> str:
    """``Content-Digest`` of ``body``."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def baseline_headers() -> tuple[tuple[str, str], ...]:
    """The headers of the good request, before it is signed."""
    return (
        ("host", "api.example.com"),
        ("content-type", "application/json"),
        ("content-digest", digest_of(BODY)),
        ("agent-identity", '"agent-1"'),
        ("delegation", f't="{token().text}"'),
        ("accept", "*/*"),
    )


@dataclass(frozen=True)
class Wire:
    """One request; ``headers`` in order, lower-case names, text values."""

    method: str = "POST"
    path: str = "/v1/orders"
    query: str = "dry=1"
    headers: tuple[tuple[str, str], ...] = field(default_factory=baseline_headers)
    body: bytes = BODY

    def with_header(self, name: str, value: str) -> Wire:
        """The same request with one header replaced, or added at the end."""
        if name in dict(self.headers):
            changed = tuple((n, value if n == name else v) for n, v in self.headers)
            return replace(self, headers=changed)
        return replace(self, headers=(*self.headers, (name, value)))

    def with_line(self, name: str, value: str) -> Wire:
        """The same request with one more header line."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without_header(self, name: str) -> Wire:
        """The same request without a header."""
        return replace(self, headers=tuple((n, v) for n, v in self.headers if n != name))

    def request(self) -> Request:
        """What a server sees."""
        return Request(
            method=self.method,
            path=self.path.encode("latin-1"),
            query=self.query.encode("latin-1"),
            headers=[(n.encode(), v.encode("latin-1")) for n, v in self.headers],
        )


def parameters(**changes: str | None) -> str:
    """The six parameters as text; a change to ``None`` leaves one out, a new name is added."""
    values: dict[str, str | None] = {
        "created": str(NOW),
        "expires": str(NOW + 60),
        "nonce": f'"{NONCE}"',
        "keyid": f'"{KEYS[1].key_id}"',
        "alg": '"ed25519"',
        "tag": '"delegate-v1"',
    }
    return "".join(f";{name}={value}" for name, value in (values | changes).items() if value is not None)


def base_of(wire: Wire, components: str, params: str) -> bytes:
    """The signature base of RFC 9421 section 2.5, for plain fields and the four derived components."""
    headers = dict(wire.headers)
    derived = {
        "@method": wire.method,
        "@authority": headers.get("host", ""),
        "@path": wire.path,
        "@query": "?" + wire.query,
    }
    lines = []
    for item in components.split():
        name = item.partition(";")[0].strip('"')
        value = derived.get(name, headers.get(name, "")).strip()
        lines.append(f"{item}: {value}")
    lines.append(f'"@signature-params": ({components}){params}')
    return "\n".join(lines).encode("latin-1")


def sign(
    wire: Wire | None = None,
    *,
    components: str = COMPONENTS,
    params: str | None = None,
    key: SigningKey = KEYS[1],
    label: str = "dlg",
    **changes: str | None,
) -> Wire:
    """``wire`` (the good request) with a correct signature over ``components`` and ``params``."""
    wire = wire or Wire()
    params = parameters(**changes) if params is None else params
    signature = key.sign(Purpose.REQUEST, base_of(wire, components, params))
    return wire.with_header("signature-input", f"{label}=({components}){params}").with_header(
        "signature", f"{label}=:{b64encode(signature).decode()}:"
    )


def trust_store(**changes: Any) -> TrustStore:
    """Trusts ``acme`` with ``ISSUER_KEY`` to grant ``SCOPE`` for ``ORIGIN``."""
    settings: dict[str, Any] = {
        "name": "acme",
        "ceiling": SCOPE,
        "audiences": (ORIGIN,),
        "max_depth": 15,
        "max_ttl": 600,
        "revocation": "none",
        "keys": (issuing_record(),),
    }
    return TrustStore([Issuer(**(settings | changes))])


def issuing_record(key: SigningKey = ISSUER_KEY, **changes: Any) -> KeyRecord:
    """A record that lets ``key`` issue tokens."""
    settings: dict[str, Any] = {"usages": frozenset({Usage.ISSUE}), "not_before": 0, "not_after": None}
    return KeyRecord(key=key.public_key, **(settings | changes))


class Server:
    """A verifier with its own clock and store, and what it was asked."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(NOW)
        self.store = CountingStore(self.clock)
        defaults: dict[str, Any] = {
            "trust": trust_store(),
            "origins": [ORIGIN],
            "replay": self.store,
            "clock": self.clock,
        }
        self.verifier = Verifier(**(defaults | settings))

    def deliver(self, wire: Wire) -> Verified:
        """Verify ``wire`` as it is."""
        return self.verifier.verify(wire.request(), wire.body)


class CountingStore(MemoryReplayStore):
    """A real memory store that counts the claims it gets."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(single_process=True, assume_fresh=True, clock=clock)
        self.claims = 0

    def claim(self, **claim: Any) -> int:
        self.claims += 1
        return super().claim(**claim)
