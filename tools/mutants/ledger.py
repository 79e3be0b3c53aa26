"""What is known of each mutant already, and which survivors are allowed.

Verdicts are appended to a file below ``.mutants/``, a line each, so a run that is interrupted goes on where
it stopped. A kill stands while the module and the file of the test that noticed it are what they were; a
survival stands while all code and all tests are.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tools.mutants.worker import SURVIVED, Verdict

ALLOWED: Final = "mutants_allowed*.toml"
"""The lists below ``tools/``: that of the core, and one of each further suite."""


def digest(paths: Iterable[Path]) -> str:
    """A short digest of the files' names and contents."""
    state = hashlib.sha256()
    for path in sorted(paths):
        state.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:16]


def whole_tree() -> str:
    """The digest of all code and all tests."""
    return digest([*Path("delegate").rglob("*.py"), *Path("tests").rglob("*.py")])


class Ledger:
    """The verdicts of earlier runs that still stand, and a place for new ones."""

    def __init__(self, file: Path) -> None:
        """Read what the file holds; it need not exist."""
        self._file = file
        self._tree = whole_tree()
        self._known: dict[str, dict[str, str]] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._known[row["mutant"]] = row

    def __getitem__(self, mutant: str) -> Verdict | None:
        """The verdict on the mutant, if it still stands."""
        row = self._known.get(mutant)
        if row is None or row["basis"] != self._basis(mutant, row["outcome"], row["test"]):
            return None
        return Verdict(outcome=row["outcome"], test=row["test"])

    def __setitem__(self, mutant: str, verdict: Verdict) -> None:
        """Keep the verdict."""
        basis = self._basis(mutant, verdict.outcome, verdict.test)
        row = {"mutant": mutant, "outcome": verdict.outcome, "test": verdict.test, "basis": basis}
        self._known[mutant] = row
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _basis(self, mutant: str, outcome: str, test: str) -> str:
        if outcome == SURVIVED or not test:
            return self._tree
        files = [Path(mutant.partition("::")[0]), Path(test.partition("::")[0])]
        return digest(files) if all(file.exists() for file in files) else ""


def allowed() -> dict[str, str]:
    """Mutant to reason.

    Raises:
        ValueError: an entry without a reason, or a mutant that is listed twice.

    """
    reasons: dict[str, str] = {}
    for file in sorted(Path("tools").glob(ALLOWED)):
        for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("allowed", []):
            for mutant in entry["mutants"]:
                if mutant in reasons or not entry["reason"].strip():
                    msg = f"{file}: {mutant!r} is listed twice or without a reason"
                    raise ValueError(msg)
                reasons[mutant] = entry["reason"]
    return reasons
