"""``make demo`` shows what it should, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT

NAMED = {
    "replayed",
    "changed body",
    "changed query",
    "other authority",
    "expired token",
    "widened scope",
    "tool out of scope",
    "resource with dots",
    "stolen token",
    "spliced chain",
    "borrowed identity",
    "untrusted issuer",
    "over the ceiling",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_grants_what_was_granted_and_refuses_every_attack_by_name() -> None:
    shown = run("--json")
    assert shown.returncode == 0, shown.stderr
    result = json.loads(shown.stdout)
    assert {row["attack"] for row in result["attacks"]} >= NAMED
    assert {row["for"] for row in result["permitted"]} == {"user:alice"}
    assert all(row["ok"] for row in result["attacks"] + result["permitted"])
    assert "UNVERIFIED" in result["chain"]


def test_the_demo_fails_where_a_refusal_has_another_name() -> None:
    """The exit status can be wrong: with one expectation changed, the demonstration says so."""
    script = (
        "import sys; from examples.demo import attacks; "
        "attacks.ATTACKS[attacks.replayed] = (200, 'ok'); "
        "from examples.demo.__main__ import main; sys.argv = ['demo']; sys.exit(main())"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 1, shown.stderr
    assert "NOT 401  nonce_replayed" in shown.stdout
    assert "1 not" in shown.stdout
