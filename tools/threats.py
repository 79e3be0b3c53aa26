"""``docs/threats.md``: which test answers which attack, read from the tests themselves.

The attacks of this project's threat list have an id each, such as S64. A test that answers one carries the
id in its name (``test_s64_...``) or, where one function answers many, in the id of its parameters
(``"s92-path"``). This file reads both from the source of ``tests/``, with the codes that the test expects. A
row that cannot apply has a line in ``EXCUSED`` instead; a row with neither fails the tests, and so does one
with both.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from delegate import errors

TESTS: Final = Path(__file__).resolve().parent.parent / "tests"

_ROWS: Final = {
    "D": ("1-3 5 8 10-15 17-20 25-38 40 42-45 47-58 60-62 64-71 73-82 85-87 89 92-96 98-102 105 107-112"),
    "S": (
        "1-5 7-9 12-18 20-21 23-24 26 28-29 32-40 42-43 45-49 52-56 58-66 68-73 75-79 81 83-85 "
        "87-88 90-105 107 109-111 113-116 119-123 125-127 129-130 132-134 137 139-144 146-155 "
        "157-158 160 162-171 173 175"
    ),
    "A": "1 3 5-12 14-22",
    "B": "1 3-7 10-12 14-21",
    "C": "1-4 6-7 9 11-15 17-19",
    "J": "1 4 6 9",
    "K": "2",
}

_TITLES: Final = {
    "D": "Delegation tokens",
    "S": "Request signing",
    "A": "Envelope, canonical form, signature",
    "B": "Replay and time",
    "C": "Delegation in use",
    "J": "Resources of the machine, and what reaches the parsers",
    "K": "Tenants, keys, operation",
}

EXCUSED: Final = {
    "D38": "There is no batch verification: one function verifies one request.",
    "D58": "Approvals are not in this release: a block that states any is refused (D57).",
    "D62": "An action has no tool arguments: the server states tool, operation, risk and resources itself.",
    "D80": "A request declares no resource that an argument could contradict: the server names the action.",
    "A20": "No test measures time: its verdict would depend on the machine. What strangers are told is S148.",
    "B19": "Idempotency keys are signed and handed on; remembering answers is a gateway's work.",
    "B20": "As B19: no answers are remembered.",
    "B21": "As B19: no answers are remembered.",
    "S120": "There is no streaming digest: a handler runs after the whole body (S115, S119).",
    "S144": "No key is ever fetched: keys come from the trust store alone (D27).",
    "S146": "As S144: no key is ever fetched.",
    "S147": "No shared secret is verified: signatures are asymmetric, digests are stated by the sender.",
    "J4": "Python hashes strings under a secret of each process; time is not measured by tests.",
    "J6": "Framing is decided by the HTTP server in front; what it hands on is S81 to S105.",
}
"""Row -> why no test can answer it."""

_ROW: Final = re.compile(r"([dsabcjk])(\d+)[a-z]?")
_CODE_OF: Final = {error.__name__: error.code for error in errors.BY_CODE.values()}


def _numbers(spans: str) -> Iterator[int]:
    for span in spans.split():
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


ROWS: Final = tuple(f"{group}{number}" for group, spans in _ROWS.items() for number in _numbers(spans))
"""Every row that this release must answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One test of one row."""

    row: str
    file: str
    test: str
    words: str
    """What it shows, from its name."""
    codes: tuple[str, ...]
    """The refusals that it expects; none where it shows that something holds."""


def answers() -> list[Answer]:
    """All tests that carry the id of a row, by row and place."""
    found = [answer for path in sorted(TESTS.rglob("*.py")) for answer in _answers_in(path)]
    return sorted(found, key=lambda answer: (answer.row[0], int(answer.row[1:]), answer.file))


def _answers_in(path: Path) -> Iterator[Answer]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    file = path.relative_to(TESTS.parent).as_posix()
    for test in ast.walk(tree):
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            yield from _answers_of(test, tables, file)


def _answers_of(
    test: ast.FunctionDef | ast.AsyncFunctionDef, tables: dict[str, ast.expr], file: str
) -> Iterator[Answer]:
    parts = test.name.split("_")[1:]
    words = " ".join(part for part in parts if not _ROW.fullmatch(part))
    carried = {part: _codes(test) for part in parts if _ROW.fullmatch(part)}
    for decorator in test.decorator_list:
        for name, node in _parameters(decorator, tables):
            for part in re.split(r"[-_ /]", name):
                if _ROW.fullmatch(part):
                    carried.setdefault(part, ())
                    carried[part] += tuple(code for code in _codes(node) if code not in carried[part])
    rows: dict[str, tuple[str, ...]] = {}
    for part, codes in carried.items():
        match = _ROW.fullmatch(part)
        if match is not None:
            row = match[1].upper() + match[2]
            rows[row] = tuple(dict.fromkeys(rows.get(row, ()) + codes))
    for row, codes in rows.items():
        yield Answer(row=row, file=file, test=test.name, words=words, codes=codes)


def _parameters(decorator: ast.expr, tables: dict[str, ast.expr]) -> Iterator[tuple[str, ast.AST]]:
    """The ids of a decorator's parameters, and what stands behind each: pairs of a table, or of two lists."""
    for node in ast.walk(decorator):
        if isinstance(node, ast.Name) and isinstance(table := tables.get(node.id), ast.Dict):
            yield from _pairs(table)
        elif isinstance(node, ast.Dict):
            yield from _pairs(node)
        elif isinstance(node, ast.Call):
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            ids, single = named.get("ids"), named.get("id")
            if isinstance(single, ast.Constant) and isinstance(single.value, str):
                yield single.value, node
            if isinstance(ids, ast.List):
                values = node.args[1] if len(node.args) > 1 else None
                whole = isinstance(values, ast.List) and len(values.elts) == len(ids.elts)
                listed = values.elts if whole and isinstance(values, ast.List) else [ids] * len(ids.elts)
                for each, behind in zip(ids.elts, listed, strict=True):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value, behind


