"""Measure what is found, what is wrongly found, and what it costs, ours and peers, into docs/masking.md.

``python -m tools.measure_masking`` in the environment of the benchmarks (``make bench`` makes it) prints the
table; ``--write`` puts it between the two marks in the page. The published vectors must be there. A masker
finds a sample when its output differs and holds none of the secrets that the vectors name; it errs on a
benign leaf when its output differs at all. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.maskers import ours, peers
from benchmarks.masking import DIRTY_1K, PAYLOAD_10K, best_us
from benchmarks.traversal import CLEAN_1K

ROOT: Final = Path(__file__).resolve().parent.parent
VECTORS: Final = Path(os.environ.get("DELEGATE_VECTORS") or ROOT.parent / "shared" / "vectors") / "dlp"
PAGE: Final = ROOT / "docs" / "masking.md"
BEGIN: Final = (
    "<!-- Measured by `python -m tools.measure_masking --write`: edit nothing between these marks. -->"
)
END: Final = "<!-- End of what was measured. -->"
PERSONAL: Final = frozenset({"CREDIT_CARD", "IBAN_CODE", "EMAIL_ADDRESS"})
ROUNDS: Final = 20

Mask = Callable[[Any], Any]


def decoded(text: str) -> str:
    """A string of the vectors: base64 with a dot every twelve characters."""
    return base64.b64decode(text.replace(".", "")).decode("utf-8", "surrogatepass")


def rows(name: str) -> Iterator[dict[str, Any]]:
    """The cases of one file."""
    for line in (VECTORS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["text"] = decoded(row["b64"])
        row["secrets"] = [decoded(each) for each in row.get("secrets_b64", [])]
        yield row


def output(mask: Mask, row: dict[str, Any]) -> str:
    """What is left of a sample; one that stands under a key is masked there."""
    value = {row["key"]: row["text"]} if row.get("key") else {"text": row["text"]}
    return str(next(iter(mask(value).values())))


def is_found(mask: Mask, row: dict[str, Any]) -> bool:
    """Whether nothing is left of the secrets of a sample."""
    left = output(mask, row)
    return left != row["text"] and not any(secret in left for secret in row["secrets"])


def by_rule(mask: Mask) -> float:
    """The samples of gitleaks that are found, averaged by rule, in per cent."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row in rows("gitleaks"):
        if row["match"]:
            found[row["rule"]].append(is_found(mask, row))
    rates = [sum(each) / len(each) for each in found.values()]
    return 100 * sum(rates) / len(rates)


def share(mask: Mask, name: str, *, match: bool, rules: frozenset[str] | None = None) -> float:
    """The cases of one file that are found, in per cent; where ``match`` is false, wrongly."""
    wanted = [
        row
        for row in rows(name)
        if row["match"] is match and (rules is None or row["rule"] in rules) and not row.get("ner_only")
    ]
    count = sum(is_found(mask, row) for row in wanted)
    return 100 * count / len(wanted)


def benign(mask: Mask) -> float:
    """Findings in a thousand benign leaves."""
    leaves = [*rows("benign_semconv"), *rows("benign_payload_leaves")]
    wrong = [row for row in leaves if output(mask, row) != row["text"]]
    return 1000 * len(wrong) / len(leaves)


def table() -> str:
    """The table in Markdown."""
    fast = {"delegate, fast": ours("re2")} if find_spec("re2") else {}
    every = {"delegate": ours("re"), **fast, **peers()}
    times: dict[str, list[float]] = defaultdict(list)
    for value in (CLEAN_1K, DIRTY_1K, PAYLOAD_10K):
        functions = {name: partial(mask, deepcopy(value)) for name, mask in every.items()}
        for name, number in best_us(functions, ROUNDS).items():
            times[name].append(number)
    columns = (
        *("masker", "gitleaks, by rule", "detect-secrets", "card, IBAN, e-mail", "invalid ones"),
        *("in 1,000 benign leaves", "clean 1 KB", "dirty 1 KB", "payload 10 KB"),
    )
    head = f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|"
    lines = [head]
    for name, mask in every.items():
        figures = (
            f"{by_rule(mask):.1f} %",
            f"{share(mask, 'detect_secrets', match=True):.1f} %",
            f"{share(mask, 'presidio', match=True, rules=PERSONAL):.1f} %",
            f"{share(mask, 'presidio', match=False, rules=PERSONAL):.1f} %",
            f"{benign(mask):.1f}",
            *(f"{number:,.0f} µs" for number in times[name]),
        )
        lines.append(f"| {name.replace('_', '-')} | {' | '.join(figures)} |")
    return "\n".join(lines)


def write(measured: str) -> None:
    """Put the table between the marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Print the table, and write it when asked."""
    parser = argparse.ArgumentParser(prog="python -m tools.measure_masking", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/masking.md")
    arguments = parser.parse_args()
    measured = table()
    print(measured)
    if arguments.write:
        write(measured)


if __name__ == "__main__":
    main()
