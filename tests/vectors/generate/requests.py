"""The good request of the vectors, and how it becomes a case."""

from __future__ import annotations

from typing import Any, Final

from delegate.keys import SigningKey
from tests.support import wire as by_hand
from tests.support.forge import KEYS
from tests.support.wire import BODY, COMPONENTS, Wire, digest_of
from tests.vectors.case import OK, Case, b64
from tests.vectors.generate.token import root, text_of
from tests.vectors.generate.world import NOW, ORIGIN, SEEDS, TRUST

SMALL: Final = {"max_risk": "low", "operations": ["read"], "tools": ["orders.read"]}
AGENT: Final = KEYS[0]
TOKEN: Final = text_of(root(sc=SMALL, root=None, why=None))
SERVER: Final[dict[str, Any]] = {"origins": [ORIGIN]}
SHARED: Final[Case] = {"op": "request", "seeds": SEEDS, "trust": TRUST, "server": SERVER, "now": NOW}


def baseline(*, token: str | None = TOKEN, agent: str = "agent-0", **changes: Any) -> Wire:
    """A good POST, not yet signed; ``changes`` are those of a ``Wire``."""
    body = changes.get("body", BODY)
    headers = [
        ("host", "api.example.com"),
        ("content-type", "application/json"),
        ("content-digest", digest_of(body)),
        ("agent-identity", f'"{agent}"'),
        ("delegation", f't="{token}"'),
        ("accept", "*/*"),
    ]
    chosen = tuple(line for line in headers if line[0] != "delegation" or token is not None)
    return Wire(**({"headers": chosen} | changes))


def without(*names: str) -> str:
    """The usual components but these."""
    return " ".join(item for item in COMPONENTS.split() if item.strip('"') not in names)


def signed(wire: Wire | None = None, *, key: SigningKey = AGENT, **options: Any) -> Wire:
    """``wire``, or the good request, with a correct signature; ``options`` are those of ``wire.sign``."""
    if "params" not in options:
        options = {"keyid": f'"{key.key_id}"'} | options
    return by_hand.sign(wire or baseline(), key=key, **options)


def params(**changes: str | None) -> str:
    """The six parameters of the good request as text, with changes."""
    return by_hand.parameters(**({"keyid": f'"{AGENT.key_id}"'} | changes))


class Lines(list[Case]):
    """The cases of a family, one after the other."""

    def add(self, what: str, wire: Wire, expect: Any = OK, **more: Any) -> None:
        """One more; ``expect`` as ``refused`` makes it."""
        request = {
            "method": wire.method,
            "path": wire.path,
            "query": wire.query,
            "headers": [list(line) for line in wire.headers],
            "body": b64(wire.body),
        }
        self.append({"expect": expect, "what": what, "request": request, **more})
