"""The order of the steps, and what it keeps (design section 8)."""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delegate.clock import ManualClock
from delegate.errors import (
    BodyTruncatedError,
    ConfigurationError,
    DelegateError,
    NonceReplayedError,
    ReplayStoreUnavailableError,
)
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.limits import SKEW_DEFAULT
from delegate.replay.memory import MemoryReplayStore
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.scope import Action, Scope
from delegate.verifier import Claim, ReadBody, Verifier
from delegate.verifier.steps import verification_steps
from tests.support.forge import (
    ISSUER_KEY,
    KEYS,
    NARROW,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    SCOPE,
    chain,
    child_members,
    forge,
    root_members,
)
from tests.support.wire import (
    BODY,
    COMPONENTS,
    NONCE,
    Server,
    Wire,
    digest_of,
    issuing_record,
    sign,
    trust_store,
)

STRANGER = SigningKey.from_seed(b"\x55" * 32)


def refusal(wire: Wire, server: Server | None = None, **settings: Any) -> DelegateError:
    with pytest.raises(DelegateError) as refused:
        (server or Server(**settings)).deliver(wire)
    return refused.value


def with_token(text: str, **changes: Any) -> Wire:
    return sign(Wire().with_header("delegation", f't="{text}"'), **changes)


# --- order -----------------------------------------------------------------------------------------


def needs_of(wire: Wire, server: Server) -> list[str]:
    """What verification asks for from outside, in order, until it ends."""
    steps = verification_steps(server.verifier._policy, wire.request())
    asked: list[str] = []
    answer: Any = None
    try:
        while True:
            need = steps.send(answer)
            asked.append(type(need).__name__)
            answer = wire.body if isinstance(need, ReadBody) else 0
    except StopIteration as end:
        return [*asked, type(end.value).__name__]
    except DelegateError as error:
        return [*asked, error.code]


def test_the_body_is_read_before_the_nonce_is_claimed() -> None:
    assert needs_of(sign(), Server()) == ["ReadBody", "Claim", "Verified"]


UNBODIED = {
    "unsigned": (Wire(), "signature_missing"),
    "expired": (sign(created=str(NOW - 90), expires=str(NOW - 30)), "expired"),
    "target": (sign(Wire(path="//x")), "target_rejected"),
    "strangers-own-chain": (
        with_token(forge(root_members(), child_members(1), keys=(STRANGER,)).text),
        "delegation_signature_invalid",
    ),
    "strangers-own-issuer": (
        with_token(
            forge(root_members(iss="evil", kid=STRANGER.key_id), child_members(1), keys=(STRANGER,)).text
        ),
        "untrusted_root",
    ),
    "forged-signature": (replace(sign(), path="/other"), "signature_invalid"),
    "stolen-token": (sign(key=STRANGER), "signature_invalid"),
    "stolen-token-own-keyid": (
        sign(key=STRANGER, keyid=f'"{STRANGER.key_id}"'),
        "holder_mismatch",
    ),
    "out-of-audience": (
        with_token(forge(root_members(aud=[OTHER_ORIGIN]), child_members(1)).text),
        "audience_mismatch",
    ),
}


@pytest.mark.parametrize(("wire", "code"), UNBODIED.values(), ids=UNBODIED.keys())
def test_a21_a_strangers_request_never_makes_the_server_read_a_body_or_touch_a_store(
    wire: Wire, code: str
) -> None:
    """'A forged request touches no store ..., a stranger's self-made chain never makes the server read a
    body.'"""
    server = Server()
    assert needs_of(wire, server) == [code]
    assert refusal(wire, server).code == code
    assert server.store.claims == 0


def test_s72_an_altered_body_does_not_burn_the_nonce() -> None:
    server, wire = Server(), sign()
    assert refusal(replace(wire, body=b"{}"), server).code == "digest_mismatch"
    assert server.store.claims == 0
    server.deliver(wire)


def test_s71_forgeries_do_not_fill_the_store() -> None:
    server = Server()
    for index in range(50):
        wire = sign(nonce=f'"{NONCE[:-3]}{index:02d}w"')
        refusal(replace(wire, path="/forged"), server)
    assert server.store.claims == 0


