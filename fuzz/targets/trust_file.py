"""``trust_file.parse``: whom a server trusts."""

from __future__ import annotations

from dataclasses import replace

from delegate.canonical import parse_strict
from delegate.keys import Issuer, KeyRecord, Usage
from delegate.keys.trust import TrustSnapshot
from delegate.keys.trust_file import dump, parse
from delegate.scope import Scope
from fuzz import material
from fuzz.first_step import FirstStep

_DIRECT = KeyRecord(
    key=material.WORKER_KEY.public_key,
    usages=frozenset({Usage.REQUEST}),
    not_before=0,
    not_after=material.NOW,
    agent="worker",
    direct_scope=Scope(tools=["orders.read"]),
)
_RETIRED = KeyRecord(
    key=material.HELPER_KEY.public_key,
    usages=frozenset({Usage.REVOKE}),
    not_before=0,
    status="retired",
    retired_at=material.NOW,
)
_OTHER: Issuer = replace(material.ISSUER, name="other", ceiling=Scope.UNRESTRICTED, keys=(_DIRECT, _RETIRED))
SEEDS = (dump([material.ISSUER, _OTHER]), dump([material.ISSUER]), b'{"version":1,"issuers":{}}')
FIRST_STEP = FirstStep(within=(parse_strict,))


def target(data: bytes) -> None:
    """A file that is accepted says the same when it is written and read again."""
    issuers = parse(data)
    if parse(dump(issuers)) != issuers:
        msg = "the file reads back with other issuers"
        raise AssertionError(msg)
    TrustSnapshot(issuers)
