"""``server_file.parse``: whose keys sign the answers of which server."""

from __future__ import annotations

from delegate.canonical import parse_strict
from delegate.client.answers import ServerKeys
from delegate.keys import KeyRecord, Usage
from delegate.keys.server_file import dump, parse
from fuzz import material
from fuzz.first_step import FirstStep

_RECORD = KeyRecord(
    key=material.WORKER_KEY.public_key,
    usages=frozenset({Usage.RESPONSE}),
    not_before=0,
    not_after=material.NOW,
)
SEEDS = (dump({material.ORIGIN: [_RECORD]}), b'{"version":1,"origins":{}}')
FIRST_STEP = FirstStep(within=(parse_strict,))


def target(data: bytes) -> None:
    """A file that is accepted says the same when it is written and read again."""
    servers = parse(data)
    if parse(dump(servers)) != servers:
        msg = "the file reads back with other keys"
        raise AssertionError(msg)
    ServerKeys(servers)
