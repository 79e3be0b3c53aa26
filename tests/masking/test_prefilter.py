"""The cheap pass: what it says a text may hold, by either engine, and what it lets go at once."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from delegate.errors import ConfigurationError
from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.prefilter import STEMS, Prefilter, Signs, _sign, long_runs, prefilter
from delegate.masking.tokens import RUN, Gated, Runs
from tests.masking.samples import CARD, EMAIL, TOKEN

Engine = Literal["re", "re2"]
ENGINES: tuple[Engine, Engine] = ("re", "re2")
both = pytest.mark.parametrize("engine", ENGINES)


def made(*rows: Detector, engine: Engine = "re") -> Prefilter:
    runs = [row for row in rows if row.prefixes or row.run]
    gated = [row for row in rows if row.needles and not row.run]
    return prefilter(Runs(runs), Gated(gated), engine)


STANDARD_ONES = {engine: made(*STANDARD, engine=engine) for engine in ENGINES}
NONE = {engine: made(engine=engine) for engine in ENGINES}


def signs(text: str, engine: Engine) -> set[str]:
    """The names of the signs that are set, without what was made on the way."""
    found = NONE[engine](text)
    if found is None:
        return set()
    return {name for name in Signs._fields if getattr(found, name)} - {"lower", "shapes"}


@both
@pytest.mark.parametrize(
    ("text", "set_signs"),
    [
        ("", set()),
        ("nothing at all to see, here", set()),
        ("an 'x' (y) [z] {w}; 12 34", set()),
        ("a@b", {"at"}),
        ("--- -----", {"dashes", "flags"}),
        ("x----", {"dashes"}),
        ("x---", set()),
        ("x -u", {"flags"}),
        ("x-u", set()),
        ("a%41", {"escapes"}),
        ("a\\n", {"escapes"}),
        ("a&b", {"escapes"}),
        (f"{CARD}", {"numbers"}),
        ("4111 1111 1111 1111", {"numbers"}),
        ("123-45-6789", {"numbers"}),
        ("12-34-5", set()),
        ("GB82WEST12345698765432", {"accounts"}),
        ("GB82 WEST 1234 5698 7654 32", {"accounts"}),
        ("xGB82WEST12345698765432", set()),
        ("GB82 WEST", set()),
        ("GB82ABCDEFGHIJK", {"accounts"}),
        ("the Password", {"names"}),
        ("6b656b65" * 4, {"runs"}),
    ],
)
def test_what_a_text_may_hold(text: str, set_signs: set[str], engine: Engine) -> None:
    assert signs(text, engine) | {"numbers"} == set_signs | {"numbers"}
    assert signs(text, engine) >= set_signs


@pytest.mark.parametrize("text", ["GB82 WEST", "12-34-5", "xGB82WEST1234AB98CD54EF", "ab12" * 2])
def test_what_is_no_number_of_any_kind(text: str) -> None:
    assert NONE["re"](text) is None


@both
@pytest.mark.parametrize("stem", STEMS)
def test_stems_are_found_in_any_case(stem: str, engine: Engine) -> None:
    for text in (f"x{stem}y", stem.upper(), f"é {stem.title()}"):
        found = NONE[engine](text)
        assert found is not None
        assert stem in found.names
        assert found.lower == text.lower()


@both
def test_every_stem_of_a_text_is_named(engine: Engine) -> None:
    found = NONE[engine](" ".join(STEMS))
    assert found is not None
    assert sorted(found.names) == sorted(STEMS)


@both
def test_shapes_are_made_where_numbers_are_looked_for(engine: Engine) -> None:
    for text, shapes in (
        (f"x:{CARD}", b"a:" + b"0" * 16),
        ("GB82WEST12345698765432", b"aa00aaaa" + b"0" * 14),
        ("GB82ABCDEFGHIJK", b"aa00" + b"a" * 11),
    ):
        found = NONE[engine](text)
        assert found is not None
        assert found.shapes == shapes


# --- rows ------------------------------------------------------------------------------------------


def row(**settings: Any) -> Detector:
    given: dict[str, Any] = {"id": "x", "kind": "x", "example": "", "counter_example": "", "source": "x"}
    return Detector(**given | {"pattern": "q"} | settings)


@both
@pytest.mark.parametrize(
    ("text", "gated"),
    [
        ("nothing", []),
        ("login( 'x", [0]),
        ("login 'x", []),
        ("call( 'x", []),
        ("<pass>", [1, 2]),
        ("<token>", [2]),
        ("the password is zq9", [3]),
        ("it is zq9", []),
        ("login( <pass> zq9", [0, 1, 2, 3]),
    ],
)
def test_which_rows_are_asked(text: str, gated: list[int], engine: Engine) -> None:
    """A row is asked where its gate and one of its needles stand; the gate ``name`` is any stem."""
    rows = (
        row(needles=("login( '", "login("), gate="("),
        row(needles=("<pass>",), gate="<"),
        row(needles=("<pass>", "<token>"), gate="<"),
        row(needles=("zq9",), gate="name"),
    )
    found = made(*rows, engine=engine)(text)
    assert sorted({*(found.gated if found else ())}) == gated


@both
def test_a_row_without_a_literal_is_always_asked(engine: Engine) -> None:
    found = made(row(needles=("",), gate=""), engine=engine)("nothing")
    assert found is not None
    assert list(found.gated) == [0]


@both
def test_runs_are_those_that_may_hold_a_token(engine: Engine) -> None:
    words = "y" * 30
    text = f"{words} {TOKEN} {words}"
    found = STANDARD_ONES[engine](text)
    assert found is not None
    assert found.runs == [(31, 31 + len(TOKEN))]
    every = STANDARD_ONES[engine](text, every_run=True)
    assert every is not None
    assert every.runs == [(0, 30), (31, 31 + len(TOKEN)), (32 + len(TOKEN), 62 + len(TOKEN))]
    assert STANDARD_ONES[engine](words) is None
    alone = STANDARD_ONES[engine](words, every_run=True)
    assert alone is not None
    assert alone.runs == [(0, 30)]


@both
def test_clean_text_ends_here(engine: Engine) -> None:
    for text in (
        "the quick brown fox",
        "2026-11-20 11:34:56 INFO done",
        "",
        "a/b/c.txt",
        "x" * 100,
        "ghp_abcdef",
    ):
        assert STANDARD_ONES[engine](text) is None
    assert STANDARD_ONES[engine](f"mail {EMAIL}") is not None


@pytest.mark.parametrize(
    ("classes", "runs"),
    [
        ("", []),
        ("x" * (RUN - 1), []),
        ("x" * RUN, [(0, RUN)]),
        (" " + "x" * RUN, [(1, RUN + 1)]),
        ("x" * RUN + " ", [(0, RUN)]),
        ("x" * RUN + " " + "x" * (RUN - 1), [(0, RUN)]),
        ("x" * RUN + " " + "x" * (RUN + 1), [(0, RUN), (RUN + 1, 2 * RUN + 2)]),
        ("x " + "x" * RUN + "  x", [(2, RUN + 2)]),
    ],
    ids=len,
)
def test_long_runs(classes: str, runs: list[tuple[int, int]]) -> None:
    assert list(long_runs(classes.encode())) == runs


@pytest.mark.parametrize(
    ("gate", "needles", "sign"),
    [
        ("(", ("login(",), "("),
        ("t(", ("connect(", "get('"), "("),
        ("abc", ("x<", "y<"), "<"),
        ("abc", ("x<", "y>"), ""),
        ("a:b", ("<", "<"), "<"),
        ("abc", ("d",), ""),
    ],
)
def test_a_sign_stands_in_every_match(gate: str, needles: tuple[str, ...], sign: str) -> None:
    assert _sign(gate, tuple((needle, index) for index, needle in enumerate(needles))) == sign


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "re2", None)
    with pytest.raises(ConfigurationError) as caught:
        made(engine="re2")
    assert caught.value.field == "engine"
    assert made()("nothing") is None
