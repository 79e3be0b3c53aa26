"""Known values of other tests are no matter of these: among their keys are some that are one letter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delegate import known_secrets


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty registry, and the old one afterwards; readers see that it changed."""
    monkeypatch.setattr(known_secrets, "_holders", set())
    monkeypatch.setattr(known_secrets, "_last_added", -next(known_secrets._added))
    yield
    monkeypatch.undo()
