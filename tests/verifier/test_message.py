"""Messages without HTTP take the same steps as requests, and are refused by the same names."""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delegate.canonical import canonicalize, parse_strict
from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import KeyRecord, SigningKey, Usage
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.scope import Action
from delegate.verifier import Message, Request, Verifier
from delegate.verifier.steps import verification_steps
from tests.oracles.message import accepts
from tests.support.forge import ISSUER_KEY, KEYS, NOW, ORIGIN, SCOPE, child_members, forge, root_members
from tests.support.letter import (
    AUDIENCE,
    PARAMS,
    Letter,
    Worker,
    digest_of,
    good_members,
    mail_token,
    written,
)
from tests.support.p256 import KEYS as P256_KEYS
from tests.support.p256 import other_s
from tests.support.wire import NONCE, Server, issuing_record, sign, token, trust_store

STRANGER = SigningKey.from_seed(b"\x55" * 32)


def refusal(letter: Letter, worker: Worker | None = None, **settings: Any) -> DelegateError:
    with pytest.raises(DelegateError) as refused:
        (worker or Worker(**settings)).take(letter)
    return refused.value


def told(error: DelegateError) -> tuple[int | None, str, str | None]:
    return error.step, error.code, error.component


# --- what is accepted ------------------------------------------------------------------------------


def test_the_proof_says_who_asks_for_what() -> None:
    letter = Letter()
    proof = Worker().take(letter)
    assert (proof.agent, proof.issuer, proof.path) == ("agent-1", "acme", ("agent-0", "agent-1"))
    assert (proof.identity.run, proof.key_id) == ("rt-1", KEYS[1].key_id)
    assert (proof.envelope.method, proof.envelope.authority) == ("tools/call", AUDIENCE)
    assert (proof.envelope.path, proof.envelope.query, proof.hidden_headers) == ("", "", frozenset())
    assert proof.envelope.body_sha256 == hashlib.sha256(canonicalize(PARAMS)).digest()
    payload = written(good_members())
    signed = b"DSSEv1 37 application/vnd.delegate.message+json %d " % len(payload) + payload
    assert proof.envelope.canonical_bytes == signed
    assert proof.request_id == hashlib.sha256(signed).hexdigest()
    assert proof.params == PARAMS
    grant = proof.authorize(Action("orders.read", operation="read", risk="low"))
    assert grant.params == PARAMS
    assert grant.request_id == proof.request_id


def test_a_message_shows_neither_its_parameters_nor_its_envelope() -> None:
    message = Letter().message()
    assert repr(message) == "Message(method='tools/call')"
    assert Letter().envelope() == message.envelope


def test_each_look_at_the_parameters_is_a_fresh_one() -> None:
    proof = Worker().take(Letter())
    changed: Any = proof.params
    changed["arguments"]["order"] = "o-2"
    assert proof.params == PARAMS


def test_the_handler_gets_what_was_verified_and_not_what_became_of_it() -> None:
    params = json.loads(json.dumps(PARAMS))
    message = replace(Letter(), params=params).message()
    proof = Worker().verifier.verify(message)
    params["arguments"]["order"] = "o-2"
    assert proof.params == PARAMS


def test_of_a_request_there_are_no_parameters() -> None:
    assert Server().deliver(sign()).params is None


@pytest.mark.parametrize(
    "params",
    [None, [], {}, 0, -0.0, 1.5, 1e-7, 1e21, "ä\u2028", True, [[[]]], {"ﬀ": 1, "😀": 2}, {"a": [None, 0.1]}],
)
def test_the_parameters_may_be_any_json(params: Any) -> None:
    """'RFC 8785 in full': floats, null and values that are no object among them."""
    letter = replace(Letter(), params=params).changed(params_sha256=digest_of(params))
    assert Worker().take(letter).params == parse_strict(canonicalize(params))


def test_the_order_of_members_and_the_spelling_of_numbers_are_no_difference() -> None:
    letter = Letter(
        params={"arguments": {"note": None, "rate": 0.250, "order": "o-1"}, "name": "orders.read"}
    )
    assert list(letter.params) != list(PARAMS)
    proof = Worker().take(letter)
    assert json.dumps(proof.params) == json.dumps(parse_strict(canonicalize(PARAMS)))
    whole = replace(Letter(), params=[1.0]).changed(params_sha256=digest_of([1]))
    params: Any = Worker().take(whole).params
    assert type(params[0]) is int


