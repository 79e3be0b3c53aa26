"""The one Ed25519 rule: 914 + 12 + 151 published vectors, a slow oracle for the points, the self-test."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import nacl.bindings
import nacl.exceptions
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import ConfigurationError, KeyWeakError, MalformedError, SignatureInvalidError
from delegate.keys import PublicKey, SigningKey, ed25519
from tests.conftest import ROOT, VECTORS, needs_vectors

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
IDENTITY: Final = (0, 1)

Point = tuple[int, int]
Verify = Callable[[bytes, bytes, bytes], None]


# --- a slow oracle: the curve in whole numbers -----------------------------------------------------


def add(a: Point, b: Point) -> Point:
    """Addition on -x^2 + y^2 = 1 + dx^2y^2 (RFC 8032 section 5.1)."""
    (ax, ay), (bx, by) = a, b
    t = D * ax * bx * ay * by
    x = (ax * by + bx * ay) * pow(1 + t, -1, P) % P
    y = (ay * by + ax * bx) * pow(1 - t, -1, P) % P
    return x, y


def multiply(times: int, point: Point) -> Point:
    total = IDENTITY
    while times:
        if times & 1:
            total = add(total, point)
        point = add(point, point)
        times >>= 1
    return total


def points(y: int) -> set[Point]:
    """The curve's points of this y: none, one or two."""
    y %= P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return {(root, y), (-root % P, y)} if root * root % P == square else set()


def torsion() -> set[Point]:
    """The eight points of small order: the multiples of L times any point that gives all eight."""
    for y in range(2, 100):
        for point in points(y):
            base = multiply(L, point)
            found = {multiply(k, base) for k in range(8)}
            if len(found) == 8:
                return found
    raise AssertionError


def encoding(y: int, sign: int) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def test_a11_the_refused_points_are_all_small_and_all_second_encodings() -> None:
    """Canonical A and R encodings, small-order A and R refused (design section 3)."""
    small = {encoding(y, sign) for _, y in torsion() for sign in (0, 1)}
    not_canonical = {encoding(y, sign) for y in range(P, 2**255) for sign in (0, 1)}
    assert small | not_canonical == ed25519.REFUSED_POINTS
    assert len(ed25519.REFUSED_POINTS) == 48
    # The "14 low-order encodings" of the literature: ten of y below p, four of y = p and y = p + 1.
    literature = {point for point in ed25519.REFUSED_POINTS if _is_small(point)}
    assert len(literature) == 14


def _is_small(data: bytes) -> bool:
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return any(multiply(8, point) == IDENTITY for point in points(y))


# --- the published vectors -------------------------------------------------------------------------


