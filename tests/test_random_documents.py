"""The comparison with ``rfc8785`` on random documents: a short one here, and that it finds what it looks for.

``python -m tools.random_documents --count 1000000`` is the long one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from delegate.canonical import canonicalize
from tests.conftest import ROOT
from tools.random_documents import Drawing, compare, difference

SEED = 20261129
COUNT = 2000


def test_s175_random_documents_are_written_as_rfc8785_writes_them() -> None:
    *_, tally = compare(SEED, range(COUNT))
    assert tally.differences == []
    assert tally.documents == COUNT
    assert tally.subnormals > COUNT / 10
    assert tally.doubles > COUNT
    assert tally.objects_ordered_by_utf16_alone > COUNT / 20
    assert tally.refused_by_both > COUNT / 100
    assert tally.not_to_be_read_back > COUNT / 100


# --- it can fail -----------------------------------------------------------------------------------


def _by_code_point(value: Any) -> bytes:
    canonicalize(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _replaced(old: bytes, new: bytes) -> Callable[[Any], bytes]:
    return lambda value: canonicalize(value).replace(old, new)


def _deaf_to_surrogates(value: Any) -> bytes:
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
    return canonicalize(value)


def _without_null_members(value: Any) -> bytes:
    canonicalize(value)
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if item is not None}
    return canonicalize(value)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(_by_code_point, id="members in the order of code points, numbers as Python has them"),
        pytest.param(_replaced(b"e-", b"e-0"), id="a zero in an exponent"),
        pytest.param(_replaced(b"e+", b"e"), id="an exponent without its sign"),
        pytest.param(_replaced(b"\\u001f", b"\\u001F"), id="an escape in upper case"),
        pytest.param(_replaced(b"\\b", b"\\u0008"), id="a long escape"),
        pytest.param(_replaced(b"/", b"\\/"), id="a slash escaped"),
        pytest.param(_replaced(b"\x7f", b"\\u007f"), id="an escape too many"),
        pytest.param(_replaced("\u2028".encode(), b"\\u2028"), id="a line separator escaped"),
        pytest.param(_replaced(b"9007199254740991", b"9007199254740992"), id="2^53 - 1 rounded"),
        pytest.param(_replaced(b"5e-324", b"4.9e-324"), id="the least double with another digit"),
        pytest.param(_replaced(b"1e+21", b"1000000000000000000000"), id="10^21 written out"),
        pytest.param(_replaced(b":0,", b":-0,"), id="a zero with a sign"),
        pytest.param(_deaf_to_surrogates, id="half a surrogate pair replaced"),
        pytest.param(_without_null_members, id="null members dropped"),
    ],
)
def test_a_writer_with_one_mistake_is_found_out(write: Callable[[Any], bytes]) -> None:
    assert any(tally.differences for tally in compare(SEED, range(20_000), write))


def test_a_document_is_its_seed_and_its_number() -> None:
    def drawn() -> list[str]:
        drawings = [Drawing(SEED, number) for number in range(50)]
        return [repr(drawing.value) for drawing in drawings if not drawing.is_impossible]

    whole = drawn()
    assert drawn() == whole
    assert len(set(whole)) > 40
    assert difference(Drawing(SEED, 0)) is None


def test_the_command_tells_programs_and_people() -> None:
    command = [sys.executable, "-m", "tools.random_documents", "--count", "40", "--seed", "3"]
    told = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout)["documents"] == 40
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("differences: 0\n")
    assert "\r" not in shown.stdout
    assert shown.stderr == ""