def _pairs(table: ast.Dict) -> Iterator[tuple[str, ast.AST]]:
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def _codes(node: ast.AST) -> tuple[str, ...]:
    """The codes of refusals that this piece of source names, by class or by code."""
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in _CODE_OF:
            found.append(_CODE_OF[each.id])
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value in errors.BY_CODE:
            found.append(each.value)
    return tuple(dict.fromkeys(found))


def unanswered() -> list[str]:
    """Rows with neither a test nor an excuse."""
    tested = {answer.row for answer in answers()}
    return [row for row in ROWS if row not in tested and row not in EXCUSED]


def page_parts() -> Iterator[str]:
    """The page, part by part, without its head."""
    by_row: dict[str, list[Answer]] = {}
    for answer in answers():
        by_row.setdefault(answer.row, []).append(answer)
    known = sorted({*ROWS, *by_row}, key=lambda row: (row[0], int(row[1:])))
    for group, title in _TITLES.items():
        lines = ["| row | what is shown | outcome | tests |", "| --- | --- | --- | --- |"]
        lines += [_line(row, by_row.get(row, [])) for row in known if row[0] == group]
        yield "\n".join([f"## {group}: {title}", "", *lines])


def _line(row: str, tests: list[Answer]) -> str:
    if not tests:
        return f"| {row} | {EXCUSED.get(row, '')} | cannot apply | |"
    codes = dict.fromkeys(f"`{code}`" for test in tests for code in test.codes)
    places = "<br>".join(f"`{test.file}::{test.test}`" for test in tests)
    words = min((test.words for test in tests), key=lambda each: (len(each) < 12, len(each)))
    return f"| {row} | {words} | {', '.join(codes) or 'holds'} | {places} |"
