"""What a refusal says to whom."""

from __future__ import annotations

import json

import pytest

from delegate.errors import (
    BY_CODE,
    PUBLIC_BEFORE_PROOF,
    ApprovalRequiredError,
    ConfigurationError,
    DelegateError,
    HolderMismatchError,
    KeyUnknownError,
    OutOfScopeError,
    ReplayStoreUnavailableError,
    SignatureInvalidError,
)
from delegate.limits import RETRY_AFTER
from delegate.server.problem import INTERNAL, public_refusal

SECRET = "the reason, which is for friends"


def refused(code: str, *, proved: bool = False) -> DelegateError:
    error = BY_CODE[code](SECRET, block=2, field="sc.tools", component="@path")
    error.proved = proved
    return error


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_a_stranger_learns_a_public_code_and_nothing_else(code: str) -> None:
    """'Before the signatures have verified, strangers see only: [...]'"""
    problem = public_refusal(refused(code))
    assert problem.code in PUBLIC_BEFORE_PROOF
    assert problem.code == code or problem.code in {"signature_invalid", "unavailable"}
    assert SECRET.encode() not in problem.body
    assert not {"detail", "block", "field", "component", "step"} & problem.members.keys()
    told = BY_CODE[str(problem.code)]
    assert (problem.status, problem.members["executed"], problem.members["retryable"]) == (
        told.status,
        told.executed,
        told.retryable,
    )


@pytest.mark.parametrize("code", sorted(BY_CODE.keys() - {"configuration"}))
def test_afterwards_the_true_code(code: str) -> None:
    """'afterwards the true code'"""
    problem = public_refusal(refused(code, proved=True), request_id="ab12")
    assert (problem.code, problem.status) == (code, BY_CODE[code].status)
    assert problem.members["detail"] == SECRET
    assert (problem.members["block"], problem.members["field"]) == (2, "sc.tools")
    assert problem.members["request_id"] == "ab12"
    assert "signature_base" not in problem.members


def test_s148_all_signature_failures_are_one_answer() -> None:
    same = {
        (problem.status, problem.body, tuple(problem.headers))
        for problem in map(
            public_refusal,
            [
                KeyUnknownError("a"),
                SignatureInvalidError("b"),
                HolderMismatchError("c"),
                ApprovalRequiredError(),
            ],
        )
    }
    assert len(same) == 1
    other = public_refusal(refused("expired"))
    assert (other.status, other.body, tuple(other.headers)) not in same


def test_a_configuration_mistake_is_never_told() -> None:
    for proved in (False, True):
        error = ConfigurationError(SECRET)
        error.proved = proved
        problem = public_refusal(error)
        assert (problem.status, problem.code) == (503, "unavailable")
        assert SECRET.encode() not in problem.body


def test_the_header_lines() -> None:
    scope, store = OutOfScopeError(), ReplayStoreUnavailableError()
    scope.proved = True
    headers = dict(public_refusal(scope).headers)
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"www-authenticate"] == b'Delegate error="out_of_scope"'
    assert headers[b"content-length"] == b"%d" % len(public_refusal(scope).body)
    assert headers[b"cache-control"] == b"no-store"
    assert b"retry-after" not in headers
    assert dict(public_refusal(store).headers)[b"retry-after"] == b"%d" % RETRY_AFTER


def test_the_body_is_a_problem_of_rfc_9457() -> None:
    details = json.loads(public_refusal(refused("out_of_scope", proved=True)).body)
    assert details["type"] == "urn:delegate:problem:out_of_scope"
    assert (details["title"], details["status"], details["code"]) == ("out of scope", 403, "out_of_scope")


def test_text_that_is_no_text_is_still_sent() -> None:
    error = OutOfScopeError('lone \ud800, "quoted"\n')
    error.proved = True
    assert json.loads(public_refusal(error).body)["detail"] == str(error)


def test_development_tells_everybody_everything() -> None:
    error = refused("key_unknown")
    error.step = 6
    problem = public_refusal(error, development=True, signature_base='"@method": GET')
    assert (problem.code, problem.status, problem.members["step"]) == ("key_unknown", 401, 6)
    assert problem.members["detail"] == SECRET
    assert problem.members["signature_base"] == '"@method": GET'


def test_a_defect_has_no_detail() -> None:
    assert json.loads(INTERNAL.body) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
    }
    assert b"www-authenticate" not in dict(INTERNAL.headers)
