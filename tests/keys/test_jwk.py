"""JSON Web Keys and sets of them: public, asymmetric, once, and under their own id."""

from __future__ import annotations

import json
import socket
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import (
    AlgKeyMismatchError,
    AlgNotAllowedError,
    ConfigurationError,
    DelegateError,
    KeyUnknownError,
    KeyWeakError,
    MalformedError,
    TooLargeError,
)
from delegate.keys import PublicKey, SigningKey, from_jwks, to_jwks
from delegate.limits import JSON_MAX_BYTES
from tests.conftest import VECTORS, needs_vectors

KEY: Final = SigningKey.from_seed(bytes(range(40, 72)))
OTHER: Final = SigningKey.from_seed(bytes(range(41, 73)))
JWK: Final = KEY.public_key.to_jwk()
CANARY: Final = "c2VjcmV0LWNhbmFyeS1zZWNyZXQtY2FuYXJ5LXNlY3JldA"


def test_a_jwk_holds_the_public_key_and_its_thumbprint() -> None:
    assert KEY.public_key.to_jwk() == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": KEY.public_key.text.removeprefix("ed25519:"),
        "kid": KEY.key_id,
        "alg": "Ed25519",
        "use": "sig",
    }
    assert PublicKey.from_jwk(JWK) == KEY.public_key
    assert PublicKey.from_jwk({name: JWK[name] for name in ("kty", "crv", "x")}) == KEY.public_key


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """RFC 8037 appendix A.3 prints the thumbprint of the RFC 8032 key."""
    from delegate.keys import jwk  # noqa: PLC0415 -- the key itself is refused everywhere else

    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert jwk.thumbprint(raw) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_d33_a_private_member_is_refused_and_not_shown(member: str) -> None:
    with pytest.raises(MalformedError, match="private member") as refused:
        PublicKey.from_jwk(JWK | {member: CANARY})
    assert refused.value.field == member
    assert CANARY not in str(refused.value)
    with pytest.raises(MalformedError) as refused:
        from_jwks({"keys": [OTHER.public_key.to_jwk(), JWK | {member: CANARY}]})
    assert refused.value.field == f"keys[1].{member}"
    assert CANARY not in repr(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256"},
        {"crv": "Ed448"},
        {"crv": "X25519"},
        {"crv": None},
        {"kty": ["OKP"]},
    ],
)
def test_d26_s125_another_kind_of_key_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AlgNotAllowedError) as refused:
        PublicKey.from_jwk({**JWK, **change})
    assert refused.value.limit == "ed25519"


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "ed25519", "Ed448", "", None, 1])
def test_d26_alg_must_be_that_of_the_key(alg: object) -> None:
    """``EdDSA`` names two curves and is refused where Ed25519 is meant."""
    with pytest.raises(AlgKeyMismatchError) as refused:
        PublicKey.from_jwk({**JWK, "alg": alg})
    assert refused.value.limit == "Ed25519"


@pytest.mark.parametrize("kid", [OTHER.key_id, "my-key", "", None, 7, "../../etc/passwd", KEY.key_id + "="])
def test_s142_a_kid_that_is_not_the_thumbprint_is_refused(kid: object) -> None:
    with pytest.raises(KeyUnknownError) as refused:
        PublicKey.from_jwk({**JWK, "kid": kid})
    assert refused.value.field == "kid"


@pytest.mark.parametrize(
    "member", [{"use": "enc"}, {"use": None}, {"key_ops": ["sign"]}, {"key_ops": "verify"}]
)
def test_a_key_for_something_else_is_refused(member: dict[str, object]) -> None:
    assert PublicKey.from_jwk({**JWK, "key_ops": ["verify"]}) == KEY.public_key
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_jwk({**JWK, **member})
    assert refused.value.field in member


@pytest.mark.parametrize(
    "x", [None, 7, "", JWK["x"] + "=", JWK["x"][:-1], JWK["x"] + "A", "*" * 43, "\ud800"]
)
def test_x_has_one_form(x: object) -> None:
    members = {"kty": "OKP", "crv": "Ed25519"}
    assert PublicKey.from_jwk({**members, "x": JWK["x"]}) == KEY.public_key
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_jwk({**members, "x": x})
    assert refused.value.field == "x"


