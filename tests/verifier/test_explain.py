"""Explanations: which step refused, what became of the others, and no proof and no secret in any of it."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Mapping

import pytest

from delegate.clock import ManualClock
from delegate.encoding import b64url_encode
from delegate.envelope.sign import SignedRequest, sign_request
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.verifier import Grant, Request, Verified, Verifier
from delegate.verifier.explain import STEPS, Explanation
from tests.support.forge import ISSUER_KEY, KEYS, NOW, ORIGIN, OTHER_ORIGIN, SCOPE, chain

BODY = b'{"order":"o-1"}'


def verifier(
    *, ceiling: Scope = Scope.UNRESTRICTED, now: int = NOW, require_delegation: bool = True
) -> Verifier:
    clock = ManualClock(now)
    issuing = KeyRecord(key=ISSUER_KEY.public_key, usages=frozenset({Usage.ISSUE}), not_before=0)
    direct = KeyRecord(
        key=KEYS[9].public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        agent="direct",
        direct_scope=SCOPE,
    )
    acme = Issuer(
        name="acme",
        ceiling=ceiling,
        audiences=(ORIGIN, OTHER_ORIGIN),
        max_depth=15,
        revocation="none",
        keys=(issuing, direct),
    )
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    return Verifier(
        trust=TrustStore([acme]),
        origins=[ORIGIN],
        replay=store,
        clock=clock,
        require_delegation=require_delegation,
    )


def sign(
    *, key: SigningKey = KEYS[1], token: str | None = None, agent: str = "agent-1", now: int = NOW
) -> SignedRequest:
    text = chain(2).text if token is None else token
    return sign_request(
        key,
        method="POST",
        authority="api.example.com",
        path=b"/v1/refunds",
        headers={"content-type": b"application/json"},
        body=BODY,
        identity=Identity(agent=agent),
        token=text or None,
        now=now,
    )


def as_request(signed: Mapping[str, bytes], host: bytes = b"api.example.com") -> Request:
    headers = {"host": host, "content-type": b"application/json"} | dict(signed)
    return Request(
        method="POST",
        path=b"/v1/refunds",
        headers=[(name.encode(), value) for name, value in headers.items()],
    )


def without(name: str) -> Explanation:
    headers = {key: value for key, value in sign().headers.items() if key != name}
    return verifier().explain(as_request(headers), BODY)


REFUSED: dict[str, tuple[int, str, Callable[[], Explanation]]] = {
    "two hosts": (
        1,
        "header_duplicate",
        lambda: verifier().explain(
            Request(method="POST", path=b"/", headers=[(b"host", b"a"), (b"Host", b"b")]), BODY
        ),
    ),
    "unsigned": (2, "signature_missing", lambda: without("signature")),
    "hidden cookie": (
        3,
        "header_not_covered",
        lambda: verifier().explain(as_request(sign().headers | {"cookie": b"a=b"}), BODY),
    ),
    "old": (4, "expired", lambda: verifier(now=NOW + 60).explain(as_request(sign().headers), BODY)),
    "elsewhere": (
        5,
        "authority_rejected",
        lambda: verifier().explain(as_request(sign().headers, b"evil.example"), BODY),
    ),
    "no token": (
        6,
        "delegation_missing",
        lambda: verifier().explain(as_request(sign(token="").headers), BODY),
    ),
    "not the holder": (
        6,
        "holder_mismatch",
        lambda: verifier().explain(as_request(sign(key=KEYS[2]).headers), BODY),
    ),
    "changed type": (
        7,
        "signature_invalid",
        lambda: verifier().explain(as_request(sign().headers | {"content-type": b"text/plain"}), BODY),
    ),
    "above the ceiling": (
        8,
        "widened",
        lambda: verifier(ceiling=Scope(tools=["orders.read"])).explain(as_request(sign().headers), BODY),
    ),
    "another body": (
        9,
        "digest_mismatch",
        lambda: verifier().explain(as_request(sign().headers), BODY + b" "),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_refusing_step_is_named(case: str) -> None:
    step, code, make = REFUSED[case]
    explained = make()
    assert (explained.accepted, explained.step, explained.code) == (False, step, code)
    statuses = [each.status for each in explained.steps]
    assert statuses == ["passed"] * (step - 1) + ["refused"] + ["not reached"] * (11 - step)
    assert explained.to_text().startswith(f"refused at step {step}: {code}\n")
    assert explained.to_text().count(" (refused)\n") + explained.to_text().endswith(" (refused)") == 1


def test_an_acceptance_asks_all_but_the_nonce() -> None:
    explained = verifier().explain(as_request(sign().headers), BODY)
    assert (explained.accepted, explained.step, explained.code, explained.refusal) == (True, None, None, None)
    assert [each.status for each in explained.steps] == ["passed"] * 10 + ["not asked"]
    assert explained.chain is not None
    assert explained.chain.verified
    assert explained.to_text().startswith("would be accepted: agent-1 asks, under the authority of acme\n")
    assert " (not asked: this was a dry run)" in explained.to_text()
    assert "UNVERIFIED" not in explained.to_text()


def test_a_dry_run_claims_no_nonce() -> None:
    door, request = verifier(), as_request(sign().headers)
    assert door.explain(request, BODY).accepted
    assert door.explain(request, BODY).accepted
    door.verify(request, BODY)


def test_the_chain_is_drawn_where_it_broke() -> None:
    explained = REFUSED["above the ceiling"][2]()
    assert explained.chain is not None
    assert explained.chain.broken_at == 0
    assert "✗ block 0: widened: " in explained.to_text()


@pytest.mark.parametrize("case", ["not the holder", "above the ceiling", "another body"])
def test_the_chain_of_a_refused_request_is_unverified(case: str) -> None:
    """Also where its signatures were checked: a repudiated key's signatures verify and mean nothing."""
    chain_drawn = REFUSED[case][2]().chain
    assert chain_drawn is not None
    assert not chain_drawn.verified


