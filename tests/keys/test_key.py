"""Public keys are strong and honest about equality; signing keys show nothing."""

from __future__ import annotations

import copy
import gc
import hashlib
import pickle
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate import known_secrets
from delegate.errors import (
    AlgNotAllowedError,
    ConfigurationError,
    DelegateError,
    MalformedError,
    SignatureInvalidError,
)
from delegate.keys import PublicKey, Purpose, Signer, SigningKey, ed25519

SEED: Final = bytes(range(100, 132))
KEY: Final = SigningKey.from_seed(SEED)
PUBLIC: Final = KEY.public_key


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


@given(st.binary(min_size=32, max_size=32).filter(any).map(SigningKey.from_seed))
def test_every_form_of_a_public_key_reads_back(key: SigningKey) -> None:
    public = key.public_key
    assert PublicKey.from_raw(public.raw) == public
    assert PublicKey.from_text(public.text) == public
    assert PublicKey.from_jwk(public.to_jwk()) == public
    assert PublicKey.from_text(public.text).text == public.text


@given(st.one_of(st.text(), st.text().map("ed25519:".__add__), st.integers(), st.none(), st.binary()))
def test_from_text_gives_a_key_or_a_delegate_error(text: object) -> None:
    try:
        key = PublicKey.from_text(text)
    except DelegateError:
        return
    assert key.text == text


@given(st.one_of(st.binary(min_size=30, max_size=34), st.text(), st.none()))
def test_from_raw_gives_a_key_or_a_delegate_error(raw: object) -> None:
    try:
        key = PublicKey.from_raw(raw)  # type: ignore[arg-type]
    except DelegateError:
        return
    assert key.raw == raw


@pytest.mark.parametrize("alg", ["p256", "none", "hs256", "EdDSA", "Ed25519", "ED25519", ""])
def test_d26_another_algorithm_is_refused_by_name(alg: str) -> None:
    _, encoded = PUBLIC.text.split(":")
    assert PublicKey.from_text(f"ed25519:{encoded}") == PUBLIC
    with pytest.raises(AlgNotAllowedError) as refused:
        PublicKey.from_text(f"{alg}:{encoded}")
    assert refused.value.limit == "ed25519"
    with pytest.raises(AlgNotAllowedError):
        PublicKey.from_raw(PUBLIC.raw, alg)  # type: ignore[arg-type]


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


# --- signing ---------------------------------------------------------------------------------------


@given(st.binary(max_size=200), st.sampled_from(Purpose))
def test_what_a_key_signs_its_public_key_verifies(message: bytes, purpose: Purpose) -> None:
    signature = KEY.sign(purpose, message)
    PUBLIC.verify(signature, message)
    with pytest.raises(SignatureInvalidError):
        PUBLIC.verify(signature, message + b"!")
    with pytest.raises(SignatureInvalidError):
        SigningKey.generate().public_key.verify(signature, message)


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
    assert len({SigningKey.generate().key_id for _ in range(20)}) == 20


@pytest.mark.parametrize("seed", [b"", SEED[:31], SEED + b"x", "x" * 32, None])
def test_a_seed_is_32_bytes(seed: object) -> None:
    assert SigningKey.from_seed(SEED).key_id == KEY.key_id
    with pytest.raises(MalformedError) as refused:
        SigningKey.from_seed(seed)  # type: ignore[arg-type]
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


def test_repr_shows_the_key_id_only() -> None:
    assert repr(KEY) == f"SigningKey(key_id='{KEY.key_id}')"
    assert_no_secret(f"{KEY} {KEY!r} {[KEY]} {PUBLIC!r}")
    assert not hasattr(KEY, "__dict__")


@pytest.mark.parametrize(
    "spread", [copy.copy, copy.deepcopy, pickle.dumps, lambda key: pickle.dumps([key], 0)]
)
def test_a_signing_key_is_neither_copied_nor_pickled(spread: Callable[[object], object]) -> None:
    spread(PUBLIC)
    with pytest.raises(ConfigurationError) as refused:
        spread(KEY)
    assert_no_secret(str(refused.value))


def test_a_public_key_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(PUBLIC)) == PUBLIC


def test_no_secret_in_the_traceback_of_a_failed_signature() -> None:
    with pytest.raises(TypeError) as failed:
        KEY.sign(Purpose.BLOCK, "text")  # type: ignore[arg-type]
    assert_no_secret("".join(traceback.format_exception(failed.value)))


def test_a_key_registers_its_secret_for_masking_and_takes_it_along() -> None:
    seed = bytes(range(200, 232))
    key = SigningKey.from_seed(seed)
    pem_line = key.export_private_pem().splitlines()[1]
    known = set(known_secrets.values())
    assert {seed, seed.hex().encode(), b64encode(seed), pem_line} <= known
    assert urlsafe_b64encode(seed).rstrip(b"=") in known
    del key
    gc.collect()
    assert seed not in set(known_secrets.values())
