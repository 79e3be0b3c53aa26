"""The locks are complete, agree with each other, name no host, and every package's licence is stated."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import pytest

from tests.conftest import ROOT

LOCKS: Final = ("run", "test", "fuzz", "bench")


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pinned(name: str) -> dict[str, str]:
    """Package to version; where versions differ by platform, the last."""
    return dict(pins(name))


def pins(name: str) -> list[tuple[str, str]]:
    return re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock(name), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_hash_and_no_line_says_more(name: str) -> None:
    rows = [row for row in lock(name).splitlines() if not row.startswith("#")]
    pin = re.compile(r"[a-z0-9-]+==\S+( ; [^/\\]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [row for row in rows if not pin.fullmatch(row) and not digest.fullmatch(row)] == []
    assert sum(pin.fullmatch(row) is not None for row in rows) == len(pins(name)) > 0
    assert all(digest.fullmatch(below) for row, below in pairwise(rows) if pin.fullmatch(row))


@pytest.mark.parametrize("name", LOCKS[1:])
def test_locks_agree_on_versions(name: str) -> None:
    """The test lock holds the whole run lock, so both may fill one environment in either order."""
    run, other = pinned("run"), pinned(name)
    assert {
        package: version for package, version in run.items() if other.get(package, version) != version
    } == {}
    if name == "test":
        assert run.keys() <= other.keys()


@pytest.mark.parametrize("name", LOCKS)
def test_contributing_states_the_licence_of_every_package(name: str) -> None:
    prose = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tables = " ".join(row for row in prose.splitlines() if row.startswith("|")).lower()
    missing = [package for package in pinned(name) if not re.search(rf"[ ,]{re.escape(package)}[ ,]", tables)]
    assert missing == []