def test_s64_b1_the_same_request_twice() -> None:
    server, wire = Server(), sign()
    server.deliver(wire)
    refused = refusal(wire, server)
    assert (refused.code, refused.step, refused.proved, refused.executed) == (
        "nonce_replayed",
        11,
        True,
        "unknown",
    )


def test_s68_the_same_nonce_on_another_endpoint() -> None:
    server = Server()
    server.deliver(sign())
    assert refusal(sign(Wire(path="/v1/other")), server).code == "nonce_replayed"


def test_s66_b3_the_same_nonce_of_another_key() -> None:
    server = Server()
    server.deliver(sign())
    other = (
        Wire().with_header("delegation", f't="{chain(1).text}"').with_header("agent-identity", '"agent-0"')
    )
    server.deliver(sign(other, key=KEYS[0], keyid=f'"{KEYS[0].key_id}"'))


def test_b3_tenants_do_not_share_nonces() -> None:
    clock = ManualClock(NOW)
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    for tenant in ("one", "two"):
        Server(tenant=tenant, replay=store, clock=clock).deliver(sign())
    assert refusal(sign(), tenant="one", replay=store, clock=clock).code == "nonce_replayed"


@pytest.mark.parametrize("late", [60, 61, 1000])
def test_the_window_is_decided_again_after_the_body(late: int) -> None:
    """'The same bytes on two connections, both bodies finished after ``expires``: none accepted.'"""
    server, wire = Server(), sign()

    def slowly(need: ReadBody) -> bytes:
        server.clock.set(NOW + late)
        return wire.body

    for _ in range(2):
        server.clock.set(NOW)
        with pytest.raises(DelegateError) as refused:
            server.verifier.verify(wire.request(), slowly)
        assert (refused.value.code, refused.value.step) == ("expired", 10)
    assert server.store.claims == 0


def test_the_tokens_times_are_decided_again_after_the_body() -> None:
    server = Server()
    wire = with_token(forge(root_members(), child_members(1, exp=NOW + 30)).text)

    def slowly(need: ReadBody) -> bytes:
        server.clock.set(NOW + 30)
        return wire.body

    with pytest.raises(DelegateError) as refused:
        server.verifier.verify(wire.request(), slowly)
    assert (refused.value.code, refused.value.block, refused.value.step) == ("delegation_expired", 1, 10)


def test_the_reader_is_told_limit_and_deadline() -> None:
    server, seen = Server(body_limit=7000, body_deadline=1.5), []

    def read(need: ReadBody) -> bytes:
        seen.append(need)
        return BODY

    server.verifier.verify(sign().request(), read)
    assert seen == [ReadBody(7000, 1.5)]


def test_s116_a_body_that_breaks_off_leaves_the_nonce_unclaimed() -> None:
    server, wire = Server(), sign()

    def broken(need: ReadBody) -> bytes:
        raise BodyTruncatedError

    with pytest.raises(BodyTruncatedError) as refused:
        server.verifier.verify(wire.request(), broken)
    assert refused.value.step == 9
    server.deliver(wire)


# --- chains at the door ----------------------------------------------------------------------------

CHAINS = {
    "d34-unknown-issuer": (forge(root_members(iss="evil"), child_members(1)), "untrusted_root", 6),
    "d35-right-key-wrong-name": (forge(root_members(iss="acme2"), child_members(1)), "untrusted_root", 6),
    "d34-unknown-key": (
        forge(root_members(kid=STRANGER.key_id), child_members(1), keys=(STRANGER,)),
        "untrusted_root",
        6,
    ),
    "d27-kid-path": (forge(root_members(kid="../../etc/passwd"), child_members(1)), "untrusted_root", 6),
    "spliced": (
        forge(root_members(), child_members(1), keys=(ISSUER_KEY, STRANGER)),
        "delegation_signature_invalid",
        8,
    ),
    "widened": (
        forge(root_members(sc=NARROW.to_json()), child_members(1, sc=SCOPE.to_json())),
        "widened",
        8,
    ),
    "depth": (forge(root_members(dep=0), child_members(1)), "depth_exceeded", 8),
    "audience": (forge(root_members(aud=[OTHER_ORIGIN]), child_members(1)), "audience_mismatch", 8),
    "expired": (forge(root_members(iat=NOW - 9, exp=NOW), child_members(1)), "delegation_expired", 8),
    "not-yet": (
        forge(root_members(iat=NOW + 6, exp=NOW + 60), child_members(1, iat=NOW + 6)),
        "delegation_not_yet_valid",
        8,
    ),
    "over-the-ceiling": (
        forge(root_members(sc=SCOPE.to_json() | {"max_risk": "critical"}), child_members(1)),
        "widened",
        8,
    ),
    "over-the-lifetime": (forge(root_members(exp=NOW + 601), child_members(1)), "widened", 8),
}


