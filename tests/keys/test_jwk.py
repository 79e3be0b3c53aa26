"""JSON Web Keys and sets of them: public, asymmetric, once, and under their own id."""

from __future__ import annotations

import json
import socket
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.encoding import b64url_decode, b64url_encode
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
from delegate.keys.algorithm import ALGORITHMS
from delegate.limits import JSON_MAX_BYTES
from tests.conftest import VECTORS, needs_vectors
from tests.support.p256 import P

KEY: Final = SigningKey.from_seed(bytes(range(40, 72)))
OTHER: Final = SigningKey.from_seed(bytes(range(41, 73)))
JWK: Final = KEY.public_key.to_jwk()
EC_KEY: Final = SigningKey.from_seed(bytes(range(40, 72)), "p256")
EC: Final = EC_KEY.public_key.to_jwk()
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


def test_a_p256_jwk_holds_both_coordinates() -> None:
    assert EC_KEY.public_key.to_jwk() == {
        "kty": "EC",
        "crv": "P-256",
        "x": b64url_encode(EC_KEY.public_key.raw[1:]),
        "y": EC["y"],
        "kid": EC_KEY.key_id,
        "alg": "ES256",
        "use": "sig",
    }
    assert b64url_decode(EC["y"], size=32)[-1] % 2 == EC_KEY.public_key.raw[0] - 2
    assert PublicKey.from_jwk(EC) == EC_KEY.public_key
    assert PublicKey.from_jwk({name: EC[name] for name in ("kty", "crv", "x", "y")}) == EC_KEY.public_key


def test_the_thumbprints_are_those_in_print() -> None:
    """RFC 8037 appendix A.3 prints one of the RFC 8032 key, RFC 9449 section 6.1 one of an EC key."""
    from delegate.keys import jwk  # noqa: PLC0415 -- the first key is refused everywhere else

    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert jwk.thumbprint(ALGORITHMS["ed25519"], raw) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    of_rfc_9449 = {
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    }
    assert PublicKey.from_jwk(of_rfc_9449).key_id == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_d33_a_private_member_is_refused_and_not_shown(member: str) -> None:
    with pytest.raises(MalformedError, match="private member"):
        PublicKey.from_jwk(EC | {member: CANARY})
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
        {"kty": "EC"},
        {"crv": "P-256"},
        {"kty": "EC", "crv": "P-384"},
        {"kty": "EC", "crv": "P-521"},
        {"kty": "EC", "crv": "secp256k1"},
        {"kty": "EC", "crv": "p-256"},
        {"crv": "Ed448"},
        {"crv": "X25519"},
        {"crv": None},
        {"kty": ["OKP"]},
    ],
)
def test_d26_s125_another_kind_of_key_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AlgNotAllowedError) as refused:
        PublicKey.from_jwk({**JWK, **change})
    assert refused.value.limit == ("ed25519", "p256")


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "ed25519", "Ed448", "", None, 1])
def test_d26_alg_must_be_that_of_the_key(alg: object) -> None:
    """``EdDSA`` names two curves and is refused where Ed25519 is meant."""
    with pytest.raises(AlgKeyMismatchError) as refused:
        PublicKey.from_jwk({**JWK, "alg": alg})
    assert refused.value.limit == "Ed25519"


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "ES256K", "EdDSA", "Ed25519", "es256", None])
def test_d26_alg_of_a_p256_key_is_es256(alg: object) -> None:
    with pytest.raises(AlgKeyMismatchError) as refused:
        PublicKey.from_jwk({**EC, "alg": alg})
    assert refused.value.limit == "ES256"


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


@pytest.mark.parametrize("member", ["x", "y"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        EC["x"] + "=",
        EC["x"][:-1],
        EC["x"] + "A",
        "*" * 43,
        "AA",
        "A" * 44,
        b64url_encode(bytes(33)),
    ],
)
def test_a_coordinate_has_one_form(member: str, value: object) -> None:
    """A coordinate is the full size of the field: leading zeros are written (RFC 7518 section 6.2.1.2)."""
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_jwk({"kty": "EC", "crv": "P-256", "x": EC["x"], "y": EC["y"], member: value})
    assert refused.value.field == member


def test_a_p256_key_without_y_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_jwk({name: EC[name] for name in ("kty", "crv", "x")})
    assert refused.value.field == "y"


@pytest.mark.parametrize(
    "change", [{"x": EC["y"], "y": EC["x"]}, {"y": "A" * 43}, {"x": "A" * 43}, {"y": JWK["x"]}]
)
def test_a_point_off_the_curve_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(KeyWeakError):
        PublicKey.from_jwk({"kty": "EC", "crv": "P-256", "x": EC["x"], "y": EC["y"]} | change)


def test_y_is_one_of_two_and_the_kid_says_which() -> None:
    y = (P - int.from_bytes(b64url_decode(EC["y"]), "big")).to_bytes(32, "big")
    negative = {"kty": "EC", "crv": "P-256", "x": EC["x"], "y": b64url_encode(y)}
    assert (
        PublicKey.from_jwk(negative).raw == bytes([5 - EC_KEY.public_key.raw[0]]) + EC_KEY.public_key.raw[1:]
    )
    with pytest.raises(KeyUnknownError):
        PublicKey.from_jwk({**negative, "kid": EC_KEY.key_id})


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
    keys = (OTHER.public_key, EC_KEY.public_key, KEY.public_key)
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
    """Its sets hold symmetric, private and RSA keys, duplicates, contradictions, and a P-256 key in print."""
    groups = json.loads((VECTORS / "wycheproof/json_web_key_test.json").read_text())["testGroups"]
    sets = [group[half] for group in groups for half in ("private", "public") if half in group]
    assert len(sets) > 20
    for jwks in sets:
        with pytest.raises(
            (MalformedError, AlgNotAllowedError, AlgKeyMismatchError, KeyWeakError)
        ) as refused:
            from_jwks(jwks)
        if isinstance(refused.value, AlgKeyMismatchError | KeyWeakError):
            assert {key["crv"] for key in jwks["keys"]} == {"P-256"}


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from([*JWK.values(), *EC.values(), "oct", "none"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*EC, "d", "key_ops"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_object_gives_a_key_or_a_delegate_error(members: object) -> None:
    changed = [{**good, **members} for good in (JWK, EC)] if isinstance(members, dict) else []
    for value in (members, *changed):
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
