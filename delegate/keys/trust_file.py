"""The trust file: a trust store as JSON, for an operator to read and a program to rewrite.

    {"version": 1,
     "issuers": {"acme": {"ceiling": "unrestricted", "audiences": ["https://api.example.com"],
                          "max_ttl": 3600, "max_depth": 3, "revocation": "required",
                          "keys": [{"key": "ed25519:...", "usages": ["issue"], "not_before": 0}]}}}

The rules are those of ``records_file``; what an issuer's record means is in ``record.py``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from delegate.keys.record import Issuer, Revocation
from delegate.keys.records_file import (
    FileModel,
    KeyEntry,
    Model,
    key_entry,
    located,
    path_of,
    read_file,
    read_model,
    scope_of,
    to_bytes,
    write_file,
)
from delegate.limits import MAX_TTL_DEFAULT
from delegate.scope import Scope

__all__ = ["dump", "load", "parse", "save"]

_WHAT = "trust file"
_UNRESTRICTED = "unrestricted"


class _Issuer(Model):
    ceiling: object
    audiences: list[str]
    max_depth: int
    max_ttl: int = MAX_TTL_DEFAULT
    revocation: Revocation = "required"
    keys: list[KeyEntry]

    def to_issuer(self, name: str, path: str) -> Issuer:
        ceiling = located(f"{path}.ceiling", lambda: _ceiling(self.ceiling))
        keys = tuple(key.to_record(f"{path}.keys[{index}]") for index, key in enumerate(self.keys))
        return located(
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


class _File(FileModel):
    issuers: dict[str, _Issuer]


def load(path: str | os.PathLike[str]) -> tuple[Issuer, ...]:
    """The issuers of the file at ``path``; raises ``ConfigurationError``."""
    return parse(read_file(path, _WHAT))


def parse(data: bytes) -> tuple[Issuer, ...]:
    """The issuers in the bytes of a trust file; raises ``ConfigurationError``."""
    issuers = read_model(_File, data, _WHAT).issuers
    return tuple(issuer.to_issuer(name, path_of(("issuers", name))) for name, issuer in issuers.items())


def dump(issuers: Sequence[Issuer]) -> bytes:
    """The bytes of the trust file that holds ``issuers``; ``parse`` gives them back."""
    return to_bytes({"issuers": {issuer.name: _issuer(issuer) for issuer in issuers}})


def save(path: str | os.PathLike[str], issuers: Sequence[Issuer]) -> None:
    """Replace the file at ``path``, keeping its mode (0600 for a new one); raises ``ConfigurationError``."""
    write_file(path, dump(issuers), _WHAT)


def _ceiling(value: object) -> Scope:
    return Scope.UNRESTRICTED if value == _UNRESTRICTED else scope_of(value)


def _issuer(issuer: Issuer) -> dict[str, object]:
    everything = issuer.ceiling == Scope.UNRESTRICTED
    return {
        "ceiling": _UNRESTRICTED if everything else issuer.ceiling.to_json(),
        "audiences": list(issuer.audiences),
        "max_depth": issuer.max_depth,
        "max_ttl": issuer.max_ttl,
        "revocation": issuer.revocation,
        "keys": [key_entry(record) for record in issuer.keys],
    }