@pytest.mark.parametrize(("token", "code", "step"), CHAINS.values(), ids=CHAINS.keys())
def test_chains_are_refused_by_name_and_step(token: Any, code: str, step: int) -> None:
    refused = refusal(with_token(token.text))
    assert (refused.code, refused.step) == (code, step)


def test_d92_c6_only_the_last_holder_can_use_a_token() -> None:
    for key in (KEYS[0], ISSUER_KEY, STRANGER):
        assert refusal(sign(key=key, keyid=f'"{key.key_id}"')).code == "holder_mismatch"
        assert refusal(sign(key=key)).code == "signature_invalid"


def test_d5_a_truncated_chain_is_not_the_leaf_holders() -> None:
    wire = Wire().with_header("agent-identity", '"agent-0"')
    text = dict(Wire().headers)["delegation"].split('"')[1].rsplit(".", 2)[0]
    assert refusal(sign(wire.with_header("delegation", f't="{text}"'))).code == "holder_mismatch"


def test_d93_a_proof_for_one_chain_does_not_fit_another_of_the_same_holder() -> None:
    other = forge(root_members(exp=NOW + 500), child_members(1))
    wire = sign().with_header("delegation", f't="{other.text}"')
    assert refusal(wire).code == "signature_invalid"
    Server().deliver(with_token(other.text))


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (issuing_record(usages=frozenset({Usage.RESPONSE})), "key_purpose"),
        (issuing_record(usages=frozenset({Usage.REQUEST})), "key_purpose"),
        (issuing_record(not_before=NOW + 1), "key_revoked"),
        (issuing_record(not_after=NOW), "key_revoked"),
        (issuing_record(status="repudiated"), "key_revoked"),
        (issuing_record(status="retired", retired_at=NOW), "key_revoked"),
        (issuing_record(status="retired", retired_at=NOW + 1), None),
        (issuing_record(not_before=NOW, not_after=NOW + 1), None),
    ],
)
def test_c18_d36_the_issuing_key_must_be_good_for_it(record: KeyRecord, code: str | None) -> None:
    server = Server(trust=trust_store(keys=(record,)))
    if code is None:
        server.deliver(sign())
    else:
        refused = refusal(sign(), server)
        assert (refused.code, refused.step, refused.proved) == (code, 6, False)


def test_repudiated_holders_are_refused_in_every_role() -> None:
    """'Repudiated: refused at once in every role.'"""
    stolen = KeyRecord(
        key=KEYS[0].public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        not_after=None,
        status="repudiated",
    )
    refused = refusal(sign(), trust=trust_store(keys=(issuing_record(), stolen)))
    assert (refused.code, refused.block) == ("key_revoked", 0)


def test_d108_an_issuer_that_demands_revocation_gets_no_silence() -> None:
    assert refusal(sign(), trust=trust_store(revocation="required")).code == "revocation_unavailable"


def test_d34_an_empty_trust_store_trusts_nobody() -> None:
    assert refusal(sign(), trust=TrustStore()).code == "untrusted_root"


def test_d40_a_cached_chain_answers_to_every_change() -> None:
    """'Trust, time, revocation, audience and ceiling are evaluated on every call.'"""
    trust = trust_store()
    server = Server(trust=trust)
    good = trust.snapshot

    def again(index: int) -> Wire:
        return sign(
            nonce=f'"{NONCE[:-3]}{index:02d}w"',
            created=str(server.clock.now()),
            expires=str(server.clock.now() + 60),
        )

    server.deliver(again(10))
    changed: list[tuple[dict[str, Any], str]] = [
        ({"ceiling": NARROW}, "widened"),
        ({"audiences": (OTHER_ORIGIN,)}, "widened"),
        ({"max_ttl": 599}, "widened"),
        ({"max_depth": 2}, "widened"),
        ({"revocation": "required"}, "revocation_unavailable"),
        ({"keys": (issuing_record(status="repudiated"),)}, "key_revoked"),
        ({"keys": ()}, "untrusted_root"),
    ]
    for index, (changes, code) in enumerate(changed):
        trust.replace(trust_store(**changes).snapshot)
        assert refusal(again(20 + index), server).code == code
        trust.replace(good)
        server.deliver(again(30 + index))
    server.clock.advance(600)
    assert refusal(again(50), server).code == "delegation_expired"


