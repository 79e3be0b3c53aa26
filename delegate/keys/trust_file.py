"""The trust file: a trust store as JSON, for an operator to read and a program to rewrite.

    {"version": 1,
     "issuers": {"acme": {"ceiling": "unrestricted", "audiences": ["https://api.example.com"],
                          "max_ttl": 3600, "max_depth": 3, "revocation": "required",
                          "keys": [{"key": "ed25519:...", "usages": ["issue"], "not_before": 0}]}}}

The rules: a member that is missing, unknown, repeated or of another type is refused, and the message names
its path (``issuers.acme.keys[0].usages``) and never shows what stands there. The models here hold the
types, ``record.py`` the meaning, so that a store built in a program obeys the same rules. A file is written
beside the old one, brought to the disk, and then put in its place in one step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from delegate.canonical import parse_strict
from delegate.errors import BytesError, ConfigurationError, DelegateError
from delegate.files import replace_file
from delegate.keys.key import PublicKey, Usage
from delegate.keys.record import Issuer, KeyRecord, Revocation, Status
from delegate.limits import MAX_TTL_DEFAULT, TRUST_FILE_MAX_BYTES
from delegate.scope import Scope

__all__ = ["dump", "load", "parse", "save"]

_T = TypeVar("_T")
_VERSION = 1
_NEW_MODE = 0o600
_UNRESTRICTED = "unrestricted"
_PATH_MAX_CHARS = 256


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class _Key(_Model):
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
        key = _located(path, lambda: PublicKey.from_text(self.key))
        usages = _located(f"{path}.usages", lambda: _usages(self.usages))
        direct = _located(f"{path}.direct_scope", lambda: _direct_scope(self.direct_scope))
        return _located(
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


class _Issuer(_Model):
    ceiling: object
    audiences: list[str]
    max_depth: int
    max_ttl: int = MAX_TTL_DEFAULT
    revocation: Revocation = "required"
    keys: list[_Key]

    def to_issuer(self, name: str, path: str) -> Issuer:
        ceiling = _located(f"{path}.ceiling", lambda: _ceiling(self.ceiling))
        keys = tuple(key.to_record(f"{path}.keys[{index}]") for index, key in enumerate(self.keys))
        return _located(
            path,
            lambda: Issuer(
                name=name,
                ceiling=ceiling,
                audiences=tuple(self.audiences),
                max_depth=self.max_depth,
                max_ttl=self.max_ttl,
                revocation=self.revocation,
                keys=keys,
            ),
        )


class _File(_Model):
    version: int
    issuers: dict[str, _Issuer]


def load(path: str | os.PathLike[str]) -> tuple[Issuer, ...]:
    """The issuers of the file at ``path``; raises ``ConfigurationError``."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(TRUST_FILE_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        msg = f"cannot read trust file {os.fspath(path)!r}: {_reason(error)}"
        raise ConfigurationError(msg, field="path") from None
    return parse(data)


def parse(data: bytes) -> tuple[Issuer, ...]:
    """The issuers in the bytes of a trust file; raises ``ConfigurationError``."""
    document = _located("", lambda: parse_strict(data, max_bytes=TRUST_FILE_MAX_BYTES))
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = _path(first["loc"])
        msg = f"{where}: {first['msg']}"
        raise ConfigurationError(msg, field=where) from None
    if file.version != _VERSION:
        msg = f"version: this release reads version {_VERSION} of the trust file"
        raise ConfigurationError(msg, field="version", limit=_VERSION)
    return tuple(issuer.to_issuer(name, _path(("issuers", name))) for name, issuer in file.issuers.items())


def dump(issuers: Sequence[Issuer]) -> bytes:
    """The bytes of the trust file that holds ``issuers``; ``parse`` gives them back."""
    document = {"version": _VERSION, "issuers": {issuer.name: _issuer(issuer) for issuer in issuers}}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def save(path: str | os.PathLike[str], issuers: Sequence[Issuer]) -> None:
    """Replace the file at ``path``, keeping its mode (0600 for a new one); raises ``ConfigurationError``."""
    data = dump(issuers)
    try:
        replace_file(Path(path), data, new_mode=_NEW_MODE)
    except (OSError, ValueError) as error:
        msg = f"cannot write trust file {os.fspath(path)!r}: {_reason(error)}"
        raise ConfigurationError(msg, field="path") from None


def _located(path: str, make: Callable[[], _T]) -> _T:
    """The value ``make`` gives; its refusal becomes a ``ConfigurationError`` that names the place."""
    try:
        return make()
    except DelegateError as error:
        where = ".".join(part for part in (path, error.field) if part) or "trust file"
        msg = f"{where}: {error}"
        raise ConfigurationError(msg, field=where, limit=error.limit) from error


def _path(location: Sequence[int | str]) -> str:
    """``issuers.acme.keys[0].usages``, in printable ASCII whatever the names are."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return ascii(text.removeprefix("."))[1:-1][:_PATH_MAX_CHARS] or "trust file"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "not a path"


def _usages(names: list[str]) -> frozenset[Usage]:
    known = {usage.value: usage for usage in Usage}
    if not all(name in known for name in names) or len(set(names)) != len(names):
        msg = f"each usage is one of {', '.join(known)}, and given once"
        raise ConfigurationError(msg, limit=tuple(known))
    return frozenset(known[name] for name in names)


def _ceiling(value: object) -> Scope:
    return Scope.UNRESTRICTED if value == _UNRESTRICTED else _scope(value)


def _direct_scope(value: object) -> Scope | None:
    return None if value is None else _scope(value)


def _scope(value: object) -> Scope:
    """A scope in its one form, without the message of its refusal: that shows what stands there."""
    try:
        return Scope.from_json(value)
    except BytesError as error:
        msg = f"{error.code}: write a scope as Scope.to_json() does, sets sorted and nothing empty"
        part = None if error.field == "scope" else error.field
        raise ConfigurationError(msg, field=part, limit=error.limit) from None


def _issuer(issuer: Issuer) -> dict[str, object]:
    everything = issuer.ceiling == Scope.UNRESTRICTED
    return {
        "ceiling": _UNRESTRICTED if everything else issuer.ceiling.to_json(),
        "audiences": list(issuer.audiences),
        "max_depth": issuer.max_depth,
        "max_ttl": issuer.max_ttl,
        "revocation": issuer.revocation,
        "keys": [_key(record) for record in issuer.keys],
    }


def _key(record: KeyRecord) -> dict[str, object]:
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
