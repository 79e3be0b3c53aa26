"""Three agents and a worker, each a process, over queues: no HTTP, the same authority.

    python -m examples.message_queue

``planner`` holds a token for ``mcp:workspace``. It starts two more agents, ``reader`` and ``clerk``, as
processes of their own: each makes its key where it runs, proves that it holds it (a key claim over a pipe),
and is handed a part of the authority. All three send JSON-RPC calls to a worker over a Unix socket, where an
asyncio queue feeds the tasks that serve them. The worker names the action of each call by its verified
parameters, and answers a replay, another's part and a changed parameter with a refusal.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import delegate
from delegate.canonical import JsonValue
from delegate.client.messages import sign_params
from delegate.keys import Issuer, KeyRecord, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.server.messages import MessageGate
from delegate.token import UnverifiedToken

AUDIENCE = "mcp:workspace"
TOOLS = {"orders.read": ("read", "low"), "refunds.create": ("financial", "high")}
"""What each tool of the worker does, and how much is at stake."""
READING = delegate.Scope(
    tools=["orders.read"], operations=["read"], resources={"order": {"exact": ["o-1", "o-2"]}}
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
    resources={"order": {"exact": ["o-1", "o-2"]}},
)

# --- the worker ------------------------------------------------------------------------------------


def action_for(verified: delegate.Verified) -> delegate.Action | None:
    """What a call would do, as this worker sees it."""
    params: Any = verified.params
    if verified.envelope.method != "tools/call" or not isinstance(params, dict):
        return None
    tool, order = params["name"], params["arguments"]["order"]
    if tool not in TOOLS:
        return None
    operation, risk = TOOLS[tool]
    return delegate.Action(tool, operation=operation, risk=risk, resources={"order": [order]})


async def handle(grant: delegate.Grant) -> JsonValue:
    """Do what was permitted, with the parameters that were signed."""
    params: Any = grant.params
    return {"did": f"{params['name']} {params['arguments']['order']}", "by": grant.agent, "for": grant.root}


def make_verifier(issuer: delegate.PublicKey) -> delegate.Verifier:
    """Trusts ``acme`` for messages to this worker."""
    record = KeyRecord(key=issuer, usages=frozenset({Usage.ISSUE}), not_before=0)
    acme = Issuer(
        name="acme",
        ceiling=EVERYTHING,
        audiences=(AUDIENCE,),
        max_depth=2,
        revocation="none",
        keys=(record,),
    )
    return delegate.Verifier(
        trust=delegate.TrustStore([acme]),
        audiences=[AUDIENCE],
        replay=MemoryReplayStore(single_process=True, assume_fresh=True),
    )


async def serve(path: str, issuer: delegate.PublicKey, ready: Connection) -> None:
    """Take calls from the socket into a queue, and from the queue to the gate, until ``ready`` is closed."""
    gate = MessageGate(make_verifier(issuer), action_for=action_for)
    calls: asyncio.Queue[tuple[bytes, asyncio.StreamWriter]] = asyncio.Queue(maxsize=100)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await calls.put((line, writer))

    async def work() -> None:
        while True:
            line, writer = await calls.get()
            answer = await gate.answer(line, handle)
            if answer is not None:
                writer.write(answer + b"\n")
                await writer.drain()

    tasks = [asyncio.create_task(work()) for _ in range(4)]
    async with await asyncio.start_unix_server(take, path, limit=1 << 20):
        ready.send("ready")
        await asyncio.to_thread(ready.poll, None)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run_worker(path: str, issuer: str, ready: Connection) -> None:
    """The worker's process."""
    asyncio.run(serve(path, delegate.PublicKey.from_text(issuer), ready))


# --- the agents ------------------------------------------------------------------------------------


class Worker:
    """The worker, from the other end of its socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send by ``writer``, and read answers from ``reader``."""
        self._reader, self._writer = reader, writer

    async def send(self, params: JsonValue) -> str:
        """Send one call as it is; what came of it, in a word."""
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        self._writer.write(json.dumps(call).encode() + b"\n")
        await self._writer.drain()
        answer = json.loads(await self._reader.readline())
        return str(answer["result"]["did"] if "result" in answer else answer["error"]["data"]["code"])


def signed(tool: str, order: str) -> dict[str, Any]:
    """One call of a tool, signed under the current delegation."""
    params: Any = {"name": tool, "arguments": {"order": order, "at": 0.5, "note": None}}
    return sign_params("tools/call", params, audience=AUDIENCE)


async def use(path: str, tool: str, orders: tuple[str, ...]) -> list[str]:
    """Call a tool for each order, then send the last call once more, then a changed one."""
    reader, writer = await asyncio.open_unix_connection(path)
    worker = Worker(reader, writer)
    said = [await worker.send(signed(tool, order)) for order in orders]
    again = signed(tool, orders[0])
    said += [await worker.send(again), await worker.send(again)]
    changed = signed(tool, orders[0])
    changed["arguments"]["order"] = "o-9"
    said.append(await worker.send(changed))
    writer.close()
    await writer.wait_closed()
    return said


def run_agent(name: str, path: str, tool: str, boss: Connection) -> None:
    """One agent's process: make a key, prove it, get a token, work, report."""
    key = delegate.SigningKey.generate()
    delegator, challenge = boss.recv()
    boss.send(delegate.KeyClaim.sign(key, delegator=delegator, agent=name, challenge=challenge))
    with delegate.with_delegation(boss.recv(), key=key):
        boss.send(asyncio.run(use(path, tool, ("o-1", "o-2"))))


def hand_on(
    token: UnverifiedToken, key: delegate.SigningKey, name: str, scope: delegate.Scope, agent: Connection
) -> None:
    """Ask an agent for its key, and delegate ``scope`` to it, offline."""
    challenge = delegate.KeyClaim.new_challenge()
    agent.send(("planner", challenge))
    claim = delegate.KeyClaim.verify(agent.recv(), delegator="planner", agent=name, challenge=challenge)
    part = delegate.attenuate(token, key, agent=claim.agent, holder=claim.key, scope=scope, expires_in=60)
    agent.send(part.text)


def start(target: Callable[..., None], *arguments: str) -> tuple[BaseProcess, Connection]:
    """A process of its own, and our end of the pipe to it."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=target, args=(*arguments, its))
    process.start()
    its.close()
    return process, ours


def run() -> dict[str, list[str]]:
    """Start the worker and two agents, delegate to both, and work beside them."""
    issuer, key = delegate.SigningKey.generate(), delegate.SigningKey.generate()
    token = delegate.issue(
        issuer,
        issuer="acme",
        agent="planner",
        holder=key.public_key,
        scope=EVERYTHING,
        audience=[AUDIENCE],
        expires_in=300,
        further_hops=1,
        root="user:alice",
    )
    said: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "worker")
        worker, ready = start(run_worker, path, issuer.public_key.text)
        ready.recv()
        agents = {}
        for name, tool, scope in (("reader", "orders.read", READING), ("clerk", "refunds.create", REFUNDING)):
            agents[name] = start(run_agent, name, path, tool)
            hand_on(token, key, name, scope, agents[name][1])
        with delegate.with_delegation(token, key=key):
            said["planner"] = asyncio.run(use(path, "refunds.create", ("o-1", "o-2")))
        for name, (process, ours) in agents.items():
            said[name] = ours.recv()
            process.join()
        ready.close()
        worker.join()
    return said


if __name__ == "__main__":
    for agent, lines in run().items():
        print(f"{agent}: {', '.join(lines)}")
