"""Public keys are strong and honest about equality; signing keys show nothing."""

from __future__ import annotations

import copy
import gc
import hashlib
import pickle
import traceback
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate import known_secrets
from delegate.encoding import b64url_encode
from delegate.errors import (
    AlgNotAllowedError,
    ConfigurationError,
    DelegateError,
    KeyWeakError,
    MalformedError,
    SignatureInvalidError,
)
from delegate.keys import Alg, PublicKey, Purpose, Signer, SigningKey, ed25519
from delegate.keys.algorithm import ALGORITHMS, NAMES, SEED_BYTES
from tests.support.p256 import other_s

SEED: Final = bytes(range(100, 132))
KEY: Final = SigningKey.from_seed(SEED)
PUBLIC: Final = KEY.public_key
ALGS: Final[tuple[Alg, ...]] = ("ed25519", "p256")
SIGNING_KEYS: Final = tuple(SigningKey.from_seed(SEED, alg) for alg in ALGS)


# --- public keys -----------------------------------------------------------------------------------


def test_the_key_id_is_the_rfc_7638_thumbprint() -> None:
    """Key id = RFC 7638 JWK thumbprint, base64url, 43 characters (design section 3)."""
    x = urlsafe_b64encode(PUBLIC.raw).rstrip(b"=").decode()
    digest = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
    assert PUBLIC.key_id == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert len(PUBLIC.key_id) == 43
    assert PUBLIC.text == f"ed25519:{x}"


def test_equal_by_algorithm_and_bytes() -> None:
    twin = PublicKey.from_text(PUBLIC.text)
    assert twin == PUBLIC
    assert hash(twin) == hash(PUBLIC)
    assert twin is not PUBLIC
    assert SigningKey.generate().public_key != PUBLIC
    with pytest.raises(AttributeError):
        PUBLIC.raw = bytes(32)  # type: ignore[misc]


@given(
    st.builds(SigningKey.from_seed, st.binary(min_size=32, max_size=32).filter(any), st.sampled_from(ALGS))
)
def test_every_form_of_a_public_key_reads_back(key: SigningKey) -> None:
    public = key.public_key
    assert PublicKey.from_raw(public.raw, public.alg) == public
    assert PublicKey.from_text(public.text) == public
    assert PublicKey.from_jwk(public.to_jwk()) == public
    assert PublicKey.from_text(public.text).text == public.text


@given(
    st.one_of(
        st.text(),
        st.text().map("ed25519:".__add__),
        st.text().map("p256:".__add__),
        st.binary(min_size=33, max_size=33).map(lambda raw: "p256:" + b64url_encode(raw)),
        st.binary(min_size=32, max_size=32).map(lambda x: "p256:" + b64url_encode(b"\x03" + x)),
        st.integers(),
        st.none(),
        st.binary(),
    )
)
def test_from_text_gives_a_key_or_a_delegate_error(text: object) -> None:
    try:
        key = PublicKey.from_text(text)
    except DelegateError:
        return
    assert key.text == text


@given(
    st.one_of(st.binary(min_size=30, max_size=34), st.text(), st.none()),
    st.sampled_from([*ALGS, "rsa", None, [], 7]),
)
def test_from_raw_gives_a_key_or_a_delegate_error(raw: object, alg: object) -> None:
    try:
        key = PublicKey.from_raw(raw, alg)  # type: ignore[arg-type]
    except DelegateError:
        return
    assert key.raw == raw


@pytest.mark.parametrize("alg", ["P256", "p384", "none", "hs256", "EdDSA", "Ed25519", "ED25519", ""])
def test_d26_another_algorithm_is_refused_by_name(alg: str) -> None:
    _, encoded = PUBLIC.text.split(":")
    assert PublicKey.from_text(f"ed25519:{encoded}") == PUBLIC
    with pytest.raises(AlgNotAllowedError) as refused:
        PublicKey.from_text(f"{alg}:{encoded}")
    assert refused.value.limit == ALGS
    with pytest.raises(AlgNotAllowedError):
        PublicKey.from_raw(PUBLIC.raw, alg)  # type: ignore[arg-type]
    for make in (SigningKey.generate, lambda alg: SigningKey.from_seed(SEED, alg)):
        with pytest.raises(AlgNotAllowedError):
            make(alg)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", SIGNING_KEYS)
