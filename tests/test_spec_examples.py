"""The examples and tables of docs/spec/ say what the library does.

A block marked ``json example:<name>`` is data. Each has one checker here, which hands it to the library or
follows the page's own formulas with nothing but hashlib; a block without a checker, or a checker without a
block, fails. So no example can rot, and none can be forgotten.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from delegate import errors, limits
from delegate.canonical import canonicalize, parse_signed, parse_strict
from delegate.client.answers import ServerKeys
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope, pae
from delegate.encoding import b32_encode, b64_decode, b64_encode, b64url_decode, b64url_encode
from delegate.envelope.components import parse_components, parse_parameters
from delegate.envelope.params import detach
from delegate.envelope.response import SignedResponse, verify_response
from delegate.envelope.target import Origins, require_target
from delegate.errors import DelegateError
from delegate.keys import (
    KeyRecord,
    PublicKey,
    Purpose,
    SigningKey,
    TrustSnapshot,
    TrustStore,
    Usage,
    p256,
    server_file,
    trust_file,
)
from delegate.names import require_audience, require_label, require_name, require_origin, require_text
from delegate.replay.memory import MemoryReplayStore
from delegate.resources import PathPatterns
from delegate.revocation import RevocationList
from delegate.scope import Action, Scope
from delegate.server.problem import public_refusal
from delegate.token import KeyClaim, parse_unverified
from delegate.token.block import parse_block
from delegate.token.verify import prove
from delegate.verifier import Message, Request, Verified, Verifier
from tests.conftest import ROOT

SPEC: Final = ROOT / "docs" / "spec"
PAGES: Final = {page.name: page.read_text(encoding="utf-8") for page in sorted(SPEC.glob("*.md"))}
_BLOCK: Final = re.compile(r"^```json example:(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOUND: Final = [match.groups() for page in PAGES.values() for match in _BLOCK.finditer(page)]
EXAMPLES: Final[dict[str, Any]] = {name: json.loads(text) for name, text in FOUND}
ORIGIN: Final = "https://api.example.com"

Checker = Callable[[Any], None]
CHECKERS: Final[dict[str, Checker]] = {}


def checks(name: str) -> Callable[[Checker], Checker]:
    def register(checker: Checker) -> Checker:
        CHECKERS[name] = checker
        return checker

    return register


def test_every_example_has_one_checker_and_every_checker_one_example() -> None:
    assert sorted(name for name, _ in FOUND) == sorted(CHECKERS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_example_is_true(name: str) -> None:
    CHECKERS[name](EXAMPLES[name])


def refusal(call: Callable[..., object], *arguments: Any, **named: Any) -> DelegateError | None:
    try:
        call(*arguments, **named)
    except DelegateError as error:
        return error
    return None


def code_of(call: Callable[..., object], *arguments: Any, **named: Any) -> str | None:
    error = refusal(call, *arguments, **named)
    return None if error is None else error.code


def said(error: DelegateError | None, *names: str) -> dict[str, Any]:
    """What a refusal carries under ``names``, without what it does not carry."""
    facts = {name: getattr(error, name, None) for name in names}
    return {name: fact for name, fact in facts.items() if fact is not None}


def seeded(holder: str) -> SigningKey:
    [entry] = [entry for entry in EXAMPLES["keys"] if entry["holder"] == holder]
    return SigningKey.from_seed(bytes.fromhex(entry["seed_hex"]), entry["alg"])


def require_signature(holder: str, purpose: Purpose, message: bytes, signature: bytes) -> None:
    """What stands on the page is what the key signs: again, where this machine signs deterministically."""
    key = seeded(holder)
    key.public_key.verify(signature, message)
    if key.public_key.alg != "p256" or p256.DETERMINISTIC:
        assert key.sign(purpose, message) == signature


# --- bytes -----------------------------------------------------------------------------------------


@checks("base64url")
def base64url(example: Any) -> None:
    for data, text in example["encodes"]:
        assert b64url_encode(bytes.fromhex(data)) == text
        assert b64url_decode(text) == bytes.fromhex(data)
    assert {code_of(b64url_decode, text) for text in example["refused"]} == {"malformed"}


@checks("canonical")
def canonical(example: Any) -> None:
    for text, written in example["same"]:
        assert canonicalize(parse_strict(text.encode())).decode() == written
    for text, code in example["refused"]:
        assert code_of(parse_strict, text.encode()) == code, text


@checks("signed-subset")
def signed_subset(example: Any) -> None:
    for text in example["read"]:
        assert canonicalize(parse_signed(text.encode())).decode() == text  # type: ignore[arg-type]
    for text, code in example["refused"]:
        assert code_of(parse_signed, text.encode()) == code, text


@checks("names")
def names(example: Any) -> None:
    rules = {
        "name": require_name,
        "label": require_label,
        "text": require_text,
        "origin": require_origin,
        "audience": require_audience,
    }
    assert rules.keys() == example.keys()
    for kind, require in rules.items():
        assert [require(text, kind) for text in example[kind]["good"]] == example[kind]["good"]
        for outcome, code in (("refused", "malformed"), ("too_large", "too_large")):
            assert {code_of(require, text, kind) for text in example[kind].get(outcome, ())} <= {code}


@checks("dsse")
def dsse_envelope(example: Any) -> None:
    envelope = DsseEnvelope.decode(example["envelope"].encode(), payload_type=example["payload_type"])
    assert envelope.payload.decode() == example["payload"]
    kind, payload = example["payload_type"].encode(), envelope.payload
    assert example["pae"].encode() == b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    assert envelope.signing_input == pae(example["payload_type"], payload) == example["pae"].encode()
    seeded(example["signed_by"]).public_key.verify(envelope.signature, example["pae"].encode())


def test_the_domain_strings_in_hexadecimal_are_those_of_the_formulas() -> None:
    found = re.findall(r"^    ([0-9a-f]+00) +(\S+) and a zero byte$", PAGES["bytes.md"], re.MULTILINE)
    assert len(found) == 3
    for digits, text in found:
        assert bytes.fromhex(digits) == text.encode() + b"\0"
        assert f'"{text}"' in PAGES["token.md"]


# --- keys ------------------------------------------------------------------------------------------


@checks("keys")
def keys(example: Any) -> None:
    for entry in example:
        key = seeded(entry["holder"]).public_key
        assert key.raw.hex() == entry["public_hex"]
        assert key.text == entry["text"]
        digest = hashlib.sha256(entry["thumbprint_input"].encode()).digest()
        assert key.key_id == entry["key_id"] == b64url_encode(digest)


@checks("weak-keys")
def weak_keys(example: Any) -> None:
    for raw in example["key_weak"]:
        assert code_of(PublicKey.from_raw, bytes.fromhex(raw)) == "key_weak", raw
    for raw in example["good"]:
        PublicKey.from_raw(bytes.fromhex(raw))


@checks("published-keys")
def published_keys(example: Any) -> None:
    texts = [f"ed25519:{b64url_encode(bytes.fromhex(key))}" for key in example["ed25519"]]
    texts += [
        f"p256:{b64url_encode(y + bytes.fromhex(x))}" for x in example["p256_x"] for y in (b"\2", b"\3")
    ]
    assert {text: code_of(PublicKey.from_text, text) for text in texts} == dict.fromkeys(texts, "key_weak")


@checks("p256")
def p256_rule(example: Any) -> None:
    for code in ("malformed", "key_weak"):
        for raw in example[code]:
            assert code_of(PublicKey.from_raw, bytes.fromhex(raw), "p256") == code, raw
    for raw in example["good"]:
        PublicKey.from_raw(bytes.fromhex(raw), "p256")
    key, message = seeded("helper").public_key, example["message"].encode()
    signature, other = (bytes.fromhex(example[name]) for name in ("signature_hex", "other_s_hex"))
    require_signature("helper", Purpose.BLOCK, message, signature)
    key.verify_http(signature, message)
    key.verify_http(other, message)
    assert code_of(key.verify, other, message) == "signature_invalid"
    for never in map(bytes.fromhex, example["never_good"]):
        assert code_of(key.verify, never, message) == "signature_invalid"
        assert code_of(key.verify_http, never, message) == "signature_invalid"


@checks("jwk")
def json_web_key(example: Any) -> None:
    assert PublicKey.from_jwk(example).to_jwk() == example
    assert PublicKey.from_jwk(example) == seeded("issuer").public_key


@checks("jwk-p256")
def json_web_key_p256(example: Any) -> None:
    assert PublicKey.from_jwk(example).to_jwk() == example
    assert PublicKey.from_jwk(example) == seeded("helper").public_key


@checks("trust-file")
def trust(example: Any) -> None:
    assert json.loads(trust_file.dump(trust_file.parse(json.dumps(example).encode()))) == example


# --- scope -----------------------------------------------------------------------------------------


@checks("scope-json")
def scope_json(example: Any) -> None:
    for value in example["read"]:
        assert Scope.from_json(value).to_json() == value
    for value, code, field in example["refused"]:
        assert said(refusal(Scope.from_json, value), "code", "field") == {"code": code, "field": field}


@checks("paths")
def paths(example: Any) -> None:
    for pattern in example["patterns"]["good"]:
        assert PathPatterns.require_pattern(pattern, "file") == pattern
    for pattern in example["patterns"]["refused"]:
        assert code_of(PathPatterns.require_pattern, pattern, "file") == "malformed", pattern
    for pattern, value, answer in example["matches"]:
        assert PathPatterns((pattern,)).matches(value) is answer, (pattern, value)
    for value in example["values_refused"]:
        assert code_of(PathPatterns(("/**",)).require_value, value, "file", 0) == "resource_malformed"
    for outer, inner, answer in example["contains"]:
        assert PathPatterns((outer,)).covers(inner) is answer, (outer, inner)
    for left, right, both in example["meet"]:
        met = PathPatterns((left,)).meet(PathPatterns((right,)))
        assert met.patterns == (() if both is None else (both,)), (left, right)


@checks("contains")
def contains(example: Any) -> None:
    parent = Scope.from_json(example["parent"])
    for case in example["children"]:
        refused = refusal(parent.require_contains, Scope.from_json(case["child"]), block=1)
        assert (refused and refused.field) == case["widened"], case
        assert code_of(parent.require_contains, Scope.from_json(case["child"]), block=1) in {None, "widened"}


@checks("meet")
def meet(example: Any) -> None:
    left, right = Scope.from_json(example["left"]), Scope.from_json(example["right"])
    assert left.meet(right).to_json() == right.meet(left).to_json() == example["meet"]


def named(action: dict[str, Any]) -> Action:
    return Action(action["tool"], **{name: part for name, part in action.items() if name != "tool"})


@checks("permits")
def permits(example: Any) -> None:
    scope = Scope.from_json(example["scope"])
    for case in example["actions"]:
        refused = refusal(lambda action: scope.require_permits(named(action), block=0), case["action"])
        assert (said(refused, "code", "field") or None) == case["refused"], case


# --- token -----------------------------------------------------------------------------------------


@checks("token")
def token(example: Any) -> None:
    read = parse_unverified(example["text"])
    prefix = bytes(32)
    for link, block in zip(read.links, example["blocks"], strict=True):
        payload, signature = block["payload"].encode(), b64url_decode(block["signature"], size=64)
        assert (link.payload, link.signature) == (payload, signature)
        assert prefix.hex() == block["prefix_hash"]
        signing_input = b"delegate/v1/block\0" + prefix + payload
        assert hashlib.sha256(signing_input).hexdigest() == block["signing_input_sha256"]
        assert seeded(block["signed_by"]).sign(Purpose.BLOCK, signing_input) == signature
        block_id = hashlib.sha256(b"delegate/v1/id\0" + prefix + payload).digest()[:16]
        assert link.token_id == block["token_id"] == b32_encode(block_id)
        length = len(payload).to_bytes(4, "big")
        prefix = hashlib.sha256(b"delegate/v1/prefix\0" + prefix + length + payload + signature).digest()
        assert prefix.hex() == block["next_prefix_hash"]
    parts = [part for link in read.links for part in (link.payload, link.signature)]
    assert ".".join(["dlg1", *map(b64url_encode, parts)]) == example["text"]
    assert (read.token_id, read.chain_id) == (example["token_id"], example["chain_id"])
    assert (read.expires_at, list(read.path)) == (example["expires_at"], example["path"])


@checks("token-p256")
def token_p256(example: Any) -> None:
    read = parse_unverified(example["text"])
    for link, holder in zip(read.links, example["signed_by"], strict=True):
        require_signature(holder, Purpose.BLOCK, link.signing_input, link.signature)
    prove(read, seeded("issuer").public_key)
    assert (read.token_id, read.chain_id) == (example["token_id"], example["chain_id"])
    high = parse_unverified(f"{example['text'].rpartition('.')[0]}.{example['high_s']}")
    read.links[0].block.key.verify_http(high.last.signature, high.last.signing_input)
    refused = refusal(prove, high, seeded("issuer").public_key)
    assert said(refused, "code", "block") == example["refusal"]


@checks("payloads-refused")
def payloads_refused(example: Any) -> None:
    good = [json.loads(block["payload"]) for block in EXAMPLES["token"]["blocks"]]
    for index, block in enumerate(good):
        parse_block(canonicalize(block), index)
    for case in example:
        index = case["block"]
        members = good[index] | case["change"]
        payload = canonicalize({name: value for name, value in members.items() if value is not None})
        expected = {name: case[name] for name in ("block", "code", "field") if case[name] is not None}
        assert said(refusal(parse_block, payload, index), "block", "code", "field") == expected, case


@checks("key-claim")
def key_claim(example: Any) -> None:
    asked = {name: example[name] for name in ("delegator", "agent", "challenge")}
    claim = KeyClaim.verify(example["envelope"].encode(), **asked, clock=ManualClock(example["now"]))
    assert claim.key == seeded(example["signed_by"]).public_key
    envelope = DsseEnvelope.decode(
        example["envelope"].encode(), payload_type="application/vnd.delegate.key-claim+json"
    )
    assert (envelope.payload.decode(), envelope.signing_input.decode()) == (
        example["payload"],
        example["pae"],
    )


# --- envelope --------------------------------------------------------------------------------------


@dataclass
class Delivery:
    """One delivery of an example request, with what an entry of ``refusals`` changes about it."""

    request: dict[str, Any]
    issuer: dict[str, Any]

    @classmethod
    def of(cls, example: dict[str, Any], change: dict[str, Any]) -> Delivery:
        request = example | {
            name: value for name, value in change.items() if name in example.keys() - {"headers"}
        }
        headers = [
            (name, value) for name, value in example["headers"] if name not in change.get("headers", {})
        ]
        headers += [(name, value) for name, value in change.get("headers", {}).items() if value is not None]
        for name, (old, new) in change.get("replace", {}).items():
            headers = [(n, v.replace(old, new) if n == name else v) for n, v in headers]
        for name, text in change.get("append", {}).items():
            headers = [(n, v + text if n == name else v) for n, v in headers]
        if "blocks" in change:
            text = ".".join(EXAMPLES["token"]["text"].split(".")[: 1 + 2 * change["blocks"]])
            headers = [(n, f't="{text}"' if n == "Delegation" else v) for n, v in headers]
        headers += [(name, value) for name, value in change.get("add", [])]
        return cls(request | {"headers": headers}, change.get("issuer", {}))

    def deliver(self, *, times: int = 1) -> Verified:
        verifier, request = self.verifier, self.arrived
        for _ in range(times - 1):
            verifier.verify(request, self.request["body"].encode())
        return verifier.verify(request, self.request["body"].encode())

    @property
    def verifier(self) -> Verifier:
        clock = ManualClock(self.request["now"])
        return Verifier(
            trust=self._trust(),
            origins=[ORIGIN],
            replay=MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock),
            clock=clock,
        )

    @property
    def arrived(self) -> Request:
        return Request(
            method=self.request["method"],
            path=self.request["path"].encode(),
            query=self.request["query"].encode(),
            headers=[(name.encode(), value.encode()) for name, value in self.request["headers"]],
        )

    def _trust(self) -> TrustStore:
        document = json.loads(json.dumps(EXAMPLES["trust-file"]))
        acme = document["issuers"]["acme"]
        acme["keys"][0] |= self.issuer.get("key", {})
        acme |= {name: value for name, value in self.issuer.items() if name != "key"}
        return TrustStore(trust_file.parse(json.dumps(document).encode()))


@checks("request")
@checks("request-without-body")
@checks("request-p256")
def request(example: Any) -> None:
    verified = Delivery.of(example, {}).deliver()
    base = "\n".join(example["signature_base"]).encode()
    assert verified.envelope.canonical_bytes == base
    assert verified.request_id == example["request_id"] == hashlib.sha256(base).hexdigest()
    headers = dict(example["headers"])
    member = headers["Signature-Input"].partition("=")[2]
    assert example["signature_base"][-1] == f'"@signature-params": {member}'
    signature = b64_decode(headers["Signature"].removeprefix("dlg=:").removesuffix(":"))
    require_signature(example["signed_by"], Purpose.REQUEST, base, signature)
    if "other_s" in example:
        Delivery.of(example, {"headers": {"Signature": f"dlg=:{example['other_s']}:"}}).deliver()


# --- answers ---------------------------------------------------------------------------------------


def received(example: Any, change: dict[str, Any]) -> SignedResponse:
    """Verify the example answer with one change, as its client would."""
    answer = Delivery.of(example, change).request
    sent = Delivery.of(EXAMPLES[answer["answers"]], {})
    keys = ServerKeys(server_file.parse(json.dumps(EXAMPLES["server-keys"]).encode()))
    return verify_response(
        sent.verifier.binding(sent.arrived),
        status=answer["status"],
        headers=[(name.encode(), value.encode()) for name, value in answer["headers"]],
        body=answer["body"].encode(),
        key_for=lambda key_id: keys.key(ORIGIN, key_id, now=answer["now"]),
    )


@checks("server-key")
def server_key(example: Any) -> None:
    key = SigningKey.from_seed(bytes.fromhex(example["seed_hex"]))
    assert (example["origin"], example["key"], example["key_id"]) == (ORIGIN, key.public_key.text, key.key_id)


@checks("response")
def response(example: Any) -> None:
    base = "\n".join(example["signature_base"]).encode()
    signed = received(example, {})
    assert (signed.canonical_bytes, signed.created) == (base, example["now"])
    key = SigningKey.from_seed(bytes.fromhex(EXAMPLES["server-key"]["seed_hex"]))
    signature = key.sign(Purpose.RESPONSE, base)
    assert dict(example["headers"])["Signature"] == f"dlg=:{b64_encode(signature)}:"


@checks("server-keys")
def server_keys(example: Any) -> None:
    assert json.loads(server_file.dump(server_file.parse(json.dumps(example).encode()))) == example


@checks("response-refusals")
def response_refusals(example: Any) -> None:
    for case in example:
        refused = refusal(received, EXAMPLES["response"], case["change"])
        assert (said(refused, "code", "component") or None) == case["refusal"], case


@checks("targets")
def targets(example: Any) -> None:
    for path, query in example["good"]:
        require_target(path.encode(), query.encode())
    for path, query, component in example["refused"]:
        refused = refusal(require_target, path.encode(), query.encode())
        assert said(refused, "code", "component") == {"code": "target_rejected", "component": component}


@checks("hosts")
def hosts(example: Any) -> None:
    origins = Origins(example["origins"])
    for host, origin in example["select"]:
        wire = None if host is None else host.encode("latin-1")
        if origin is None:
            assert code_of(origins.select, wire) == "authority_rejected"
        else:
            assert origins.select(wire)[0] == origin


@checks("components")
def components(example: Any) -> None:
    assert [[text, code_of(parse_components, text)] for text, _ in example] == example


@checks("parameters")
def parameters(example: Any) -> None:
    assert [[text, code_of(parse_parameters, text)] for text, _ in example] == example


# --- message ---------------------------------------------------------------------------------------


def deliver_message(change: dict[str, Any]) -> Verified:
    example = EXAMPLES["message"] | change
    clock = ManualClock(example["now"])
    [issuer] = trust_file.parse(json.dumps(EXAMPLES["trust-file"]).encode())
    verifier = Verifier(
        trust=TrustStore([replace(issuer, audiences=("mcp:other", "mcp:workspace"))]),
        audiences=[example["audience"]],
        replay=MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock),
        clock=clock,
    )
    message = Message(method=example["method"], params=example["params"], envelope=example["envelope"])
    if example.get("twice"):
        verifier.verify(message)
    return verifier.verify(message)


@checks("message")
def message(example: Any) -> None:
    canonical_form = example["canonical_params"].encode()
    digest = hashlib.sha256(canonical_form).digest()
    assert canonicalize(example["params"]) == canonical_form
    assert b64url_encode(digest) == example["params_sha256"]
    payload, signing_input = example["payload"], example["pae_begins"] + example["payload"]
    assert json.loads(payload)["params_sha256"] == example["params_sha256"]
    assert pae("application/vnd.delegate.message+json", payload.encode()).decode() == signing_input
    signature = seeded(example["signed_by"]).sign(Purpose.MESSAGE, signing_input.encode())
    [signed] = json.loads(example["envelope"])["signatures"]
    assert signed == {"keyid": seeded(example["signed_by"]).key_id, "sig": b64_encode(signature)}
    assert hashlib.sha256(signing_input.encode()).hexdigest() == example["request_id"]
    proof = deliver_message({})
    assert (proof.request_id, proof.params) == (example["request_id"], example["params"])
    assert detach(example["carried_in"]) == ("<envelope>", example["params"])


@checks("message-refusals")
def message_refusals(example: Any) -> None:
    for case in example:
        refused = refusal(deliver_message, case["change"])
        assert said(refused, "step", "code", "component") == case["refusal"], case


# --- verification ----------------------------------------------------------------------------------


@checks("refusals")
def refusals(example: Any) -> None:
    steps = set()
    for case in example:
        change = case["change"]
        delivery = Delivery.of(EXAMPLES["request"], change)
        refused = refusal(delivery.deliver, times=2 if change.get("twice") else 1)
        expected = {name: fact for name, fact in case["refusal"].items() if fact is not None}
        assert said(refused, "step", "code", "block", "field", "component") == expected, change
        steps.add(expected.get("step"))
    assert steps == {None, *range(1, 12)} - {10}


@checks("authorize")
def authorize(example: Any) -> None:
    verified = Delivery.of(EXAMPLES["request"], {}).deliver()
    for case in example:
        refused = refusal(verified.authorize, named(case["action"]), case["now"])
        assert (said(refused, "code", "block", "field") or None) == case["refusal"], case


@checks("answers")
def answers(example: Any) -> None:
    for case in example:
        body = case["body"]
        error = errors.BY_CODE[case["code"]](
            body.get("detail", "not told"), block=body.get("block"), field=body.get("field")
        )
        error.proved = case["proved"]
        problem = public_refusal(error)
        assert (problem.status, problem.code) == (case["status"], case["told"])
        assert json.loads(problem.body) == body
        sent = [[name.decode(), value.decode()] for name, value in problem.headers]
        assert [line for line in sent if line[0] != "content-length"] == case["headers"]


# --- replay ----------------------------------------------------------------------------------------


@checks("replay")
def replay(example: Any) -> None:
    clock = ManualClock(example["epoch"])
    store = MemoryReplayStore(
        single_process=True, clock=clock, quota=example["quota"], capacity=example["capacity"]
    )
    for case in example["claims"]:
        clock.set(case["clock"])
        claim = case["claim"] | {"nonce": bytes.fromhex(case["claim"]["nonce"])}
        code = code_of(store.claim, **claim)
        assert code == (None if case["answer"] == "epoch" else case["answer"]), case


# --- revocation ------------------------------------------------------------------------------------


@checks("revocation-list")
def revocation_list(example: Any) -> None:
    key = seeded(example["signed_by"])
    record = KeyRecord(key=key.public_key, usages=frozenset({Usage.REVOKE}), not_before=0)
    [issuer] = trust_file.parse(json.dumps(EXAMPLES["trust-file"]).encode())
    trust = TrustSnapshot((replace(issuer, keys=(*issuer.keys, record)),))
    found = RevocationList.verify(example["envelope"].encode(), trust, now=example["now"])
    assert found.payload.decode() == example["payload"]
    assert pae("application/vnd.delegate.revocation-list+json", found.payload).decode() == example["pae"]
    assert found.tokens == {EXAMPLES["token"]["token_id"]}
    assert found.keys == {seeded("worker").key_id}


# --- tables ----------------------------------------------------------------------------------------


def codes_in_tables(page: str) -> set[str]:
    """The codes in the tables of ``page`` that have a column "code"."""
    codes: set[str] = set()
    column = None
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else []
        if not cells:
            column = None
        elif "code" in cells:
            column = cells.index("code")
        elif column is not None:
            codes |= set(re.findall(r"`([a-z0-9_]+)`", cells[column]))
    return codes


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_code_in_a_table_is_of_the_closed_set(name: str) -> None:
    assert codes_in_tables(PAGES[name]) <= errors.BY_CODE.keys()


def test_verification_names_every_code_of_the_closed_set_once_and_for_all() -> None:
    page, _, elsewhere = PAGES["verification.md"].partition("## Codes that verification never gives")
    never = set(re.findall(r"`([a-z_]+)`", elsewhere))
    given = codes_in_tables(page)
    assert given & never == set()
    assert given | never == errors.BY_CODE.keys()


def test_verification_lists_what_strangers_are_told() -> None:
    sentence = re.search(
        r"no\s+more\s+than\s+the\s+table\s+of\s+codes\s+says:\s(.*?)\. Another",
        PAGES["verification.md"],
        re.DOTALL,
    )
    assert sentence is not None
    assert set(re.findall(r"`([a-z_]+)`", sentence[1])) == errors.PUBLIC_BEFORE_PROOF


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_large_number_is_a_limit(name: str) -> None:
    """Numbers are written with commas in prose, and then they are bounds of ``limits.py``."""
    prose = _BLOCK.sub("", PAGES[name])
    known = {value for value in vars(limits).values() if isinstance(value, int)}
    known |= {limits.TOKEN_HEADER_MAX_BYTES + len('t=""'), EXAMPLES["request"]["now"]}
    stated = {int(text.replace(",", "")) for text in re.findall(r"\b[1-9]\d{0,2}(?:,\d{3})+\b", prose)}
    assert stated <= known
