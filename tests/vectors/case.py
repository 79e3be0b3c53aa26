"""What a vector is: one verdict, and everything that another implementation needs to reach it.

A case is a JSON object whose first member is ``expect``. It stands in a file of its own
(``<subject>/<name>.json``), or as one line of a family (``<subject>/<name>.jsonl``), whose first line holds
the members that its cases share. ``README.md`` beside this file says what each operation takes.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Case = dict[str, Any]
OK: Final = "ok"
FOLDER: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All vectors of one folder, as they are to be written."""

    name: str
    cases: dict[str, Case] = field(default_factory=dict)
    families: dict[str, tuple[Case, list[Case]]] = field(default_factory=dict)
    """Name -> the members that all cases share, and the cases."""

    def files(self) -> Iterator[tuple[str, str]]:
        """Path below the folder of the vectors, and the text of that file."""
        for name, case in self.cases.items():
            yield f"{self.name}/{name}.json", json.dumps(case, indent=1, ensure_ascii=True) + "\n"
        for name, (shared, cases) in self.families.items():
            lines = [json.dumps(line, ensure_ascii=True) for line in ({"shared": shared}, *cases)]
            yield f"{self.name}/{name}.jsonl", "\n".join(lines) + "\n"


def refused(
    code: str,
    *,
    block: int | None = None,
    field: str | None = None,
    component: str | None = None,
    **more: int,
) -> Case:
    """The expectation of a refusal; ``more`` is the ``step`` of a request's verification."""
    named = {"block": block, "field": field, "component": component}
    return {"code": code, **{name: value for name, value in named.items() if value is not None}, **more}


def b64(data: bytes) -> str:
    """How a case writes bytes."""
    return b64encode(data).decode()


def ascii_json(value: object) -> str:
    """Canonical JSON of a value with ASCII names, by the standard library: none of the package's code."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def named(cases: Iterable[Case]) -> dict[str, Case]:
    """The cases by their names, which leave them; two of one name are a mistake."""
    found: dict[str, Case] = {}
    for case in cases:
        name = case.pop("name")
        if name in found:
            msg = f"two cases are named {name!r}"
            raise ValueError(msg)
        found[name] = case
    return found


def promoted(families: dict[str, tuple[Case, list[Case]]], share: int) -> dict[str, Case]:
    """Of each family every ``share``-th refusal, taken out of it to stand in a file with a name of its own.

    So a reader finds an example of every kind whole, and a family keeps its controls beside its wounds.
    """
    found: dict[str, Case] = {}
    for family, (shared, lines) in families.items():
        for line in [each for each in lines if each["expect"] != OK][::share]:
            name = re.sub(r"[^a-z0-9]+", "-", f"{family}-{line['what']}".lower()).strip("-")
            if name not in found:
                lines.remove(line)
                found[name] = {"expect": line["expect"]} | shared | line
    return found


def read(path: Path) -> Iterator[tuple[str, Case]]:
    """Every case of one file with a name for people."""
    if path.suffix == ".json":
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))
        return
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    shared = json.loads(first)["shared"]
    for number, line in enumerate(lines, start=2):
        case = json.loads(line)
        yield f"{path.stem}:{number} {case.get('what', '')}", {"expect": case["expect"]} | shared | case
