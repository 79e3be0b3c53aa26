"""What a record trusts a key for, when, and which records are refused."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import ConfigurationError, KeyPurposeError, KeyRevokedError
from delegate.keys import Issuer, KeyRecord, SigningKey, Usage
from delegate.limits import MAX_TTL_MAX, TIMESTAMP_MAX, TOKEN_MAX_BLOCKS
from delegate.scope import Scope

KEY: Final = SigningKey.from_seed(bytes(range(10, 42))).public_key
OTHER: Final = SigningKey.from_seed(bytes(range(11, 43))).public_key
SCOPE: Final = Scope(tools=["search"])


def record(*usages: Usage, **fields: Any) -> KeyRecord:
    return KeyRecord(
        **{"key": KEY, "usages": frozenset(usages or {Usage.ISSUE}), "not_before": 100, **fields}
    )


def issuer(**fields: Any) -> Issuer:
    given = {"name": "acme", "ceiling": SCOPE, "audiences": ("https://api.example.com",), "max_depth": 3}
    return Issuer(**{**given, **fields})


# --- one usage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted", Usage)
@pytest.mark.parametrize("asked", Usage)
def test_c18_a_key_counts_for_its_usage_alone(trusted: Usage, asked: Usage) -> None:
    """Each key record has one usage (design section 3)."""
    entry = record(trusted)
    if trusted is asked:
        entry.require_current(asked, now=100)
        return
    with pytest.raises(KeyPurposeError) as refused:
        entry.require_current(asked, now=100)
    assert refused.value.limit == trusted.value


@pytest.mark.parametrize("trusted", Usage)
def test_c18_only_an_issuing_key_issues(trusted: Usage) -> None:
    if trusted is Usage.ISSUE:
        record(trusted).require_issuing(iat=100, now=100, max_ttl=60)
        return
    with pytest.raises(KeyPurposeError):
        record(trusted).require_issuing(iat=100, now=100, max_ttl=60)


def test_d32_issue_and_request_go_together_by_an_explicit_flag_only() -> None:
    both = record(Usage.ISSUE, Usage.REQUEST, allow_issue_and_request=True)
    both.require_issuing(iat=100, now=100, max_ttl=60)
    both.require_current(Usage.REQUEST, now=100)
    for flag in (False, 1, "true", None):
        with pytest.raises(ConfigurationError) as refused:
            record(Usage.ISSUE, Usage.REQUEST, allow_issue_and_request=flag)
        assert refused.value.field == "usages"
    with pytest.raises(ConfigurationError) as refused:
        record(Usage.ISSUE, Usage.REQUEST)
    assert refused.value.field == "usages"


@pytest.mark.parametrize(
    "usages",
    [
        frozenset(),
        frozenset({Usage.ISSUE, Usage.RESPONSE}),
        frozenset(Usage),
        frozenset({"issue"}),
        {Usage.ISSUE},
        "issue",
        Usage.ISSUE,
        None,
    ],
)
def test_any_other_set_of_usages_is_refused(usages: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        record(usages=usages, allow_issue_and_request=True)
    assert refused.value.field == "usages"


def test_the_refusal_of_several_usages_names_the_limit() -> None:
    with pytest.raises(ConfigurationError) as refused:
        record(usages=frozenset({Usage.ISSUE, Usage.RESPONSE}))
    assert refused.value.limit == 1


# --- time and status -------------------------------------------------------------------------------


@given(
    now=st.integers(0, 40),
    iat=st.integers(0, 40),
    start=st.integers(0, 20),
    length=st.none() | st.integers(1, 20),
    retired=st.none() | st.integers(0, 40),
    max_ttl=st.integers(1, 20),
)
def test_d36_issuing_against_a_slow_oracle(
    *, now: int, iat: int, start: int, length: int | None, retired: int | None, max_ttl: int
) -> None:
    """Retired at T: tokens with ``iat < T`` count until ``T + max_ttl`` (design section 3)."""
    end = None if length is None else start + length
    status = "active" if retired is None else "retired"
    entry = record(not_before=start, not_after=end, status=status, retired_at=retired)
    valid = set(range(start, 100 if end is None else end))
    counts = iat in valid and (retired is None or (iat < retired and now < retired + max_ttl))
    assert accepted(lambda: entry.require_issuing(iat=iat, now=now, max_ttl=max_ttl)) is counts
    entry = record(Usage.REQUEST, not_before=start, not_after=end, status=status, retired_at=retired)
    current = now in valid and (retired is None or now < retired)
    assert accepted(lambda: entry.require_current(Usage.REQUEST, now=now)) is current


def accepted(check: Any) -> bool:
    try:
        check()
    except KeyRevokedError:
        return False
    return True


@pytest.mark.parametrize(
    ("fields", "iat", "now", "field"),
    [
        ({}, 99, 100, "not_before"),
        ({"not_after": 200}, 200, 200, "not_after"),
        ({"status": "retired", "retired_at": 150}, 150, 150, "retired_at"),
        ({"status": "retired", "retired_at": 150}, 149, 210, "retired_at"),
        ({"status": "repudiated"}, 149, 149, "status"),
    ],
)
def test_d36_what_ends_a_key_is_named(fields: dict[str, object], iat: int, now: int, field: str) -> None:
    record().require_issuing(iat=149, now=209, max_ttl=60)
    with pytest.raises(KeyRevokedError) as refused:
        record(**fields).require_issuing(iat=iat, now=now, max_ttl=60)
    assert refused.value.field == field


def test_d36_the_end_of_a_retired_keys_tokens_is_named() -> None:
    retired = record(status="retired", retired_at=150)
    for iat, now, limit in ((150, 150, 150), (149, 210, 210)):
        with pytest.raises(KeyRevokedError) as refused:
            retired.require_issuing(iat=iat, now=now, max_ttl=60)
        assert refused.value.limit == limit


@pytest.mark.parametrize("usage", Usage)
def test_d36_repudiated_is_refused_in_every_role(usage: Usage) -> None:
    record(usage).require_current(usage, now=1000)
    for now in (100, 1000, TIMESTAMP_MAX):
        with pytest.raises(KeyRevokedError):
            record(usage, status="repudiated").require_current(usage, now=now)


# --- records that do not exist ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", KEY.text),
        ("not_before", -1),
        ("not_before", True),
        ("not_before", 1.0),
        ("not_before", TIMESTAMP_MAX + 1),
        ("not_after", 100),
        ("not_after", True),
        ("status", "revoked"),
        ("status", ""),
        ("retired_at", 100),
        ("agent", ""),
        ("agent", "bad agent"),
        ("agent", 7),
        ("direct_scope", SCOPE),
        ("direct_scope", {"max_risk": "low"}),
    ],
)
def test_a_key_record_is_refused_for_one_wrong_field(field: str, value: object) -> None:
    record()
    with pytest.raises(ConfigurationError) as refused:
        record(**{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("retired_at", [None, True, -1, TIMESTAMP_MAX + 1, "100"])
def test_a_retired_key_says_when(retired_at: object) -> None:
    record(status="retired", retired_at=100)
    with pytest.raises(ConfigurationError) as refused:
        record(status="retired", retired_at=retired_at)
    assert refused.value.field == "retired_at"


def test_direct_scope_needs_a_request_key_and_an_agent_and_is_never_everything() -> None:
    assert record(Usage.REQUEST, agent="worker", direct_scope=SCOPE).direct_scope == SCOPE
    for wrong in (
        {"direct_scope": SCOPE},
        {"direct_scope": SCOPE, "agent": "worker", "usages": frozenset({Usage.RESPONSE})},
        {"direct_scope": Scope.UNRESTRICTED, "agent": "worker"},
    ):
        with pytest.raises(ConfigurationError) as refused:
            record(Usage.REQUEST, **wrong)
        assert refused.value.field == "direct_scope"


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "", "name"),
        ("name", "a b", "name"),
        ("name", "-acme", "name"),
        ("name", None, "name"),
        ("ceiling", None, "ceiling"),
        ("ceiling", "unrestricted", "ceiling"),
        ("audiences", (), "audiences"),
        ("audiences", ["https://api.example.com"], "audiences"),
        ("audiences", "https://api.example.com", "audiences"),
        ("audiences", ("https://a.example", "https://b.example/"), "audiences[1]"),
        ("audiences", ("http://a.example",), "audiences[0]"),
        ("audiences", ("https://a.example", "https://a.example"), "audiences[1]"),
        ("max_depth", -1, "max_depth"),
        ("max_depth", TOKEN_MAX_BLOCKS, "max_depth"),
        ("max_depth", True, "max_depth"),
        ("max_ttl", 0, "max_ttl"),
        ("max_ttl", MAX_TTL_MAX + 1, "max_ttl"),
        ("max_ttl", True, "max_ttl"),
        ("revocation", "optional", "revocation"),
        ("revocation", None, "revocation"),
        ("keys", [], "keys"),
        ("keys", (KEY,), "keys[0]"),
    ],
)
def test_k11_an_issuer_is_refused_for_one_wrong_field(field: str, value: object, named: str) -> None:
    issuer()
    with pytest.raises(ConfigurationError) as refused:
        issuer(**{field: value})
    assert refused.value.field == named


def test_the_bounds_themselves_are_allowed() -> None:
    assert issuer(max_depth=0, max_ttl=1).max_depth == 0
    assert issuer(max_depth=TOKEN_MAX_BLOCKS - 1, max_ttl=MAX_TTL_MAX).max_ttl == MAX_TTL_MAX
    assert issuer(ceiling=Scope.UNRESTRICTED).revocation == "required"
    assert record(not_before=0, not_after=1).not_after == 1
    assert record(not_before=TIMESTAMP_MAX).not_before == TIMESTAMP_MAX
    for at in (0, TIMESTAMP_MAX):
        assert record(status="retired", retired_at=at).retired_at == at


def test_a_refused_value_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        issuer(audiences=("https://user:canary@api.example.com",))
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_d37_one_key_twice_under_one_issuer_is_refused() -> None:
    assert len(issuer(keys=(record(), record(key=OTHER))).keys) == 2
    with pytest.raises(ConfigurationError) as refused:
        issuer(keys=(record(), record(key=OTHER), record(Usage.REVOKE)))
    assert refused.value.field == "keys[2].key"