def accepts(verify: Verify, public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        verify(public_key, signature, message)
    except (SignatureInvalidError, InvalidSignature, ValueError, nacl.exceptions.BadSignatureError):
        return False
    return True


def bare_nacl(public_key: bytes, signature: bytes, message: bytes) -> None:
    nacl.bindings.crypto_sign_open(signature + message, public_key)


def bare_openssl(public_key: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)


def checked_openssl(public_key: bytes, signature: bytes, message: bytes) -> None:
    """The same rule on the other library, its checks written the slow way."""
    if len(signature) != 64 or {public_key, signature[:32]} & ed25519.REFUSED_POINTS:
        raise SignatureInvalidError
    if int.from_bytes(signature[32:], "little") >= L:
        raise SignatureInvalidError
    bare_openssl(public_key, signature, message)


def cctv() -> Iterator[tuple[bytes, bytes, bytes, frozenset[str]]]:
    for case in json.loads((VECTORS / "ed25519/cctv/ed25519vectors.json").read_text()):
        parts = (bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode())
        yield *parts, frozenset(case["flags"] or ())


@needs_vectors
def test_d29_a11_one_answer_on_all_914_cctv_vectors() -> None:
    """One fixed answer on all 914 CCTV edge vectors (design section 3).

    The answer follows from the flags: the equation holds without the cofactor (no residue), and A and R
    are canonical and not small. A small component in a large point alone is no reason.
    """
    harmless = {"low_order_component_A", "low_order_component_R"}
    answers = []
    for key, signature, message, flags in cctv():
        expected = flags <= harmless
        assert accepts(ed25519.verify, key, signature, message) is expected, flags
        assert accepts(checked_openssl, key, signature, message) is expected, flags
        answers.append(expected)
    assert (len(answers), sum(answers)) == (914, 43)


@needs_vectors
def test_a11_the_libraries_alone_give_two_answers() -> None:
    """Raw PyNaCl accepts 43, raw ``cryptography`` 208 (design section 3): why the rule is ours."""
    cases = [(key, signature, message) for key, signature, message, _ in cctv()]
    assert sum(accepts(bare_nacl, *case) for case in cases) == 43
    assert sum(accepts(bare_openssl, *case) for case in cases) == 208


@needs_vectors
def test_d29_s130_speccheck_vectors() -> None:
    """Of its twelve cases only number 3 is good under the rule.

    0 to 2: small A or R. 4, 5: hold with the cofactor only. 6, 7: S >= L. 8 to 11: A or R not canonical.
    """
    cases = json.loads((VECTORS / "ed25519/ed25519-speccheck/cases.json").read_text())
    raw = [tuple(bytes.fromhex(case[name]) for name in ("pub_key", "signature", "message")) for case in cases]
    assert [accepts(ed25519.verify, *case) for case in raw] == [n == 3 for n in range(12)]
    assert [accepts(checked_openssl, *case) for case in raw] == [n == 3 for n in range(12)]


@needs_vectors
def test_a12_s130_wycheproof() -> None:
    suite: dict[str, Any] = json.loads((VECTORS / "wycheproof/ed25519_test.json").read_text())
    answers = []
    for group in suite["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            parts = (key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            good = case["result"] == "valid"
            assert accepts(ed25519.verify, *parts) is good, case["tcId"]
            assert accepts(checked_openssl, *parts) is good, case["tcId"]
            answers.append(good)
    assert (len(answers), answers.count(False)) == (151, 63)


@needs_vectors
def test_rfc_9421_signatures_verify_without_a_back_door() -> None:
    vectors = json.loads((VECTORS / "signing/rfc9421/rfc9421_vectors.json").read_text())
    x = vectors["keys"]["test-key-ed25519"]["jwk"]["x"]
    key = base64.urlsafe_b64decode(x + "=")
    cases = [case for case in vectors["signed"] if case["alg"] == "ed25519"]
    assert {case["expected"] for case in cases} == {"valid", "invalid"}
    for case in cases:
        signature = base64.b64decode(case["signature"].split("=:", 1)[1].rstrip(":"))
        answer = accepts(ed25519.verify, key, signature, case["signature_base"].encode())
        assert answer is (case["expected"] == "valid"), case["id"]


# --- single rules, each beside a signature that is good --------------------------------------------

KEY: Final = SigningKey.from_seed(bytes(range(32)))
RAW: Final = KEY.public_key.raw
MESSAGE: Final = b"pay 10"
GOOD: Final = ed25519.sign(ed25519.keypair(bytes(range(32)))[1], MESSAGE)


def test_a_good_signature_verifies() -> None:
    ed25519.verify(RAW, GOOD, MESSAGE)


def test_s130_a12_s_plus_l_is_refused() -> None:
    s = int.from_bytes(GOOD[32:], "little") + L
    with pytest.raises(SignatureInvalidError):
        ed25519.verify(RAW, GOOD[:32] + s.to_bytes(32, "little"), MESSAGE)


def test_d29_the_bound_of_s_is_checked_here_not_only_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_open", lambda *_arguments: 0)
    ed25519.verify(RAW, GOOD[:32] + (L - 1).to_bytes(32, "little"), MESSAGE)
    for s in (L, L + 1, 2**256 - 1):
        with pytest.raises(SignatureInvalidError):
            ed25519.verify(RAW, GOOD[:32] + s.to_bytes(32, "little"), MESSAGE)


@pytest.mark.parametrize("point", sorted(ed25519.REFUSED_POINTS), ids=bytes.hex)
def test_d29_s129_a11_no_refused_point_is_a_or_r(point: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyWeakError) as refused:
        PublicKey.from_raw(point)
    assert refused.value.field == "key"
    assert not accepts(bare_nacl, point, point + bytes(32), MESSAGE)
    monkeypatch.setattr(ed25519, "_open", lambda *_arguments: 0)
    ed25519.verify(RAW, GOOD, MESSAGE)
    with pytest.raises(SignatureInvalidError):
        ed25519.verify(point, GOOD, MESSAGE)
    with pytest.raises(SignatureInvalidError):
        ed25519.verify(RAW, point + GOOD[32:], MESSAGE)


@pytest.mark.parametrize("size", [0, 31, 32, 63, 65, 96, 128])
def test_a12_a_signature_is_64_bytes(size: int) -> None:
    with pytest.raises(SignatureInvalidError):
        ed25519.verify(RAW, (GOOD * 2)[:size], MESSAGE)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_is_32_bytes(size: int) -> None:
    with pytest.raises(SignatureInvalidError):
        ed25519.verify((RAW * 2)[:size], GOOD, MESSAGE)
    with pytest.raises(MalformedError) as refused:
        ed25519.require_strong((RAW * 2)[:size])
    assert refused.value.limit == 32
    with pytest.raises(MalformedError):
        ed25519.keypair(bytes(size))


@given(st.integers(0, 8 * (64 + len(MESSAGE)) - 1))
def test_no_flipped_bit_verifies(bit: int) -> None:
    wounded = bytearray(GOOD + MESSAGE)
    wounded[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureInvalidError):
        ed25519.verify(RAW, bytes(wounded[:64]), bytes(wounded[64:]))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.binary(max_size=8))
def test_any_bytes_are_refused_alike_by_both_libraries(key: bytes, signature: bytes, message: bytes) -> None:
    assert not accepts(ed25519.verify, key, signature, message)
    assert not accepts(checked_openssl, key, signature, message)


# --- keys in print ---------------------------------------------------------------------------------

SEEDS_IN_PRINT: Final = (
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",  # RFC 8032 7.1
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",  # RFC 8032 7.2
    "ab9c2853ce297ddab85c993b3ae14bcad39b2c682beabc27d6d4eb20711d6560",
    "9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5",  # RFC 9421 B.1.4
    "add4bb8103785baf9ac534258e8aaf65f5f1adb5ef5f3df19bb80ab989c4d64b",  # Wycheproof
    "00" * 32,
)


@pytest.mark.parametrize("seed", SEEDS_IN_PRINT)
def test_s137_a_key_whose_private_half_is_in_print_is_refused(seed: str) -> None:
    public, _ = ed25519.keypair(bytes.fromhex(seed))
    with pytest.raises(KeyWeakError):
        PublicKey.from_raw(public)
    with pytest.raises(KeyWeakError):
        SigningKey.from_seed(bytes.fromhex(seed))


def test_s137_every_refused_key_is_one_of_them() -> None:
    assert {ed25519.keypair(bytes.fromhex(seed))[0] for seed in SEEDS_IN_PRINT} == ed25519._PUBLISHED


@needs_vectors
def test_s137_the_rfc_9421_key_as_jwk() -> None:
    vectors = json.loads((VECTORS / "signing/rfc9421/rfc9421_vectors.json").read_text())
    jwk = vectors["keys"]["test-key-ed25519"]["jwk"]
    with pytest.raises(KeyWeakError):
        PublicKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x")})


# --- self-test -------------------------------------------------------------------------------------


def test_a22_the_self_test_passes() -> None:
    ed25519.self_test()


def test_a22_a_library_that_accepts_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_open", lambda *_arguments: 0)
    with pytest.raises(ConfigurationError, match="another message"):
        ed25519.self_test()


def test_a22_a_library_that_accepts_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_open", lambda *_arguments: -1)
    with pytest.raises(ConfigurationError, match="RFC 8032"):
        ed25519.self_test()


def test_a22_a_library_that_accepts_small_order_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def openssl(_message: object, _size: object, signed: bytes, _signed_size: int, key: bytes) -> int:
        try:
            bare_openssl(key, signed[:64], signed[64:])
        except InvalidSignature:
            return -1
        return 0

    monkeypatch.setattr(ed25519, "_open", openssl)
    ed25519.self_test()
    monkeypatch.setattr(ed25519, "REFUSED_POINTS", frozenset())
    with pytest.raises(ConfigurationError, match="small-order"):
        ed25519.self_test()


def test_a22_a_wrong_library_stops_the_start() -> None:
    code = "import types, nacl.bindings, nacl._sodium as s; {}import delegate.keys"
    wrong = "s.lib = types.SimpleNamespace(crypto_sign_open=lambda *_arguments: 0); "
    good, bad = (
        subprocess.run(
            [sys.executable, "-c", code.format(patch)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for patch in ("", wrong)
    )
    assert good.returncode == 0, good.stderr
    assert bad.returncode == 1
    assert "ConfigurationError: Ed25519 self-test failed" in bad.stderr
