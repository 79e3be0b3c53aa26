"""The trust file: what it says, what it refuses and by which path, and that it shows no value."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from delegate.errors import ConfigurationError, KeyWeakError
from delegate.keys import Alg, Issuer, KeyRecord, SigningKey, Usage, trust_file
from delegate.keys.records_file import KeyEntry
from delegate.limits import MAX_TTL_DEFAULT, MAX_TTL_MAX, TRUST_FILE_MAX_BYTES
from delegate.scope import Scope
from tests.conftest import ROOT

ALGS: Final[tuple[Alg, ...]] = ("ed25519", "p256")
KEYS: Final = [SigningKey.from_seed(bytes([n + 1]) * 32, alg).public_key for n in range(4) for alg in ALGS]
CANARY: Final = "canary-4711-secret"


def document() -> dict[str, Any]:
    """A small file, as an operator writes it."""
    return {
        "version": 1,
        "issuers": {
            "acme": {
                "ceiling": {"max_risk": "low", "tools": ["search"]},
                "audiences": ["https://api.example.com"],
                "max_depth": 3,
                "keys": [{"key": KEYS[0].text, "usages": ["issue"], "not_before": 0}],
            }
        },
    }


def parse(value: object) -> tuple[Issuer, ...]:
    return trust_file.parse(json.dumps(value).encode())


def test_a_small_file_has_the_safe_defaults() -> None:
    (acme,) = parse(document())
    assert (acme.max_ttl, acme.revocation) == (MAX_TTL_DEFAULT, "required")
    assert acme.ceiling == Scope(tools=["search"])
    assert acme.keys == (KeyRecord(key=KEYS[0], usages=frozenset({Usage.ISSUE}), not_before=0),)


ACME_AT: Final = ("issuers", "acme")
KEY_AT: Final = ("issuers", "acme", "keys", 0)
GONE: Final = object()


@pytest.mark.parametrize(
    ("at", "value", "named"),
    [
        (("version",), GONE, "version"),
        (("version",), True, "version"),
        (("version",), 2, "version"),
        (("version",), 1.0, None),
        (("version",), "1", "version"),
        (("issuers",), GONE, "issuers"),
        (("issuers",), [], "issuers"),
        (("extra",), 1, "extra"),
        (ACME_AT, None, "issuers.acme"),
        ((*ACME_AT, "ceiling"), GONE, "issuers.acme.ceiling"),
        ((*ACME_AT, "ceiling"), None, "issuers.acme.ceiling"),
        ((*ACME_AT, "ceiling"), "all", "issuers.acme.ceiling"),
        ((*ACME_AT, "ceiling", "tools"), ["b", "a"], "issuers.acme.ceiling.tools"),
        ((*ACME_AT, "audiences"), GONE, "issuers.acme.audiences"),
        ((*ACME_AT, "audiences"), [], "issuers.acme.audiences"),
        ((*ACME_AT, "audiences"), "https://a.example", "issuers.acme.audiences"),
        ((*ACME_AT, "audiences"), ["https://a.example", "ftp://b"], "issuers.acme.audiences[1]"),
        ((*ACME_AT, "audiences"), [1], "issuers.acme.audiences[0]"),
        ((*ACME_AT, "max_depth"), GONE, "issuers.acme.max_depth"),
        ((*ACME_AT, "max_depth"), True, "issuers.acme.max_depth"),
        ((*ACME_AT, "max_depth"), "3", "issuers.acme.max_depth"),
        ((*ACME_AT, "max_depth"), 16, "issuers.acme.max_depth"),
        ((*ACME_AT, "max_dept"), 1, "issuers.acme.max_dept"),
        ((*ACME_AT, "max_ttl"), -1, "issuers.acme.max_ttl"),
        ((*ACME_AT, "max_ttl"), 1e300, "issuers.acme.max_ttl"),
        ((*ACME_AT, "revocation"), "maybe", "issuers.acme.revocation"),
        ((*ACME_AT, "keys"), GONE, "issuers.acme.keys"),
        ((*ACME_AT, "keys"), {}, "issuers.acme.keys"),
        ((*KEY_AT, "key"), GONE, "issuers.acme.keys[0].key"),
        ((*KEY_AT, "key"), "ed25519:" + "A" * 43, "issuers.acme.keys[0].key"),
        ((*KEY_AT, "key"), "p256:" + "A" * 44, "issuers.acme.keys[0].key"),
        ((*KEY_AT, "usages"), GONE, "issuers.acme.keys[0].usages"),
        ((*KEY_AT, "usages"), [], "issuers.acme.keys[0].usages"),
        ((*KEY_AT, "usages"), ["sign"], "issuers.acme.keys[0].usages"),
        ((*KEY_AT, "usages"), ["issue", "issue"], "issuers.acme.keys[0].usages"),
        ((*KEY_AT, "usages"), ["issue", "request"], "issuers.acme.keys[0].usages"),
        ((*KEY_AT, "not_before"), GONE, "issuers.acme.keys[0].not_before"),
        ((*KEY_AT, "not_before"), False, "issuers.acme.keys[0].not_before"),
        ((*KEY_AT, "not_after"), 0, "issuers.acme.keys[0].not_after"),
        ((*KEY_AT, "status"), "gone", "issuers.acme.keys[0].status"),
        ((*KEY_AT, "status"), "retired", "issuers.acme.keys[0].retired_at"),
        ((*KEY_AT, "agent"), "a b", "issuers.acme.keys[0].agent"),
        ((*KEY_AT, "direct_scope"), {"max_risk": "low"}, "issuers.acme.keys[0].direct_scope"),
        ((*KEY_AT, "direct_scope"), "unrestricted", "issuers.acme.keys[0].direct_scope"),
        ((*KEY_AT, "allow_issue_and_request"), 1, "issuers.acme.keys[0].allow_issue_and_request"),
        ((*KEY_AT, "d"), CANARY, "issuers.acme.keys[0].d"),
    ],
)
def test_k11_what_is_wrong_is_refused_by_its_path(
    at: tuple[Any, ...], value: object, named: str | None
) -> None:
    parse(document())
    changed = document()
    target: Any = changed
    for step in at[:-1]:
        target = target[step]
    if value is GONE:
        del target[at[-1]]
    else:
        target[at[-1]] = value
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    where = named or ".".join(map(str, at))
    assert refused.value.field == where
    assert str(refused.value).startswith(f"{where}: ")
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("name", ["", " ", "a b", "-acme", "é", "a\nb", "x" * 129])
def test_an_issuer_name_outside_the_grammar_is_refused_in_one_printable_line(name: str) -> None:
    changed = document()
    changed["issuers"][name] = changed["issuers"].pop("acme")
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    assert str(refused.value).isprintable()
    assert str(refused.value).isascii()


@pytest.mark.parametrize(
    "path", [("audiences", 0), ("keys", 0, "key"), ("keys", 0, "agent"), ("ceiling", "tools", 0)]
)
@pytest.mark.parametrize(
    "secret", [f"https://user:{CANARY}@a.example ", f"{CANARY} {CANARY}", [CANARY], {CANARY: 1}]
)
def test_no_value_of_the_file_is_shown(path: tuple[Any, ...], secret: object) -> None:
    changed = document()
    target: Any = changed["issuers"]["acme"]
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = secret
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    cause: BaseException | None = refused.value
    while cause is not None:
        assert CANARY not in f"{cause} {cause!r}"
        cause = cause.__cause__


def test_d37_two_records_of_one_key_are_refused_at_load() -> None:
    changed = document()
    changed["issuers"]["acme"]["keys"] *= 2
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    assert refused.value.field == "issuers.acme.keys[1].key"


def test_s129_s137_a_weak_key_is_refused_with_its_cause() -> None:
    changed = document()
    changed["issuers"]["acme"]["keys"][0]["key"] = "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    assert isinstance(refused.value.__cause__, KeyWeakError)


@pytest.mark.parametrize(
    "wound",
    [
        lambda data: data.replace(b'"max_depth"', b'"max_depth": 3, "max_depth"'),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data + b"x",
        lambda data: data[:-1],
        lambda data: data.replace(b"3", b"NaN"),
        lambda data: data.replace(b"acme", b"\xff"),
        lambda data: b"[" * 100_000,
        lambda data: data.ljust(TRUST_FILE_MAX_BYTES + 1),
    ],
)
def test_k11_what_is_not_strict_json_is_refused(wound: Callable[[bytes], bytes]) -> None:
    data = json.dumps(document()).encode()
    assert trust_file.parse(data)
    with pytest.raises(ConfigurationError) as refused:
        trust_file.parse(wound(data))
    assert refused.value.field == "trust file"
    assert str(refused.value).startswith("trust file: ")


@pytest.mark.parametrize("value", [[], "acme", 1, None])
def test_k11_what_is_no_object_is_named_as_the_whole_file(value: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(value)
    assert refused.value.field == "trust file"


def test_the_file_may_be_as_large_as_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    data = json.dumps(document()).encode()
    for size in (TRUST_FILE_MAX_BYTES, TRUST_FILE_MAX_BYTES + 1):
        path.write_bytes(data.rjust(size))
        if size == TRUST_FILE_MAX_BYTES:
            assert trust_file.load(path) == trust_file.parse(data)
            continue
        with pytest.raises(ConfigurationError) as refused:
            trust_file.load(path)
        assert refused.value.limit == TRUST_FILE_MAX_BYTES


def test_a_path_is_cut_at_256_characters() -> None:
    changed = document()
    changed["x" * 300] = 1
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    assert refused.value.field == "x" * 256


def test_the_error_underneath_holds_no_value_either() -> None:
    """Some loggers print what was being handled even where ``from None`` hides it."""
    changed = document()
    changed["issuers"]["acme"]["max_depth"] = CANARY
    with pytest.raises(ConfigurationError) as refused:
        parse(changed)
    assert isinstance(refused.value.__context__, ValidationError)
    assert CANARY not in f"{refused.value.__context__} {refused.value.__context__!r}"


def test_what_was_read_does_not_change() -> None:
    entry = KeyEntry(key=KEYS[0].text, usages=["issue"], not_before=0)
    with pytest.raises(ValidationError, match="frozen"):
        entry.key = KEYS[1].text
    assert entry.to_record("").key == KEYS[0]


def test_the_file_is_for_people_to_read() -> None:
    scope = Scope(resources={"file": {"exact": ["caf\u00e9"]}})
    (acme,) = parse(document())
    dumped = trust_file.dump([replace(acme, ceiling=scope)]).decode()
    assert dumped.startswith('{\n  "version": 1,\n  "issuers": {\n    "acme": {\n')
    assert '"caf\u00e9"' in dumped
    assert dumped.endswith("\n}\n")


NAMES: Final = st.sampled_from(
    ["version", "issuers", "acme", "ceiling", "audiences", "max_depth", "keys", "key", "usages", "not_before"]
)
LEAVES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.sampled_from([1, KEYS[0].text, "issue", "unrestricted", "https://a.example"]),
)
VALUES: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_issuers_or_a_configuration_error(data: bytes) -> None:
    try:
        trust_file.parse(data)
    except ConfigurationError:
        return


@given(NAMES, VALUES, st.sampled_from([(), ("issuers",), ACME_AT, KEY_AT, (*ACME_AT, "ceiling")]))
def test_any_wounded_file_gives_issuers_or_a_configuration_error(
    name: str, value: object, at: tuple[Any, ...]
) -> None:
    changed = document()
    target: Any = changed
    for step in at:
        target = target[step]
    target[name] = value
    try:
        issuers = parse(changed)
    except ConfigurationError:
        return
    assert trust_file.parse(trust_file.dump(issuers)) == issuers


RECORDS: Final = st.builds(
    KeyRecord,
    key=st.sampled_from(KEYS),
    usages=st.sampled_from(Usage).map(lambda usage: frozenset({usage})),
    not_before=st.integers(0, 100),
    not_after=st.none() | st.integers(101, 200),
    agent=st.none() | st.sampled_from(["worker", "a:b/c"]),
)
ISSUERS: Final = st.builds(
    Issuer,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,9}", fullmatch=True),
    ceiling=st.sampled_from([Scope(tools=["pay"]), Scope(), Scope.UNRESTRICTED]),
    audiences=st.just(("https://a.example",)),
    max_depth=st.integers(0, 15),
    max_ttl=st.integers(1, MAX_TTL_MAX),
    revocation=st.sampled_from(["required", "none"]),
    keys=st.lists(RECORDS, max_size=4, unique_by=lambda entry: entry.key).map(tuple),
)


@given(st.lists(ISSUERS, max_size=3, unique_by=lambda entry: entry.name))
def test_what_is_dumped_reads_back(issuers: list[Issuer]) -> None:
    assert trust_file.parse(trust_file.dump(issuers)) == tuple(issuers)


def test_pydantic_is_loaded_with_the_first_trust_file_and_not_before() -> None:
    code = "import sys, delegate.keys; print('pydantic' in sys.modules)"
    code += "; import delegate.keys.trust_file; print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["False", "True"]
