"""The files that commands read and write: keys, tokens, scopes, anything small.

The rule: a file that cannot be read or written is a ``ConfigurationError`` (exit code 2), since nothing was
decided; what stands in it and is refused keeps its own code. A token file is made new, with mode 0600. Who
changes a file that is there takes its lock first: of two commands at once, none undoes the other's work.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from delegate.canonical import parse_strict
from delegate.clock import Clock
from delegate.errors import ConfigurationError, KeyUnknownError, MalformedError, TooLargeError
from delegate.keys import PublicKey, SigningKey, TrustSnapshot, TrustStore, pem
from delegate.limits import (
    JSON_MAX_BYTES,
    KEY_FILE_MAX_BYTES,
    REVOCATION_LIST_MAX_BYTES,
    TOKEN_MAX_BYTES,
)
from delegate.revocation import MemoryVersions, RevocationList, Revocations
from delegate.scope import Scope
from delegate.token import UnverifiedToken, parse_unverified

__all__ = [
    "find_key_id",
    "load_key",
    "locked",
    "no_revocations",
    "passphrase_from",
    "read_bytes",
    "read_public_key",
    "read_revocation_list",
    "read_scope",
    "read_token",
    "unusable",
    "write_private",
]

_STDIN: Final = "-"
_PEM: Final = b"-----BEGIN"
_LINE_ENDS: Final = 2
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class _ScopeFile(BaseModel):
    """A scope as a person writes it: any order, parts left out."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    tools: list[str] = []
    max_risk: str = "low"
    operations: list[str] = []
    sensitivities: list[str] = []
    resources: dict[str, dict[str, list[str]]] = {}


def read_bytes(path: str, limit: int) -> bytes:
    """The bytes of a file, or of standard input for ``-``; ``TooLargeError`` over ``limit`` bytes."""
    try:
        if path == _STDIN:
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise unusable(error, path, "read") from None
    if len(data) > limit:
        msg = f"{path!r} is over {limit} bytes"
        raise TooLargeError(msg, limit=limit)
    return data


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to a new file of mode 0600; nothing is overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(text)
    except FileExistsError:
        msg = f"{str(path)!r} exists and is not overwritten; move it away first"
        raise ConfigurationError(msg, field="path") from None
    except (OSError, ValueError) as error:
        raise unusable(error, str(path), "write") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other commands away from the file, by a lock on its folder, which nobody replaces."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise unusable(error, str(path), "write") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def read_token(path: str) -> UnverifiedToken:
    """The token in a file or on standard input, with or without a line end after it."""
    data = read_bytes(path, TOKEN_MAX_BYTES + _LINE_ENDS)
    return parse_unverified(data.rstrip(b"\r\n").decode("latin-1"))


def read_scope(path: str) -> Scope:
    """The scope in a JSON file, its parts in any order."""
    data = parse_strict(read_bytes(path, JSON_MAX_BYTES))
    try:
        written = _ScopeFile.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(ascii(part)[1:-1] if isinstance(part, str) else str(part) for part in first["loc"])
        msg = f"the scope in {path!r} is not one: {where or 'file'}: {first['msg']}"
        raise MalformedError(msg, field=where or None) from None
    return Scope(**written.model_dump())


def no_revocations(trust: TrustStore, clock: Clock) -> Revocations:
    """Room for the lists of ``trust``'s issuers in one run, which knows no versions of earlier ones."""
    return Revocations(trust, versions=MemoryVersions(), clock=clock)


def read_revocation_list(path: Path, revocations: Revocations) -> RevocationList:
    """Put the list in a file in force; raises what ``Revocations.accept`` raises."""
    return revocations.accept(read_bytes(str(path), REVOCATION_LIST_MAX_BYTES))


def read_public_key(given: str) -> PublicKey:
    """The public key that ``given`` is (such as ``ed25519:...``), or that stands in the file it names.

    The file holds that text, a JSON Web Key, or a PEM private key, of which the public half is taken.
    """
    if ":" in given and not os.path.exists(given):  # noqa: PTH110 - Path.exists() raises for long texts
        return PublicKey.from_text(given)
    data = read_bytes(given, KEY_FILE_MAX_BYTES).strip()
    if data.startswith(_PEM):
        return load_key(Path(given), None).public_key
    if data.startswith(b"{"):
        return PublicKey.from_jwk(parse_strict(data))
    return PublicKey.from_text(data.decode("latin-1"))


def find_key_id(trust: TrustSnapshot, given: str) -> str:
    """The id of the key that ``given`` is: an id on record, or what ``read_public_key`` takes.

    Raises ``KeyUnknownError`` for what looks like an id and is on no record.
    """
    if any(record.key.key_id == given for issuer in trust for record in issuer.keys):
        return given
    if _KEY_ID.fullmatch(given) and not Path(given).exists():
        msg = "no issuer has a key with this id: list them with delegate trust show"
        raise KeyUnknownError(msg, field="kid")
    return read_public_key(given).key_id


def load_key(path: Path, passphrase_file: Path | None) -> SigningKey:
    """The private key in a PEM file; an encrypted one asks the file or, on a terminal, the user."""
    return SigningKey.load(path, lambda: _passphrase(passphrase_file))


def passphrase_from(path: Path) -> bytes:
    """The passphrase in a file that is private as a key file is, without the line end."""
    return pem.read(path).rstrip(b"\r\n")


def _passphrase(path: Path | None) -> str | bytes:
    if path is not None:
        return passphrase_from(path)
    return getpass("Passphrase of the key: ") if sys.stdin.isatty() else ""


def unusable(error: Exception, path: str, verb: str) -> ConfigurationError:
    """The error of a file that the system does not let us ``verb``."""
    reason = error.strerror if isinstance(error, OSError) else "not a path"
    return ConfigurationError(f"cannot {verb} {path!r}: {reason}", field="path")
