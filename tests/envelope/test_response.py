"""Signed answers: the profile row by row, and why each of its components is there.

A wounded answer is signed correctly *after* it was wounded, unless the row is about what happens on the
way, so each refusal comes for its own reason.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from delegate.encoding import b64_encode
from delegate.envelope.components import (
    RESPONSE_TAG,
    parse_components,
    signature_base,
)
from delegate.envelope.response import (
    ACCEPT_SIGNATURE,
    RequestBinding,
    binding_sent,
    is_asked_for,
    is_event_stream,
    sign_response,
    verify_response,
)
from delegate.envelope.sign import sign_request
from delegate.errors import DelegateError, SignatureInvalidError
from delegate.identity import Identity
from delegate.keys import SigningKey
from tests.conftest import VECTORS, needs_vectors
from tests.support import p256
from tests.support.answer import (
    CONTENT,
    COVERED,
    OF_REQUEST,
    REQUEST,
    SERVER_KEY,
    WireAnswer,
    answer_base,
    answer_parameters,
    binding,
    receive,
    sign_answer,
    signature_of,
)
from tests.support.forge import KEYS, NOW
from tests.support.wire import COMPONENTS, Wire, digest_of, sign

OTHER_KEY = SigningKey.from_seed(b"another server".ljust(32))


def refusal(answer: WireAnswer, request: Wire = REQUEST, **options: Any) -> DelegateError:
    """Why ``answer`` is not taken for that to ``request``."""
    with pytest.raises(DelegateError) as refused:
        receive(answer, request, **options)
    return refused.value


def test_the_good_answer_is_taken() -> None:
    signed = receive(sign_answer())
    assert (signed.created, signed.key_id) == (NOW, SERVER_KEY.key_id)
    assert signed.canonical_bytes == answer_base(WireAnswer(), REQUEST, COVERED, answer_parameters())


def test_any_label_component_order_and_parameter_order_is_taken() -> None:
    backwards = " ".join(reversed(COVERED.split()))
    shuffled = ";".join(["", *reversed(answer_parameters()[1:].split(";"))])
    assert receive(sign_answer(label="x*-1.y", components=backwards, params=shuffled))


def test_what_is_signed_here_is_taken() -> None:
    lines = [(b"Content-Type", b"text/plain"), (b"X-More", b"1"), (b"x-more", b"2")]
    added = sign_response(SERVER_KEY, binding(), status=200, headers=lines, body=b"hello", now=NOW)
    sent = [*lines, *((name.encode(), value) for name, value in added.items())]
    only = {SERVER_KEY.key_id: SERVER_KEY.public_key}.__getitem__
    assert verify_response(binding(), status=200, headers=sent, body=b"hello", key_for=only)


# --- what is covered ---------------------------------------------------------------------------------


def less(*items: str) -> str:
    return " ".join(item for item in COVERED.split() if item not in items)


MISSING, UNSUPPORTED = "component_missing", "component_unsupported"
COVERAGE = {
    "nothing": ("", MISSING),
    "s158-signature-alone": ('"signature";req;key="dlg"', MISSING),
    "s158-signature-and-the-answer": (f'"signature";req;key="dlg" {less(*OF_REQUEST.split())}', MISSING),
    "status": (less('"@status"'), MISSING),
    "method": (less('"@method";req'), MISSING),
    "authority": (less('"@authority";req'), MISSING),
    "path": (less('"@path";req'), MISSING),
    "query": (less('"@query";req'), MISSING),
    "signature": (less('"signature";req;key="dlg"'), MISSING),
    "request-digest": (less('"content-digest";req'), MISSING),
    "content-digest": (less('"content-digest"'), MISSING),
    "content-type": (less('"content-type"'), "header_not_covered"),
    "content-encoding": (less('"content-encoding"'), "header_not_covered"),
    "location": (less('"location"'), "header_not_covered"),
    "the-answers-own-method": (COVERED.replace('"@method";req', '"@method"'), UNSUPPORTED),
    "the-requests-status": (COVERED.replace('"@status"', '"@status";req'), UNSUPPORTED),
    "another-field-of-the-request": (f'{COVERED} "content-type";req', UNSUPPORTED),
    "the-whole-signature-header": (f'{COVERED} "signature";req', UNSUPPORTED),
    "another-label": (COVERED.replace('key="dlg"', 'key="other"'), UNSUPPORTED),
    "parameters-turned-round": (COVERED.replace('req;key="dlg"', 'key="dlg";req'), UNSUPPORTED),
    "sf": (f'{COVERED} "server";sf', UNSUPPORTED),
    "trailer": (f'{COVERED} "server";tr', UNSUPPORTED),
    "unknown-derived": (f'{COVERED} "@foo"', UNSUPPORTED),
    "twice": (f'{COVERED} "server" "server"', "component_duplicate"),
    "twice-of-request": (f'{COVERED} "@path";req', "component_duplicate"),
    "absent-field": (f'{COVERED} "x-absent"', MISSING),
    "upper-case": (f'{COVERED} "Server"', "signature_input_malformed"),
    "two-spaces": (COVERED.replace(" ", "  ", 1), "signature_input_malformed"),
    "too-many": (" ".join([COVERED, *(f'"x{n}"' for n in range(20))]), "signature_input_malformed"),
}


@pytest.mark.parametrize("row", COVERAGE)
def test_coverage(row: str) -> None:
    components, code = COVERAGE[row]
    assert refusal(sign_answer(components=components)).code == code


def test_further_fields_may_be_covered() -> None:
    assert receive(sign_answer(components=f'{COVERED} "server"'))


PARAMETERS: dict[str, tuple[dict[str, str | None], str]] = {
    "no-created": ({"created": None}, "param_missing"),
    "no-keyid": ({"keyid": None}, "param_missing"),
    "no-alg": ({"alg": None}, "param_missing"),
    "no-tag": ({"tag": None}, "signature_missing"),
    "tag-of-requests": ({"tag": '"delegate-v1"'}, "signature_missing"),
    "a-nonce": ({"nonce": '"AAECAwQFBgcICQoLDA0ODw"'}, "param_malformed"),
    "an-expiry": ({"expires": str(NOW + 60)}, "param_malformed"),
    "unknown": ({"foo": "1"}, "param_malformed"),
    "created-string": ({"created": f'"{NOW}"'}, "param_malformed"),
    "created-milliseconds": ({"created": f"{NOW}000"}, "timestamp_unit"),
    "alg-none": ({"alg": '"none"'}, "alg_not_allowed"),
    "no-structured-field": ({"foo": "{"}, "signature_input_malformed"),
    "alg-of-another-key": ({"alg": '"ecdsa-p256-sha256"'}, "alg_key_mismatch"),
}


@pytest.mark.parametrize("row", PARAMETERS)
def test_parameters(row: str) -> None:
    changes, code = PARAMETERS[row]
    assert refusal(sign_answer(params=answer_parameters(**changes))).code == code


def test_two_answers_signatures_are_ambiguous_and_foreign_ones_are_not() -> None:
    good = sign_answer()
    lines = dict(good.headers)
    foreign = lines["signature-input"] + ', edge=("@method";req);created=1;tag="cdn"'
    assert receive(good.with_header("signature-input", foreign))
    doubled = lines["signature-input"] + f", two=({COVERED}){answer_parameters()}"
    assert refusal(good.with_header("signature-input", doubled)).code == "signature_ambiguous"


# --- bound to one request ----------------------------------------------------------------------------

OTHER_REQUESTS: dict[str, Wire] = {
    "another nonce": sign(nonce='"EBESExQVFhcYGRobHB0eHw"'),
    "another path": sign(Wire(path="/v1/orders/2")),
    "another key": sign(key=KEYS[0]),
}


@pytest.mark.parametrize("other", OTHER_REQUESTS)
def test_s157_an_answer_to_one_request_is_none_to_another(other: str) -> None:
    """'An answer to request A never verifies for request B.'"""
    request = OTHER_REQUESTS[other]
    assert isinstance(refusal(sign_answer(request=REQUEST), request), SignatureInvalidError)
    assert isinstance(refusal(sign_answer(request=request), REQUEST), SignatureInvalidError)
    assert receive(sign_answer(request=request), request)


CHANGED_ALONE: dict[str, Wire] = {
    "method": replace(REQUEST, method="PUT"),
    "authority": REQUEST.with_header("host", "other.example.com"),
    "path": replace(REQUEST, path="/v1/refunds"),
    "query": replace(REQUEST, query="dry=0"),
    "digest": REQUEST.with_header("content-digest", digest_of(b"another body")),
    "signature": REQUEST.with_header("signature", f"dlg=:{b64_encode(bytes(64))}:"),
}
"""The good request with one thing changed, and everything else, its signature among it, as it was."""


@pytest.mark.parametrize("part", CHANGED_ALONE)
def test_the_requests_signature_alone_is_not_enough(part: str) -> None:
    """'Covering the request's signature alone is not enough.'

    Somebody who finds a second request under which the same signature bytes verify (by a key of their own
    making, for instance) has a signature that answers both; so each part of the request counts by itself.
    """
    about = CHANGED_ALONE[part]
    answer = sign_answer(request=about)
    assert isinstance(refusal(answer), SignatureInvalidError)
    own = binding(REQUEST)
    target = {
        "@method": about.method.encode(),
        "@authority": dict(about.headers)["host"].encode(),
        "@path": about.path.encode(),
        "@query": b"?" + about.query.encode(),
    }
    headers = {name: value.encode() for name, value in about.headers}
    theirs = RequestBinding(target, own.label, headers["signature"][4:], headers["content-digest"])
    assert theirs != own
    only = {SERVER_KEY.key_id: SERVER_KEY.public_key}.__getitem__
    assert verify_response(theirs, status=200, headers=answer.lines, body=answer.body, key_for=only)


@pytest.mark.parametrize(
    ("name", "value"), [("@path;req", "/v1/refunds"), ("@status", "201"), ("@method;req", "PUT")]
)
def test_no_header_of_the_answer_stands_for_the_request_or_the_status(name: str, value: str) -> None:
    """A library may hand on a header of any name; what is bound is taken from the request that was sent."""
    status = 201 if name == "@status" else 200
    about = {"@path;req": replace(REQUEST, path=value), "@method;req": replace(REQUEST, method=value)}
    answer = sign_answer(WireAnswer(status=status), about.get(name, REQUEST))
    forged = replace(answer, status=200).with_line(name, value)
    assert isinstance(refusal(forged), SignatureInvalidError)
    assert receive(sign_answer().with_line(name, value))


def test_a_request_without_a_digest_has_an_answer_without_its_digest() -> None:
    components = COMPONENTS.replace(' "content-digest"', "")
    request = sign(Wire(method="GET", body=b""), components=components)
    without = COVERED.replace('"content-digest";req ', "")
    assert receive(sign_answer(request=request, components=without), request)
    assert refusal(sign_answer(request=request), request).code == UNSUPPORTED


def test_the_client_and_the_server_bind_the_same() -> None:
    signed = sign_request(
        KEYS[1],
        method="POST",
        authority="api.example.com",
        path=b"/v1/orders",
        query=b"dry=1",
        headers={"content-type": b"application/json"},
        body=b"{}",
        identity=Identity(agent="agent-1"),
        token=None,
        now=NOW,
    )
    wire = Wire(
        headers=(
            ("host", "api.example.com"),
            ("content-type", "application/json"),
            *((name, value.decode()) for name, value in signed.headers.items()),
        ),
        body=b"{}",
    )
    assert binding(wire) == binding_sent(signed)


# --- changed on the way ------------------------------------------------------------------------------

CHANGES = {
    "status": (replace(sign_answer(), status=201), "signature_invalid"),
    "content-type": (sign_answer().with_header("content-type", "text/html"), "signature_invalid"),
    "content-encoding": (sign_answer().with_header("content-encoding", "gzip"), "signature_invalid"),
    "location": (sign_answer().with_header("location", "https://evil.example/"), "signature_invalid"),
    "digest": (sign_answer().with_header("content-digest", digest_of(b"x")), "signature_invalid"),
    "body": (replace(sign_answer(), body=CONTENT[:-1] + b" "), "digest_mismatch"),
    "body and digest": (
        replace(sign_answer().with_header("content-digest", digest_of(b"x")), body=b"x"),
        "signature_invalid",
    ),
    "no body": (replace(sign_answer(), body=b""), "digest_mismatch"),
    "stripped signature": (sign_answer().without_header("signature"), "signature_missing"),
    "stripped signature-input": (sign_answer().without_header("signature-input"), "signature_missing"),
    "stripped location": (sign_answer().without_header("location"), MISSING),
    "second location": (sign_answer().with_line("location", "/v1/orders/o-1"), "header_duplicate"),
    "second content-type": (sign_answer().with_line("content-type", "a/b"), "header_duplicate"),
    "short signature": (sign_answer().with_header("signature", "srv=:AAAA:"), "signature_malformed"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_on_the_way_is_refused(change: str) -> None:
    answer, code = CHANGES[change]
    assert refusal(answer).code == code
    assert receive(sign_answer())


@given(st.data())
def test_any_one_byte_changed_is_refused(data: st.DataObject) -> None:
    """'Every one of status, covered header, body byte changed is refused.'"""
    good = sign_answer()
    names = [name for name, _ in good.headers if name not in {"server", "signature-input"}]
    part = data.draw(st.sampled_from([*names, "body"]))
    before = good.body if part == "body" else dict(good.headers)[part].encode()
    index = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0x21, 0x7E).filter(lambda value: value != before[index]))
    after = before[:index] + bytes([byte]) + before[index + 1 :]
    bad = replace(good, body=after) if part == "body" else good.with_header(part, after.decode())
    with pytest.raises(DelegateError):
        receive(bad)


def test_an_answer_by_another_key_is_refused() -> None:
    """'An answer signed by any key but the origin's is refused', whatever key id it names."""
    foreign = sign_answer(key=OTHER_KEY, keyid=f'"{OTHER_KEY.key_id}"')
    with pytest.raises(KeyError):  # what the look-up of this test raises for an unknown key
        receive(foreign)
    assert receive(foreign, key=OTHER_KEY)
    assert isinstance(refusal(sign_answer(key=OTHER_KEY)), SignatureInvalidError)


