"""JSON files of key records: what ``trust_file`` and ``server_file`` have in common.

The rules: a member that is missing, unknown, repeated or of another type is refused, and the message names
its path (``issuers.acme.keys[0].usages``) and never shows what stands there. The models here hold the
types, ``record.py`` the meaning, so that a store built in a program obeys the same rules. A file is written
beside the old one, brought to the disk, and then put in its place in one step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from delegate.canonical import parse_strict
from delegate.errors import BytesError, ConfigurationError, DelegateError
from delegate.files import replace_file
from delegate.keys.key import PublicKey, Usage
from delegate.keys.record import KeyRecord, Status
from delegate.limits import TRUST_FILE_MAX_BYTES
from delegate.scope import Scope

__all__ = [
    "VERSION",
    "FileModel",
    "KeyEntry",
    "Model",
    "key_entry",
    "located",
    "path_of",
    "read_file",
    "read_model",
    "scope_of",
    "to_bytes",
    "write_file",
]

_T = TypeVar("_T")
_F = TypeVar("_F", bound="FileModel")
VERSION = 1
_NEW_MODE = 0o600
_PATH_MAX_CHARS = 256


class Model(BaseModel):
    """Strict and frozen, and silent about values."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class FileModel(Model):
    """A whole file."""

    version: int


class KeyEntry(Model):
    """One key record as it is written."""

    key: str
    usages: list[str]
    not_before: int
    not_after: int | None = None
    status: Status = "active"
    retired_at: int | None = None
    agent: str | None = None
    direct_scope: object = None
    allow_issue_and_request: bool = False

    def to_record(self, path: str) -> KeyRecord:
        """The record, which stands at ``path``; raises ``ConfigurationError``."""
        key = located(path, lambda: PublicKey.from_text(self.key))
        usages = located(f"{path}.usages", lambda: _usages(self.usages))
        direct = located(f"{path}.direct_scope", lambda: _direct_scope(self.direct_scope))
        return located(
            path,
            lambda: KeyRecord(
                key=key,
                usages=usages,
                not_before=self.not_before,
                not_after=self.not_after,
                status=self.status,
                retired_at=self.retired_at,
                agent=self.agent,
                direct_scope=direct,
                allow_issue_and_request=self.allow_issue_and_request,
            ),
        )


def read_file(path: str | os.PathLike[str], what: str) -> bytes:
    """The bytes of the file of ``what`` at ``path``; raises ``ConfigurationError``."""
    try:
        with Path(path).open("rb") as file:
            return file.read(TRUST_FILE_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        msg = f"cannot read {what} {os.fspath(path)!r}: {_reason(error)}"
        raise ConfigurationError(msg, field="path") from None


def read_model(model: type[_F], data: bytes, what: str) -> _F:
    """The file of ``what`` in ``data``; raises ``ConfigurationError``."""
    document = located("", lambda: parse_strict(data, max_bytes=TRUST_FILE_MAX_BYTES), what)
    try:
        file = model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = path_of(first["loc"]) or what
        msg = f"{where}: {first['msg']}"
        raise ConfigurationError(msg, field=where) from None
    if file.version != VERSION:
        msg = f"version: this release reads version {VERSION} of the {what}"
        raise ConfigurationError(msg, field="version", limit=VERSION)
    return file


def to_bytes(document: Mapping[str, object]) -> bytes:
    """``document`` under its version, for people to read."""
    return (json.dumps({"version": VERSION, **document}, indent=2, ensure_ascii=False) + "\n").encode()


def write_file(path: str | os.PathLike[str], data: bytes, what: str) -> None:
    """Replace the file at ``path``, keeping its mode (0600 for a new one); raises ``ConfigurationError``."""
    try:
        replace_file(Path(path), data, new_mode=_NEW_MODE)
    except (OSError, ValueError) as error:
        msg = f"cannot write {what} {os.fspath(path)!r}: {_reason(error)}"
        raise ConfigurationError(msg, field="path") from None


def located(path: str, make: Callable[[], _T], what: str = "") -> _T:
    """The value ``make`` gives; its refusal becomes a ``ConfigurationError`` that names the place."""
    try:
        return make()
    except DelegateError as error:
        where = ".".join(part for part in (path, error.field) if part) or what
        msg = f"{where}: {error}"
        raise ConfigurationError(msg, field=where, limit=error.limit) from error


def path_of(location: Sequence[int | str]) -> str:
    """``issuers.acme.keys[0].usages``, in printable ASCII whatever the names are."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return ascii(text.removeprefix("."))[1:-1][:_PATH_MAX_CHARS]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "not a path"


def _usages(names: list[str]) -> frozenset[Usage]:
    known = {usage.value: usage for usage in Usage}
    if not all(name in known for name in names) or len(set(names)) != len(names):
        msg = f"each usage is one of {', '.join(known)}, and given once"
        raise ConfigurationError(msg, limit=tuple(known))
    return frozenset(known[name] for name in names)


def _direct_scope(value: object) -> Scope | None:
    return None if value is None else scope_of(value)


def scope_of(value: object) -> Scope:
    """A scope in its one form, without the message of its refusal: that shows what stands there."""
    try:
        return Scope.from_json(value)
    except BytesError as error:
        msg = f"{error.code}: write a scope as Scope.to_json() does, sets sorted and nothing empty"
        part = None if error.field == "scope" else error.field
        raise ConfigurationError(msg, field=part, limit=error.limit) from None


def key_entry(record: KeyRecord) -> dict[str, object]:
    """The record as it is written."""
    return {
        "key": record.key.text,
        "usages": sorted(record.usages),
        "not_before": record.not_before,
        "not_after": record.not_after,
        "status": record.status,
        "retired_at": record.retired_at,
        "agent": record.agent,
        "direct_scope": None if record.direct_scope is None else record.direct_scope.to_json(),
        "allow_issue_and_request": record.allow_issue_and_request,
    }
