"""The P-256 rule: 262 + 6 + 2 published vectors, a slow oracle for the points, one form, the self-test."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import (
    ConfigurationError,
    DelegateError,
    KeyWeakError,
    MalformedError,
    SignatureInvalidError,
)
from delegate.keys import PublicKey, Purpose, SigningKey, p256
from tests.conftest import ROOT, VECTORS, needs_vectors
from tests.support.p256 import KEYS, B, N, P, join, other_s, split

Verify = Callable[[bytes, bytes, bytes], None]

KEY: Final = KEYS[0]
RAW: Final = KEY.public_key.raw
MESSAGE: Final = b"pay 10"
GOOD: Final = KEY.sign(Purpose.BLOCK, MESSAGE)


def accepts(verify: Verify, public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        verify(public_key, signature, message)
    except SignatureInvalidError:
        return False
    return True


# --- a slow oracle: the curve in whole numbers -----------------------------------------------------


def y_of(x: int, parity: int) -> int | None:
    """The y of this parity at x, on y^2 = x^3 - 3x + b over the integers mod p."""
    square = (pow(x, 3, P) - 3 * x + B) % P
    root = pow(square, (P + 1) // 4, P)
    if root * root % P != square:
        return None
    return root if root % 2 == parity else P - root


def compressed(x: int, parity: int) -> bytes:
    return bytes([2 + parity]) + x.to_bytes(32, "big")


xs = st.integers(0, 2**256 - 1) | st.integers(0, 50) | st.integers(P - 20, P + 20)


@given(xs, st.integers(0, 1))
def test_a_key_is_a_point_of_the_curve(x: int, parity: int) -> None:
    y = y_of(x, parity) if x < P else None
    if y is None:
        with pytest.raises(KeyWeakError) as refused:
            p256.require_strong(compressed(x, parity))
        assert refused.value.field == "key"
        return
    p256.require_strong(compressed(x, parity))
    assert p256.to_coordinates(compressed(x, parity)) == (x.to_bytes(32, "big"), y.to_bytes(32, "big"))


@given(xs, xs)
def test_coordinates_are_those_of_a_point(x: int, y: int) -> None:
    """An (x, y) off the curve is no key, whichever of the two is wrong."""
    for candidate in {y, *(found for parity in (0, 1) if x < P and (found := y_of(x, parity)))}:
        parts = x.to_bytes(32, "big"), candidate.to_bytes(32, "big")
        if x < P and candidate == y_of(x, candidate % 2):
            assert p256.from_coordinates(*parts) == compressed(x, candidate % 2)
        else:
            with pytest.raises(KeyWeakError):
                p256.from_coordinates(*parts)


@pytest.mark.parametrize("x", [P + 5, P + 6, 2**256 - 1])
def test_x_has_one_encoding(x: int) -> None:
    """5 and 6 are the x of points; p more is the same number and another text."""
    p256.require_strong(compressed(5, 0))
    p256.require_strong(compressed(6, 1))
    with pytest.raises(KeyWeakError):
        p256.require_strong(compressed(x, x % 2))


def test_the_bound_of_x_is_checked_here_not_only_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def accept(curve: object, data: bytes) -> YesMan:
        asked.append(data)
        return YesMan()

    monkeypatch.setattr(ec.EllipticCurvePublicKey, "from_encoded_point", accept)
    good = compressed(P - 1, 0)
    p256.require_strong(good)
    for x in (P, P + 5, 2**256 - 1):
        with pytest.raises(KeyWeakError):
            p256.require_strong(compressed(x, 0))
    p256._point.cache_clear()
    assert asked == [good]


@pytest.mark.parametrize("first", [0, 1, 4, 5, 6, 7, 0x80, 0xFF])
def test_a_key_begins_with_02_or_03(first: int) -> None:
    for good in (b"\x02", b"\x03"):
        p256.require_strong(good + RAW[1:])
    with pytest.raises(MalformedError) as refused:
        p256.require_strong(bytes([first]) + RAW[1:])
    assert (refused.value.field, refused.value.limit) == ("key", 33)


@pytest.mark.parametrize("size", [0, 1, 32, 34, 64, 65])
def test_a_key_is_33_bytes(size: int) -> None:
    uncompressed = b"\x04" + b"".join(p256.to_coordinates(RAW))
    for wrong in ((RAW * 2)[:size], uncompressed[:size]):
        with pytest.raises(MalformedError) as refused:
            p256.require_strong(wrong)
        assert refused.value.limit == 33
        assert not accepts(p256.verify_http, wrong, GOOD, MESSAGE)


# --- the published vectors -------------------------------------------------------------------------


def wycheproof() -> Iterator[tuple[bytes, bytes, bytes, dict[str, Any]]]:
    """Key (compressed), signature, message, case."""
    suite = json.loads((VECTORS / "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json").read_text())
    for group in suite["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = p256.from_coordinates(point[1:33], point[33:])
        for case in group["tests"]:
            yield key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]), case


@needs_vectors
def test_a12_s130_wycheproof_without_exception() -> None:
    """In an envelope the verdict is Wycheproof's; elsewhere it is that and s <= n/2."""
    answers = []
    for key, signature, message, case in wycheproof():
        valid = case["result"] == "valid"
        assert accepts(p256.verify_http, key, signature, message) is valid, case["tcId"]
        low = valid and split(signature)[1] <= N // 2
        assert accepts(p256.verify, key, signature, message) is low, case["tcId"]
        if valid:
            assert accepts(p256.verify, key, other_s(signature), message) is not low, case["tcId"]
        answers.append((valid, low))
    assert len(answers) == 262
    assert sum(valid for valid, _ in answers) == 173
    assert 0 < sum(low for _, low in answers) < 173


