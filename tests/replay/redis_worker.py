"""Another process at the same Redis, for the tests: ``python -m tests.replay.redis_worker WHAT URL …``."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Final

from delegate.clock import Clock
from delegate.replay.redis import RedisReplayStore
from tests.contracts.claims import Claim
from tests.replay.worker import say


def race(url: str, trials: str, tries: str) -> None:
    """In each trial, at the word of the parent, claim one nonce over and over, and count the answers."""
    with RedisReplayStore(url, assume_fresh=True, deadline=30) as store:
        for trial in range(int(trials)):
            now = Clock().now()
            claim = Claim(nonce=bytes([trial]) * 16, expires_at=now + 60)
            say("ready")
            sys.stdin.readline()
            codes = Counter(claim.code(store, now) or "accepted" for _ in range(int(tries)))
            say(*(f"{code}={count}" for code, count in codes.items()))


def fork(url: str) -> None:
    """Use a store in a forked child, which opens its own, then in the parent."""
    now = Clock().now()
    claim = Claim(expires_at=now + 60)
    store = RedisReplayStore(url, assume_fresh=True)
    if os.fork() == 0:
        say(claim.code(store, now))
        store.close()
        with RedisReplayStore(url) as own:
            say(claim.code(own, now) or "accepted")
        os._exit(0)
    os.wait()
    say(claim.code(store, now))
    say(claim._replace(nonce=b"parent").code(store, now) or "accepted")
    store.close()


COMMANDS: Final[dict[str, Callable[..., None]]] = {"race": race, "fork": fork}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
