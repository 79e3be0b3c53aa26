"""The main job on embedded defaults: ``make demo``.

An orchestrator issues a token to a worker, the worker attenuates it offline for a sub-worker, and a real
tool server (FastAPI on uvicorn, its replay store in SQLite) answers over HTTP on loopback. You see the
chain, the calls that were granted, the attacks that were refused and by which name, and what it costs.

The server runs in development mode, so that each refusal shows its true code. In production a stranger,
whose signatures have not verified, is told ``signature_invalid`` for most of them.

Exit status 1 when anything is not as it should be. ``--json`` prints one JSON object instead.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

import delegate
from delegate.client.httpx import SigningTransport
from delegate.encoding import b64_decode
from delegate.keys import ed25519
from delegate.replay.memory import MemoryReplayStore
from delegate.token.explain import explain_chain
from delegate.verifier import Request
from examples.demo.attacks import ATTACKS, Attack, Call
from examples.demo.cast import SUB_WORKER_SCOPE, Cast
from examples.demo.server import running_server_for

REQUESTS: Final = 300


def permitted(cast: Cast, api: httpx.Client) -> Iterator[tuple[str, httpx.Response]]:
    """Calls that the chain grants; the transport signs each with the delegation that is current."""
    with delegate.with_delegation(cast.granted, key=cast.worker):
        yield "worker reads an order", api.get("/v1/orders/o-2")
        yield "worker makes a refund", api.post("/v1/refunds/o-1", json={"cents": 1250})
        with delegate.narrow(scope=SUB_WORKER_SCOPE, expires_in=30):
            yield "worker, narrowed to reading", api.get("/v1/files", params={"path": "/data/q3/a.csv"})
    with delegate.with_delegation(cast.handed_on, key=cast.sub_worker):
        yield "sub-worker reads its order", api.get("/v1/orders/o-1")
        yield "sub-worker reads a file", api.get("/v1/files", params={"path": "/data/q3/b.csv"})


def requests_per_second(cast: Cast, api: httpx.Client) -> float:
    """Signed reads one after the other over one connection: client, server and SQLite on this machine."""
    with delegate.with_delegation(cast.handed_on, key=cast.sub_worker):
        start = time.perf_counter()
        for _ in range(REQUESTS):
            api.get("/v1/orders/o-1").raise_for_status()
        return REQUESTS / (time.perf_counter() - start)


def verification_cost(folder: Path, cast: Cast) -> float:
    """One verification of a known chain, as a multiple of the bare Ed25519 verification inside it."""
    verifier = delegate.Verifier(
        trust=delegate.TrustStore.load(folder / "trust.json"),
        origins=[cast.origin],
        replay=MemoryReplayStore(single_process=True, assume_fresh=True),
    )
    call = Call(cast=cast)
    host = cast.origin.removeprefix("http://").encode()
    whole, bare = [], []
    for _ in range(REQUESTS):
        headers = call.signed()
        lines = [(name.encode(), value) for name, value in (headers | {"host": host}).items()]
        request = Request(method="GET", path=call.path.encode(), headers=lines)
        start = time.perf_counter()
        verified = verifier.verify(request)
        middle = time.perf_counter()
        ed25519.verify(
            cast.sub_worker.public_key.raw,
            signature_of(headers),
            verified.envelope.canonical_bytes,
        )
        whole.append(middle - start)
        bare.append(time.perf_counter() - middle)
    return statistics.median(whole) / statistics.median(bare)


def signature_of(headers: dict[str, bytes]) -> bytes:
    """The signature bytes out of a ``Signature`` header."""
    return b64_decode(headers["signature"].decode().removeprefix("dlg=:").removesuffix(":"))


def perform(folder: Path) -> dict[str, Any]:
    """Run everything once; the result says what was seen and whether it was right."""
    orchestrator = delegate.SigningKey.generate()
    with running_server_for(folder, orchestrator) as origin:
        cast = Cast.assemble(orchestrator, origin)
        picture = explain_chain(cast.handed_on, now=int(time.time()))
        with httpx.Client(base_url=origin, transport=SigningTransport(httpx.HTTPTransport())) as api:
            calls = [call_row(what, answer) for what, answer in permitted(cast, api)]
            attacks = [attack_row(cast, attack, *expected) for attack, expected in ATTACKS.items()]
            rate = requests_per_second(cast, api)
        cost = verification_cost(folder, cast)
    return {
        "chain": picture.to_text(),
        "permitted": calls,
        "attacks": attacks,
        "requests_per_second": round(rate),
        "verification_vs_bare_ed25519": round(cost, 2),
        "ok": all(row["ok"] for row in calls + attacks),
    }


def call_row(what: str, answer: httpx.Response) -> dict[str, Any]:
    """One permitted call: what the handler was told about its caller."""
    told = answer.json()
    return {
        "call": what,
        "status": answer.status_code,
        "by": told.get("by"),
        "for": told.get("for"),
        "ok": answer.is_success and told.get("for") == "user:alice",
    }


def attack_row(cast: Cast, attack: Attack, status: int, code: str) -> dict[str, Any]:
    """One attack, and whether it was refused by the right name."""
    answer = attack(cast)
    seen = answer.json().get("code") if answer.headers.get("content-type", "").endswith("json") else None
    return {
        "attack": attack.__name__.replace("_", " "),
        "what": (attack.__doc__ or "").rstrip("."),
        "status": answer.status_code,
        "code": seen,
        "ok": (answer.status_code, seen) == (status, code),
    }


def show(result: dict[str, Any]) -> None:
    """The same for people."""
    print("\nThe chain that the sub-worker holds (nobody has verified it yet):\n")
    print(result["chain"])
    print("\nPermitted calls, and what the server knows about the caller:\n")
    for row in result["permitted"]:
        print(f"  {mark(row)} {row['status']}  {row['call']:<28} by {row['by']} for {row['for']}")
    print("\nAttacks, and the name of each refusal (development mode shows the true one):\n")
    for row in result["attacks"]:
        print(f"  {mark(row)} {row['status']}  {row['code'] or '-':<29} {row['what']}")
    print(
        f"\n{result['requests_per_second']} requests/s over one connection; one verification costs "
        f"{result['verification_vs_bare_ed25519']} bare Ed25519 verifications; {result['seconds']} s in all"
    )
    right = sum(row["ok"] for row in result["permitted"] + result["attacks"])
    wrong = len(result["permitted"] + result["attacks"]) - right
    print(f"{right} as they should be, {wrong} not")


def mark(row: dict[str, Any]) -> str:
    """Whether a row is as it should be."""
    return "ok " if row["ok"] else "NOT"


def main() -> int:
    """Run the show; 0 when everything was as it should be."""
    parser = argparse.ArgumentParser(description="Delegate, sign, verify, refuse.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    logging.getLogger("delegate").setLevel(logging.CRITICAL)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = perform(Path(folder))
    result["seconds"] = round(time.perf_counter() - start, 1)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