def test_the_envelope_may_be_bytes() -> None:
    message = Letter().message()
    assert isinstance(message.envelope, str)
    Worker().verifier.verify(replace(message, envelope=message.envelope.encode()))


def test_the_async_driver_takes_the_same_steps() -> None:
    worker = Worker()
    assert asyncio.run(worker.verifier.averify(Letter().message())).agent == "agent-1"
    with pytest.raises(DelegateError) as refused:
        asyncio.run(worker.verifier.averify(Letter().message()))
    assert refused.value.code == "nonce_replayed"


def test_a_token_of_16_kib_fits_where_no_header_limits_it() -> None:
    """'16 KiB elsewhere.'"""
    filler = [f"tool-{number:03}-{'x' * 100}" for number in range(100)]
    scope = SCOPE.to_json() | {"tools": sorted(filler)}
    text = forge(root_members(aud=[AUDIENCE], sc=scope), child_members(1)).text
    assert 14_000 < len(text) <= 16 * 1024
    assert refusal(Letter().changed(delegation=text)).code == "widened"  # which is step 8: it was read
    assert refusal(Letter().changed(delegation=text + "A" * 4096)).code == "too_large"


# --- what is refused, member by member -------------------------------------------------------------

MEMBERS: dict[str, tuple[Any, tuple[int, str, str | None]]] = {
    "v-other": ({"v": 2}, (3, "unsupported_version", "v")),
    "v-text": ({"v": "1"}, (3, "malformed", "v")),
    "v-true": ({"v": True}, (3, "malformed", "v")),
    "v-dropped": ({"v": None}, (3, "malformed", "v")),
    "added": ({"extra": 1}, (3, "component_unsupported", "extra")),
    "aud-other": ({"aud": "mcp:other"}, (5, "authority_rejected", "aud")),
    "aud-origin": ({"aud": ORIGIN}, (5, "authority_rejected", "aud")),
    "aud-list": ({"aud": [AUDIENCE]}, (3, "malformed", "aud")),
    "aud-dropped": ({"aud": None}, (3, "component_missing", "aud")),
    "method-other": ({"method": "tools/list"}, (5, "method_rejected", "method")),
    "method-form": ({"method": "tools call"}, (5, "method_rejected", "method")),
    "method-number": ({"method": 7}, (3, "malformed", "method")),
    "method-dropped": ({"method": None}, (3, "component_missing", "method")),
    "digest-other": ({"params_sha256": digest_of({})}, (9, "digest_mismatch", "params_sha256")),
    "digest-padded": ({"params_sha256": digest_of(PARAMS) + "="}, (9, "digest_malformed", "params_sha256")),
    "digest-short": ({"params_sha256": digest_of(PARAMS)[:-2]}, (9, "digest_malformed", "params_sha256")),
    "digest-hex": (
        {"params_sha256": hashlib.sha256(canonicalize(PARAMS)).hexdigest()},
        (9, "digest_malformed", "params_sha256"),
    ),
    "digest-number": ({"params_sha256": 1}, (3, "malformed", "params_sha256")),
    "digest-dropped": ({"params_sha256": None}, (3, "component_missing", "params_sha256")),
    "created-text": ({"created": str(NOW)}, (3, "param_malformed", "created")),
    "created-true": ({"created": True}, (3, "param_malformed", "created")),
    "created-negative": ({"created": -1}, (3, "param_malformed", "created")),
    "created-milliseconds": ({"created": NOW * 1000}, (3, "timestamp_unit", "created")),
    "created-ahead": ({"created": NOW + 6}, (4, "created_in_future", "created")),
    "created-early": ({"created": NOW - 241}, (4, "window_too_long", "expires")),
    "created-dropped": ({"created": None}, (3, "param_missing", "created")),
    "expires-text": ({"expires": str(NOW)}, (3, "param_malformed", "expires")),
    "expires-over": ({"expires": NOW}, (4, "param_malformed", "expires")),
    "expires-late": ({"expires": NOW + 301}, (4, "window_too_long", "expires")),
    "expires-milliseconds": ({"expires": NOW * 1000}, (3, "timestamp_unit", "expires")),
    "expires-dropped": ({"expires": None}, (3, "param_missing", "expires")),
    "expired": ({"created": NOW - 60, "expires": NOW}, (4, "expired", "expires")),
    "nonce-padded": ({"nonce": NONCE + "=="}, (3, "nonce_malformed", "nonce")),
    "nonce-spare-bits": ({"nonce": NONCE[:-1] + "x"}, (3, "nonce_malformed", "nonce")),
    "nonce-short": ({"nonce": NONCE[:-2]}, (3, "nonce_malformed", "nonce")),
    "nonce-number": ({"nonce": 1}, (3, "param_malformed", "nonce")),
    "nonce-dropped": ({"nonce": None}, (3, "param_missing", "nonce")),
    "keyid-other": ({"keyid": STRANGER.key_id}, (6, "holder_mismatch", "keyid")),
    "keyid-of-the-parent": ({"keyid": KEYS[0].key_id}, (6, "holder_mismatch", "keyid")),
    "keyid-path": ({"keyid": "../../etc"}, (6, "holder_mismatch", "keyid")),
    "keyid-number": ({"keyid": 1}, (3, "param_malformed", "keyid")),
    "keyid-dropped": ({"keyid": None}, (3, "param_missing", "keyid")),
    "alg-none": ({"alg": "none"}, (3, "alg_not_allowed", "alg")),
    "alg-other": ({"alg": "ecdsa-p256-sha256"}, (6, "alg_key_mismatch", "alg")),
    "alg-list": ({"alg": ["ed25519"]}, (3, "param_malformed", "alg")),
    "alg-dropped": ({"alg": None}, (3, "param_missing", "alg")),
    "agent-other": ({"agent": '"agent-0"'}, (6, "identity_mismatch", "agent-identity")),
    "agent-bare": ({"agent": "agent-1"}, (6, "malformed", "agent-identity")),
    "agent-unknown-part": ({"agent": '"agent-1";x="1"'}, (6, "malformed", "agent-identity")),
    "agent-number": ({"agent": 1}, (3, "malformed", "agent")),
    "agent-dropped": ({"agent": None}, (3, "component_missing", "agent")),
    "delegation-cut": ({"delegation": mail_token().text[:-9]}, (6, "delegation_malformed", None)),
    "delegation-empty": ({"delegation": ""}, (6, "delegation_malformed", None)),
    "delegation-list": ({"delegation": []}, (3, "delegation_malformed", "delegation")),
    "delegation-dropped": ({"delegation": None}, (6, "delegation_missing", "delegation")),
    "delegation-of-http": ({"delegation": token().text}, (8, "audience_mismatch", None)),
    "delegation-first-block": (
        {"delegation": forge(root_members(aud=[AUDIENCE])).text},
        (6, "holder_mismatch", "keyid"),
    ),
    "delegation-elsewhere": (
        {"delegation": mail_token(aud=["mcp:other"]).text},
        (8, "audience_mismatch", None),
    ),
    "delegation-expired": (
        {"delegation": mail_token(iat=NOW - 600, exp=NOW).text},
        (8, "delegation_expired", None),
    ),
    "delegation-strangers": (
        {"delegation": forge(root_members(aud=[AUDIENCE]), child_members(1), keys=(STRANGER,)).text},
        (8, "delegation_signature_invalid", None),
    ),
    "delegation-strangers-issuer": (
        {
            "delegation": forge(
                root_members(iss="evil", kid=STRANGER.key_id, aud=[AUDIENCE]),
                child_members(1),
                keys=(STRANGER,),
            ).text
        },
        (6, "untrusted_root", None),
    ),
    "delegation-narrowed-away": (
        {
            "delegation": forge(
                root_members(aud=["mcp:other", AUDIENCE]), child_members(1, aud=["mcp:other"])
            ).text
        },
        (8, "audience_mismatch", None),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), MEMBERS.values(), ids=MEMBERS.keys())
