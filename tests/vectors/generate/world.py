"""Who is in the vectors: one issuer, its agents, one server, and the clock.

The seeds are public. An Ed25519 seed is that of RFC 8032; of P-256 it is the private number, big-endian.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from delegate.keys import SigningKey
from tests.support import forge, p256

NOW: Final = forge.NOW
ORIGIN: Final = forge.ORIGIN
OTHER_ORIGIN: Final = forge.OTHER_ORIGIN
ED: Final = forge.KEYS[0]
PKEY: Final = p256.KEYS[0]
ISSUER: Final = forge.ISSUER_KEY
STRANGER: Final = SigningKey.from_seed(b"\x55" * 32)
REVOKER: Final = SigningKey.from_seed(b"\x77" * 32)

SEEDS: Final = {
    "issuer": "01" * 32,
    "agent-0": (b"\x64" * 32).hex(),
    "agent-1": (b"\x65" * 32).hex(),
    "p256-0": (b"\x96" * 32).hex(),
    "stranger": "55" * 32,
    "revoker": "77" * 32,
}
"""Agent i has the seed of 32 bytes 0x64 + i."""

SCOPE: Final[dict[str, Any]] = {
    "max_risk": "high",
    "operations": ["financial", "read"],
    "resources": {"file": {"path": ["/data/**"]}, "order": {"exact": ["o-1", "o-2"]}},
    "sensitivities": ["personal"],
    "tools": ["orders.read", "refunds.create"],
}
NARROW: Final[dict[str, Any]] = {
    "max_risk": "low",
    "operations": ["read"],
    "resources": {"file": {"path": ["/data/q3/**"]}, "order": {"exact": ["o-1"]}},
    "tools": ["orders.read"],
}

TRUST: Final[dict[str, Any]] = {
    "version": 1,
    "issuers": {
        "acme": {
            "ceiling": SCOPE,
            "audiences": [ORIGIN],
            "max_depth": 15,
            "max_ttl": 600,
            "revocation": "none",
            "keys": [{"key": ISSUER.public_key.text, "usages": ["issue"], "not_before": 0}],
        }
    },
}


def trust(*, key: dict[str, Any] | None = None, more: tuple[dict[str, Any], ...] = (), **changes: Any) -> Any:
    """The trust file with changes of the issuer's record, of its key's, and with ``more`` keys."""
    file = deepcopy(TRUST)
    acme = file["issuers"]["acme"]
    acme |= changes
    acme["keys"][0] |= key or {}
    acme["keys"] += more
    return file
