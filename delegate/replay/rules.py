"""What every replay store decides in the same way: names of records, bounds, and refusals.

The rule: two claims have one name only if space, key id and nonce are all equal. The parts are joined with
the byte 0xFF, which UTF-8 never uses, so the first two of them say where each part ends, whatever the
nonce holds.
"""

from __future__ import annotations

from functools import lru_cache

from delegate.errors import (
    ConfigurationError,
    ExpiredError,
    NonceReplayedError,
    ReplayCapacityError,
    ReplayUnknownError,
)

__all__ = ["expired", "forgotten", "full", "record_name", "replayed", "require_bounds", "share_name"]


def record_name(space: str, key_id: str, nonce: bytes) -> bytes:
    """The name under which a nonce is remembered."""
    return share_name(space, key_id) + b"\xff" + nonce


@lru_cache(maxsize=1024)
def share_name(space: str, key: str) -> bytes:
    """What all records of one key have in common; of a quota key, the name they are counted under."""
    # "surrogatepass": text that no encoder takes is still a name of its own, never an exception.
    return b"\xff".join((space.encode("utf-8", "surrogatepass"), key.encode("utf-8", "surrogatepass")))


def require_bounds(*, quota: int, capacity: int) -> None:
    """Both are counts of live records, and a quota beyond the capacity would be none.

    Raises ``ConfigurationError``.
    """
    for field, value in (("quota", quota), ("capacity", capacity)):
        if type(value) is not int or value < 1:
            msg = f"{field} is {value!r}; give the number of live nonces to keep, 1 or more"
            raise ConfigurationError(msg, field=field, limit=1)
    if quota > capacity:
        msg = f"quota {quota} is above capacity {capacity}: one key could fill the store; lower it"
        raise ConfigurationError(msg, field="quota", limit=capacity)


def expired(expires_at: int, now: int) -> ExpiredError:
    """The request was no longer valid when its nonce was claimed."""
    msg = f"the request expired at {expires_at}, and it is {now}; sign it again"
    return ExpiredError(msg, component="expires", limit=now)


def replayed() -> NonceReplayedError:
    """The nonce is on record."""
    msg = "this key used this nonce before, and that request may have taken effect; sign each attempt afresh"
    return NonceReplayedError(msg, component="nonce")


def forgotten(through: int) -> ReplayUnknownError:
    """Records as late as this request's were dropped, so its absence proves nothing."""
    msg = f"the clock has stepped back: records that expired up to {through} are dropped; sign again later"
    return ReplayUnknownError(msg, component="expires", limit=through)


def full(field: str, limit: int) -> ReplayCapacityError:
    """``field`` is "quota" or "capacity", ``limit`` its bound in live records."""
    msg = f"the {field} of {limit} live nonces is full, and none is evicted; slow down or raise the {field}"
    return ReplayCapacityError(msg, field=field, limit=limit)
