"""The two scripts of the Redis replay store: how it is begun, and how a nonce is claimed.

The rule: Redis runs a script alone and to its end, so what is decided and what is recorded cannot part. The
first write of a script is the only one that Redis refuses (out of memory, read-only, disk trouble): then
nothing was written. Books that were left half written all the same do not add up, and are begun anew.

Both take as ``KEYS`` what ``PARTS`` names, and as ``ARGV`` the values beside their names in ``local``. They
answer with the record's name, a verdict and a number (seconds, or a bound). Numbers stay below 2^53, where a
Lua number is exact.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CLAIM", "OPEN", "PARTS"]

PARTS: Final = ("store", "expiry", "owners", "shares")
"""The keys: a hash of the store's facts; a sorted set of the records' names by ``expires_at``; a hash from
name to the two that pay for it, quota key and issuer, 32 bytes each; and a hash from each of these to the
number of their records."""

_BOOKS: Final = """
local store, expiry, owners, shares = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, now = ARGV[1], tonumber(ARGV[2])
local skew, assume_noeviction = tonumber(ARGV[3]), ARGV[4] == '1'
local clock = tonumber(redis.call('TIME')[1])

local function info(section, field)
  return string.match(redis.call('INFO', section), '\\n' .. field .. ':([%w-]+)')
end

-- The run id changes with every start, the replication id with every promotion of this server.
-- Where one of them is not told, this line ends the script with an error.
local identity = info('server', 'run_id') .. '/' .. info('replication', 'master_replid')
local known = redis.call('HMGET', store, 'identity', 'epoch', 'forgotten', 'live')
local epoch, forgotten, live = tonumber(known[2] or 0), tonumber(known[3] or -1), tonumber(known[4] or 0)

-- Keys that were flushed, evicted or deleted are missed here.
local whole = known[1] and redis.call('ZCARD', expiry) == live and redis.call('HLEN', owners) == live

local function unsound()
  local policy = info('memory', 'maxmemory_policy')
  if policy ~= 'noeviction' and (policy or not assume_noeviction) then return 'policy', 0 end
  if math.abs(clock - now) > skew then return 'clock', clock end
end

-- From here on this server vouches for what it records; what was accepted before may be lost.
local function found(fresh)
  if not whole then
    redis.call('UNLINK', store, expiry, owners, shares)
    forgotten, live = -1, 0
  end
  epoch = fresh and 0 or math.max(epoch, clock, now)
  redis.call('HSET', store, 'identity', identity, 'epoch', epoch, 'forgotten', forgotten, 'live', live)
end
"""

OPEN: Final = (
    _BOOKS
    + """
local assume_fresh = ARGV[5] == '1'

local verdict, number = unsound()
if verdict then return {name, verdict, number} end
if not whole or known[1] ~= identity then
  found(assume_fresh and redis.call('EXISTS', store, expiry, owners, shares) == 0)
end
return {name, 'open', epoch}
"""
)
"""Begin a store, or make sure of one: ``open`` with the epoch, ``policy``, or ``clock`` with Redis's."""

CLAIM: Final = (
    _BOOKS
    + """
local owner, issuer, expires_at = ARGV[5], ARGV[6], tonumber(ARGV[7])
local quota, issuer_quota, capacity = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local margin, some, many = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])

local function sweep(budget)
  local cutoff = math.min(now, clock) - margin
  local dead = redis.call('ZRANGEBYSCORE', expiry, '-inf', cutoff, 'WITHSCORES', 'LIMIT', 0, budget)
  if #dead == 0 then return end
  for i = 1, #dead, 2 do
    local payers = redis.call('HGET', owners, dead[i])
    redis.call('HDEL', owners, dead[i])
    for _, payer in ipairs({string.sub(payers, 1, 32), string.sub(payers, 33)}) do
      if redis.call('HINCRBY', shares, payer, -1) <= 0 then redis.call('HDEL', shares, payer) end
    end
  end
  redis.call('ZREMRANGEBYRANK', expiry, 0, #dead / 2 - 1)
  forgotten = math.max(forgotten, tonumber(dead[#dead]))
  live = live - #dead / 2
  redis.call('HSET', store, 'forgotten', forgotten, 'live', live)
end

local function full()
  if tonumber(redis.call('HGET', shares, owner) or 0) >= quota then return 'quota', quota end
  if tonumber(redis.call('HGET', shares, issuer) or 0) >= issuer_quota then
    return 'issuer_quota', issuer_quota
  end
  if live >= capacity then return 'capacity', capacity end
end

if expires_at <= math.max(now, clock) then return {name, 'expired', math.max(now, clock)} end
if not whole or known[1] ~= identity then
  local verdict, number = unsound()
  if verdict then return {name, verdict, number} end
  found(false)
end
sweep(some)
if redis.call('HEXISTS', owners, name) == 1 then return {name, 'replayed', 0} end
if expires_at <= forgotten then return {name, 'forgotten', forgotten} end
if full() then sweep(many) end
local bound, limit = full()
if bound then return {name, bound, limit} end
redis.call('HSET', owners, name, owner .. issuer)
redis.call('ZADD', expiry, expires_at, name)
redis.call('HINCRBY', shares, owner, 1)
redis.call('HINCRBY', shares, issuer, 1)
redis.call('HSET', store, 'live', live + 1)
return {name, 'accepted', epoch}
"""
)
"""Claim a nonce, in the order of ``ReplayStore.claim``: ``accepted`` with the epoch, or a refusal."""
