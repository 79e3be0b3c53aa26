"""Messages signed by hand: any members, any encoding, with a correct signature.

``Letter`` writes the envelope by itself (json, hashlib and the key; none of the package's own encoders), so
it can sign what ``sign_message`` would refuse to, and a test that wounds one thing shows that this thing is
refused and not the signature.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import Any, Final

import rfc8785

from delegate.clock import ManualClock
from delegate.keys import Purpose, SigningKey
from delegate.token import UnverifiedToken
from delegate.verifier import Message, Verified, Verifier
from tests.support.forge import KEYS, NOW, child_members, forge, root_members
from tests.support.wire import NONCE, CountingStore, trust_store

AUDIENCE: Final = "mcp:workspace"
METHOD: Final = "tools/call"
PARAMS: Final[Any] = {"name": "orders.read", "arguments": {"order": "o-1", "rate": 0.25, "note": None}}
TYPE: Final = "application/vnd.delegate.message+json"


def mail_token(**changes: object) -> UnverifiedToken:
    """A chain of two blocks for ``agent-1``, whose key is ``KEYS[1]``, for ``AUDIENCE``."""
    return forge(root_members(**({"aud": [AUDIENCE]} | changes)), child_members(1))


def digest_of(params: Any) -> str:
    """``params_sha256``, by another implementation of RFC 8785."""
    return urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(params)).digest()).decode().rstrip("=")


def good_members() -> dict[str, Any]:
    """The members of the good envelope."""
    return {
        "v": 1,
        "aud": AUDIENCE,
        "method": METHOD,
        "params_sha256": digest_of(PARAMS),
        "created": NOW,
        "expires": NOW + 60,
        "nonce": NONCE,
        "keyid": KEYS[1].key_id,
        "alg": "ed25519",
        "agent": '"agent-1";run="rt-1"',
        "delegation": mail_token().text,
    }


def written(value: Any) -> bytes:
    """Canonical JSON, for values whose names are ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Letter:
    """One message: what is called, with what, and the parts of its envelope."""

    method: str = METHOD
    params: Any = field(default_factory=lambda: PARAMS)
    members: dict[str, Any] = field(default_factory=good_members)
    payload: bytes | None = None
    """The signed bytes, where they are not ``members`` in canonical form."""
    key: SigningKey = KEYS[1]
    hint: str | None = None
    kind: str = TYPE
    signature: bytes | None = None

    def changed(self, **changes: Any) -> Letter:
        """The same letter with members replaced, or left out where ``None``; signed again."""
        members = {name: value for name, value in (self.members | changes).items() if value is not None}
        return replace(self, members=members)

    def envelope_members(self) -> dict[str, Any]:
        """The DSSE envelope, signed."""
        payload = written(self.members) if self.payload is None else self.payload
        kind = self.kind.encode()
        pae = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        signature = self.signature or self.key.sign(Purpose.MESSAGE, pae)
        keyid = str(self.members.get("keyid", "")) if self.hint is None else self.hint
        return {
            "payload": b64encode(payload).decode(),
            "payloadType": self.kind,
            "signatures": [{"keyid": keyid, "sig": b64encode(signature).decode()}],
        }

    def envelope(self) -> str:
        """The envelope as it travels."""
        return written(self.envelope_members()).decode()

    def message(self) -> Message:
        """What a worker gets."""
        return Message(method=self.method, params=self.params, envelope=self.envelope())


class Worker:
    """A verifier of messages with its own clock and store."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(NOW)
        self.store = CountingStore(self.clock)
        defaults: dict[str, Any] = {
            "trust": trust_store(audiences=(AUDIENCE,)),
            "audiences": [AUDIENCE],
            "replay": self.store,
            "clock": self.clock,
        }
        self.verifier = Verifier(**(defaults | settings))

    def take(self, letter: Letter) -> Verified:
        """Verify ``letter`` as it is."""
        return self.verifier.verify(letter.message())
