"""The file of server keys: which keys sign the answers of which server, for its clients to read.

    {"version": 1,
     "origins": {"https://api.example.com": [{"key": "ed25519:...", "usages": ["response"],
                                              "not_before": 0}]}}

Key records are those of the trust file, and the rules those of ``records_file``. What the records are used
for is in ``delegate.client.answers``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from delegate.keys.record import KeyRecord
from delegate.keys.records_file import (
    FileModel,
    KeyEntry,
    key_entry,
    path_of,
    read_file,
    read_model,
    to_bytes,
    write_file,
)

__all__ = ["dump", "load", "parse", "save"]

_WHAT = "file of server keys"


class _File(FileModel):
    origins: dict[str, list[KeyEntry]]


def load(path: str | os.PathLike[str]) -> dict[str, tuple[KeyRecord, ...]]:
    """Origin -> records of the file at ``path``; raises ``ConfigurationError``."""
    return parse(read_file(path, _WHAT))


def parse(data: bytes) -> dict[str, tuple[KeyRecord, ...]]:
    """Origin -> records in the bytes of such a file; raises ``ConfigurationError``."""
    return {
        origin: tuple(key.to_record(path_of(("origins", origin, index))) for index, key in enumerate(keys))
        for origin, keys in read_model(_File, data, _WHAT).origins.items()
    }


def dump(servers: Mapping[str, Sequence[KeyRecord]]) -> bytes:
    """The bytes of the file that holds ``servers``; ``parse`` gives them back."""
    return to_bytes({"origins": {name: [key_entry(key) for key in keys] for name, keys in servers.items()}})


def save(path: str | os.PathLike[str], servers: Mapping[str, Sequence[KeyRecord]]) -> None:
    """Replace the file at ``path``, keeping its mode (0600 for a new one); raises ``ConfigurationError``."""
    write_file(path, dump(servers), _WHAT)
