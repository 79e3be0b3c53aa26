"""The house plan, held to (design section 2): floors, a light face, and a core that stands alone.

The contracts themselves are in pyproject.toml under ``tool.importlinter``. Each question about what an
import loads is asked in an interpreter of its own, since this one has loaded everything already.
"""

from __future__ import annotations

import json
import pkgutil
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT

PACKAGE: Final = ROOT / "delegate"
ABOVE_THE_CORE: Final = ("client", "server", "adapters", "cli", "__main__.py")
"""Floors 6 to 8, as names below the package."""

LOADED_WHEN_USED: Final = (
    "httpx",
    "pydantic",
    "asyncio",
    "sqlite3",
    "fastapi",
    "starlette",
    "litestar",
    "django",
    "typer",
    "rich",
    "redis",
    "httpx2",
    "requests",
    "aiohttp",
    "opentelemetry",
)


def run(code: str, *, cwd: Path) -> str:
    """What ``code`` prints in a fresh interpreter that finds ``cwd`` first and treats warnings as errors."""
    script = f"import sys; sys.path.insert(0, {str(cwd)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of ``folder``'s pyproject.toml against the package beside it."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package and its contracts, to tear at."""
    shutil.copytree(PACKAGE, tmp_path / "delegate", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


# --- floors ----------------------------------------------------------------------------------------


def test_imports_only_go_downwards() -> None:
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        pytest.param("names.py", "from delegate.scope import Scope", "floors", id="upwards"),
        pytest.param("attic.py", "", "floors", id="a room on no floor"),
        pytest.param("scope.py", "import delegate", "the face", id="through the face"),
        pytest.param("scope.py", "import nacl.signing", "crypto", id="crypto outside keys"),
        pytest.param("canonical.py", "import starlette", "the core", id="a framework in the core"),
        pytest.param("scope.py", "import aiohttp", "the core", id="an HTTP client in the core"),
        pytest.param("client/context.py", "import httpx2", "httpx2", id="a library in another's file"),
    ],
)
def test_a_wrong_import_is_noticed(house: Path, file: str, line: str, contract: str) -> None:
    with (house / "delegate" / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    checked = lint_imports(house)
    assert checked.returncode == 1
    broken = [row for row in checked.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), checked.stdout + checked.stderr


def test_the_contract_of_the_core_names_every_room_of_the_core() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (core,) = (each for each in contracts["contracts"] if each["type"] == "forbidden")
    rooms = {found.name for found in pkgutil.iter_modules([str(PACKAGE)])}
    above = {Path(name).stem for name in ABOVE_THE_CORE}
    assert {f"delegate.{name}" for name in rooms - above} == set(core["source_modules"])


# --- the face of the package -----------------------------------------------------------------------


def test_import_delegate_is_light() -> None:
    """``import delegate`` loads none of httpx, pydantic, asyncio, sqlite3 or any framework until used."""
    loaded = json.loads(run("import delegate, json; print(json.dumps(sorted(sys.modules)))", cwd=ROOT))
    assert "delegate" in loaded
    assert not set(loaded) & set(LOADED_WHEN_USED)
    for library in LOADED_WHEN_USED:
        assert find_spec(library), f"{library} is not installed, so its absence shows nothing"


def test_the_public_surface_is_the_fixed_list() -> None:
    surface = (ROOT / "tests" / "public_surface.txt").read_text(encoding="utf-8").split()
    printed = run(
        "import delegate\n"
        "print(*sorted(delegate.__all__))\n"
        "print(*(name for name in dir(delegate) if name in delegate.__all__ and hasattr(delegate, name)))",
        cwd=ROOT,
    )
    stated, resolved = printed.splitlines()
    assert stated.split() == surface
    assert resolved.split() == surface


# --- the core --------------------------------------------------------------------------------------


def test_the_core_runs_with_the_upper_floors_deleted(house: Path) -> None:
    """ "Floors 1-5 are the core: ... they run with floors 6-8 deleted, and a test does just that." """
    for name in ABOVE_THE_CORE:
        path = house / "delegate" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    files = sorted((house / "delegate").rglob("*.py"))
    modules = [
        ".".join(file.relative_to(house).with_suffix("").parts).removesuffix(".__init__") for file in files
    ]
    assert {"delegate", "delegate.errors", "delegate.verifier"} <= set(modules)
    imports = [f"import {name}" for name in modules]
    where = run("\n".join([*imports, "print(delegate.errors.__file__)"]), cwd=house)
    assert Path(where.strip()).is_relative_to(house)
