"""An orchestrator with three agents in asyncio: authority that shrinks as the work is split up.

    python -m examples.orchestrator

``planner`` gets a token from the issuer. It hands a reading part to ``reader``, an agent elsewhere that
first proves which key it holds (a key claim), and a refunding part to ``clerk``. Both work at the same time,
each task with its own delegation. ``reader`` splits its orders over sub-tasks with ``narrow``, so that a
sub-task that goes astray can touch one order and nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

import delegate
from delegate.client.httpx import AsyncSigningTransport
from delegate.token import UnverifiedToken
from examples.fastapi_tool_server import ORIGIN, make_app, make_verifier

ORDERS = ("o-1", "o-2", "o-3")
READING = delegate.Scope(
    tools=["orders.read"], operations=["read"], resources={"order": {"exact": list(ORDERS)}}
)
REFUNDING = delegate.Scope(
    tools=["refunds.create"],
    max_risk="high",
    operations=["financial"],
    resources={"order": {"exact": ["o-2"]}},
)
EVERYTHING = delegate.Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    resources={"order": {"exact": list(ORDERS)}},
)


@dataclass(frozen=True)
class Agent:
    """Somebody with a key of their own, somewhere."""

    name: str
    key: delegate.SigningKey

    def claim_key(self, delegator: str, challenge: str) -> bytes:
        """The answer to "which key do you hold?": signed by that key, for that question only."""
        return delegate.KeyClaim.sign(self.key, delegator=delegator, agent=self.name, challenge=challenge)


def hand_on(token: UnverifiedToken, holder: Agent, receiver: Agent, scope: delegate.Scope) -> UnverifiedToken:
    """Ask ``receiver`` for its key, and delegate ``scope`` to it, offline."""
    challenge = delegate.KeyClaim.new_challenge()
    answer = receiver.claim_key(holder.name, challenge)  # a message to another machine and back
    claim = delegate.KeyClaim.verify(answer, delegator=holder.name, agent=receiver.name, challenge=challenge)
    return delegate.attenuate(
        token,
        holder.key,
        agent=claim.agent,
        holder=claim.key,
        scope=scope,
        expires_in=60,
        further_hops=1,
    )


async def read_orders(api: httpx.AsyncClient, me: Agent, token: UnverifiedToken) -> list[str]:
    """``reader``: one sub-task for each order, each narrowed to that order."""
    async with delegate.with_delegation(token, key=me.key):

        async def read(order: str) -> str:
            only = delegate.Scope(
                tools=["orders.read"], operations=["read"], resources={"order": {"exact": [order]}}
            )
            async with delegate.narrow(scope=only, expires_in=30):
                answer = await api.get(f"/v1/orders/{order}")
                astray = await api.get(f"/v1/orders/{'o-1' if order != 'o-1' else 'o-2'}")
            return f"{order}: {answer.status_code}, another order: {astray.json()['code']}"

        return await asyncio.gather(*(read(order) for order in ORDERS))


async def refund_order(api: httpx.AsyncClient, me: Agent, token: UnverifiedToken) -> list[str]:
    """``clerk``: refunds the one order it was given, and is refused any other."""
    async with delegate.with_delegation(token, key=me.key):
        granted = await api.post("/v1/refunds/o-2", json={"cents": 1250})
        refused = await api.post("/v1/refunds/o-1", json={"cents": 1250})
    return [f"o-2 for {granted.json()['for']}: {granted.status_code}", f"o-1: {refused.json()['code']}"]


async def run() -> dict[str, list[str]]:
    """Issue, hand on twice, and let both agents work at the same time."""
    issuer = delegate.SigningKey.generate()
    planner, reader, clerk = (
        Agent(name, delegate.SigningKey.generate()) for name in ("planner", "reader", "clerk")
    )
    token = delegate.issue(
        issuer,
        issuer="acme",
        agent=planner.name,
        holder=planner.key.public_key,
        scope=EVERYTHING,
        audience=[ORIGIN],
        expires_in=300,
        further_hops=3,
        root="user:alice",
    )
    server = httpx.ASGITransport(make_app(make_verifier(issuer.public_key)))
    async with httpx.AsyncClient(base_url=ORIGIN, transport=AsyncSigningTransport(server)) as api:
        read, refunded = await asyncio.gather(
            read_orders(api, reader, hand_on(token, planner, reader, READING)),
            refund_order(api, clerk, hand_on(token, planner, clerk, REFUNDING)),
        )
    return {"reader": read, "clerk": refunded}


if __name__ == "__main__":
    for agent, lines in asyncio.run(run()).items():
        for line in lines:
            print(f"{agent}: {line}")
