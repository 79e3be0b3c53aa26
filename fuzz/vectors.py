"""The project's vectors as seeds: each case below ``tests/vectors/`` whose input one target reads.

The format is in that folder's README: ``<subject>/<name>.json`` is a case, each further line of a
``.jsonl`` is one beside the members under ``shared`` in its first. A case of an operation that no target
has is left out, and so is everything where the folder is not (an installed copy has no tests).
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["FOLDER", "inputs", "read"]

Case = dict[str, Any]

FOLDER: Final = Path(__file__).resolve().parent.parent / "tests" / "vectors"
_OPERATIONS: Final[dict[str, tuple[str, Callable[[Case], bytes]]]] = {
    "read-json": ("canonical", lambda case: b64decode(case["bytes"])),
    "base64": (
        "encoding",
        lambda case: _utf8((":" if case["alphabet"] == "base64url" else ";") + case["text"]),
    ),
    "public-key": ("public_key", lambda case: _utf8(case["key"])),
    "jwks": ("jwks", lambda case: _utf8(case["document"])),
    "trust-file": ("trust_file", lambda case: _utf8(json.dumps(case["file"]))),
    "scope": ("scope", lambda case: _utf8(json.dumps(case["scope"]))),
    "token": ("token", lambda case: _utf8(case["token"])),
    "request": ("headers", lambda case: _lines(case["request"]["headers"])),
    "response": ("headers", lambda case: _lines(case["response"]["headers"])),
    "dsse": ("dsse", lambda case: b64decode(case["bytes"])),
    "key-claim": ("key_claim", lambda case: b64decode(case["bytes"])),
    "revocation-list": ("revocation_list", lambda case: b64decode(case["bytes"])),
}
"""By ``op``: the target, and how its input is made of a case."""


def inputs(target: str) -> list[bytes]:
    """The inputs for ``target``, each once."""
    return read(FOLDER).get(target, [])


@cache
def read(folder: Path) -> dict[str, list[bytes]]:
    """All inputs in a folder of vectors, by target."""
    found: dict[str, dict[bytes, None]] = {}
    for case in _cases(folder):
        target, made = _OPERATIONS.get(case["op"], ("", _none))
        if target:
            found.setdefault(target, {})[made(case)] = None
    return {target: [*unique] for target, unique in found.items()}


def _cases(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*/*.json")):
        yield json.loads(path.read_bytes())
    for path in sorted(folder.glob("*/*.jsonl")):
        first, *others = path.read_bytes().splitlines()
        shared = json.loads(first)["shared"]
        yield from (shared | json.loads(other) for other in others)


def _lines(headers: list[tuple[str, str]]) -> bytes:
    """Header lines as ``fuzz.targets.headers`` reads them; a character stands for the byte of its number."""
    return "\n".join(f"{name}: {value}" for name, value in headers).encode("latin-1")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _none(_case: Case) -> bytes:
    return b""
