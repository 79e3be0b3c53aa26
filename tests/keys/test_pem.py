"""Key files: what is read, what is refused before it is read, and what is written."""

from __future__ import annotations

import os
import stat
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import (
    AlgNotAllowedError,
    ConfigurationError,
    DelegateError,
    KeyUnavailableError,
    KeyWeakError,
    MalformedError,
    TooLargeError,
)
from delegate.keys import Purpose, SigningKey, pem
from delegate.limits import KEY_FILE_MAX_BYTES, PASSPHRASE_MAX_BYTES

SEED: Final = bytes(range(60, 92))
KEY: Final = SigningKey.from_seed(SEED)
EC_KEY: Final = SigningKey.from_seed(SEED, "p256")
PLAIN: Final = KEY.export_private_pem()
PASSPHRASE: Final = "correct horse canary"
ENCRYPTED: Final = KEY.export_private_pem(PASSPHRASE)
EC_PLAIN: Final = EC_KEY.export_private_pem()
EC_ENCRYPTED: Final = EC_KEY.export_private_pem(PASSPHRASE)
THEIRS: Final = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)


def never() -> str:
    raise AssertionError


# --- the format ------------------------------------------------------------------------------------


def test_a_plain_key_reads_back() -> None:
    assert PLAIN.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert SigningKey.from_pem(PLAIN).key_id == KEY.key_id
    assert SigningKey.from_pem(PLAIN.replace(b"\n", b"\r\n")).key_id == KEY.key_id


def test_a_p256_key_reads_back_as_one() -> None:
    for data in (EC_PLAIN, EC_ENCRYPTED):
        again = SigningKey.from_pem(data, PASSPHRASE)
        assert again.public_key == EC_KEY.public_key
        assert again.export_private_pem() == EC_PLAIN
        EC_KEY.public_key.verify(again.sign(Purpose.BLOCK, b"m"), b"m")


def test_a_p256_key_of_the_library_itself_is_read() -> None:
    theirs = ec.derive_private_key(int.from_bytes(SEED, "big"), ec.SECP256R1())
    assert private_pem(theirs) == EC_PLAIN
    assert SigningKey.from_pem(private_pem(theirs)).key_id == EC_KEY.key_id


@pytest.mark.parametrize("passphrase", [PASSPHRASE, PASSPHRASE.encode(), lambda: PASSPHRASE])
def test_an_encrypted_key_reads_back_with_its_passphrase(passphrase: pem.Passphrase) -> None:
    assert ENCRYPTED.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert SigningKey.from_pem(ENCRYPTED, passphrase).key_id == KEY.key_id


def test_the_passphrase_is_asked_for_only_when_the_key_is_encrypted() -> None:
    assert SigningKey.from_pem(PLAIN, never).key_id == KEY.key_id
    with pytest.raises(AssertionError):
        SigningKey.from_pem(ENCRYPTED, never)


def test_what_the_passphrase_prompt_raises_comes_through() -> None:
    def gone() -> str:
        msg = "no terminal"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="no terminal") as raised:
        SigningKey.from_pem(ENCRYPTED, gone)
    assert not isinstance(raised.value, DelegateError)


@pytest.mark.parametrize("passphrase", [None, "", b"", "wrong", lambda: None, 7])
def test_a_missing_or_wrong_passphrase_makes_the_key_unavailable(passphrase: object) -> None:
    with pytest.raises(KeyUnavailableError) as refused:
        SigningKey.from_pem(ENCRYPTED, passphrase)  # type: ignore[arg-type]
    assert refused.value.field == "passphrase"


def test_no_passphrase_and_no_key_in_a_traceback_even_with_its_locals() -> None:
    with pytest.raises(KeyUnavailableError) as refused:
        SigningKey.from_pem(ENCRYPTED, lambda: "a wrong canary" + "y")
    shown = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    text = "".join(shown.format(chain=True))
    assert "canaryy" not in text
    assert repr(SEED)[2:-1] not in text


