"""A folder with everything the commands need: keys, a trust file, scopes, and a chain of two blocks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from delegate.cli.app import app
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, issue
from tests.support.revocation import demanding, revoking_record
from tests.support.wire import issuing_record

ORIGIN = "https://api.example.com"
ISSUER, HOLDER, WORKER = (SigningKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
SCOPE = Scope(tools=["orders.read", "orders.write"], max_risk="high", operations=["read", "write"])
LESS = Scope(tools=["orders.read"], operations=["read"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder, and the commands run in it."""

    folder: Path
    token: UnverifiedToken

    def run(self, *words: object, stdin: bytes | None = None) -> Ran:
        """Run one command in this process; anything but a clean exit fails the test."""
        result = CliRunner().invoke(
            app, [str(word) for word in words], input=stdin, prog_name="delegate", env={"COLUMNS": "80"}
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(code=result.exit_code, out=result.stdout, err=result.stderr)

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.path(name)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def demanding_trust(self) -> Path:
        """A trust file like trust.json, whose issuer's chains need a list signed by ``REVOKER``."""
        path = self.path("demanding.json")
        if not path.exists():
            keys = (issuing_record(ISSUER), revoking_record())
            demanding(keys=keys, ceiling=Scope.UNRESTRICTED, max_ttl=3600).save(path)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name, key in (("issuer", ISSUER), ("holder", HOLDER), ("worker", WORKER)):
        key.save(tmp_path / f"{name}.pem")
    TrustStore(
        [
            Issuer(
                name="acme",
                ceiling=Scope.UNRESTRICTED,
                audiences=(ORIGIN,),
                max_depth=2,
                revocation="none",
                keys=(KeyRecord(key=ISSUER.public_key, usages=frozenset({Usage.ISSUE}), not_before=0),),
            )
        ]
    ).save(tmp_path / "trust.json")
    token = issue(
        ISSUER,
        issuer="acme",
        agent="orchestrator",
        holder=HOLDER.public_key,
        scope=SCOPE,
        audience=[ORIGIN],
        further_hops=1,
        root="user:alice",
    )
    narrowed = attenuate(token, HOLDER, agent="worker", holder=WORKER.public_key, scope=LESS)
    for name, value in (("root", token), ("worker", narrowed)):
        (tmp_path / f"{name}.dlg1").write_text(value.text + "\n")
    (tmp_path / "scope.json").write_text(json.dumps(SCOPE.to_json()))
    (tmp_path / "less.json").write_text('{"operations": ["read"], "tools": ["orders.read"]}')
    return Desk(folder=tmp_path, token=narrowed)