@pytest.mark.parametrize(
    "value", [b'"', b't="dlg1"', b't="dlg1.\xff.\xff"', b't="dlg2.AA.AA"', b"\x1b[31m", b"t=" + b"x" * 9000]
)
def test_a_delegation_that_cannot_be_read_is_left_out(value: bytes) -> None:
    explained = verifier().explain(as_request(sign().headers | {"delegation": value}), BODY)
    assert not explained.accepted
    assert explained.chain is None
    assert "\x1b" not in explained.to_text()


def test_a_direct_request_has_no_chain() -> None:
    signed = sign(key=KEYS[9], token="", agent="direct")
    explained = verifier(require_delegation=False).explain(as_request(signed.headers), BODY)
    assert explained.accepted
    assert explained.chain is None
    assert explained.to_json()["chain"] is None


@pytest.mark.parametrize("case", REFUSED)
def test_json_says_the_same(case: str) -> None:
    step, code, make = REFUSED[case]
    shown = json.loads(json.dumps(make().to_json()))
    assert shown["accepted"] is False
    assert (shown["refusal"]["step"], shown["refusal"]["code"]) == (step, code)
    assert shown["refusal"]["fix"]
    assert [each["name"] for each in shown["steps"]] == list(STEPS)


def test_no_secret_is_explained() -> None:
    signed = sign()
    secrets = [
        chain(2).text,
        *chain(2).text.split(".")[1:],
        b64url_encode(signed.envelope.nonce),
        signed.headers["signature"].decode(),
    ]
    for door, body in ((verifier(), BODY), (verifier(), b""), (verifier(now=NOW + 60), BODY)):
        explained = door.explain(as_request(signed.headers), body)
        shown = explained.to_text() + json.dumps(explained.to_json()) + repr(explained)
        assert not [secret for secret in secrets if secret in shown]
        assert signed.envelope.nonce.hex() not in shown


def test_no_proof_is_inside() -> None:
    """Nothing that an explanation refers to, however far, is a ``Verified`` or a ``Grant``."""
    door = verifier()
    explained = door.explain(as_request(sign().headers), BODY)
    waiting: list[object] = [explained]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        assert not isinstance(thing, Verified | Grant)
        waiting += gc.get_referents(thing)
    assert len(seen) > 10
    assert not hasattr(explained, "authorize")
