"""The verifier as an object: what it refuses to be made of, and what its methods without a verdict give."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from delegate.clock import Clock
from delegate.errors import (
    ConfigurationError,
    DelegateError,
    NonceReplayedError,
    TargetRejectedError,
    UntrustedRootError,
)
from delegate.keys import Usage
from delegate.verifier import Verified
from tests.support.forge import ISSUER_KEY, KEYS, chain
from tests.support.wire import COMPONENTS as COVERED
from tests.support.wire import Server, Wire, base_of, issuing_record, parameters, sign, trust_store


@pytest.mark.parametrize(("field", "wrong"), [("trust", {"acme": ISSUER_KEY}), ("replay", set())])
def test_what_is_no_store_is_refused_by_name(field: str, wrong: object) -> None:
    Server()
    with pytest.raises(ConfigurationError) as refused:
        Server(**{field: wrong})
    assert refused.value.field == field


def test_its_clock_is_the_one_it_was_given() -> None:
    server = Server()
    assert server.verifier.clock is server.clock


def test_it_rebuilds_the_base_that_was_signed() -> None:
    wire = sign()
    assert Server().verifier.signature_base(wire.request()) == base_of(wire, COVERED, parameters())


def test_a_key_that_is_trusted_for_anything_else_signs_no_answers() -> None:
    verifier = Server().verifier
    verifier.require_answer_key(KEYS[5].public_key)
    with pytest.raises(ConfigurationError) as refused:
        verifier.require_answer_key(ISSUER_KEY.public_key)
    assert (refused.value.field, refused.value.limit) == ("answer_key", Usage.RESPONSE)


def test_a_key_that_is_trusted_for_answers_signs_them() -> None:
    answers = issuing_record(KEYS[5], usages=frozenset({Usage.RESPONSE}))
    trust = trust_store(keys=(issuing_record(), answers))
    Server(trust=trust).verifier.require_answer_key(KEYS[5].public_key)


@pytest.mark.parametrize("wrong", ["text", bytearray(b"x"), None])
def test_a_body_that_is_not_bytes_is_refused(wrong: object) -> None:
    server = Server()
    with pytest.raises(ConfigurationError) as refused:
        server.verifier.verify(sign().request(), lambda _: wrong)  # type: ignore[arg-type, return-value]
    assert refused.value.field == "body"
    assert server.store.claims == 0
    server.deliver(sign())


def test_observing_has_an_async_twin() -> None:
    server, wire = Server(), sign()
    assert asyncio.run(aobserve(server, wire)) is None
    assert isinstance(asyncio.run(aobserve(server, wire)), NonceReplayedError)


async def aobserve(server: Server, wire: Wire) -> object:
    async def read(_need: object) -> bytes:
        return wire.body

    return await server.verifier.aobserve(wire.request(), read)


def test_a_path_begins_with_a_slash() -> None:
    with pytest.raises(TargetRejectedError) as refused:
        Server().deliver(sign(Wire(path="v1/orders")))
    assert refused.value.component == "@path"


def test_the_repudiation_of_another_key_changes_nothing() -> None:
    trust = trust_store(keys=(issuing_record(), issuing_record(KEYS[9], status="repudiated")))
    assert Server(trust=trust).deliver(sign()).issuer == "acme"


def test_an_unknown_issuing_key_is_named() -> None:
    with pytest.raises(UntrustedRootError) as refused:
        Server(trust=trust_store(keys=(issuing_record(KEYS[9]),))).deliver(sign())
    assert (refused.value.block, refused.value.field) == (0, "kid")
    assert chain(1).root.kid == ISSUER_KEY.key_id


class Half:
    """A store with one of the two halves."""

    def __init__(self, name: str) -> None:
        setattr(self, name, lambda **_: 0)


@pytest.mark.parametrize("half", ["claim", "aclaim"])
def test_half_a_store_is_a_store(half: str) -> None:
    Server(replay=Half(half))


def test_without_a_clock_the_systems_is_read() -> None:
    assert type(Server(clock=None).verifier.clock) is Clock


@pytest.mark.parametrize(
    ("setting", "wrong", "kind"),
    [("body_limit", -1, "a whole number, 0 or more"), ("body_deadline", 0, "a number of seconds above 0")],
)
def test_a_wrong_number_is_told_what_it_should_be(setting: str, wrong: int, kind: str) -> None:
    Server(body_limit=0, cache_size=0, body_deadline=0.5)
    with pytest.raises(ConfigurationError, match=kind) as refused:
        Server(**{setting: wrong})
    assert refused.value.field == setting


def test_what_is_accepted_is_told_to_the_log_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="delegate")
    Server().deliver(sign())
    assert caplog.records == []
    caplog.set_level(logging.INFO, logger="delegate")
    Server().deliver(sign())
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_proof_says_why_it_is_not_made_by_hand() -> None:
    with pytest.raises(TypeError, match="made by the verifier alone"):
        Verified()


def test_a_path_without_a_slash_is_not_joined_to_the_public_prefix() -> None:
    """It would else be read as the signed path of another route, whose name begins with the prefix."""
    server, wire = Server(public_prefix="/api"), sign(Wire(path="/apiv1/orders"))
    with pytest.raises(TargetRejectedError) as refused:
        server.deliver(replace(wire, path="v1/orders"))
    assert refused.value.component == "@path"
    server.deliver(replace(sign(Wire(path="/api/v1/orders")), path="/v1/orders"))


def test_a_verifier_that_observes_gives_no_proof_to_async_callers_either() -> None:
    observing = Server(mode="observe")
    with pytest.raises(ConfigurationError) as refused:
        asyncio.run(observing.verifier.averify(sign().request()))
    assert refused.value.field == "mode"
    assert asyncio.run(aobserve(observing, sign())) is None


def test_only_the_prefix_itself_is_taken_off_a_path() -> None:
    """Another prefix of the same length would else lead to the path that was signed."""
    server = Server(strip_prefix="/internal")
    with pytest.raises(TargetRejectedError) as refused:
        server.deliver(replace(sign(), path="/external/v1/orders"))
    assert (refused.value.component, refused.value.limit) == ("@path", "/internal")
    server.deliver(replace(sign(), path="/internal/v1/orders"))


def test_a_refusal_is_logged_with_a_method_of_bounded_length(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DelegateError):
        Server().deliver(replace(sign(), method="X" * 40))
    assert [record.__dict__["delegate_method"] for record in caplog.records] == ["X" * 32]
