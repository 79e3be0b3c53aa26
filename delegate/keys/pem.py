"""Private keys in files: PKCS#8 (RFC 5958) in PEM (RFC 7468), encrypted when there is a passphrase.

The rules: a key file is checked through the descriptor that is read, so nothing can be put in its place in
between. It must be a regular file of ours or root's that group and others cannot touch (``mode & 0o077``).
Symbolic links are followed, as mounted secrets are links: what a link leads to is held to the same rules,
and whoever could change the link could change the file. A new file is created 0600 and never overwrites.
An encrypted key is opened only after what that costs was read and found bearable (``pbes2.py``).

No message holds a passphrase or a part of a key, and no frame of this file keeps a passphrase when it raises.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from delegate.encoding import b64_decode, b64_encode
from delegate.errors import (
    AlgNotAllowedError,
    ConfigurationError,
    KeyUnavailableError,
    MalformedError,
    TooLargeError,
)
from delegate.keys.algorithm import NAMES, SEED_BYTES, Alg, Algorithm
from delegate.keys.pbes2 import require_affordable
from delegate.limits import KEY_FILE_MAX_BYTES, PASSPHRASE_MAX_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

__all__ = ["Passphrase", "decode", "encode", "read", "secret_lines", "write"]

Passphrase: TypeAlias = str | bytes | Callable[[], str | bytes] | None
"""A passphrase, or a function that asks for it; text is encoded as UTF-8."""

_ENCRYPTED: Final = b"ENCRYPTED PRIVATE KEY"
_LABELS: Final = (b"PRIVATE KEY", _ENCRYPTED)
_BLOCK: Final = re.compile(
    rb"\s*-----BEGIN ([A-Z0-9 ]{1,32})-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----\s*",
)
_LINE_BYTES: Final = 48
"""What one full line of PEM holds: 64 characters (RFC 7468 section 2)."""


def decode(data: bytes, passphrase: Passphrase = None) -> tuple[Alg, bytes]:
    """The algorithm and the 32-byte seed of the key in one PEM block.

    Raises ``TooLargeError`` (also for an encryption that would take too long to open), ``MalformedError``,
    ``AlgNotAllowedError`` (another kind of key or encryption) and ``KeyUnavailableError`` (encrypted, and
    the passphrase is missing or wrong). The passphrase is asked for only when the block is encrypted.
    """
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm  # noqa: PLC0415 -- loaded only to read keys
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    encrypted = _is_encrypted(data)
    secret = _ask(passphrase) if encrypted else None
    try:
        private = load_pem_private_key(data, secret)
    except (UnsupportedAlgorithm, InternalError):  # the latter for other curves' keys of a wrong length
        private = None
    except (ValueError, TypeError):
        if encrypted:
            msg = "the passphrase is wrong, or the encrypted key is damaged"
            raise KeyUnavailableError(msg, field="passphrase") from None
        msg = "the PEM block does not hold a PKCS#8 private key"
        raise MalformedError(msg, field="pem") from None
    finally:
        del secret
    return _opened(private)


def encode(alg: Alg, seed: bytes, passphrase: Passphrase = None) -> bytes:
    """The PEM block of a 32-byte seed, encrypted (PBES2) when there is a passphrase."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- loaded only to write keys

    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(_ask(passphrase))
    return _closed(alg, seed).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def _opened(private: PrivateKeyTypes | None) -> tuple[Alg, bytes]:
    """The algorithm and the seed of a key as ``cryptography`` has it."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 -- as above

    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519", private.private_bytes_raw()
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return "p256", private.private_numbers().private_value.to_bytes(SEED_BYTES, "big")
    msg = f"the PEM block holds another kind of key than {' or '.join(NAMES)}, or an unknown encryption"
    raise AlgNotAllowedError(msg, field="pem", limit=NAMES)


def _closed(alg: Alg, seed: bytes) -> PrivateKeyTypes:
    """The inverse of ``_opened``."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 -- as above

    if alg == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return ec.derive_private_key(int.from_bytes(seed, "big"), ec.SECP256R1())


