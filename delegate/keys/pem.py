"""Private keys in files: PKCS#8 (RFC 5958, RFC 8410) in PEM (RFC 7468), encrypted when there is a passphrase.

The rules: a key file is checked through the descriptor that is read, so nothing can be put in its place in
between. It must be a regular file of ours or root's that group and others cannot touch (``mode & 0o077``).
Symbolic links are followed, as mounted secrets are links: what a link leads to is held to the same rules,
and whoever could change the link could change the file. A new file is created 0600 and never overwrites.

No message holds a passphrase or a part of a key, and no frame of this file keeps a passphrase when it raises.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from delegate.errors import (
    AlgNotAllowedError,
    ConfigurationError,
    KeyUnavailableError,
    MalformedError,
    TooLargeError,
)
from delegate.limits import KEY_FILE_MAX_BYTES, PASSPHRASE_MAX_BYTES

__all__ = ["PKCS8_PREFIX", "Passphrase", "decode", "encode", "read", "write"]

Passphrase: TypeAlias = str | bytes | Callable[[], str | bytes] | None
"""A passphrase, or a function that asks for it; text is encoded as UTF-8."""

PKCS8_PREFIX: Final = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32-byte seed in the DER of an Ed25519 key (RFC 8410 section 7)."""

_ENCRYPTED: Final = b"ENCRYPTED PRIVATE KEY"
_LABELS: Final = (b"PRIVATE KEY", _ENCRYPTED)
_BLOCK: Final = re.compile(
    rb"\s*-----BEGIN ([A-Z0-9 ]{1,32})-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----\s*",
)


def decode(data: bytes, passphrase: Passphrase = None) -> bytes:
    """The 32-byte seed in one PEM block.

    Raises ``TooLargeError``, ``MalformedError``, ``AlgNotAllowedError`` (another kind of key) and
    ``KeyUnavailableError`` (encrypted, and the passphrase is missing or wrong). The passphrase is asked
    for only when the block is encrypted.
    """
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm  # noqa: PLC0415 -- loaded only to read keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    encrypted = _label(data) == _ENCRYPTED
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
    if not isinstance(private, Ed25519PrivateKey):
        msg = "the PEM block holds another kind of key than Ed25519, or an encryption that is not supported"
        raise AlgNotAllowedError(msg, field="pem", limit="ed25519")
    return private.private_bytes_raw()


def encode(seed: bytes, passphrase: Passphrase = None) -> bytes:
    """The PEM block of a 32-byte seed, encrypted (PBES2) when there is a passphrase."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- loaded only to write keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(_ask(passphrase))
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


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


def _label(data: bytes) -> bytes:
    """The label of the one PEM block in ``data``; only the two of PKCS#8 pass."""
    _require_size(data)
    block = _BLOCK.fullmatch(data)
    if block is None:
        msg = "not a single PEM block: give one PKCS#8 private key in PEM and nothing else"
        raise MalformedError(msg, field="pem")
    label: bytes = block[1]
    if label not in _LABELS:
        msg = f"the PEM block is a {label.decode()}: give a PKCS#8 PRIVATE KEY"
        raise MalformedError(msg, field="pem", limit="PRIVATE KEY")
    return label


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