def test_a_server_with_a_p256_key_answers_with_either_s() -> None:
    key = p256.KEYS[0]
    stated = {"keyid": f'"{key.key_id}"', "alg": '"ecdsa-p256-sha256"'}
    answer = sign_answer(key=key, params=answer_parameters(**stated))
    assert receive(answer, key=key)
    flipped = b64_encode(p256.other_s(signature_of(answer)))
    assert receive(answer.with_header("signature", f"srv=:{flipped}:"), key=key)
    wrong = answer_parameters(keyid=stated["keyid"])
    assert refusal(sign_answer(key=key, params=wrong), key=key).code == "alg_key_mismatch"
    added = sign_response(key, binding(), status=204, headers=[], body=b"", now=NOW)
    sent = [(name.encode(), value) for name, value in added.items()]
    only = {key.key_id: key.public_key}.__getitem__
    assert verify_response(binding(), status=204, headers=sent, body=b"", key_for=only)


# --- answers without a body, and compressed ones -----------------------------------------------------


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 204), ("GET", 304)])
def test_an_answer_without_content_needs_no_digest_and_has_no_body(method: str, status: int) -> None:
    components = COMPONENTS if method == "POST" else COMPONENTS.replace(' "content-digest"', "")
    body = b'{"cents":1250}' if method == "POST" else b""
    request = sign(Wire(method=method, body=body), components=components)
    covered = COVERED.removesuffix(' "content-digest"')
    if method != "POST":
        covered = covered.replace('"content-digest";req ', "")
    bare = replace(WireAnswer(status=status, body=b""), headers=WireAnswer().headers[:3])
    answer = sign_answer(bare, request, components=covered)
    assert receive(answer, request)
    unexpected = refusal(replace(answer, body=b"x"), request)
    assert (unexpected.code, unexpected.limit) == ("body_unexpected", 0)


