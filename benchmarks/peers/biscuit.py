"""biscuit-python: a biscuit, decoded and authorized in Rust.

A biscuit is a bearer token: a hop adds checks and no key. The proof of possession that the workload demands
is added as cheaply as it can be, one bare Ed25519 verification by the key that the authority block names.

It allows a policy one millisecond by the wall clock. On a busy machine that passes while others run, and it
refuses; then it is asked again, and the round that this makes too long is one of those a median ignores.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from biscuit_auth import AuthorizationError, AuthorizerBuilder, Biscuit, BiscuitBuilder, BlockBuilder, KeyPair

from benchmarks.rounds import Candidate
from benchmarks.workload import Chain, Sender
from delegate.keys import SigningKey

_GRANTED: Final = """
holder({holder});
right("orders.read", "o-1"); right("orders.read", "o-2");
right("refunds.create", "o-1"); right("refunds.create", "o-2");
check if time($now), $now < {expires};
"""
_HANDED_ON: Final = """
check if tool("orders.read"), order("o-1");
check if time($now), $now < {expires};
"""
_ASKED: Final = """
time({now}); tool("orders.read"); order("o-1");
allow if tool($tool), order($order), right($tool, $order);
"""


def _allowed(biscuit: Biscuit) -> bool:
    """Whether it was decided in time; raises ``AuthorizationError`` when it was decided, and refused."""
    try:
        AuthorizerBuilder(_ASKED, {"now": datetime.now(UTC)}).build(biscuit).authorize()
    except AuthorizationError as error:
        if "execution limits" not in str(error):
            raise
        return False
    return True


def chain(hops: int) -> Chain:
    """Check a biscuit of so many appended blocks, and a bare signature by its holder."""
    root, holder, now = KeyPair(), SigningKey.generate(), datetime.now(UTC)
    parameters = {"holder": holder.key_id, "expires": now + timedelta(hours=1)}
    biscuit = BiscuitBuilder(_GRANTED, parameters).build(root.private_key)
    for hop in range(hops):
        expires = {"expires": now + timedelta(seconds=3000 - hop)}
        biscuit = biscuit.append(BlockBuilder(_HANDED_ON, expires))
    text, public = biscuit.to_base64(), root.public_key
    bare = Sender(key=holder).bare()

    def check(message: bytes) -> None:
        bare.work(message)
        while not _allowed(Biscuit.from_base64(text, public)):
            pass

    return Chain(Candidate(prepare=bare.prepare, work=check), len(text))
