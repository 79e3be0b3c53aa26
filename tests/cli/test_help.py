"""``--help`` is diffed against committed files: nobody changes a command without seeing it.

After a change on purpose: ``DELEGATE_WRITE_HELP=1 python -m pytest tests/cli/test_help.py``, then read the
diff.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.conftest import ROOT

HELP = Path(__file__).parent / "help"
COMMANDS = {
    "delegate": (),
    "keygen": ("keygen",),
    "key-show": ("key", "show"),
    "key-rotate": ("key", "rotate"),
    "trust-add": ("trust", "add"),
    "trust-server": ("trust", "server"),
    "trust-show": ("trust", "show"),
    "trust-retire": ("trust", "retire"),
    "trust-repudiate": ("trust", "repudiate"),
    "issue": ("issue",),
    "attenuate": ("attenuate",),
    "inspect": ("inspect",),
    "revoke": ("revoke",),
    "verify": ("verify",),
    "explain": ("explain",),
    "doctor": ("doctor",),
    "mask": ("mask",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_as_committed(desk: Desk, name: str) -> None:
    ran = desk.run(*COMMANDS[name], "--help")
    assert (ran.code, ran.err) == (0, "")
    path = HELP / f"{name}.txt"
    if os.environ.get("DELEGATE_WRITE_HELP") == "1":
        path.write_text(ran.out, encoding="utf-8")
    assert ran.out == path.read_text(encoding="utf-8")


def test_there_is_a_file_for_each_command_and_no_other() -> None:
    assert {path.stem for path in HELP.iterdir()} == set(COMMANDS)


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "delegate", "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (HELP / "delegate.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_a_missing_extra_names_the_install_line(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom delegate.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'delegate-security[cli]'")
    assert "Traceback" not in done.stderr


def test_help_loads_no_http_client() -> None:
    code = (
        "import sys\nfrom delegate.cli import main\nsys.argv = ['delegate', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    print(sorted({'httpx', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
