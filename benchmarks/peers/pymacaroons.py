"""pymacaroons: a macaroon with three caveats a hop, checked by an HMAC for each.

The server that checks it holds the secret that made it, so this is no delegation across organisations, and
a macaroon is a bearer token: the proof of possession is one bare Ed25519 verification, as for biscuits.
"""

from __future__ import annotations

import time
from typing import Final

from pymacaroons import Macaroon, Verifier

from benchmarks.rounds import Candidate
from benchmarks.workload import Chain, Sender
from delegate.keys import SigningKey

_SECRET: Final = "a secret that only the server has"
_ALLOWED: Final = frozenset({"tool in orders.read,refunds.create", "tool in orders.read", "order in o-1"})


def _holds(caveat: str) -> bool:
    name, _, expires = caveat.partition(" < ")
    return caveat in _ALLOWED or (name == "time" and time.time() < int(expires))


def chain(hops: int) -> Chain:
    """Check a macaroon and a bare signature by its holder."""
    holder, now = SigningKey.generate(), int(time.time())
    macaroon = Macaroon(location="https://api.example.com", identifier=holder.key_id, key=_SECRET)
    macaroon.add_first_party_caveat("tool in orders.read,refunds.create")
    macaroon.add_first_party_caveat(f"time < {now + 3600}")
    for hop in range(hops):
        macaroon.add_first_party_caveat("tool in orders.read")
        macaroon.add_first_party_caveat("order in o-1")
        macaroon.add_first_party_caveat(f"time < {now + 3000 - hop}")
    text = macaroon.serialize()
    bare = Sender(key=holder).bare()

    def check(message: bytes) -> None:
        bare.work(message)
        verifier = Verifier()
        verifier.satisfy_general(_holds)
        assert verifier.verify(Macaroon.deserialize(text), _SECRET)

    return Chain(Candidate(prepare=bare.prepare, work=check), len(text))