def test_each_member_changed_dropped_added_or_retyped_is_refused_by_name(
    changes: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    """Each is signed anew by the holder, so that what is refused is the member and not the signature."""
    worker = Worker()
    assert told(refusal(Letter().changed(**changes), worker)) == expected
    assert worker.store.claims == 0
    worker.take(Letter())


@pytest.mark.parametrize("name", sorted(good_members()))
def test_each_member_changed_after_signing_breaks_the_signature_or_is_refused_before(name: str) -> None:
    original = Letter()
    signature = original.envelope_members()["signatures"][0]["sig"]
    value = good_members()[name]
    flipped = value + 1 if isinstance(value, int) else value[:-1] + ("A" if value[-1] != "A" else "B")
    forged = json.loads(original.envelope()) | {
        "payload": b64encode(written(good_members() | {name: flipped})).decode()
    }
    assert forged["signatures"][0]["sig"] == signature
    message = replace(original.message(), envelope=written(forged).decode())
    with pytest.raises(DelegateError) as refused:
        Worker().verifier.verify(message)
    assert refused.value.step is not None
    assert refused.value.step <= 7


def test_a_changed_signed_value_that_is_sound_by_itself_is_refused_at_the_signature() -> None:
    forged = json.loads(Letter().envelope()) | {
        "payload": b64encode(written(good_members() | {"created": NOW - 1})).decode()
    }
    message = replace(Letter().message(), envelope=written(forged).decode())
    with pytest.raises(DelegateError) as refused:
        Worker().verifier.verify(message)
    assert told(refused.value) == (7, "signature_invalid", None)


ENVELOPES: dict[str, tuple[Callable[[], Letter], tuple[int, str, str | None]]] = {
    "stranger": (lambda: Letter(key=STRANGER), (7, "signature_invalid", None)),
    "parents-key": (lambda: Letter(key=KEYS[0]), (7, "signature_invalid", None)),
    "hint-of-another-key": (lambda: Letter(hint=STRANGER.key_id), (3, "param_malformed", "keyid")),
    "no-hint": (lambda: Letter(hint=""), (3, "param_malformed", "keyid")),
    "other-type": (
        lambda: Letter(kind="application/vnd.delegate.key-claim+json"),
        (2, "malformed", None),
    ),
    "short-signature": (lambda: Letter(signature=b"\x01" * 63), (2, "signature_malformed", "signature")),
    "payload-spaced": (
        lambda: Letter(payload=json.dumps(good_members(), sort_keys=True).encode()),
        (3, "non_canonical", None),
    ),
    "payload-disordered": (
        lambda: Letter(payload=json.dumps(good_members(), separators=(",", ":")).encode()),
        (3, "non_canonical", None),
    ),
    "payload-twice": (
        lambda: Letter(payload=written(good_members())[:-1] + b',"v":1}'),
        (3, "malformed", None),
    ),
    "payload-float": (
        lambda: Letter(payload=written(good_members()).replace(b'"v":1', b'"v":1.0')),
        (3, "malformed", None),
    ),
    "payload-null": (
        lambda: Letter(payload=written(good_members() | {"extra": None})),
        (3, "malformed", None),
    ),
    "payload-list": (lambda: Letter(payload=b"[]"), (3, "malformed", None)),
}


@pytest.mark.parametrize(("make", "expected"), ENVELOPES.values(), ids=ENVELOPES.keys())
def test_another_envelope_is_refused_by_name(
    make: Callable[[], Letter], expected: tuple[int, str, str | None]
) -> None:
    assert told(refusal(make())) == expected


@pytest.mark.parametrize(
    ("envelope", "step", "code"),
    [
        (None, 2, "signature_missing"),
        ("", 2, "malformed"),
        ("{}", 2, "malformed"),
        (b"\xff", 2, "malformed"),
        ("\ud800", 1, "malformed"),
        (7, 1, "malformed"),
        (bytearray(b"{}"), 1, "malformed"),
        (" " + Letter().envelope(), 2, "non_canonical"),
        ("x" * (32 * 1024 + 1), 2, "too_large"),
    ],
)
def test_what_is_no_envelope_is_refused(envelope: Any, step: int, code: str) -> None:
    message = replace(Letter().message(), envelope=envelope)
    with pytest.raises(DelegateError) as refused:
        Worker().verifier.verify(message)
    assert (refused.value.step, refused.value.code) == (step, code)


@pytest.mark.parametrize("method", ["tools/list", "", "TOOLS/CALL", "tools/call ", None, 7])
def test_another_method_than_the_signed_one_is_refused(method: Any) -> None:
    refused = refusal(replace(Letter(), method=method))
    assert told(refused) == (5, "method_rejected", "method")
    assert AUDIENCE not in str(refused)


@pytest.mark.parametrize("method", ["tools call", "", "$/cancel", "x" * 129, "m\u00e9thode"])
def test_a_method_that_is_no_name_is_refused_even_where_both_agree(method: str) -> None:
    letter = replace(Letter(), method=method).changed(method=method)
    assert told(refusal(letter)) == (5, "method_rejected", "method")


@pytest.mark.parametrize(
    "params",
    [
        {},
        None,
        {"name": "orders.read", "arguments": {"order": "o-2", "rate": 0.25, "note": None}},
        {"name": "orders.read", "arguments": {"order": "o-1", "rate": 0.5, "note": None}},
        {"name": "orders.read", "arguments": {"order": "o-1", "rate": 0.25}},
        {**PARAMS, "more": 1},
    ],
)
def test_d102_other_parameters_are_refused_and_burn_no_nonce(params: Any) -> None:
    worker = Worker()
    refused = refusal(replace(Letter(), params=params), worker)
    assert told(refused) == (9, "digest_mismatch", "params_sha256")
    assert refused.proved
    assert worker.store.claims == 0
    worker.take(Letter())


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (float("nan"), "malformed"),
        (float("inf"), "malformed"),
        (1e20, "malformed"),
        (2**53, "malformed"),
        ("\ud800", "malformed"),
        ({1: 2}, "malformed"),
        ((1, 2), "malformed"),
        (b"x", "malformed"),
        (CYCLE, "body_too_large"),
        ("x" * (1 << 20), "body_too_large"),
    ],
)
def test_what_json_cannot_say_is_refused_after_the_signature(params: Any, code: str) -> None:
    refused = refusal(replace(Letter(), params=params))
    assert (refused.step, refused.code) == (9, code)