def test_s129_d30_a_weak_key_is_refused_as_jwk() -> None:
    with pytest.raises(KeyWeakError):
        PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "AQ" + 41 * "A"})


def test_d27_nothing_in_a_jwk_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    def used(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "socket", used)
    monkeypatch.setattr("builtins.open", used)
    foreign = {"x5u": "https://evil.example/", "jku": "file:///etc/passwd", "x5c": ["AA=="], "later": None}
    assert PublicKey.from_jwk(JWK | foreign) == KEY.public_key


# --- sets ------------------------------------------------------------------------------------------


def test_a_set_reads_back_in_its_order() -> None:
    keys = (OTHER.public_key, KEY.public_key)
    assert from_jwks(to_jwks(keys)) == keys
    assert from_jwks(json.dumps(to_jwks(keys)).encode()) == keys
    assert from_jwks({"keys": [], "unknown": 1}) == ()
    assert to_jwks([]) == {"keys": []}


def test_d37_one_key_twice_is_refused_both_ways() -> None:
    with pytest.raises(MalformedError) as refused:
        from_jwks({"keys": [JWK, OTHER.public_key.to_jwk(), {**JWK, "alg": "Ed25519"}]})
    assert refused.value.field == "keys[2]"
    with pytest.raises(ConfigurationError) as unwise:
        to_jwks([KEY.public_key, KEY.public_key])
    assert unwise.value.field == "keys[1]"


def test_a_private_key_never_gets_into_a_set() -> None:
    with pytest.raises(ConfigurationError, match="public keys only") as refused:
        to_jwks([OTHER.public_key, KEY])  # type: ignore[list-item]
    assert refused.value.field == "keys[1]"


def test_s125_one_symmetric_key_refuses_the_whole_set() -> None:
    with pytest.raises(MalformedError):
        from_jwks({"keys": [JWK, {"kty": "oct", "k": CANARY}]})
    with pytest.raises(AlgNotAllowedError):
        from_jwks({"keys": [JWK, {"kty": "oct"}]})


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[1]}', b'{"keys":[],"keys":[]}', b"\xff", {}, {"keys": ()}],
)
def test_what_is_not_a_set_is_refused(data: bytes | dict[str, object]) -> None:
    assert from_jwks(b'{"keys":[]}') == ()
    with pytest.raises(MalformedError):
        from_jwks(data)


def test_a_set_has_a_size() -> None:
    text = json.dumps(to_jwks([KEY.public_key])).encode()
    assert len(from_jwks(text.ljust(JSON_MAX_BYTES))) == 1
    with pytest.raises(TooLargeError):
        from_jwks(text.ljust(JSON_MAX_BYTES + 1))


@needs_vectors
def test_no_wycheproof_key_set_is_accepted() -> None:
    """Its sets hold symmetric, private, RSA and EC keys, duplicates and contradictions."""
    groups = json.loads((VECTORS / "wycheproof/json_web_key_test.json").read_text())["testGroups"]
    sets = [group[half] for group in groups for half in ("private", "public") if half in group]
    assert len(sets) > 20
    for jwks in sets:
        with pytest.raises((MalformedError, AlgNotAllowedError)):
            from_jwks(jwks)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*JWK.values(), "oct", "none"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*JWK, "d", "key_ops"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_object_gives_a_key_or_a_delegate_error(members: object) -> None:
    for value in (members, {**JWK, **members} if isinstance(members, dict) else members):
        try:
            PublicKey.from_jwk(value)
        except DelegateError:
            continue


@given(st.one_of(st.binary(), JSON.map(lambda keys: json.dumps({"keys": keys}).encode())))
def test_any_bytes_give_keys_or_a_delegate_error(data: bytes) -> None:
    try:
        from_jwks(data)
    except DelegateError:
        return