@pytest.mark.parametrize("give", [str, str.encode])
def test_a_passphrase_that_could_not_be_used_again_is_refused(give: Callable[[str], str | bytes]) -> None:
    longest = give("x" * PASSPHRASE_MAX_BYTES)
    assert SigningKey.from_pem(KEY.export_private_pem(longest), longest).key_id == KEY.key_id
    with pytest.raises(TooLargeError) as refused:
        KEY.export_private_pem(give("x" * (PASSPHRASE_MAX_BYTES + 1)))
    assert refused.value.limit == PASSPHRASE_MAX_BYTES


def test_an_empty_passphrase_does_not_write_a_plain_key() -> None:
    with pytest.raises(KeyUnavailableError):
        KEY.export_private_pem("")


def private_pem(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def unknown_key() -> bytes:
    """A PKCS#8 key of the algorithm 1.2.3.4, which the library behind does not know."""
    der = bytes.fromhex("302e020100300506032a030404220420") + SEED
    return b"-----BEGIN PRIVATE KEY-----\n%b\n-----END PRIVATE KEY-----\n" % b64encode(der)


def public_key(encoding: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return THEIRS.public_key().public_bytes(encoding, form)


@pytest.mark.parametrize(
    "data",
    [
        private_pem(ec.generate_private_key(ec.SECP384R1())),
        private_pem(ec.generate_private_key(ec.SECP256K1())),
        private_pem(x25519.X25519PrivateKey.generate()),
        unknown_key(),
    ],
    ids=["p384", "secp256k1", "x25519", "unknown"],
)
def test_another_kind_of_key_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(AlgNotAllowedError) as refused:
        SigningKey.from_pem(data)
    assert refused.value.limit == ("ed25519", "p256")


@pytest.mark.parametrize(
    "data",
    [
        public_key(Encoding.PEM),
        public_key(Encoding.DER),
        public_key(Encoding.OpenSSH, PublicFormat.OpenSSH),
        private_pem(THEIRS, PrivateFormat.OpenSSH),
        private_pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL),
        PLAIN + PLAIN,
        b"a comment\n" + PLAIN,
        PLAIN[:-30],
        PLAIN.replace(b"MC4C", b"MC4D"),
        PLAIN.replace(b"END PRIVATE", b"END PUBLIC"),
        b"",
    ],
)
def test_s125_what_is_not_one_pkcs8_block_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        SigningKey.from_pem(data)
    assert refused.value.field == "pem"


def test_s137_a_published_test_key_is_refused_from_a_file_too() -> None:
    with pytest.raises(KeyWeakError):
        SigningKey.from_pem(pem.encode("ed25519", bytes(32)))
    with pytest.raises(KeyWeakError):
        SigningKey.from_pem(pem.encode("p256", (1).to_bytes(32, "big")))


def test_the_size_is_checked_before_anything_else() -> None:
    padding = KEY_FILE_MAX_BYTES - len(PLAIN)
    assert SigningKey.from_pem(PLAIN + b"\n" * padding).key_id == KEY.key_id
    with pytest.raises(TooLargeError) as refused:
        SigningKey.from_pem(PLAIN + b"\n" * (padding + 1))
    assert refused.value.limit == KEY_FILE_MAX_BYTES


LABELS: Final = st.sampled_from([b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PRIVATE KEY", b"X"])
BODIES: Final = st.binary(max_size=120) | st.text("ABCMQ+/=\n", max_size=160).map(str.encode)


@given(
    st.one_of(
        st.binary(),
        st.builds(lambda n, b: b"-----BEGIN %b-----\n%b\n-----END %b-----" % (n, b, n), LABELS, BODIES),
    )
)
def test_any_bytes_give_a_key_or_a_delegate_error(data: bytes) -> None:
    try:
        SigningKey.from_pem(data, "guess")
    except DelegateError:
        return


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_any_wounded_key_gives_a_key_or_a_delegate_error(position: int, byte: int) -> None:
    for whole in (PLAIN, ENCRYPTED, EC_PLAIN, EC_ENCRYPTED):
        wounded = bytearray(whole)
        wounded[position % len(whole)] = byte
        try:
            SigningKey.from_pem(bytes(wounded), PASSPHRASE)
        except DelegateError:
            continue


# --- files -----------------------------------------------------------------------------------------


def test_save_then_load(tmp_path: Path) -> None:
    KEY.save(tmp_path / "plain.pem")
    KEY.save(tmp_path / "encrypted.pem", PASSPHRASE)
    assert SigningKey.load(str(tmp_path / "plain.pem")).key_id == KEY.key_id
    assert SigningKey.load(tmp_path / "encrypted.pem", PASSPHRASE).key_id == KEY.key_id
    with pytest.raises(KeyUnavailableError):
        SigningKey.load(tmp_path / "encrypted.pem")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_is_0600_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        KEY.save(tmp_path / "key.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_save_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"something")
    (tmp_path / "link.pem").symlink_to(tmp_path / "nowhere.pem")
    for name in ("key.pem", "link.pem"):
        with pytest.raises(ConfigurationError) as refused:
            KEY.save(tmp_path / name)
        assert refused.value.field == "path"
    assert (tmp_path / "key.pem").read_bytes() == b"something"
    assert not (tmp_path / "nowhere.pem").exists()


def test_a_file_that_cannot_be_written_whole_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyUnavailableError, match="No space left"):
        KEY.save(tmp_path / "key.pem")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666, 0o777])
def test_j13_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    KEY.save(path)
    path.chmod(0o400)
    assert SigningKey.load(path).key_id == KEY.key_id
    path.chmod(mode)
    with pytest.raises(KeyUnavailableError, match="chmod 600") as refused:
        SigningKey.load(path)
    assert refused.value.limit == 0o600


def test_j13_a_link_is_as_good_as_what_it_leads_to(tmp_path: Path) -> None:
    KEY.save(tmp_path / "key.pem")
    (tmp_path / "link.pem").symlink_to("key.pem")
    assert SigningKey.load(tmp_path / "link.pem").key_id == KEY.key_id
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(KeyUnavailableError):
        SigningKey.load(tmp_path / "link.pem")


def test_j13_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(KeyUnavailableError, match="not a regular file"):
            SigningKey.load(tmp_path / name)


def test_j13_another_users_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KEY.save(tmp_path / "key.pem")
    real = os.fstat

    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    def owned_by(user: int) -> None:
        monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result((*real(fd)[:4], user, *real(fd)[5:])))

    for user in (0, os.geteuid()):
        owned_by(user)
        assert SigningKey.load(tmp_path / "key.pem").key_id == KEY.key_id
    for user in (1, 1001):
        owned_by(user)
        with pytest.raises(KeyUnavailableError, match=f"belongs to user {user}") as refused:
            SigningKey.load(tmp_path / "key.pem")
        assert (refused.value.field, refused.value.limit) == ("path", 1000)


@pytest.mark.parametrize("path", ["missing.pem", "missing/key.pem", "nul\0.pem", ""])
def test_a_file_that_is_not_there_makes_the_key_unavailable(tmp_path: Path, path: str) -> None:
    with pytest.raises(KeyUnavailableError) as refused:
        SigningKey.load(f"{tmp_path}/absent-{path}" if path else "")
    assert refused.value.field == "path"
    if "/" in path or "\0" in path:
        with pytest.raises(KeyUnavailableError):
            KEY.save(f"{tmp_path}/absent-{path}")


def test_a_large_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    KEY.save(path)
    os.truncate(path, 1 << 30)
    with pytest.raises(TooLargeError):
        SigningKey.load(path)


def test_a_file_that_fails_while_it_is_read_is_named_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pem"
    KEY.save(path)
    closed: list[int] = []
    close = os.close

    def damaged(descriptor: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    def note(descriptor: int) -> None:
        closed.append(descriptor)
        close(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", damaged)
        patch.setattr(os, "close", note)
        with pytest.raises(KeyUnavailableError, match=r"cannot read key file .*output error") as refused:
            SigningKey.load(path)
    assert refused.value.field == "path"
    assert len(closed) == 1
    assert SigningKey.load(path).key_id == KEY.key_id