def test_the_limit_of_a_body_is_that_of_the_parameters() -> None:
    size = len(canonicalize(PARAMS))
    Worker(body_limit=size).take(Letter())
    assert told(refusal(Letter(), body_limit=size - 1)) == (9, "body_too_large", None)


def test_a_strangers_message_never_makes_the_worker_encode_its_parameters() -> None:
    """'A stranger's self-made chain costs no memory': the parameters are looked at in step 9 only."""

    class Watched(dict[str, Any]):
        looked = 0

        def __iter__(self) -> Any:
            Watched.looked += 1
            return super().__iter__()

    refusal(replace(Letter(key=STRANGER), params=Watched(PARAMS)))
    assert Watched.looked == 0


# --- once, in time, for whom -----------------------------------------------------------------------


def test_s64_the_same_message_twice() -> None:
    worker = Worker()
    worker.take(Letter())
    refused = refusal(Letter(), worker)
    assert (refused.step, refused.code, refused.executed) == (11, "nonce_replayed", "unknown")
    worker.take(Letter().changed(nonce="AQIDBAUGBwgJCgsMDQ4PEA"))


def test_the_nonce_of_a_request_is_not_one_of_a_message_as_well() -> None:
    """'The same stores': a key's nonce is accepted once, however it came."""
    both = {
        "trust": trust_store(audiences=(AUDIENCE, ORIGIN)),
        "origins": [ORIGIN],
    }
    worker = Worker(**both)
    worker.take(Letter())
    with pytest.raises(DelegateError) as refused:
        worker.verifier.verify(sign().request(), b'{"cents":1250}')
    assert refused.value.code == "nonce_replayed"