def test_a_cache_serves_only_what_was_proved() -> None:
    server = Server()
    bad = forge(root_members(), child_members(1), keys=(ISSUER_KEY, STRANGER))
    for _ in range(2):
        assert refusal(with_token(bad.text), server).code == "delegation_signature_invalid"
    Server(cache_size=0).deliver(sign())


# --- direct requests -------------------------------------------------------------------------------


def direct_trust(**changes: Any) -> TrustStore:
    settings: dict[str, Any] = {
        "usages": frozenset({Usage.REQUEST}),
        "not_before": 0,
        "not_after": None,
        "agent": "cron",
        "direct_scope": NARROW,
    }
    record = KeyRecord(key=STRANGER.public_key, **(settings | changes))
    return TrustStore(
        [
            Issuer(
                name="ops",
                ceiling=SCOPE,
                audiences=(ORIGIN,),
                max_depth=0,
                revocation="none",
                keys=(record,),
            )
        ]
    )


def direct(**changes: Any) -> Wire:
    wire = Wire().without_header("delegation").with_header("agent-identity", '"cron"')
    components = COMPONENTS.replace(' "delegation"', "")
    return sign(wire, components=components, key=STRANGER, keyid=f'"{STRANGER.key_id}"', **changes)


READ = Action("orders.read", operation="read", risk="low", resources={"order": ["o-1"]})
REFUND = Action("refunds.create", operation="financial", risk="high", resources={"order": ["o-1"]})


def test_direct_requests_are_off_by_default() -> None:
    assert refusal(direct(), trust=direct_trust()).code == "delegation_missing"


def test_a_direct_request_may_do_what_its_keys_record_says() -> None:
    verified = Server(trust=direct_trust(), require_delegation=False).deliver(direct())
    assert (verified.issuer, verified.agent, verified.path) == ("ops", "cron", ("cron",))
    assert (verified.token, verified.chain_id, verified.root) == (None, None, None)
    assert verified.authorize(READ).agent == "cron"
    with pytest.raises(DelegateError) as refused:
        verified.authorize(REFUND)
    assert (refused.value.code, refused.value.block) == ("out_of_scope", 0)


def test_without_a_direct_scope_a_direct_request_may_do_nothing() -> None:
    verified = Server(trust=direct_trust(direct_scope=None), require_delegation=False).deliver(direct())
    with pytest.raises(DelegateError) as refused:
        verified.authorize(READ)
    assert (refused.value.block, refused.value.field) == (0, "direct_scope")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"agent": "other"}, "identity_mismatch"),
        ({"status": "repudiated"}, "key_revoked"),
        ({"not_after": NOW}, "key_revoked"),
        ({"usages": frozenset({Usage.RESPONSE}), "direct_scope": None, "agent": None}, "key_unknown"),
    ],
)
def test_s143_direct_keys_are_held_to_their_record(changes: dict[str, Any], code: str) -> None:
    assert refusal(direct(), trust=direct_trust(**changes), require_delegation=False).code == code


def test_a_direct_key_that_ends_while_the_body_is_read_is_refused_at_step_10() -> None:
    for seconds in (9, 10):
        server = Server(trust=direct_trust(not_after=NOW + 10), require_delegation=False)

        def read(_need: ReadBody, server: Server = server, seconds: int = seconds) -> bytes:
            server.clock.advance(seconds)
            return BODY

        if seconds < 10:
            assert server.verifier.verify(direct().request(), read).agent == "cron"
            continue
        with pytest.raises(DelegateError) as refused:
            server.verifier.verify(direct().request(), read)
        assert (refused.value.code, refused.value.step) == ("key_revoked", 10)
        assert server.store.claims == 0


