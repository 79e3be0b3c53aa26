"""A chain judged alone: the same verdicts as step 8 gives on a request that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from delegate.clock import ManualClock
from delegate.envelope.sign import sign_request
from delegate.errors import DelegateError
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, PublicKey, TrustSnapshot, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.token import UnverifiedToken
from delegate.verifier import Request, Verifier
from delegate.verifier.chain import require_chain
from tests.support.forge import (
    ISSUER_KEY,
    KEYS,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    chain,
    child_members,
    forge,
    root_members,
)


def record(key: PublicKey, **changes: object) -> KeyRecord:
    plain = KeyRecord(key=key, usages=frozenset({Usage.ISSUE}), not_before=0)
    return replace(plain, **changes)  # type: ignore[arg-type]  # the changes, as a table writes them


def acme(*keys: KeyRecord, **changes: object) -> Issuer:
    plain = Issuer(
        name="acme",
        ceiling=Scope.UNRESTRICTED,
        audiences=(ORIGIN,),
        max_depth=15,
        revocation="none",
        keys=keys or (record(ISSUER_KEY.public_key),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def in_a_request(token: UnverifiedToken, issuer: Issuer, now: int) -> DelegateError | None:
    """What a verifier says to a request of the token's holder, sent and received at ``now``."""
    clock = ManualClock(now)
    signed = sign_request(
        KEYS[len(token.links) - 1],
        method="GET",
        authority="api.example.com",
        path=b"/",
        headers={},
        identity=Identity(agent=token.agent),
        token=token.text,
        now=now,
    )
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    door = Verifier(trust=TrustStore([issuer]), origins=[ORIGIN], replay=store, clock=clock)
    headers = {"host": b"api.example.com"} | signed.headers
    request = Request(
        method="GET", path=b"/", headers=[(name.encode(), value) for name, value in headers.items()]
    )
    try:
        door.verify(request)
    except DelegateError as refusal:
        return refusal
    return None


ROOT = ISSUER_KEY.public_key
CASES: dict[str, tuple[str | None, Callable[[], UnverifiedToken], Callable[[], Issuer], int]] = {
    "good": (None, lambda: chain(3), acme, NOW),
    "unknown issuer": ("untrusted_root", lambda: chain(2), lambda: acme(name="other"), NOW),
    "unknown key": ("untrusted_root", lambda: chain(2), lambda: acme(record(KEYS[5].public_key)), NOW),
    "bad signature": (
        "delegation_signature_invalid",
        lambda: forge(root_members(), child_members(1), keys=(ISSUER_KEY, KEYS[7])),
        acme,
        NOW,
    ),
    "widened": ("widened", lambda: chain(2, sc={"max_risk": "critical"}), acme, NOW),
    "too deep": ("depth_exceeded", lambda: forge(root_members(dep=0), child_members(1)), acme, NOW),
    "elsewhere": (
        "audience_mismatch",
        lambda: forge(root_members(aud=[OTHER_ORIGIN])),
        lambda: acme(audiences=(OTHER_ORIGIN,)),
        NOW,
    ),
    "expired": ("delegation_expired", lambda: chain(2), acme, NOW + 600),
    "ahead": ("delegation_not_yet_valid", lambda: chain(2), acme, NOW - 6),
    "wrong usage": (
        "key_purpose",
        lambda: chain(2),
        lambda: acme(record(ROOT, usages=frozenset({Usage.REVOKE}))),
        NOW,
    ),
    "retired": (
        "key_revoked",
        lambda: chain(2),
        lambda: acme(record(ROOT, status="retired", retired_at=NOW)),
        NOW,
    ),
    "repudiated": ("key_revoked", lambda: chain(2), lambda: acme(record(ROOT, status="repudiated")), NOW),
    "holder repudiated": (
        "key_revoked",
        lambda: chain(2),
        lambda: acme(record(ROOT), record(KEYS[0].public_key, status="repudiated")),
        NOW,
    ),
    "no list": ("revocation_unavailable", lambda: chain(2), lambda: acme(revocation="required"), NOW),
    "above the ceiling": ("widened", lambda: chain(2), lambda: acme(ceiling=Scope()), NOW),
    "too long": ("widened", lambda: chain(2), lambda: acme(max_ttl=599), NOW),
}


@pytest.mark.parametrize("case", CASES)
def test_a_chain_alone_meets_the_same_refusals(case: str) -> None:
    code, make, issuer, now = CASES[case]
    token, trust = make(), TrustSnapshot((issuer(),))
    met: DelegateError | None = None
    try:
        require_chain(token, trust, origin=ORIGIN, now=now)
    except DelegateError as refusal:
        met = refusal
    told = in_a_request(token, issuer(), now)
    assert (met and met.code) == code
    assert (type(told), str(told or "")) == (type(met), str(met or ""))
    assert (told and (told.block, told.field, told.limit)) == (met and (met.block, met.field, met.limit))