@pytest.mark.parametrize(
    ("headers", "is_one"),
    [
        ([(b"content-type", b"text/event-stream")], True),
        ([(b"a", b"b"), (b"Content-Type", b"Text/Event-Stream; charset=utf-8")], True),
        ([(bytearray(b"content-type"), memoryview(b"text/event-stream"))], True),
        ([(b"content-type", b"text/plain")], False),
        ([(b"accept", b"text/event-stream")], False),
        ([(b"accept", b"text/event-stream"), (b"content-type", b"application/json")], False),
        ([], False),
    ],
)
def test_an_open_line_of_events_is_told_by_its_content_type(headers: Any, *, is_one: bool) -> None:
    assert is_event_stream(headers) is is_one


def test_the_digest_is_over_the_bytes_as_they_travel() -> None:
    packed = gzip.compress(CONTENT)
    answer = replace(WireAnswer().with_header("content-encoding", "gzip"), body=packed)
    assert receive(sign_answer(answer.with_header("content-digest", digest_of(packed))))
    assert refusal(sign_answer(answer)).code == "digest_mismatch"  # over the decoded bytes


# --- any input ---------------------------------------------------------------------------------------

VALUES = st.sampled_from([value for _, value in sign_answer().lines])
NAMES = st.sampled_from([name for name, _ in sign_answer().lines])


