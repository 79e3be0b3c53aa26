"""docs/masking.md: its example runs, its names exist."""

from __future__ import annotations

import re

import delegate.masking
from delegate.masking.markers import LIMITS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "masking.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n# example: masking\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/masking.md", "exec"), {})


def test_every_public_name_exists_and_the_page_names_the_main_ones() -> None:
    for name in delegate.masking.__all__:
        assert getattr(delegate.masking, name) is not None
    assert not hasattr(delegate.masking, "anything_else")
    for name in ("Masker", "Policy", "mask_metadata", "register_secret", "MaskingFilter", "PseudonymKey"):
        assert name in PAGE
    for kind in LIMITS:
        assert f"`{kind}`" in PAGE
