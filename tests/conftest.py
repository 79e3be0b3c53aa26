"""What every test shares: where the published vectors are, and how hard hypothesis looks.

The vectors belong to no release of this project: they are read where they lie and never copied.
``VECTORS`` is their folder: ``DELEGATE_VECTORS`` when set, else ``../shared/vectors`` seen from the
repository's root. A test that reads them carries ``@needs_vectors`` and is skipped, with the reason, on a
machine without the folder; ``DELEGATE_REQUIRE_VECTORS=1`` (set by continuous integration) turns that
absence into an error before the first test, so that a green run cannot mean an empty one.

Hypothesis: the profile ``default`` tries a modest number of fresh examples; ``ci``, chosen by
``HYPOTHESIS_PROFILE=ci`` or where ``CI`` is set, is reproducible and knows no deadline.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

ROOT: Final = Path(__file__).resolve().parent.parent
"""The root of the repository."""

VECTORS: Final = Path(os.environ.get("DELEGATE_VECTORS") or ROOT.parent / "shared" / "vectors").resolve()
"""The folder of the published vectors; it may be absent."""

_ABSENT: Final = f"no published vectors at {VECTORS}; set DELEGATE_VECTORS to their folder"

needs_vectors: Final = pytest.mark.skipif(not VECTORS.is_dir(), reason=_ABSENT)
"""Mark of every test that reads below ``VECTORS``."""

settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


def pytest_configure() -> None:
    """Refuse to start without the vectors where they are required."""
    if os.environ.get("DELEGATE_REQUIRE_VECTORS") == "1" and not VECTORS.is_dir():
        msg = f"DELEGATE_REQUIRE_VECTORS=1, but there are {_ABSENT}"
        raise pytest.UsageError(msg)
