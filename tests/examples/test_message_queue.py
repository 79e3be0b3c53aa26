"""Four processes, one worker among them: each agent gets what it was handed, and nothing twice."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

EXPECTED = """\
planner: refunds.create o-1, refunds.create o-2, refunds.create o-1, nonce_replayed, digest_mismatch
reader: orders.read o-1, orders.read o-2, orders.read o-1, nonce_replayed, digest_mismatch
clerk: out_of_scope, refunds.create o-2, out_of_scope, nonce_replayed, digest_mismatch
"""


def test_three_agents_and_a_worker_over_queues_between_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "examples.message_queue"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, EXPECTED), done.stderr
