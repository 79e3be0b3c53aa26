"""Who takes part in the demonstration, and what each is granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import delegate
from delegate.token import UnverifiedToken

CEILING: Final = delegate.Scope(
    tools=["files.read", "orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    resources={"file": {"path": ["/data/**"]}, "order": {"exact": ["o-1", "o-2", "o-3"]}},
)
WORKER_SCOPE: Final = delegate.Scope(
    tools=["files.read", "orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    resources={"file": {"path": ["/data/**"]}, "order": {"exact": ["o-1", "o-2"]}},
)
SUB_WORKER_SCOPE: Final = delegate.Scope(
    tools=["files.read", "orders.read"],
    operations=["read"],
    resources={"file": {"path": ["/data/q3/**"]}, "order": {"exact": ["o-1"]}},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Three keys and two tokens: what the orchestrator granted, and what the worker handed on."""

    origin: str
    orchestrator: delegate.SigningKey
    worker: delegate.SigningKey
    sub_worker: delegate.SigningKey
    granted: UnverifiedToken
    handed_on: UnverifiedToken

    @classmethod
    def assemble(cls, orchestrator: delegate.SigningKey, origin: str) -> Cast:
        """Issue, then attenuate offline: the second token is made without asking anybody."""
        worker, sub_worker = delegate.SigningKey.generate(), delegate.SigningKey.generate()
        granted = delegate.issue(
            orchestrator,
            issuer="acme",
            agent="worker",
            holder=worker.public_key,
            scope=WORKER_SCOPE,
            audience=[origin],
            expires_in=600,
            further_hops=2,
            root="user:alice",
            why="settle the complaints of order o-1",
        )
        handed_on = delegate.attenuate(
            granted,
            worker,
            agent="sub-worker",
            holder=sub_worker.public_key,
            scope=SUB_WORKER_SCOPE,
            expires_in=60,
            further_hops=0,
        )
        return cls(
            origin=origin,
            orchestrator=orchestrator,
            worker=worker,
            sub_worker=sub_worker,
            granted=granted,
            handed_on=handed_on,
        )