def test_a_direct_request_is_held_to_its_issuers_audiences_and_revocation() -> None:
    trust = direct_trust()
    ops = trust.snapshot.issuer("ops")
    assert ops is not None
    for changes, code in (
        ({"audiences": (OTHER_ORIGIN,)}, "audience_mismatch"),
        ({"revocation": "required"}, "revocation_unavailable"),
    ):
        changed = TrustStore([replace(ops, **changes)])
        refused = refusal(direct(), trust=changed, require_delegation=False)
        assert (refused.code, refused.step) == (code, 8)
        assert refused.block == (-1 if code == "audience_mismatch" else None)
    Server(trust=trust, require_delegation=False).deliver(direct())


def test_s139_s140_a_direct_keyid_is_only_ever_a_dictionary_key() -> None:
    for keyid in ("../../etc/passwd", "' OR 1=1 --", "%00", "x" * 500, ""):
        wire = sign(
            Wire().without_header("delegation"),
            components=COMPONENTS.replace(' "delegation"', ""),
            keyid=f'"{keyid}"',
        )
        assert refusal(wire, trust=direct_trust(), require_delegation=False).code == "key_unknown"


def test_with_a_token_the_direct_scope_is_never_consulted() -> None:
    """'When a token is present ``direct_scope`` is never consulted.'"""
    holder = KeyRecord(
        key=KEYS[1].public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        not_after=None,
        agent="agent-1",
        direct_scope=SCOPE,
    )
    token = forge(root_members(), child_members(1, sc=NARROW.to_json()))
    server = Server(trust=trust_store(keys=(issuing_record(), holder)), require_delegation=False)
    verified = server.deliver(with_token(token.text))
    verified.authorize(READ)
    with pytest.raises(DelegateError) as refused:
        verified.authorize(REFUND)
    assert refused.value.block == 1


# --- stores ----------------------------------------------------------------------------------------


class Answering:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def claim(self, **claim: Any) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]  # that is the fault

    async def aclaim(self, **claim: Any) -> int:
        return self.claim(**claim)


FAULTS = [
    None,
    True,
    1.5,
    "OK",
    OSError("disk"),
    TimeoutError(),
    RuntimeError("bug"),
    ReplayStoreUnavailableError(),
]


@pytest.mark.parametrize("answer", FAULTS, ids=repr)
def test_s75_whatever_goes_wrong_in_a_store_is_a_refusal(answer: object) -> None:
    """'An error, a time-out or doubt means no' (design rule 1)."""
    refused = refusal(sign(), replay=Answering(answer))
    assert (refused.code, refused.step, refused.status) == ("replay_store_unavailable", 11, 503)
    with pytest.raises(ReplayStoreUnavailableError):
        asyncio.run(Server(replay=Answering(answer)).verifier.averify(sign().request(), BODY))
    Server(replay=Answering(0)).deliver(sign())


@pytest.mark.parametrize(
    ("epoch", "code"), [(NOW - 6, None), (NOW - 5, "replay_unknown"), (NOW, "replay_unknown")]
)
def test_what_a_store_may_have_forgotten_is_refused(epoch: int, code: str | None) -> None:
    """'Refused: created <= floor(epoch) + skew.'"""
    server = Server(replay=Answering(epoch))
    if code is None:
        server.deliver(sign())
    else:
        assert refusal(sign(), server).code == code


def test_s77_a_restarted_memory_store_refuses_what_its_predecessor_may_have_accepted() -> None:
    clock = ManualClock(NOW)
    before = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    Server(replay=before, clock=clock).deliver(sign())
    clock.advance(3)
    after = MemoryReplayStore(single_process=True, clock=clock)
    refused = refusal(sign(), replay=after, clock=clock)
    assert (refused.code, refused.limit) == ("replay_unknown", NOW + 3 + SKEW_DEFAULT)
    clock.advance(6)
    fresh = sign(created=str(NOW + 9), expires=str(NOW + 60), nonce=f'"{NONCE[:-1]}A"')
    Server(replay=after, clock=clock).deliver(fresh)


def test_a_full_store_has_its_own_code() -> None:
    clock = ManualClock(NOW)
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock, quota=1, capacity=1)
    server = Server(replay=store, clock=clock)
    server.deliver(sign())
    assert refusal(sign(nonce=f'"{NONCE[:-1]}A"'), server).code == "replay_capacity"