def test_the_bytes_of_one_algorithm_are_no_key_of_the_other(key: SigningKey) -> None:
    alg, _, encoded = key.public_key.text.partition(":")
    other: Alg = "p256" if alg == "ed25519" else "ed25519"
    assert PublicKey.from_text(f"{alg}:{encoded}") == key.public_key
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_text(f"{other}:{encoded}")
    assert (refused.value.field, refused.value.limit) == ("key", 65 - len(key.public_key.raw))
    with pytest.raises(MalformedError):
        PublicKey.from_raw(key.public_key.raw, other)


def test_the_seed_does_not_choose_the_algorithm() -> None:
    ed, ec = (key.public_key for key in SIGNING_KEYS)
    assert (ed.alg, ec.alg) == ALGS
    assert len({ed, ec}) == len({ed.key_id, ec.key_id}) == 2
    for signer, reader in ((SIGNING_KEYS[0], ec), (SIGNING_KEYS[1], ed)):
        signature = signer.sign(Purpose.BLOCK, b"m")
        signer.public_key.verify(signature, b"m")
        for verify in (reader.verify, reader.verify_http):
            with pytest.raises(SignatureInvalidError):
                verify(signature, b"m")


@pytest.mark.parametrize("wound", ["", "=", "A", " ", "\n", "é", "\ud800", "!!"])
def test_a_key_has_one_text(wound: str) -> None:
    text = PUBLIC.text + wound
    if not wound:
        assert PublicKey.from_text(text) == PUBLIC
        return
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_text(text)
    assert PUBLIC.text[8:] not in str(refused.value)


def test_a_key_without_its_algorithm_is_refused_and_not_shown() -> None:
    secret = urlsafe_b64encode(SEED).decode().rstrip("=")
    with pytest.raises(MalformedError) as refused:
        PublicKey.from_text(secret)
    assert secret not in str(refused.value)


def test_the_table_agrees_with_the_rules() -> None:
    assert NAMES == ALGS == tuple(ALGORITHMS)
    for key in SIGNING_KEYS:
        row = ALGORITHMS[key.public_key.alg]
        assert len(key.public_key.raw) == row.key_bytes == row.rule().KEY_BYTES  # type: ignore[attr-defined]
        assert row.text_form.partition("<")[0] == f"{row.name}:"
        assert f"<{len(key.public_key.text.partition(':')[2])} base64url" in row.text_form
        der = b64decode(b"".join(key.export_private_pem().splitlines()[1:-1]))
        assert der.startswith(row.pkcs8_prefix + SEED)
        assert len(SEED) == SEED_BYTES


# --- signing ---------------------------------------------------------------------------------------


@given(st.binary(max_size=200), st.sampled_from(Purpose), st.sampled_from(SIGNING_KEYS))
def test_what_a_key_signs_its_public_key_verifies(message: bytes, purpose: Purpose, key: SigningKey) -> None:
    signature = key.sign(purpose, message)
    public, other = key.public_key, SigningKey.generate(key.public_key.alg).public_key
    public.verify(signature, message)
    public.verify_http(signature, message)
    for verify, text in ((public.verify, message + b"!"), (other.verify, message)):
        with pytest.raises(SignatureInvalidError):
            verify(signature, text)
    for verify, text in ((public.verify_http, message + b"!"), (other.verify_http, message)):
        with pytest.raises(SignatureInvalidError):
            verify(signature, text)


def test_s134_only_an_http_signature_may_have_the_other_s() -> None:
    """Low s in blocks and DSSE objects, any s in envelopes (design section 6)."""
    key = SIGNING_KEYS[1]
    twin = other_s(key.sign(Purpose.REQUEST, b"m"))
    key.public_key.verify_http(twin, b"m")
    with pytest.raises(SignatureInvalidError):
        key.public_key.verify(twin, b"m")


def test_a_signing_key_is_a_signer() -> None:
    signer: Signer = KEY
    signature = signer.sign(Purpose.REQUEST, b"GET /")
    assert type(signature) is bytes
    assert len(signature) == 64
    assert signature == ed25519.sign(ed25519.keypair(SEED)[1], b"GET /")


