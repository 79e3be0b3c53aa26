"""The switch for the published vectors: skipped with a reason where absent, an error where required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, needs_vectors

ABSENT = "no published vectors at"


def pytest_run(vectors: Path, *, required: str) -> subprocess.CompletedProcess[str]:
    """Run the one marked test of this file where ``vectors`` is the folder of the vectors."""
    environment = {**os.environ, "DELEGATE_VECTORS": str(vectors), "DELEGATE_REQUIRE_VECTORS": required}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"{__file__}::test_marked"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@needs_vectors
def test_marked() -> None:
    """Passes wherever it runs: what matters is whether it does."""


def test_absent_vectors_skip_with_the_reason(tmp_path: Path) -> None:
    done = pytest_run(tmp_path / "absent", required="")
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert ABSENT in done.stdout


def test_absent_vectors_are_an_error_where_required(tmp_path: Path) -> None:
    done = pytest_run(tmp_path / "absent", required="1")
    assert done.returncode == 4
    assert ABSENT in done.stderr


def test_present_vectors_run(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, required="1")
    assert done.returncode == 0
    assert "1 passed" in done.stdout
