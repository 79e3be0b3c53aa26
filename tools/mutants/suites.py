"""What is mutated together, and the tests that shall notice: one suite for the core, one for masking.

``make mutants`` runs the core; a path of another suite runs that one: ``ARGS=delegate/masking``. Each keeps a
map of its own, so that neither pays for the other's tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CORE", "SUITES", "Suite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Some modules that decide, and the tests that concern them."""

    name: str
    deciding: tuple[str, ...]
    """Files and rooms of ``delegate/``, without their ending."""
    tests: tuple[str, ...]
    """Files and rooms of ``tests/``: those of their own, and those of several at once."""
    left_out: frozenset[str] = frozenset()
    """Paths in these rooms that decide nothing."""
    seconds: float = 20.0
    """Of tests for one mutant. The module's own go first, then its room's, each from the shortest on: what is
    left out is far from the module, or few and long."""

    def paths(self, wanted: Sequence[str] = ()) -> list[str]:
        """The paths of the modules that decide; of those, where some are ``wanted``, the ones below them."""
        patterns = [name + end for name in self.deciding for end in (".py", "/**/*.py")]
        found = {str(file) for pattern in patterns for file in Path("delegate").glob(pattern)}
        chosen = found - self.left_out
        return sorted(path for path in chosen if not wanted or path.startswith(tuple(wanted)))

    def test_paths(self) -> list[str]:
        """The paths of the tests."""
        return [f"tests/{name}" for name in self.tests]


CORE: Final = Suite(
    name="core",
    deciding=(
        *("canonical", "dsse", "encoding", "resources", "scope"),
        *("envelope", "keys", "replay", "revocation", "token", "verifier"),
    ),
    tests=(
        *("envelope", "keys", "replay", "revocation", "token", "verifier"),
        *(f"property/test_{name}_properties.py" for name in ("canonical", "delegation", "scope")),
        *(f"property/test_{name}.py" for name in ("client_verifies", "headers", "mixed_algorithms")),
        *(f"test_{name}.py" for name in ("canonical", "dsse", "encoding", "resources", "scope")),
        *("test_canaries.py", "test_domains.py", "test_fuzz_replay.py", "test_observer.py"),
        "test_spec_examples.py",
    ),
    left_out=frozenset({"delegate/token/picture.py"}),  # where the lines of a drawing go
)

MASKING: Final = Suite(
    name="masking",
    deciding=("masking",),
    tests=("masking", "property/test_masking_properties.py"),
    seconds=8.0,  # its tests are many and short: this is hundreds of them
)

SUITES: Final = (CORE, MASKING)
"""The first is what runs where nothing is asked for."""
