"""Another process at the same Redis, for the tests: ``python -m tests.replay.redis_worker WHAT URL …``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from delegate.clock import Clock
from delegate.replay.redis import RedisReplayStore
from tests.contracts.claims import Claim
from tests.replay.race import run, say


def race(url: str, trials: str) -> None:
    """See ``tests.replay.race``."""
    run(lambda: RedisReplayStore(url, assume_fresh=True, deadline=30), Clock().now, int(trials))


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
