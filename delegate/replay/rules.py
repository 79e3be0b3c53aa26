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
from delegate.limits import REPLAY_ISSUER_SHARE

__all__ = [
    "expired",
    "forgotten",
    "full",
    "issuer_of",
    "issuer_share_name",
    "record_name",
    "replayed",
    "require_bounds",
    "share_name",
]


def record_name(space: str, key_id: str, nonce: bytes) -> bytes:
    """The name under which a nonce is remembered."""
    return share_name(space, key_id) + b"\xff" + nonce


@lru_cache(maxsize=1024)
def share_name(space: str, key: str) -> bytes:
    """What all records of one key have in common; of a quota key, the name they are counted under."""
    # "surrogatepass": text that no encoder takes is still a name of its own, never an exception.
    return b"\xff".join((space.encode("utf-8", "surrogatepass"), key.encode("utf-8", "surrogatepass")))


def issuer_of(quota_key: str) -> str:
    """What stands before the first space, which no issuer's name has in it."""
    return quota_key.partition(" ")[0]


@lru_cache(maxsize=1024)
def issuer_share_name(space: str, quota_key: str) -> bytes:
    """The name under which the issuer's records are counted; it ends in 0xFF, as no quota key's name does."""
    return share_name(space, issuer_of(quota_key)) + b"\xff"


def require_bounds(*, quota: int, issuer_quota: int | None, capacity: int) -> int:
    """All are counts of live records, and a quota beyond the next wider bound would be none.

    Returns the issuer's quota: without one a share of the capacity, and no less than ``quota``. Raises
    ``ConfigurationError``.
    """
    _require_count(quota, "quota", capacity=capacity)
    if issuer_quota is None:
        return max(quota, capacity // REPLAY_ISSUER_SHARE)
    _require_count(issuer_quota, "issuer_quota", capacity=capacity)
    if quota > issuer_quota:
        msg = f"quota {quota} is above issuer_quota {issuer_quota}: it would never be reached; lower it"
        raise ConfigurationError(msg, field="quota", limit=issuer_quota)
    return issuer_quota


def _require_count(quota: int, name: str, *, capacity: int) -> None:
    for field, value in ((name, quota), ("capacity", capacity)):
        if type(value) is not int or value < 1:
            msg = f"{field} is {value!r}; give the number of live nonces to keep, 1 or more"
            raise ConfigurationError(msg, field=field, limit=1)
    if quota > capacity:
        msg = f"{name} {quota} is above capacity {capacity} and would never be reached; lower it"
        raise ConfigurationError(msg, field=name, limit=capacity)


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
    """``field`` is "quota", "issuer_quota" or "capacity", ``limit`` its bound in live records."""
    msg = f"the {field} of {limit} live nonces is full, and none is evicted; slow down or raise the {field}"
    return ReplayCapacityError(msg, field=field, limit=limit)