def test_a_replay_is_refused_after_a_process_restart_with_sqlite(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    for expected in (None, "nonce_replayed"):
        with SQLiteReplayStore(tmp_path / "replay.db", clock=clock, assume_fresh=True) as store:
            server = Server(replay=store, clock=clock)
            if expected is None:
                server.deliver(sign())
            else:
                assert refusal(sign(), server).code == expected


def try_once(path: Path, count: int) -> int:
    """In a process of its own: how many of ``count`` tries with one request are accepted."""
    clock, accepted = ManualClock(NOW), 0
    with SQLiteReplayStore(path, clock=clock) as store:
        verifier = Server(replay=store, clock=clock).verifier
        request = sign().request()
        for _ in range(count):
            try:
                verifier.verify(request, BODY)
            except NonceReplayedError:
                continue
            accepted += 1
    return accepted


def test_one_nonce_a_thousand_tries_four_processes_one_winner(tmp_path: Path) -> None:
    path = tmp_path / "replay.db"
    with SQLiteReplayStore(path, clock=ManualClock(NOW), assume_fresh=True):
        pass
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert sum(pool.starmap(try_once, [(path, 250)] * 4)) == 1


# --- drivers and configuration ---------------------------------------------------------------------


def test_the_async_driver_runs_the_same_steps() -> None:
    async def run() -> None:
        server, wire = Server(), sign()

        async def read(need: ReadBody) -> bytes:
            await asyncio.sleep(0)
            return wire.body

        verified = await server.verifier.averify(wire.request(), read)
        assert verified.agent == "agent-1"
        with pytest.raises(NonceReplayedError) as refused:
            await server.verifier.averify(wire.request(), read)
        assert refused.value.step == 11
        assert (await server.verifier.aobserve(wire.request(), read)).__class__ is NonceReplayedError

    asyncio.run(run())


def test_a_store_of_the_other_kind_is_a_configuration_error() -> None:
    class OnlyAsync:
        async def aclaim(self, **claim: Any) -> int:
            return 0

    assert refusal(sign(), replay=OnlyAsync()).code == "configuration"
    asyncio.run(Server(replay=OnlyAsync()).verifier.averify(sign().request(), BODY))


def test_observe_logs_and_never_yields_a_proof(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(mode="observe")
    with pytest.raises(ConfigurationError):
        server.deliver(sign())
    caplog.set_level("INFO", "delegate.verifier")
    assert server.verifier.observe(sign().request(), BODY) is None
    refused = server.verifier.observe(sign().request(), BODY)
    assert isinstance(refused, NonceReplayedError)
    assert "nonce_replayed" in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {"origins": []},
        {"origins": ["https://API.example.com"]},
        {"origins": ["http://127.0.0.1:8443", "https://127.0.0.1:8443"]},
        {"mode": "log"},
        {"must_cover": ["Accept"]},
        {"proxy_adds": ["X-A"]},
        {"public_prefix": "api"},
        {"strip_prefix": "/api/"},
        {"public_origin": "api.example.com"},
        {"proxy_adds": ["delegation"]},
        {"proxy_adds": ["agent-identity"]},
        {"proxy_adds": ["content-digest"]},
        {"proxy_adds": "cookie"},
        {"must_cover": "accept"},
        {"origins": ORIGIN},
        {"body_limit": -1},
        {"body_limit": "1"},
        {"body_limit": True},
        {"body_limit": 1.5},
        {"cache_size": 1.5},
        {"body_deadline": float("nan")},
        {"body_deadline": 0},
        {"cache_size": -1},
        {"require_delegation": "no"},
        {"tenant": ""},
    ],
)
def test_d96_a16_k11_a_wrong_setting_stops_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Server(**settings)
    assert refused.value.field


def test_s61_a_broken_clock_stops_the_start() -> None:
    with pytest.raises(ConfigurationError):
        Verifier(
            trust=trust_store(),
            origins=[ORIGIN],
            replay=Answering(0),
            clock=ManualClock(float("nan")),  # type: ignore[arg-type]  # that is the fault
        )