def test_a_replay_is_refused_by_another_process_of_the_same_store(tmp_path: Any) -> None:
    path = tmp_path / "replay.db"
    first, second = Worker(), Worker()
    stores = [SQLiteReplayStore(path, clock=worker.clock, assume_fresh=True) for worker in (first, second)]
    for worker, store in zip((first, second), stores, strict=True):
        worker.verifier = Worker(replay=store, clock=worker.clock).verifier
    first.take(Letter())
    assert refusal(Letter(), second).code == "nonce_replayed"


def test_times_are_decided_again_after_the_parameters() -> None:
    worker = Worker()

    class Late(Message):
        @property
        def params(self) -> Any:
            worker.clock.set(NOW + 60)
            return PARAMS

    good = Letter().message()
    late = object.__new__(Late)
    object.__setattr__(late, "method", good.method)
    object.__setattr__(late, "envelope", good.envelope)
    with pytest.raises(DelegateError) as refused:
        worker.verifier.verify(late)
    assert (refused.value.step, refused.value.code) == (10, "expired")
    assert worker.store.claims == 0


def test_d99_the_window_has_exact_ends() -> None:
    for now, code in ((NOW - 6, "created_in_future"), (NOW + 60, "expired")):
        worker = Worker()
        worker.clock.set(now)
        assert refusal(Letter(), worker).code == code
    for now in (NOW - 5, NOW + 59):
        worker = Worker()
        worker.clock.set(now)
        worker.take(Letter())