def secret_lines(algorithm: Algorithm, seed: bytes) -> Iterator[bytes]:
    """The text of a plain PEM file that tells its seed: whole lines, or the beginning of one."""
    der = algorithm.pkcs8_prefix + seed
    for start in range(0, len(der), _LINE_BYTES):
        line = der[start : start + _LINE_BYTES]
        yield b64_encode(line[: len(line) // 3 * 3]).encode()  # what follows the seed changes the rest


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a key file.

    Raises ``KeyUnavailableError`` when the file is missing, not a regular file, another user's, or open
    to group or others; ``TooLargeError`` beyond 16 KiB.
    """
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        msg = f"cannot open key file {os.fspath(path)!r}: {_reason(error)}"
        raise KeyUnavailableError(msg, field="path") from None
    try:
        _require_private(os.fstat(descriptor), os.fspath(path))
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(KEY_FILE_MAX_BYTES + 1)
    except OSError as error:
        msg = f"cannot read key file {os.fspath(path)!r}: {_reason(error)}"
        raise KeyUnavailableError(msg, field="path") from None
    finally:
        os.close(descriptor)
    _require_size(data)
    return data


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to a new file of mode 0600 and wait until it is on the disk.

    Raises ``ConfigurationError`` when the path exists, ``KeyUnavailableError`` when it cannot be
    written; a file that was begun is then removed.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        msg = f"{os.fspath(path)!r} exists: a key file is never overwritten; move it away first"
        raise ConfigurationError(msg, field="path") from None
    except (OSError, ValueError) as error:
        msg = f"cannot create key file {os.fspath(path)!r}: {_reason(error)}"
        raise KeyUnavailableError(msg, field="path") from None
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor, not a path
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        with suppress(OSError):
            Path(path).unlink()
        msg = f"cannot write key file {os.fspath(path)!r}: {_reason(error)}"
        raise KeyUnavailableError(msg, field="path") from None


def _is_encrypted(data: bytes) -> bool:
    """Whether the one PEM block in ``data`` is encrypted, and then at a bearable cost; only PKCS#8 passes."""
    _require_size(data)
    block = _BLOCK.fullmatch(data)
    if block is None:
        msg = "not a single PEM block: give one PKCS#8 private key in PEM and nothing else"
        raise MalformedError(msg, field="pem")
    label, body = block.groups()
    if label not in _LABELS:
        msg = f"the PEM block is a {label.decode()}: give a PKCS#8 PRIVATE KEY"
        raise MalformedError(msg, field="pem", limit="PRIVATE KEY")
    if label == _ENCRYPTED:
        require_affordable(_der(body))
    return bool(label == _ENCRYPTED)


def _der(body: bytes) -> bytes:
    try:
        return b64_decode(body.translate(None, b"\r\n").decode())
    except MalformedError:
        msg = "the PEM block is not canonical base64"
        raise MalformedError(msg, field="pem") from None


def _ask(passphrase: Passphrase) -> bytes:
    secret = passphrase() if callable(passphrase) else passphrase
    if not isinstance(secret, str | bytes) or not secret:
        msg = "the private key needs a passphrase, and none was given: pass passphrase="
        raise KeyUnavailableError(msg, field="passphrase")
    encoded = secret.encode(errors="surrogatepass") if isinstance(secret, str) else secret
    if len(encoded) > PASSPHRASE_MAX_BYTES:
        del secret, encoded
        msg = f"the passphrase is over {PASSPHRASE_MAX_BYTES} bytes"
        raise TooLargeError(msg, field="passphrase", limit=PASSPHRASE_MAX_BYTES)
    return encoded


def _require_private(status: os.stat_result, path: str | bytes) -> None:
    if not stat.S_ISREG(status.st_mode):
        msg = f"key file {path!r} is not a regular file"
        raise KeyUnavailableError(msg, field="path")
    if status.st_uid not in (0, os.geteuid()):
        msg = (
            f"key file {path!r} belongs to user {status.st_uid}: it must be this process's user's, or root's"
        )
        raise KeyUnavailableError(msg, field="path", limit=os.geteuid())
    if status.st_mode & 0o077:
        msg = f"key file {path!r} is open to others (mode {status.st_mode & 0o777:04o}): chmod 600"
        raise KeyUnavailableError(msg, field="path", limit=0o600)


def _require_size(data: bytes) -> None:
    if len(data) > KEY_FILE_MAX_BYTES:
        msg = f"the key file is over {KEY_FILE_MAX_BYTES} bytes: give one PEM private key"
        raise TooLargeError(msg, field="pem", limit=KEY_FILE_MAX_BYTES)


def _reason(error: Exception) -> str:
    return error.strerror or "no reason given" if isinstance(error, OSError) else "not a path"