def test_every_step_is_named_by_its_refusals() -> None:
    """Steps run in the design's order: each wound below passes every step before its own."""
    late = forge(root_members(iat=NOW - 9, exp=NOW), child_members(1))
    wires = {
        1: sign().with_line("host", "x"),
        2: sign().without_header("signature"),
        3: sign(components=COMPONENTS.replace(' "content-digest"', "")),
        4: sign(created=str(NOW - 70), expires=str(NOW - 10)),
        5: sign(Wire(path="//")),
        6: sign(key=STRANGER, keyid=f'"{STRANGER.key_id}"'),
        7: replace(sign(), path="/other"),
        8: with_token(late.text),
        9: replace(sign(), body=b""),
    }
    assert {step: refusal(wire).step for step, wire in wires.items()} == {step: step for step in wires}


def test_a_claim_names_tenant_issuer_and_delegatee() -> None:
    steps = verification_steps(Server(tenant="t").verifier._policy, sign().request())
    next(steps)
    need = steps.send(BODY)
    assert isinstance(need, Claim)
    assert need["space"] == "t"
    assert need["quota_key"] == f"acme {KEYS[0].key_id}"
    assert need["key_id"] == KEYS[1].key_id
    assert (need["expires_at"], need["now"]) == (NOW + 60, NOW)


def test_an_empty_intersection_authorizes_nothing() -> None:
    """'Empty means none.'"""
    verified = Server(trust=trust_store(ceiling=Scope.UNRESTRICTED)).deliver(
        with_token(forge(root_members(sc=Scope().to_json()), child_members(1)).text)
    )
    with pytest.raises(DelegateError) as refused:
        verified.authorize(READ)
    assert (refused.value.code, refused.value.block, refused.value.proved) == ("out_of_scope", 0, True)


def test_digest_helper_agrees_with_the_package() -> None:
    from delegate.envelope.digest import content_digest  # noqa: PLC0415 - only here

    assert content_digest(BODY) == digest_of(BODY).encode()


def held_by(index: int, text: str) -> Wire:
    """A request with a chain whose last block names ``agent-<index>``."""
    wire = Wire().with_header("delegation", f't="{text}"').with_header("agent-identity", f'"agent-{index}"')
    return sign(wire, key=KEYS[index], keyid=f'"{KEYS[index].key_id}"')


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_forged_block_behind_a_remembered_chain_is_proved_like_any_other(length: int) -> None:
    """The prefix is in the cache; what follows it is not believed for that."""
    server = Server()
    prefix, good = chain(length), chain(length + 1)
    assert good.text.startswith(prefix.text + ".")
    server.deliver(held_by(length - 1, prefix.text))
    blocks = [root_members(dep=15), *(child_members(index) for index in range(1, length))]
    rightful = (ISSUER_KEY, *KEYS[: length - 1])
    forged = forge(*blocks, child_members(length), keys=(*rightful, STRANGER))
    wider = forge(*blocks, child_members(length, exp=NOW + 601))
    for token, code in ((forged, "delegation_signature_invalid"), (wider, "widened")):
        assert token.text.startswith(prefix.text + ".")
        refused = refusal(held_by(length, token.text), server)
        assert (refused.code, refused.block, refused.step) == (code, length, 8)
    server.deliver(held_by(length, good.text))


def test_a_single_block_must_be_signed_by_the_issuer() -> None:
    forged = forge(root_members(), keys=(STRANGER,))
    refused = refusal(held_by(0, forged.text))
    assert (refused.code, refused.block, refused.step) == ("delegation_signature_invalid", 0, 8)
    Server().deliver(held_by(0, forge(root_members()).text))


def test_the_ceiling_is_asked_for_direct_requests_too() -> None:
    """A direct scope is the only block; the issuer's ceiling is block -1 of it as of every chain."""
    trust = direct_trust(direct_scope=SCOPE)
    ops = trust.snapshot.issuer("ops")
    assert ops is not None
    lower = TrustStore([replace(ops, ceiling=NARROW)])
    verified = Server(trust=lower, require_delegation=False).deliver(direct())
    verified.authorize(READ)
    with pytest.raises(DelegateError) as refused:
        verified.authorize(REFUND)
    assert (refused.value.code, refused.value.block) == ("out_of_scope", -1)
    Server(trust=trust, require_delegation=False).deliver(direct()).authorize(REFUND)
