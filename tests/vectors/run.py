"""Runs one case through the library: the verdict that it gives, in the words of the case.

One function for each operation. It answers with what is known of an accepted input; what is refused leaves
as the ``DelegateError`` that it is.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

import pytest

from delegate import dsse
from delegate.canonical import (
    canonicalize,
    canonicalize_signed,
    parse_signed,
    parse_strict,
    require_canonical,
)
from delegate.client.answers import ServerKeys
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope
from delegate.encoding import b64_decode, b64url_decode
from delegate.envelope.response import verify_response
from delegate.errors import BY_CODE, DelegateError
from delegate.keys import PublicKey, TrustStore, from_jwks, trust_file
from delegate.names import require_label, require_name, require_origin, require_text
from delegate.replay.memory import MemoryReplayStore
from delegate.revocation import MemoryVersions, RevocationList, Revocations
from delegate.scope import Action, Scope
from delegate.token import KeyClaim, parse_unverified
from delegate.verifier import Request, Verified, Verifier
from delegate.verifier.chain import require_chain
from delegate.verifier.policy import ReadBody
from tests.vectors.case import OK, Case

_READERS: Final[dict[str, Callable[[bytes], Any]]] = {
    "strict": parse_strict,
    "canonical": require_canonical,
    "signed": parse_signed,
}
_NAMES: Final = {
    "name": require_name,
    "label": require_label,
    "text": require_text,
    "origin": require_origin,
}


def verdict(case: Case) -> tuple[Any, Case]:
    """What the library says: the expectation it would have, and what it found."""
    try:
        return OK, _OPERATIONS[case["op"]](case)
    except DelegateError as error:
        where = {name: getattr(error, name) for name in ("block", "field", "component", "step")}
        return {"code": error.code, **{name: at for name, at in where.items() if at is not None}}, {}


def _read_json(case: Case) -> Case:
    value: Any = _READERS[case["reader"]](b64decode(case["bytes"]))
    return {"canonical": canonicalize(value).decode()}


def _base64(case: Case) -> Case:
    decode = {"base64": b64_decode, "base64url": b64url_decode}[case["alphabet"]]
    return {"hex": decode(case["text"], size=case.get("size")).hex()}


def _name(case: Case) -> Case:
    _NAMES[case["kind"]](case["value"], case["kind"])
    return {}


def _public_key(case: Case) -> Case:
    return {"key_id": PublicKey.from_text(case["key"]).key_id}


def _signature(case: Case) -> Case:
    key = PublicKey.from_text(case["key"])
    check = key.verify_http if case["over"] == "request" else key.verify
    check(bytes.fromhex(case["signature"]), b64decode(case["message"]))
    return {}


def _jwks(case: Case) -> Case:
    return {"keys": [key.text for key in from_jwks(case["document"].encode())]}


def _trust_file(case: Case) -> Case:
    _trust({"trust": case["file"]})
    return {}


def _scope(case: Case) -> Case:
    return {"canonical": canonicalize_signed(Scope.from_json(case["scope"]).to_json()).decode()}


def _contains(case: Case) -> Case:
    Scope.from_json(case["parent"]).require_contains(Scope.from_json(case["child"]), block=1)
    return {}


def _meet(case: Case) -> Case:
    left, right = (Scope.from_json(case[side]) for side in ("left", "right"))
    return {"meet": left.meet(right).to_json()}


def _permits(case: Case) -> Case:
    Scope.from_json(case["scope"]).require_permits(Action(**case["action"]), block=0)
    return {}


def _trust(case: Case) -> TrustStore:
    return TrustStore(trust_file.parse(json.dumps(case["trust"]).encode()))


def _revocations(case: Case, trust: TrustStore) -> Revocations | None:
    """The lists in force, each accepted when the clock read its ``at``; what is refused changes nothing."""
    if "lists" not in case:
        return None
    clock = ManualClock(0)
    found = Revocations(trust, versions=MemoryVersions(), clock=clock)
    for each in case["lists"]:
        clock.set(each["at"])
        if "refused" in each:
            with pytest.raises(BY_CODE[each["refused"]]):
                found.accept(each["list"].encode())
        else:
            found.accept(each["list"].encode())
    return found


def _token(case: Case) -> Case:
    trust = _trust(case)
    token = parse_unverified(case["token"])
    settings = {name: case[name] for name in ("origin", "now", "skew")}
    require_chain(token, trust.snapshot, revocation=_revocations(case, trust), **settings)
    return {
        "token_id": token.token_id,
        "chain_id": token.chain_id,
        "path": list(token.path),
        "expires_at": token.expires_at,
        "audience": sorted(token.audience),
    }


def _request(case: Case) -> Case:
    verified = _verify(case)
    if "action" in case:
        verified.authorize(Action(**case["action"]))
    return {
        "request_id": verified.envelope.request_id,
        "agent": verified.agent,
        "path": list(verified.path),
    }


def _verify(case: Case) -> Verified:
    clock, trust = ManualClock(case.get("epoch", 0)), _trust(case)
    settings = {"assume_fresh": True} if "epoch" not in case else {}
    store = MemoryReplayStore(single_process=True, clock=clock, **settings, **case.get("store", {}))
    clock.set(case["now"])
    for claim in case.get("claims", ()):
        store.claim(**(claim | {"nonce": bytes.fromhex(claim["nonce"])}))
    server: dict[str, Any] = case["server"]
    verifier = Verifier(
        trust=trust, replay=store, clock=clock, revocation=_revocations(case, trust), **server
    )

    def body(_: ReadBody) -> bytes:
        clock.set(case["now_after_body"] if "now_after_body" in case else case["now"])
        return b64decode(case["request"]["body"])

    return verifier.verify(_sent(case["request"]), body)


def _sent(request: Case) -> Request:
    return Request(
        method=request["method"],
        path=request["path"].encode("latin-1"),
        query=request["query"].encode("latin-1"),
        headers=_lines(request),
    )


def _lines(message: Case) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in message["headers"]]


def _response(case: Case) -> Case:
    (origin,) = case["server"]["origins"]
    keys = ServerKeys({origin: [PublicKey.from_text(key) for key in case["keys"]]})
    store = MemoryReplayStore(single_process=True)
    answer = case["response"]
    verify_response(
        Verifier(trust=TrustStore(), replay=store, **case["server"]).binding(_sent(case["request"])),
        status=answer["status"],
        headers=_lines(answer),
        body=b64decode(answer["body"]),
        key_for=lambda key_id: keys.key(origin, key_id, now=case["now"]),
    )
    return {}


def _dsse(case: Case) -> Case:
    envelope = DsseEnvelope.decode(b64decode(case["bytes"]), payload_type=case["type"])
    PublicKey.from_text(case["key"]).verify(envelope.signature, dsse.pae(case["type"], envelope.payload))
    return {"payload": envelope.payload.decode(), "keyid": envelope.keyid}


def _key_claim(case: Case) -> Case:
    settings = {name: case[name] for name in ("delegator", "agent", "challenge")}
    claim = KeyClaim.verify(b64decode(case["bytes"]), clock=ManualClock(case["now"]), **settings)
    return {"key": claim.key.text}


def _revocation_list(case: Case) -> Case:
    found = RevocationList.verify(
        b64decode(case["bytes"]), _trust(case).snapshot, now=case["now"], skew=case["skew"]
    )
    return {"version": found.version, "payload_sha256": hashlib.sha256(found.payload).hexdigest()}


_OPERATIONS: Final = {
    "read-json": _read_json,
    "base64": _base64,
    "name": _name,
    "public-key": _public_key,
    "signature": _signature,
    "jwks": _jwks,
    "trust-file": _trust_file,
    "scope": _scope,
    "contains": _contains,
    "meet": _meet,
    "permits": _permits,
    "token": _token,
    "request": _request,
    "response": _response,
    "dsse": _dsse,
    "key-claim": _key_claim,
    "revocation-list": _revocation_list,
}
