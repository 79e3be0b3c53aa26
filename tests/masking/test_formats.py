"""Every class of secret that ``formats.txt`` describes, and the look-alikes of ``benign.txt``.

The samples are new for each seed, and independent of any scanner's: they measure whether a form is known, not
whether a sample is. What of a class is known to be missed stands in ``FLOORS`` as the share that is not.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from delegate.masking.text import TextScanner
from tests.masking.formats import BENIGN, FORMATS, Sample, samples, templates
from tests.masking.vectors import masked

SCANNER: Final = TextScanner()
OTHER: Final = TextScanner(engine="re2")
SEED: Final = 33
EACH: Final = 4

LEAST: Final = 0.95
FLOORS: Final = {"azure": 0.90, "keys": 0.90, "stripe": 0.90}
"""Classes of few forms, so that one counts: a token of DevOps without prefix and name, the words of a
wallet's recovery phrase, a body of a Stripe key that happens to have too few digits."""

MISSED_FORMS: Final = 0.03
"""Of templates of which hardly any sample is found: names without a stem, values that only a vendor knows."""


def is_found(sample: Sample) -> bool:
    hits = SCANNER.scan(sample.text)
    left = masked(sample.text, hits)
    return bool(hits) and not any(secret in left for secret in sample.secrets)


def rates() -> dict[tuple[str, str], float]:
    found = {}
    for kind, template in templates(FORMATS):
        made = [is_found(sample) for sample in samples(SEED, kind, template, EACH)]
        found[kind, template] = sum(made) / len(made)
    return found


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], float]:
    return rates()


def test_every_class_is_found(found: dict[tuple[str, str], float]) -> None:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for (kind, _), rate in found.items():
        by_kind[kind].append(rate)
    shares = {kind: sum(each) / len(each) for kind, each in by_kind.items()}
    assert len(shares) > 20
    assert {kind: share for kind, share in shares.items() if share < FLOORS.get(kind, LEAST)} == {}


def test_hardly_any_form_is_missed(found: dict[tuple[str, str], float]) -> None:
    missed = [template for (_, template), rate in found.items() if rate < 0.5]
    assert len(missed) <= MISSED_FORMS * len(found), missed


def test_nothing_is_found_in_look_alikes() -> None:
    wrong = defaultdict(list)
    for kind, template in templates(BENIGN):
        for sample in samples(SEED, kind, template, EACH):
            left = masked(sample.text, SCANNER.scan(sample.text))
            if left != sample.text:
                wrong[template].append(left)
    assert dict(wrong) == {}


@pytest.mark.parametrize("file", [FORMATS, BENIGN], ids=["formats", "benign"])
def test_both_engines_agree(file: Path) -> None:
    for kind, template in templates(file):
        for sample in samples(SEED, kind, template, 1):
            assert SCANNER.scan(sample.text) == OTHER.scan(sample.text), template


def test_a_seed_says_it_all() -> None:
    kind, template = next(templates(FORMATS))
    assert list(samples(1, kind, template, 2)) == list(samples(1, kind, template, 2))
    assert list(samples(1, kind, template, 2)) != list(samples(2, kind, template, 2))
