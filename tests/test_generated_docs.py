"""The generated pages below docs/ say what the code says."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tools.make_docs import pages


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_committed_page_is_the_generated_one(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "the code has changed: run make docs"
