"""The server examples run as they are, and say what they are there to show."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

TOOL_SERVER = """\
refund o-1: 200 {'order': 'o-1', 'cents': 1250, 'by': 'worker-agent', 'for': 'user:ada'}
refund o-2: 403 resource "order:o-2" is outside scope (block 0 allows order: ["o-1"])
narrowed: read o-1: 200 {'order': 'o-1', 'by': 'worker-agent'}
narrowed: refund o-1: 403 tool "refunds.create" is outside scope (block 1 allows tools: ["orders.read"])
unsigned: read o-1: 401 signature_missing
unsigned: about: 200 {'service': 'refunds'}
"""
"""The same in every framework."""

EXPECTED = {
    "fastapi_tool_server": TOOL_SERVER,
    "starlette_tool_server": TOOL_SERVER,
    "litestar_tool_server": TOOL_SERVER,
    "django_tool_server": TOOL_SERVER,
    "bare_asgi": """\
/data/q3/sales: 200 {'by': 'orchestrator/worker'}
/data/q4/sales: 403 resource "file:/data/q4/sales" is outside scope (block 1 allows file: ["/data/q3/**"])
/admin: 403 this server names no action for GET /admin
unsigned /data/q3/sales: 401 signature_missing
unsigned /healthz: 200 {'by': None}
""",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_example_runs(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py")],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, EXPECTED[name]), done.stderr