RFC_6979_KEY: Final = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
RFC_6979: Final = {  # section A.2.5, SHA-256: message -> r, s as printed
    b"sample": (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    b"test": (
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
}


@pytest.mark.skipif(not p256.DETERMINISTIC, reason="this OpenSSL cannot derive k as RFC 6979 does")
@pytest.mark.parametrize("message", RFC_6979)
def test_signatures_are_those_of_rfc_6979_with_the_low_s(message: bytes) -> None:
    public, private = p256.keypair(RFC_6979_KEY)
    assert public.hex() == "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    r, s = RFC_6979[message]
    assert p256.sign(private, message) == join(r, min(s, N - s))
    assert p256.sign(private, message) == p256.sign(private, message)
    p256.verify_http(public, join(r, s), message)


def test_one_of_the_two_rfc_6979_signatures_has_the_high_s() -> None:
    assert [s > N // 2 for _, s in RFC_6979.values()] == [True, False]


@needs_vectors
def test_rfc_9421_signatures_verify_without_a_back_door() -> None:
    vectors = json.loads((VECTORS / "signing/rfc9421/rfc9421_vectors.json").read_text())
    jwk = vectors["keys"]["test-key-ecc-p256"]["jwk"]
    key = p256.from_coordinates(*(base64.urlsafe_b64decode(jwk[name] + "=") for name in ("x", "y")))
    cases = [case for case in vectors["signed"] if case["alg"] == "ecdsa-p256-sha256"]
    assert {"B.2.4", "B.3"} <= {case["id"] for case in cases}
    for case in cases:
        label = case["label"]
        encoded = case["signature"].split(f"{label}=:", 1)[1].partition(":")[0]
        answer = accepts(p256.verify_http, key, base64.b64decode(encoded), case["signature_base"].encode())
        assert answer is (case["expected"] == "valid"), case["id"]
        assert not accepts(p256.verify_http, key, base64.b64decode(encoded), b"another base"), case["id"]
    with pytest.raises(KeyWeakError):
        PublicKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y")})


# --- single rules, each beside a signature that is good --------------------------------------------


def openssl(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """What the library alone says of r and s, without one check of ours."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    try:
        point.verify(encode_dss_signature(*split(signature)), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def test_s134_n_minus_s_is_another_signature_and_only_one_is_good() -> None:
    """Block signatures are 64 bytes; P-256: r||s with s <= n/2 (design section 6)."""
    twin = other_s(GOOD)
    assert openssl(RAW, GOOD, MESSAGE)
    assert openssl(RAW, twin, MESSAGE)
    p256.verify(RAW, GOOD, MESSAGE)
    with pytest.raises(SignatureInvalidError) as refused:
        p256.verify(RAW, twin, MESSAGE)
    assert "n/2" in str(refused.value.limit)
    p256.verify_http(RAW, GOOD, MESSAGE)
    p256.verify_http(RAW, twin, MESSAGE)


class YesMan:
    """A key under which everything verifies: what is refused then is refused by us."""

    def verify(self, *_: object) -> None:
        return


@pytest.fixture
def credulous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p256, "_point", lambda public_key: YesMan())


@pytest.mark.usefixtures("credulous")
@pytest.mark.parametrize(
    ("r", "s", "low", "either"),
    [
        (1, 1, True, True),
        (N - 1, N // 2, True, True),
        (1, N // 2 + 1, False, True),
        (1, N - 1, False, True),
        (0, 1, False, False),
        (1, 0, False, False),
        (0, 0, False, False),
        (N, 1, False, False),
        (1, N, False, False),
        (N + 1, 1, False, False),
        (1, N + 1, False, False),
        (2**256 - 1, 1, False, False),
        (1, 2**256 - 1, False, False),
    ],
)
def test_s132_r_and_s_are_from_1_to_n_minus_1_and_s_is_low(r: int, s: int, low: bool, either: bool) -> None:  # noqa: FBT001 - columns
    assert accepts(p256.verify, RAW, join(r, s), MESSAGE) is low
    assert accepts(p256.verify_http, RAW, join(r, s), MESSAGE) is either


@pytest.mark.usefixtures("credulous")
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 63, 65, 70, 96, 128])
def test_a12_s133_a_signature_is_64_bytes(size: int) -> None:
    for verify in (p256.verify, p256.verify_http):
        assert accepts(verify, RAW, GOOD, MESSAGE)
        assert not accepts(verify, RAW, (GOOD * 2)[:size], MESSAGE)


def test_s133_der_is_no_signature() -> None:
    assert not accepts(p256.verify_http, RAW, encode_dss_signature(*split(GOOD)), MESSAGE)


@given(st.integers(0, 8 * (64 + len(MESSAGE)) - 1))
def test_no_flipped_bit_verifies(bit: int) -> None:
    wounded = bytearray(GOOD + MESSAGE)
    wounded[bit // 8] ^= 1 << bit % 8
    for verify in (p256.verify, p256.verify_http):
        with pytest.raises(SignatureInvalidError):
            verify(RAW, bytes(wounded[:64]), bytes(wounded[64:]))


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=8))
def test_any_bytes_give_an_answer_or_a_delegate_error(key: bytes, signature: bytes, message: bytes) -> None:
    for raw in (key, RAW, b"\x02" + key[:32].ljust(32, b"\0")):
        assert not accepts(p256.verify, raw, signature, message)
        assert not accepts(p256.verify_http, raw, signature, message)
        try:
            p256.require_strong(raw)
        except DelegateError:
            continue


@given(st.binary(max_size=300), st.sampled_from(KEYS))
def test_what_is_signed_is_low_and_once(message: bytes, key: SigningKey) -> None:
    signature = key.sign(Purpose.REQUEST, message)
    assert 0 < split(signature)[1] <= N // 2
    assert openssl(key.public_key.raw, signature, message)
    key.public_key.verify(signature, message)
    if p256.DETERMINISTIC:
        assert key.sign(Purpose.BLOCK, message) == signature


@pytest.mark.parametrize(
    "seed",
    [b"", bytes(31), bytes(33), bytes(32), N.to_bytes(32, "big"), (N + 1).to_bytes(32, "big"), b"\xff" * 32],
)
def test_a_private_key_is_a_number_from_1_to_n_minus_1(seed: bytes) -> None:
    for good in (2, N - 2):
        SigningKey.from_seed(good.to_bytes(32, "big"), "p256")
    with pytest.raises(MalformedError) as refused:
        SigningKey.from_seed(seed, "p256")
    assert refused.value.field == "seed"


def test_generated_numbers_are_in_range_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({p256.generate() for _ in range(20)}) == 20
    for drawn, number in ((0, 1), (N - 2, N - 1)):
        monkeypatch.setattr(
            secrets, "randbelow", lambda bound, drawn=drawn: drawn if bound == N - 1 else None
        )
        assert p256.generate() == number.to_bytes(32, "big")


# --- an OpenSSL that cannot derive k ---------------------------------------------------------------


def test_whether_signing_is_deterministic_is_known() -> None:
    _, private = p256.keypair(bytes(range(32)))
    assert p256.DETERMINISTIC is (len({p256.sign(private, MESSAGE) for _ in range(8)}) == 1)
    assert p256._signing()[1] is p256.DETERMINISTIC


def test_without_rfc_6979_signatures_are_random_low_and_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def old(algorithm: object, *, deterministic_signing: bool = False) -> ec.ECDSA:
        if deterministic_signing:
            raise UnsupportedAlgorithm("OpenSSL before 3.2")  # noqa: EM101, TRY003 - as the library has it
        return ECDSA(SHA256())

    ECDSA = ec.ECDSA  # noqa: N806 - the class that is replaced
    monkeypatch.setattr(ec, "ECDSA", old)
    signing, deterministic = p256._signing()
    assert not deterministic
    monkeypatch.setattr(p256, "_SIGNING", signing)
    monkeypatch.setattr(p256, "DETERMINISTIC", deterministic)
    p256.self_test()
    signatures = {KEY.sign(Purpose.BLOCK, MESSAGE) for _ in range(12)}
    assert len(signatures) == 12
    for signature in signatures:
        p256.verify(RAW, signature, MESSAGE)


# --- keys in print ---------------------------------------------------------------------------------


def number(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")


NUMBERS_IN_PRINT: Final = (
    (1).to_bytes(32, "big"),
    RFC_6979_KEY,
    number("UpuF81l-kOxbjf7T4mNSv0r5tN67Gim7rnf6EFpcYDs"),  # RFC 9421 B.1.3
    number("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"),  # RFC 7515 A.3
    number("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"),  # RFC 7517 A.2
    number("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"),  # RFC 7518 C
    number("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"),  # RFC 7518 C
    bytes.fromhex("57c92077664146e876760c9520d054aa93c3afb04e306705db6090308507b4d3"),  # RFC 8152 C.7.2
    bytes.fromhex("aff907c99f9ad3aae6c4cdf21122bce2bd68b5283e6907154ad911840fa208cf"),  # RFC 8152 C.7.2
    bytes.fromhex("02d1f7e6f26c43d4868d87ceb2353161740aacf1f7163647984b522a848df1c3"),  # RFC 8152 C.7.2
    number("yy49oPcINGK2ps0LmtxpB6UTEOiITghHBif6wDqmJ3c"),  # Wycheproof
)


@pytest.mark.parametrize("seed", NUMBERS_IN_PRINT, ids=bytes.hex)
def test_s137_a_key_whose_private_half_is_in_print_is_refused(seed: bytes) -> None:
    negative = (N - int.from_bytes(seed, "big")).to_bytes(32, "big")
    for known in (seed, negative):
        with pytest.raises(KeyWeakError):
            PublicKey.from_raw(p256.keypair(known)[0], "p256")
        with pytest.raises(KeyWeakError):
            SigningKey.from_seed(known, "p256")


def test_s137_every_refused_key_is_one_of_them() -> None:
    assert {p256.keypair(seed)[0][1:] for seed in NUMBERS_IN_PRINT} == p256._PUBLISHED


# --- self-test -------------------------------------------------------------------------------------


def test_a22_the_self_test_passes() -> None:
    p256.self_test()


def test_a22_a_library_that_accepts_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p256, "_point", lambda public_key: YesMan())
    with pytest.raises(ConfigurationError, match="another message") as failed:
        p256.self_test()
    assert failed.value.field == "cryptography"


def test_a22_a_library_that_accepts_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoMan:
        def verify(self, *_: object) -> None:
            raise InvalidSignature

    monkeypatch.setattr(p256, "_point", lambda public_key: NoMan())
    with pytest.raises(ConfigurationError, match="RFC 6979"):
        p256.self_test()


@pytest.mark.parametrize(
    ("name", "value", "found", "right"),
    [
        ("_HALF_ORDER_BYTES", b"\xff" * 32, "must be low", False),
        ("require_strong", lambda public_key: None, "off the curve", False),
        ("sign", lambda private, message: GOOD, "signing", True),
        ("_SIGNING", ec.ECDSA(SHA256()), "signing", True),  # a good signature, but not that of RFC 6979
    ],
)
def test_a22_a_lost_rule_is_found(
    *, name: str, value: object, found: str, right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(p256, "DETERMINISTIC", True)
    monkeypatch.setattr(p256, name, value)
    with pytest.raises(ConfigurationError, match=found) as failed:
        p256.self_test()
    assert failed.value.limit is right


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a22_a_wrong_library_stops_the_first_p256_key_and_no_other() -> None:
    wrong = (
        "from cryptography.hazmat.primitives.asymmetric import utils\n"
        "utils.encode_dss_signature = lambda r, s: b''\n"
        "from delegate.keys import SigningKey\n"
        "SigningKey.generate()\n"
        "SigningKey.generate('p256')\n"
    )
    done = run(wrong)
    assert done.returncode == 1
    assert "ConfigurationError: P-256 self-test failed" in done.stderr
    assert run(wrong.replace("\nutils.encode_dss_signature = lambda r, s: b''", "")).returncode == 0


def test_who_has_no_p256_key_does_not_load_its_library() -> None:
    """``import delegate`` and Ed25519 alone never pay for the curve."""
    code = (
        "import sys\nfrom delegate.keys import PublicKey, Purpose, SigningKey, from_jwks, to_jwks\n"
        "import delegate.envelope, delegate.token, delegate.verifier\n"
        "key = SigningKey.generate()\n"
        "key.public_key.verify(key.sign(Purpose.BLOCK, b'm'), b'm')\n"
        "from_jwks(to_jwks([PublicKey.from_text(key.public_key.text)]))\n"
        "loaded = [name for name in sys.modules if name.startswith('cryptography') or 'p256' in name]\n"
        "print(len(loaded))\n"
        "SigningKey.generate('p256')\n"
        "print('delegate.keys.p256' in sys.modules)\n"
    )
    done = run(code)
    assert done.stdout.split() == ["0", "True"], done.stderr


def test_the_thumbprint_hashes_both_coordinates() -> None:
    x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in p256.to_coordinates(RAW))
    digest = hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()
    assert KEY.key_id == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
