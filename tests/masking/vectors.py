"""The masking vectors, and lines of our own, decoded: they are stored so that no scanner trips over them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from delegate.masking.hits import Hit
from tests.conftest import VECTORS

OWN: Final = Path(__file__).with_name("lines.jsonl")
DLP: Final = VECTORS / "dlp"


def decoded(text: str) -> str:
    """What a string of these files says: base64 with a dot every twelve characters."""
    return base64.b64decode(text.replace(".", "")).decode("utf-8", "surrogatepass")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file, with ``text``, and ``secrets`` that must be gone."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["text"] = decoded(row["b64"])
        row["secrets"] = [decoded(each) for each in row.get("secrets_b64", row.get("gone", []))]
        yield row


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one published file."""
    return list(rows(DLP / f"{name}.jsonl"))


def masked(text: str, hits: Sequence[Hit]) -> str:
    """``text`` with each hit replaced by its marker."""
    parts: list[str] = []
    place = 0
    for hit in hits:
        parts += (text[place : hit.start], f"[MASKED:{hit.kind}]")
        place = hit.end
    return "".join([*parts, text[place:]])
