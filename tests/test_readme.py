"""Nothing in the README can rot: its worker runs against its server, its links lead somewhere."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import delegate
from delegate.keys import Issuer, KeyRecord, Usage, server_file
from tests.conftest import ROOT
from tests.support.forge import ISSUER_KEY, SCOPE
from tests.support.letter import Worker

README = (ROOT / "README.md").read_text(encoding="utf-8")
ORIGIN = "https://api.example.com"


def block(name: str) -> str:
    """The code block that begins with ``# example: name``."""
    found = re.search(rf"```python\n# example: {name}\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no example {name}"
    return found[1]


class Bridge(httpx.BaseTransport):
    """Hands the worker's requests to the server's application, in this process, and its answers back."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.answers: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self.serve(request))

    async def serve(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as server:
            answer = await server.send(
                httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            )
        self.answers.append(answer.json())
        return httpx.Response(answer.status_code, headers=answer.headers.raw, content=answer.content)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README takes for granted: key, token and trust files in the current folder."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o700)
    orchestrator, worker = delegate.SigningKey.generate(), delegate.SigningKey.generate()
    worker.save("worker.pem", passphrase="four words of verse")
    scope = delegate.Scope(
        tools=["orders.read", "refunds.create"],
        max_risk="high",
        operations=["financial", "read"],
        resources={"order": {"exact": ["o-1"]}},
    )
    token = delegate.issue(
        orchestrator,
        issuer="acme",
        agent="worker-agent",
        holder=worker.public_key,
        scope=scope,
        audience=[ORIGIN],
        further_hops=1,
        root="user:alice",
    )
    Path("worker.dlg1").write_text(token.text, encoding="ascii")
    record = KeyRecord(
        key=orchestrator.public_key, usages=frozenset({Usage.ISSUE}), not_before=0, not_after=None
    )
    acme = Issuer(
        name="acme", ceiling=scope, audiences=(ORIGIN,), max_depth=1, revocation="none", keys=(record,)
    )
    delegate.TrustStore([acme]).save("trust.json")


@pytest.mark.usefixtures("world")
def test_the_worker_of_the_readme_is_served_by_the_server_of_the_readme() -> None:
    # A new file of nonces refuses what an older one may have accepted; here nothing was.
    server_code = block("server").replace('("replay.db")', '("replay.db", assume_fresh=True)')
    server: dict[str, Any] = {"__name__": "readme_server"}
    exec(compile(server_code, "README server", "exec"), server)
    bridge = Bridge(server["app"])
    worker = {"ask": lambda: "four words of verse", "inner": bridge, "__name__": "readme_worker"}
    exec(compile(block("worker"), "README worker", "exec"), worker)
    refund, order = bridge.answers
    assert (refund["by"], refund["for"], refund["order"]) == ("worker-agent", "user:alice", "o-1")
    assert len(refund["request"]) == 64
    assert order == {"order": "o-1", "by": "worker-agent"}


def test_the_message_of_the_readme_is_answered() -> None:
    worker = Worker()
    worker.clock.set(int(time.time()))
    key = delegate.SigningKey.generate()
    token = delegate.issue(
        ISSUER_KEY,
        issuer="acme",
        agent="worker-agent",
        holder=key.public_key,
        scope=SCOPE,
        audience=["mcp:workspace"],
        expires_in=60,
    )

    async def handle(grant: delegate.Grant) -> Any:
        return [grant.agent, grant.params]

    names: dict[str, Any] = {
        "token": token,
        "key": key,
        "verifier": worker.verifier,
        "action_for": lambda _: delegate.Action("orders.read", operation="read", risk="low"),
        "handle": handle,
    }
    exec(compile(block("message"), "README message", "exec"), names)
    answer = json.loads(names["answer"])
    assert answer == {"jsonrpc": "2.0", "id": 1, "result": ["worker-agent", {"name": "orders.read"}]}


@pytest.mark.usefixtures("world")
def test_the_signed_answers_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    protected = 'protect(app, verifier, answer_key=delegate.SigningKey.load("answers.pem"))'
    assert protected in README
    answer_key = delegate.SigningKey.generate()
    answer_key.save("answers.pem")
    record = KeyRecord(key=answer_key.public_key, usages=frozenset({Usage.RESPONSE}), not_before=0)
    server_file.save("servers.json", {ORIGIN: [record]})
    code = block("server").replace('("replay.db")', '("replay.db", assume_fresh=True)')
    assert "protect(app, verifier)" in code
    server: dict[str, Any] = {"__name__": "readme_server"}
    exec(compile(code.replace("protect(app, verifier)", protected), "README server", "exec"), server)
    client = {
        "key": delegate.SigningKey.load("worker.pem", passphrase="four words of verse"),
        "token": delegate.parse_unverified(Path("worker.dlg1").read_text(encoding="ascii")),
        "me": delegate.Identity(agent="worker-agent"),
        "inner": Bridge(server["app"]),
        "__name__": "readme_client",
    }
    exec(compile(block("answers"), "README answers", "exec"), client)
    assert capsys.readouterr().out == "proved: nothing was done (out_of_scope)\n"


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_names_the_two_commands() -> None:
    assert "make demo" in README
    assert "make test" in README


def test_the_floors_of_the_readme_are_the_rooms_of_the_package() -> None:
    table = README.partition("| floor | rooms |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)(?:/|\.py)`", table))
    rooms = {path.stem for path in (ROOT / "delegate").iterdir() if not path.name.startswith(("_", "py"))}
    assert named == rooms


def test_the_command_lines_of_the_readme_exist() -> None:
    from typer.testing import CliRunner  # noqa: PLC0415

    from delegate.cli.app import app as command_line  # noqa: PLC0415 - the extra is optional

    shell = README.partition("## From the command line")[2].partition("```\n")[0]
    commands = re.findall(r"^delegate (\w+(?: (?:add|server|rotate))?)", shell, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        shown = CliRunner().invoke(command_line, [*command.split(), "--help"])
        assert shown.exit_code == 0, command
        for option in re.findall(r"(--[a-z-]+)", shell_of(shell, command)):
            assert option in shown.output, f"{command} has no {option}"


def shell_of(shell: str, command: str) -> str:
    """All lines of one command, those continued by a backslash among them."""
    return "\n".join(re.findall(rf"^delegate {command}(?:.*\\\n)*.*", shell, re.MULTILINE))