@pytest.mark.parametrize("purpose", ["request", b"message", None])
def test_the_purpose_is_no_message_and_no_string(purpose: object) -> None:
    assert len(KEY.sign(Purpose.REQUEST, b"message")) == 64
    with pytest.raises(ConfigurationError) as refused:
        KEY.sign(purpose, b"message")  # type: ignore[arg-type]
    assert refused.value.field == "purpose"


def test_generated_keys_differ() -> None:
    assert len({SigningKey.generate(alg).key_id for _ in range(20) for alg in ALGS}) == 40
    assert [SigningKey.generate(alg).public_key.alg for alg in ALGS] == ["ed25519", "p256"]
    assert SigningKey.generate().public_key.alg == "ed25519"


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("seed", [b"", SEED[:31], SEED + b"x", "x" * 32, None])
def test_a_seed_is_32_bytes(seed: object, alg: Alg) -> None:
    assert SigningKey.from_seed(SEED).key_id == KEY.key_id
    with pytest.raises(MalformedError) as refused:
        SigningKey.from_seed(seed, alg)  # type: ignore[arg-type]
    assert refused.value.field == "seed"


def test_a_signing_key_is_made_by_its_named_constructors_only() -> None:
    with pytest.raises(ConfigurationError):
        SigningKey()


# --- secrets stay inside ---------------------------------------------------------------------------


def forms_of(seed: bytes) -> list[str]:
    return [
        repr(seed)[2:-1],
        seed.hex(),
        b64encode(seed).decode(),
        urlsafe_b64encode(seed).decode().rstrip("="),
    ]


def assert_no_secret(text: str, seed: bytes = SEED) -> None:
    for form in forms_of(seed):
        assert form not in text


def test_the_canary_would_be_seen() -> None:
    for form in forms_of(SEED):
        with pytest.raises(AssertionError):
            assert_no_secret(f"x{form}x")


@pytest.mark.parametrize("key", SIGNING_KEYS)
def test_repr_shows_the_key_id_only(key: SigningKey) -> None:
    assert repr(key) == f"SigningKey(key_id='{key.key_id}')"
    assert_no_secret(f"{key} {key!r} {[key]} {key.public_key!r}")
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize(
    "spread", [copy.copy, copy.deepcopy, pickle.dumps, lambda key: pickle.dumps([key], 0)]
)
def test_a_signing_key_is_neither_copied_nor_pickled(spread: Callable[[object], object]) -> None:
    for key in SIGNING_KEYS:
        spread(key.public_key)
        with pytest.raises(ConfigurationError) as refused:
            spread(key)
        assert_no_secret(str(refused.value))


@pytest.mark.parametrize("key", [key.public_key for key in SIGNING_KEYS])
def test_a_public_key_survives_pickling_and_is_checked_again(key: PublicKey) -> None:
    pickled = pickle.dumps(key)
    again = pickle.loads(pickled)
    assert (again, again.key_id) == (key, key.key_id)
    with pytest.raises((KeyWeakError, MalformedError)):
        pickle.loads(pickled.replace(key.raw, bytes(len(key.raw))))


def test_no_secret_in_the_traceback_of_a_failed_signature() -> None:
    for key in SIGNING_KEYS:
        with pytest.raises(TypeError) as failed:
            key.sign(Purpose.BLOCK, "text")  # type: ignore[arg-type]
        assert_no_secret("".join(traceback.format_exception(failed.value)))


@pytest.mark.parametrize("alg", ALGS)
def test_a_key_registers_its_secret_for_masking_and_takes_it_along(alg: Alg) -> None:
    seed = bytes(range(200, 232))
    key = SigningKey.from_seed(seed, alg)
    pem_lines = key.export_private_pem().splitlines()[1:]
    known = set(known_secrets.values())
    assert {seed, seed.hex().encode(), b64encode(seed), pem_lines[0]} <= known
    assert urlsafe_b64encode(seed).rstrip(b"=") in known
    shown = [any(line.startswith(secret) for secret in known) for line in pem_lines[:-1]]
    assert shown == {"ed25519": [True], "p256": [True, True, False]}[alg]  # the third line is public
    del key
    gc.collect()
    assert seed not in set(known_secrets.values())