@given(
    st.integers(0, 1000),
    st.lists(st.tuples(NAMES | st.binary(max_size=9), VALUES | st.binary(max_size=60))),
    st.binary(max_size=20),
)
def test_any_answer_gives_a_documented_error(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    with pytest.raises(DelegateError):
        verify_response(
            binding(), status=status, headers=headers, body=body, key_for=lambda _: SERVER_KEY.public_key
        )


def test_no_secret_in_a_repr() -> None:
    shown = repr(binding())
    assert "POST" in shown
    assert dict(REQUEST.headers)["signature"][5:40] not in shown


# --- others' words -----------------------------------------------------------------------------------


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        assert key_id == SERVER_KEY.key_id
        return Ed25519PublicKey.from_public_bytes(SERVER_KEY.public_key.raw)


@pytest.mark.parametrize("status", [200, 204])
def test_another_library_verifies_our_answers(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """http-message-signatures, over the request as it was sent and the answer as it was signed here."""
    body = b"" if status == 204 else b"hello"
    lines = [(b"content-type", b"text/plain"), (b"location", b"/x")]
    added = sign_response(SERVER_KEY, binding(), status=status, headers=lines, body=body, now=NOW)
    request = SimpleNamespace(
        method="POST", url="https://api.example.com/v1/orders?dry=1", headers=dict(REQUEST.headers)
    )
    headers = {name.decode(): value.decode() for name, value in lines}
    headers |= {name: value.decode() for name, value in added.items()}
    message = SimpleNamespace(status_code=status, headers=headers, request=request)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    monkeypatch.setattr(HTTPMessageVerifier, "validate_created_and_expires", lambda *_args, **_named: None)
    [result] = verifier.verify(message, expect_tag=RESPONSE_TAG, max_age=None)
    assert {'"@status"', '"@path";req', '"signature";req;key="dlg"'} <= set(result.covered_components)
    message.request.url = "https://api.example.com/v1/orders?dry=0"
    with pytest.raises(InvalidSignature):
        verifier.verify(message, expect_tag=RESPONSE_TAG, max_age=None)


@needs_vectors
def test_the_base_of_the_rfcs_own_example() -> None:
    """RFC 9421 section 2.4, whose base the RFC prints: our grammar and our base, for its components."""
    cases = json.loads((VECTORS / "signing" / "rfc9421" / "rfc9421_vectors.json").read_bytes())["signed"]
    [case] = [case for case in cases if case["id"] == "2.4-reqres-unsigned-request"]
    member = case["signature_input"].removeprefix("reqres=")
    items = member[: member.index(")") + 1]
    special = frozenset({"@status", "@authority;req", "@method;req", "@path;req", "content-digest;req"})
    values = {
        "@status": b"503",
        "@authority;req": b"example.com",
        "@method;req": b"POST",
        "@path;req": b"/foo",
        "content-digest;req": header(case["request"], "Content-Digest"),
        "content-type": header(case["message"], "Content-Type"),
        "content-digest": header(case["message"], "Content-Digest"),
    }
    base = signature_base(parse_components(items, special), values, member.encode())
    assert base.decode() == case["signature_base"]


def header(message: str, name: str) -> bytes:
    [value] = [line.partition(": ")[2] for line in message.split("\n") if line.startswith(f"{name}: ")]
    return value.encode()


def test_the_wish_for_a_signed_answer() -> None:
    assert is_asked_for([(b"Accept-Signature", ACCEPT_SIGNATURE.encode())])
    other = (b"accept-signature", b'a=();tag="x"')
    assert is_asked_for([other, (b"accept-signature", b'b=();tag="delegate-response-v1"')])
    assert not is_asked_for([other, (b"x", ACCEPT_SIGNATURE.encode())])