def test_a_worker_takes_messages_for_its_audiences_only() -> None:
    """'`aud` is a configured URI found in every block's `aud`.'"""
    assert refusal(Letter(), audiences=["mcp:other"]).code == "authority_rejected"
    assert refusal(Letter(), audiences=(), origins=[ORIGIN]).code == "authority_rejected"
    Worker(audiences=["mcp:other", AUDIENCE]).take(Letter())


def test_the_issuer_must_be_trusted_for_the_audience() -> None:
    refused = refusal(Letter(), trust=trust_store(audiences=(ORIGIN,)))
    assert (refused.step, refused.code, refused.field) == (8, "widened", "aud")


def test_without_origins_every_request_is_refused() -> None:
    with pytest.raises(DelegateError) as refused:
        Worker().verifier.verify(sign().request(), b'{"cents":1250}')
    assert told(refused.value) == (5, "authority_rejected", "@authority")


DIRECT = issuing_record(KEYS[1], usages=frozenset({Usage.REQUEST}), agent="agent-1", direct_scope=SCOPE)


def direct_trust(record: KeyRecord = DIRECT) -> Any:
    return trust_store(audiences=(AUDIENCE,), keys=(issuing_record(), record))


def test_a_direct_message_has_the_scope_of_its_keys_record() -> None:
    letter = Letter().changed(delegation=None)
    proof = Worker(trust=direct_trust(), require_delegation=False).take(letter)
    assert (proof.token, proof.path, proof.expires_at) == (None, ("agent-1",), NOW + 60)
    proof.authorize(Action("orders.read", operation="read", risk="low"))
    assert refusal(letter, trust=direct_trust()).code == "delegation_missing"
    unknown = refusal(letter, require_delegation=False)
    assert told(unknown) == (6, "key_unknown", "keyid")


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"audiences": []}, "origins"),
        ({"audiences": AUDIENCE}, "audiences"),
        ({"audiences": [ORIGIN]}, "audiences"),
        ({"audiences": ["workspace"]}, "audiences"),
        ({"audiences": [7]}, "audiences"),
        ({"audiences": ["localhost:8000"]}, "audiences"),
        ({"audiences": ["api.example.com:x"]}, "audiences"),
    ],
)
def test_a_wrong_audience_is_a_mistake_in_the_set_up(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Worker(**settings)
    assert refused.value.field == field


def test_s134_a_p256_message_has_one_form() -> None:
    """A high s is good over HTTP, as RFC 9421 has it; a DSSE object has the low one."""
    key = P256_KEYS[1]
    text = forge(root_members(aud=[AUDIENCE]), child_members(1, key=key.public_key.text)).text
    letter = replace(Letter().changed(delegation=text, keyid=key.key_id, alg="ecdsa-p256-sha256"), key=key)
    [signed] = letter.envelope_members()["signatures"]
    other = replace(letter, signature=other_s(b64decode(signed["sig"])))
    assert told(refusal(other)) == (7, "signature_invalid", None)
    assert Worker().take(letter).key_id == key.key_id


# --- one path --------------------------------------------------------------------------------------


def test_requests_and_messages_ask_the_same_of_the_outside() -> None:
    """What a message has to say is in memory: it asks for the claim and for nothing else."""

    def claim_of(verifier: Verifier, asked: Request | Message) -> Any:
        steps = verification_steps(verifier._policy, asked)
        need: Any = next(steps)
        if type(need).__name__ == "ReadBody":
            need = steps.send(b'{"cents":1250}')
        return need

    of_request = claim_of(Server().verifier, sign().request())
    of_message = claim_of(Worker().verifier, Letter().message())
    assert of_request == of_message


def test_explain_and_observe_know_messages() -> None:
    worker = Worker()
    passed = worker.verifier.explain(Letter().message())
    assert passed.accepted
    refused = worker.verifier.explain(replace(Letter(), params={}).message())
    assert (refused.code, refused.step) == ("digest_mismatch", 9)
    assert refused.chain is not None
    assert worker.verifier.explain(replace(Letter().message(), envelope=None)).chain is None
    assert worker.store.claims == 0
    seen = worker.verifier.observe(replace(Letter(), params={}).message())
    assert seen is not None
    assert seen.code == "digest_mismatch"


# --- the oracle ------------------------------------------------------------------------------------

wounds = st.fixed_dictionaries(
    {},
    optional={
        "v": st.sampled_from([1, 2, True]),
        "aud": st.sampled_from([AUDIENCE, "mcp:other", "mcp:workspace/x"]),
        "method": st.sampled_from(["tools/call", "tools/list"]),
        "params_sha256": st.sampled_from([digest_of(PARAMS), digest_of({}), digest_of([])]),
        "created": st.integers(NOW - 310, NOW + 10),
        "expires": st.integers(NOW - 10, NOW + 310),
        "nonce": st.sampled_from([NONCE, NONCE[:-1] + "x", NONCE[:-1]]),
        "keyid": st.sampled_from([KEYS[1].key_id, KEYS[0].key_id, STRANGER.key_id]),
        "alg": st.sampled_from(["ed25519", "none"]),
        "agent": st.sampled_from(['"agent-1"', '"agent-1";run="a"', '"agent-0"', "agent-1"]),
        "delegation": st.sampled_from(
            [
                mail_token().text,
                mail_token(aud=["mcp:other"]).text,
                mail_token(iat=NOW - 30, exp=NOW + 3).text,
                mail_token(iat=NOW + 5).text,
                forge(root_members(aud=[AUDIENCE])).text,
                forge(root_members(aud=[AUDIENCE]), child_members(1), keys=(STRANGER,)).text,
            ]
        ),
        "extra": st.just(1),
    },
)


@example({}, KEYS[1], PARAMS, NOW)
@example({"delegation": mail_token(iat=NOW + 5).text}, KEYS[1], PARAMS, NOW)
@example({"created": NOW - 30, "expires": NOW + 60}, KEYS[1], dict(reversed(PARAMS.items())), NOW + 59)
@given(
    wounds,
    st.sampled_from([KEYS[1], KEYS[1], KEYS[0], STRANGER]),
    st.sampled_from([PARAMS, PARAMS, {}, [], {"arguments": PARAMS["arguments"], "name": "orders.read"}]),
    st.integers(NOW - 8, NOW + 70),
)
def test_a_slow_second_verifier_agrees(changes: Any, key: SigningKey, params: Any, now: int) -> None:
    letter = replace(Letter(), key=key, params=params).changed(**changes)
    worker = Worker()
    worker.clock.set(now)
    expected = accepts(
        method=letter.method,
        params=letter.params,
        envelope=letter.envelope(),
        issuer_key=ISSUER_KEY.public_key.raw,
        audience=AUDIENCE,
        now=now,
    )
    seen = worker.verifier.observe(letter.message())
    assert (seen is None) is expected, seen
