"""The snapshot's look-ups and rotations, the store's reload, and the trust file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.errors import ConfigurationError, KeyRevokedError, KeyUnknownError
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustSnapshot, TrustStore, Usage
from delegate.limits import MAX_TTL_MAX
from delegate.scope import Scope

KEYS: Final = [SigningKey.from_seed(bytes([n + 1]) * 32).public_key for n in range(6)]
SCOPE: Final = Scope(tools=["search", "pay"], max_risk="high", resources={"file": {"path": ["/data/**"]}})
CANARY: Final = "canary-4711-secret"


def record(key: int, usage: Usage = Usage.ISSUE, **fields: Any) -> KeyRecord:
    return KeyRecord(**{"key": KEYS[key], "usages": frozenset({usage}), "not_before": 0, **fields})


def issuer(name: str, *keys: KeyRecord) -> Issuer:
    return Issuer(name=name, ceiling=SCOPE, audiences=("https://api.example.com",), max_depth=3, keys=keys)


ACME: Final = issuer("acme", record(0), record(1, Usage.REQUEST, agent="worker", direct_scope=SCOPE))
BETA: Final = issuer("beta", record(0), record(2, Usage.REVOKE))
SNAPSHOT: Final = TrustSnapshot((ACME, BETA))


# --- look-ups --------------------------------------------------------------------------------------


def test_d34_an_empty_store_trusts_nobody() -> None:
    """Empty store refuses all (design section 3)."""
    snapshot = TrustStore().snapshot
    assert list(snapshot) == []
    assert snapshot.issuer("acme") is None
    assert snapshot.issuing_key("acme", KEYS[0].key_id) is None
    assert snapshot.request_key(KEYS[1].key_id) is None
    assert SNAPSHOT.issuer("acme") is ACME


def test_s141_one_key_under_two_issuers_is_found_by_issuer_and_id() -> None:
    assert SNAPSHOT.issuing_key("acme", KEYS[0].key_id) is ACME.keys[0]
    assert SNAPSHOT.issuing_key("beta", KEYS[0].key_id) is BETA.keys[0]
    assert SNAPSHOT.issuing_key("beta", KEYS[1].key_id) is None
    assert SNAPSHOT.issuing_key("gamma", KEYS[0].key_id) is None


def test_c18_a_key_of_another_usage_is_found_and_then_named() -> None:
    found = SNAPSHOT.issuing_key("beta", KEYS[2].key_id)
    assert found is not None
    assert found.usages == {Usage.REVOKE}
    assert SNAPSHOT.request_key(KEYS[2].key_id) is None


def test_a_request_key_is_found_with_its_issuer() -> None:
    assert SNAPSHOT.request_key(KEYS[1].key_id) == (ACME, ACME.keys[1])
    assert SNAPSHOT.request_key(KEYS[0].key_id) is None


def test_d37_a_request_key_under_two_issuers_is_refused() -> None:
    TrustSnapshot((ACME, issuer("beta", record(2), record(1, Usage.ISSUE))))
    with pytest.raises(ConfigurationError) as refused:
        TrustSnapshot((ACME, issuer("beta", record(2), record(1, Usage.REQUEST))))
    assert refused.value.field == "issuers.beta.keys[1].key"


def test_two_issuers_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        TrustStore([ACME, BETA, issuer("acme")])
    assert refused.value.field == "issuers.acme"


@pytest.mark.parametrize(
    "kid", ["", "x" * 1_000_000, "../../etc/passwd", "%00", "a\nb", "*", "' OR 1=1 --", KEYS[0].key_id + "="]
)
def test_a14_s139_an_unknown_kid_is_unknown_and_touches_nothing(
    kid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("builtins.open", used)
    monkeypatch.setattr(os, "open", used)
    assert SNAPSHOT.issuing_key("acme", KEYS[0].key_id) is not None
    assert SNAPSHOT.issuing_key("acme", kid) is None
    assert SNAPSHOT.request_key(kid) is None
    with pytest.raises(KeyUnknownError) as refused:
        SNAPSHOT.repudiate(kid)
    assert len(str(refused.value)) < 200


def test_a_snapshot_is_a_value() -> None:
    assert TrustSnapshot((ACME, BETA)) == SNAPSHOT
    assert hash(TrustSnapshot((ACME, BETA))) == hash(SNAPSHOT)
    assert TrustSnapshot((BETA, ACME)) != SNAPSHOT
    assert repr(TrustSnapshot()) == "TrustSnapshot(issuers=())"
    with pytest.raises(AttributeError):
        SNAPSHOT.issuers = ()  # type: ignore[misc]


# --- rotation --------------------------------------------------------------------------------------


def issues(snapshot: TrustSnapshot, name: str, key: int, **when: int) -> None:
    found = snapshot.issuing_key(name, KEYS[key].key_id)
    assert found is not None
    found.require_issuing(**{"iat": 1000, "now": 1000, "max_ttl": 60, **when})


def test_d36_a_retired_key_counts_for_its_tokens_and_no_longer() -> None:
    rotated = SNAPSHOT.with_issuer(issuer("acme", *ACME.keys, record(3))).retire(KEYS[0].key_id, at=1000)
    issues(rotated, "acme", 3)
    issues(rotated, "acme", 0, iat=999, now=1059)
    issues(SNAPSHOT, "acme", 0, iat=1000, now=1060)
    for late in ({"iat": 1000, "now": 1000}, {"iat": 999, "now": 1060}):
        with pytest.raises(KeyRevokedError):
            issues(rotated, "acme", 0, **late)
    assert SNAPSHOT.issuer("acme") is ACME


def test_d36_repudiation_ends_one_key_everywhere_and_no_other() -> None:
    """Repudiated: refused at once in every role (design section 3)."""
    after = SNAPSHOT.repudiate(KEYS[0].key_id)
    assert after.repudiated == {KEYS[0].key_id}
    for name in ("acme", "beta"):
        issues(SNAPSHOT, name, 0)
        with pytest.raises(KeyRevokedError):
            issues(after, name, 0)
    found = after.request_key(KEYS[1].key_id)
    assert found is not None
    found[1].require_current(Usage.REQUEST, now=1000)


def test_d36_a_key_repudiated_by_one_issuer_is_repudiated_for_the_other() -> None:
    lost = TrustSnapshot((issuer("acme", record(0, status="repudiated")), BETA))
    with pytest.raises(KeyRevokedError):
        issues(lost, "beta", 0)
    assert lost.issuer("beta") is BETA


def test_status_moves_towards_refusal_only() -> None:
    gone = SNAPSHOT.repudiate(KEYS[0].key_id)
    assert gone.retire(KEYS[0].key_id, at=1000) == gone
    retired = SNAPSHOT.retire(KEYS[0].key_id, at=1000)
    assert retired.retire(KEYS[0].key_id, at=2000) == retired
    assert retired.repudiate(KEYS[0].key_id) == gone
    assert retired.retire(KEYS[0].key_id, at=999) == SNAPSHOT.retire(KEYS[0].key_id, at=999)


def test_d36_a_successor_counts_beside_the_key_until_that_is_retired_and_then_alone() -> None:
    rotated = SNAPSHOT.rotate(KEYS[0].key_id, KEYS[4], now=500, retire_at=1000)
    for name in ("acme", "beta"):
        issues(rotated, name, 0, iat=999, now=1059)
        issues(rotated, name, 4, iat=500, now=1059)
        for key, iat in ((0, 1000), (4, 499)):
            with pytest.raises(KeyRevokedError):
                issues(rotated, name, key, iat=iat)
    direct = SNAPSHOT.rotate(KEYS[1].key_id, KEYS[4], now=500, retire_at=1000).request_key(KEYS[4].key_id)
    assert direct is not None
    assert (direct[1].agent, direct[1].direct_scope) == ("worker", SCOPE)


def test_only_an_active_key_is_rotated_and_only_to_a_new_one() -> None:
    for ended in (SNAPSHOT.retire(KEYS[0].key_id, at=1000), SNAPSHOT.repudiate(KEYS[0].key_id)):
        with pytest.raises(ConfigurationError) as refused:
            ended.rotate(KEYS[0].key_id, KEYS[4], now=500, retire_at=1000)
        assert refused.value.field == "status"
    with pytest.raises(ConfigurationError):
        SNAPSHOT.rotate(KEYS[0].key_id, KEYS[0], now=500, retire_at=1000)
    with pytest.raises(KeyUnknownError):
        SNAPSHOT.rotate(KEYS[5].key_id, KEYS[4], now=500, retire_at=1000)


def test_with_issuer_replaces_by_name_in_place() -> None:
    new = issuer("acme", record(4))
    assert SNAPSHOT.with_issuer(new).issuers == (new, BETA)
    assert SNAPSHOT.with_issuer(issuer("gamma")).issuers == (ACME, BETA, issuer("gamma"))


# --- the store and its file ------------------------------------------------------------------------


def test_save_then_load(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    everything = Issuer(
        name="root:a/b@c",
        ceiling=Scope.UNRESTRICTED,
        audiences=("https://a.example", "http://localhost:8080"),
        max_depth=0,
        max_ttl=MAX_TTL_MAX,
        revocation="none",
        keys=(
            record(4, usages=frozenset({Usage.ISSUE, Usage.REQUEST}), allow_issue_and_request=True),
            record(5, status="retired", retired_at=7, not_after=9),
            record(3, status="repudiated"),
        ),
    )
    store = TrustStore([ACME, BETA, everything])
    store.save(path)
    assert TrustStore.load(path).snapshot == store.snapshot
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_reload_is_atomic_and_keeps_the_last_good(tmp_path: Path) -> None:
    """``reload()`` is atomic and keeps the last good (design section 3)."""
    path = tmp_path / "trust.json"
    TrustStore([ACME]).save(path)
    store = TrustStore.load(path)
    before = store.snapshot
    for broken in (b"", b"{", b'{"version":1,"issuers":{"beta":{}}}', None):
        if broken is None:
            path.unlink()
        else:
            path.write_bytes(broken)
        with pytest.raises(ConfigurationError):
            store.reload()
        assert store.snapshot is before
    TrustStore([BETA]).save(path)
    store.reload()
    assert list(store.snapshot) == [BETA]
    assert list(before) == [ACME]


def test_replace_then_save_then_reload(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    TrustStore([ACME]).save(path)
    path.chmod(0o640)
    store = TrustStore.load(path)
    store.replace(store.snapshot.repudiate(KEYS[0].key_id))
    store.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert TrustStore.load(path).snapshot.repudiated == {KEYS[0].key_id}


def test_a_store_without_a_file_has_nothing_to_reload() -> None:
    for act in (TrustStore([ACME]).reload, TrustStore([ACME]).save):
        with pytest.raises(ConfigurationError) as refused:
            act()
        assert refused.value.field == "path"


@pytest.mark.parametrize("name", ["missing.json", "missing/trust.json", "nul\0", "."])
def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        TrustStore.load(f"{tmp_path}/{name}")
    assert refused.value.field == "path"
    reason = {"nul\0": "not a path", ".": "Is a directory"}.get(name, "No such file or directory")
    assert str(refused.value).endswith(f": {reason}")
    if name != "missing.json":
        with pytest.raises(ConfigurationError) as refused:
            TrustStore([ACME]).save(f"{tmp_path}/{name}")
        assert refused.value.field == "path"


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trust.json"
    TrustStore([ACME]).save(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        TrustStore([BETA]).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_key_is_trusted_for_whosever_it_is() -> None:
    snapshot = TrustSnapshot((ACME, issuer("beta", record(0, Usage.REVOKE))))
    assert snapshot.usages(KEYS[0].key_id) == {Usage.ISSUE, Usage.REVOKE}
    assert snapshot.usages(KEYS[1].key_id) == {Usage.REQUEST}
    assert snapshot.usages("unknown") == frozenset()
