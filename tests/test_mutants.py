"""``tools/mutants``: which mutants a source has, and that one is killed, survives or runs out of time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tools.mutants import __main__, coverage_map
from tools.mutants.__main__ import OPTIONS, Bench, Task, _spawn, report, tasks
from tools.mutants.coverage_map import CoverageMap
from tools.mutants.decisions import mutants
from tools.mutants.ledger import Ledger, allowed
from tools.mutants.suites import CORE, SUITES
from tools.mutants.worker import KILLED, SURVIVED, TIMEOUT, Job, Verdict

SHOP: Final = """\
LIMIT = 3


def fits(size):
    while size < 0:
        size += 1
    return size <= LIMIT


def idle(size):
    if size > 100:
        raise ValueError
    return size
"""

TESTS: Final = """\
from shop import fits, idle


def test_fits():
    assert fits(-1)
    assert fits(3)
    assert not fits(4)


def test_idle():
    assert idle(1) == 1
"""


def changes(source: str) -> list[str]:
    return [mutant.name.partition("::")[2] for mutant in mutants("m.py", source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x < y", ["x < y -> x <= y", "x < y -> x >= y"]),
        ("x >= y", ["x >= y -> x > y", "x >= y -> x < y"]),
        ("x is None", ["x is None -> x is not None"]),
        ("x == y", ["x == y -> x != y"]),
        ("x not in y", ["x not in y -> x in y"]),
        ("x < y in z", [f"x < y in z -> {c}" for c in ("x <= y in z", "x >= y in z", "x < y not in z")]),
        ("x and y", ["x and y -> x or y", "x -> not x", "y -> not y"]),
        ("not x", ["not x -> x"]),
        ("x + y", ["x + y -> x - y"]),
        ("x + 'text'", []),
        ("f'{x}' + y", []),
        ("'text' * 3", []),
        ("x * 3", ["x * 3 -> x * 4"]),
        ("x + b'bytes'", ["x + b'bytes' -> x - b'bytes'"]),
        ("x[1:]", ["1: -> 2:"]),
        ("f(True)", ["f(True) -> f(False)"]),
        ("if x: raise E", ["x -> not x", "raise E -> pass"]),
        ("if x < y: pass", ["x < y -> x <= y", "x < y -> x >= y"]),
        ("[x for x in y if x]", ["x -> not x"]),
        ("match x:\n case 1 if y: pass", ["y -> not y", "1 -> 2"]),
        ("def f(): return x", ["return x -> return None"]),
        ("x: Literal[1] = y", []),
        ("@f(True)\ndef g(): 'words'", []),
        ("f'{x:>3}'", []),
        ("if TYPE_CHECKING: pass", []),
        ("def f(): return None", []),
        ("def f(): return", []),
    ],
)
def test_the_mutants_of_a_source(source: str, expected: list[str]) -> None:
    assert sorted(name.partition(": ")[2] for name in changes(source)) == sorted(expected)


def test_each_mutant_changes_one_place_and_the_tree_is_whole_again() -> None:
    whole = ast.unparse(ast.parse(SHOP))
    found = [ast.unparse(mutant.tree) for mutant in mutants("shop.py", SHOP)]
    assert whole not in found
    assert len(set(found)) == len(found) == 13
    for text in found:
        rows = [(a, b) for a, b in zip(whole.splitlines(), text.splitlines(), strict=True) if a != b]
        assert len(rows) == 1


def test_what_is_changed_back_is_what_it_was_lines_and_columns_included() -> None:
    """Else a worker would take functions for changed that are not."""
    source = "def f():\n    return g(x=not y)\n\nz = 1\n"
    dumps = [ast.dump(mutant.tree, include_attributes=True) for mutant in mutants("m.py", source)]
    whole = ast.dump(ast.parse(source), include_attributes=True)
    assert len(dumps) == 3
    assert dumps[-1] == whole.replace("Constant(value=1", "Constant(value=2")


def test_names_tell_twins_apart_and_know_their_lines() -> None:
    twins = list(mutants("m.py", "def f():\n    if x < 1:\n        raise E\n    if y:\n        raise E\n"))
    dropped = [(mutant.name, mutant.first, mutant.last) for mutant in twins if "raise" in mutant.name]
    assert dropped == [("m.py::f: raise E -> pass", 3, 3), ("m.py::f: raise E -> pass (2)", 5, 5)]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "test_shop.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lines(shop: Path) -> CoverageMap:
    arguments = [*OPTIONS, f"--basetemp={shop / 'tmp'}", "test_shop.py"]
    process, pipe = _spawn(coverage_map.build, arguments, ["shop.py"])
    result: CoverageMap = pipe.recv()
    process.join()
    return result


@pytest.fixture
def bench(shop: Path) -> Iterator[Bench]:
    bench = Bench(["test_shop.py"], shop)
    yield bench
    bench.close()


def test_the_map_knows_tests_of_lines_and_what_is_not_covered(lines: CoverageMap) -> None:
    assert lines.failed == []
    assert set(lines.tests("shop.py", 7, 7)) == {"test_shop.py::test_fits"}
    assert set(lines.tests("shop.py", 11, 13)) == {"test_shop.py::test_idle"}
    assert lines.tests("shop.py", 1, 1) == []
    assert lines.outside("shop.py", 1, 1)
    assert not lines.outside("shop.py", 7, 7)
    assert lines.missing["shop.py"] == ["12", "11 to 12"]
    assert lines.branches["shop.py"] == (3, 4)


def test_a_failure_without_any_mutant_is_told(shop: Path) -> None:
    (shop / "test_shop.py").write_text("def test_wrong(): assert False\n", encoding="utf-8")
    _, pipe = _spawn(coverage_map.build, [*OPTIONS, "test_shop.py"], ["shop.py"])
    assert pipe.recv().failed == ["test_shop.py::test_wrong"]


def test_what_pytest_prints_does_not_stand_before_the_report(
    shop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process, pipe = _spawn(coverage_map.build, [*OPTIONS, "test_shop.py"], ["shop.py"])
    assert pipe.recv().failed == []
    process.join()
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "2 passed" in printed.err


def test_killed_where_a_test_fails_survived_where_none_does_timeout_where_one_hangs(
    lines: CoverageMap, bench: Bench
) -> None:
    """In a fork, and for ``LIMIT``, which is read where modules are imported, over a fresh import."""
    verdicts = {}
    for task in tasks("shop.py", lines):
        verdict = bench.judge(replace(task, job=replace(task.job, patience=1.0)))
        verdicts[task.name.partition("::")[2]] = (verdict.outcome, verdict.test)
    fits, idle = (KILLED, "test_shop.py::test_fits"), (KILLED, "test_shop.py::test_idle")
    assert verdicts == {
        ": LIMIT = 3 -> LIMIT = 4": fits,
        "fits: size < 0 -> size <= 0": (SURVIVED, ""),
        "fits: size < 0 -> size >= 0": (TIMEOUT, ""),
        "fits: size < 0 -> size < 1": (SURVIVED, ""),
        "fits: size += 1 -> size += 2": (SURVIVED, ""),
        "fits: return size <= LIMIT -> return None": fits,
        "fits: size <= LIMIT -> size < LIMIT": fits,
        "fits: size <= LIMIT -> size > LIMIT": fits,
        "idle: size > 100 -> size >= 100": (SURVIVED, ""),
        "idle: size > 100 -> size <= 100": idle,
        "idle: size > 100 -> size > 101": (SURVIVED, ""),
        "idle: raise ValueError -> pass": (SURVIVED, ""),
        "idle: return size -> return None": idle,
    }


def test_the_modules_own_tests_go_first_then_its_rooms_then_the_shortest() -> None:
    path = "delegate/keys/pem.py"
    seconds = {
        "tests/test_far.py::a": 0.0,
        "tests/keys/test_key.py::b": 1.0,
        "tests/keys/test_pem.py::c": 3.0,
        "tests/keys/test_pem.py::d": 2.0,
    }
    known = CoverageMap(lines={path: {line: [*seconds] for line in range(1, 1000)}}, seconds=seconds)
    first = next(iter(tasks(path, known)))
    order = [name.partition("::")[2] for name, _ in first.job.tests]
    assert order == ["d", "c", "b", "a"]


def test_what_an_import_runs_is_tried_by_all_tests_of_the_modules_own_file() -> None:
    """The test of a generated ``repr`` executes no line of the module."""
    path = "delegate/keys/pem.py"
    shows, reads, far = (
        "tests/keys/test_pem.py::shows",
        "tests/keys/test_pem.py::reads",
        "tests/test_far.py::a",
    )
    known = CoverageMap(lines={path: {200: [reads]}}, seconds={far: 0.0, shows: 0.2, reads: 0.1})
    first = next(iter(tasks(path, known)))
    assert [name for name, _ in first.job.tests] == [reads, shows]


def test_an_import_that_never_ends_runs_out_of_time(
    shop: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(__main__, "COLLECTING", 5.0)
    source = SHOP + "while LIMIT < 3: pass\n"
    (shop / "shop.py").write_text(source, encoding="utf-8")
    names = [mutant.name.partition("::")[2] for mutant in mutants("shop.py", source)]
    job = Job(
        path="shop.py",
        number=names.index(": LIMIT < 3 -> LIMIT <= 3"),
        tests=(("test_shop.py::test_fits", 0.1),),
    )
    assert bench.judge(Task(name="", job=job, outside=True)).outcome == TIMEOUT


@pytest.mark.parametrize(("rest", "outcome"), [((), SURVIVED), ((("test_shop.py::test_fits", 0.1),), KILLED)])
def test_who_survives_the_first_tests_is_tried_by_the_rest(
    bench: Bench, rest: tuple[tuple[str, float], ...], outcome: str
) -> None:
    names = [mutant.name.partition("::")[2] for mutant in mutants("shop.py", SHOP)]
    job = Job(
        path="shop.py",
        number=names.index("fits: return size <= LIMIT -> return None"),
        tests=(("test_shop.py::test_idle", 0.1),),
    )
    assert bench.judge(Task(name="", job=job, outside=False, rest=rest)).outcome == outcome


def test_the_first_tests_are_those_that_fit_into_some_seconds() -> None:
    path = "delegate/keys/pem.py"
    seconds = {f"tests/keys/test_pem.py::{name}": 1.0 for name in "abc"}
    known = CoverageMap(lines={path: {line: [*seconds] for line in range(1, 1000)}}, seconds=seconds)
    for most, number in ((0.5, 1), (2.0, 2), (3.0, 3)):
        first = next(iter(tasks(path, known, most)))
        assert [*first.job.tests, *first.rest] == [*seconds.items()]
        assert len(first.job.tests) == number


def test_a_mutant_that_no_test_reaches_survives(bench: Bench) -> None:
    job = Job(path="shop.py", number=0, tests=())
    assert bench.judge(Task(name="", job=job, outside=False)).outcome == SURVIVED


def test_a_kill_stands_until_module_or_test_changes_a_survival_until_anything_does(shop: Path) -> None:
    (shop / "tests").mkdir()
    (shop / "delegate").mkdir()
    file = shop / "verdicts.jsonl"
    ledger = Ledger(file)
    kill, survival = Verdict(outcome=KILLED, test="test_shop.py::test_fits"), Verdict(outcome=SURVIVED)
    ledger["shop.py::a"], ledger["shop.py::b"] = kill, survival
    assert (Ledger(file)["shop.py::a"], Ledger(file)["shop.py::b"]) == (kill, survival)
    assert Ledger(file)["shop.py::c"] is None
    (shop / "tests" / "test_other.py").touch()
    assert (Ledger(file)["shop.py::a"], Ledger(file)["shop.py::b"]) == (kill, None)
    (shop / "test_shop.py").write_text(TESTS + "\n", encoding="utf-8")
    assert Ledger(file)["shop.py::a"] is None


def test_the_report_names_survivors_that_are_not_listed_and_entries_that_name_nothing(shop: Path) -> None:
    (shop / "tools").mkdir()
    entry = "shop.py::fits: return size <= LIMIT -> return None"
    listed = f'[[allowed]]\nreason = "why"\nmutants = ["{entry}", "shop.py::x"]\n'
    (shop / "tools" / "mutants_allowed.toml").write_text(listed, encoding="utf-8")
    ledger = Ledger(shop / "verdicts.jsonl")
    names = [mutant.name for mutant in mutants("shop.py", SHOP)]
    for name in names[1:]:
        ledger[name] = Verdict(outcome=KILLED, test="test_shop.py::test_fits")
    ledger[names[1]] = Verdict(outcome=SURVIVED)
    known = CoverageMap(branches={"shop.py": (3, 4)}, missing={"shop.py": ["12"]})
    result = report(["shop.py"], ledger, known)
    assert result["survivors"] == names[:2]
    assert result["stale"] == ["shop.py::x"]
    assert result["modules"]["shop.py"]["listed"] == 1


@pytest.mark.parametrize(
    "text",
    [
        '[[allowed]]\nreason = " "\nmutants = ["a"]\n',
        '[[allowed]]\nreason = "x"\nmutants = ["a", "a"]\n',
    ],
)
def test_an_entry_has_a_reason_and_stands_once(shop: Path, text: str) -> None:
    (shop / "tools").mkdir()
    (shop / "tools" / "mutants_allowed.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="listed twice or without a reason"):
        allowed()


def test_every_allowed_mutant_exists() -> None:
    paths = [path for suite in SUITES for path in suite.paths()]
    names = {m.name for path in paths for m in mutants(path, Path(path).read_text(encoding="utf-8"))}
    assert set(allowed()) - names == set()
    assert len(names) > 5000


def test_every_suite_knows_its_modules_and_tests() -> None:
    """A path that is wanted chooses the suite; without one, masking is not among what runs."""
    core, masking = (suite.paths() for suite in SUITES)
    assert "delegate/token/chain.py" in core
    assert "delegate/token/picture.py" not in core
    assert "delegate/masking/walk.py" in masking
    assert not set(core) & set(masking)
    assert CORE.paths(["delegate/masking/walk.py"]) == []
    assert CORE.paths(["delegate/scope.py"]) == ["delegate/scope.py"]
    assert all(Path(path).exists() for suite in SUITES for path in suite.test_paths())
