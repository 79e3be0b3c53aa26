"""The file of server keys: what it says of each origin, what it refuses and by which path."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.errors import ConfigurationError
from delegate.keys import KeyRecord, SigningKey, Usage, server_file

SHOP: Final = "https://shop.example"
BANK: Final = "https://bank.example"
OLD, NEW = (
    KeyRecord(
        key=SigningKey.from_seed(bytes([n]) * 32).public_key,
        usages=frozenset({Usage.RESPONSE}),
        not_before=n,
    )
    for n in (3, 4)
)


def document() -> dict[str, Any]:
    """Two keys of one server, as an operator writes them."""
    keys = [
        {"key": record.key.text, "usages": ["response"], "not_before": record.not_before}
        for record in (OLD, NEW)
    ]
    return {"version": 1, "origins": {SHOP: keys}}


def test_each_origin_has_its_records_in_their_order() -> None:
    assert server_file.parse(json.dumps(document()).encode()) == {SHOP: (OLD, NEW)}


def test_what_is_dumped_reads_back() -> None:
    servers = {SHOP: (NEW, OLD), BANK: (OLD,)}
    assert server_file.parse(server_file.dump(servers)) == servers
    assert server_file.parse(server_file.dump({})) == {}


def test_save_then_load(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    server_file.save(path, {SHOP: [OLD, NEW]})
    assert server_file.load(path) == {SHOP: (OLD, NEW)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [("usages", ["answer"], "usages"), ("not_before", -1, "not_before"), ("key", "ed25519:", "key")],
)
def test_k11_what_is_wrong_is_refused_by_its_path(member: str, value: object, named: str) -> None:
    changed = document()
    changed["origins"][SHOP][1][member] = value
    with pytest.raises(ConfigurationError) as refused:
        server_file.parse(json.dumps(changed).encode())
    assert refused.value.field == f"origins.{SHOP}[1].{named}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read file of server keys"):
        server_file.load(tmp_path / "missing.json")
    with pytest.raises(ConfigurationError, match="cannot write file of server keys"):
        server_file.save(tmp_path / "missing" / "servers.json", {})
