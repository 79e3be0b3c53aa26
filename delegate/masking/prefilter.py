"""The cheap pass: which finders could find anything in a text. Clean text ends here.

The answer may say yes where there is nothing, never no where there is something; the finders decide. So two
engines that answer differently lead to the same findings.

- ``re``: one table look-up a character turns the text into classes, and a few substring searches over these
  and over the text answer everything; each long run of token characters is looked at by two patterns.
- ``re2``: one pass of a `re2.Set`, an automaton over all the literals at once; only what it names is asked.
"""

from __future__ import annotations

import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from delegate.errors import ConfigurationError
from delegate.masking.tokens import DECODABLE, RUN, RUN_CHARACTERS, Gated, Runs

__all__ = ["STEMS", "Prefilter", "Signs", "prefilter"]

_PAIRS: Final = (("ss", ("pass", "sess")), ("ok", ("token", "cookie")), ("cre", ("secret", "cred")))
"""Stems with what they share, which is looked for first."""

_SINGLES: Final = ("key", "auth", "pw", "bearer", "basic", "cvv", "identified by")
STEMS: Final = (*(stem for _, pair in _PAIRS for stem in pair), *_SINGLES)
"""Every name that running text is searched for holds one of these, in lower case."""

_SOUGHT: Final = (*((stem, (stem,)) for stem in _SINGLES), *_PAIRS)
"""What is looked for first, and the stems that hold it."""

_KEPT: Final = frozenset(RUN_CHARACTERS.encode())
_CLASSES: Final = bytes(120 if code in _KEPT else 32 for code in range(256))
"""Token characters to ``x``, all others to a blank."""

_SHAPES: Final = bytes.maketrans(
    (string.digits + string.ascii_letters).encode(),
    b"0" * len(string.digits) + b"a" * len(string.ascii_letters),
)
"""Digits to ``0``, letters to ``a``, the rest of ASCII as it is."""

_RARE_FIRST: Final = "~`^\\|{}$<>*!@#%&'\"[]();?+,:=/._- "
"""The marks of ASCII, those that most text lacks before those that it has."""

_LONG: Final = b"x" * RUN

_NUMBERS: Final = (
    "000(?:0[ .-]?0000[ .-]?0000|0[ -]000000[ -]0|[. -]00[. -]0000|000000"
    "|(?:-000000|00-0000|0-0000-0)(?:[^0]|$))"
)
"""Cards, Social Security numbers and routing numbers, in shapes; it begins with a literal, so it is fast."""

_ACCOUNT: Final = "aa00"
_ACCOUNT_REST: Final = "(?:[ -]?[a0]{4}){2}[ -]?[a0]{3}"
"""How international bank account numbers begin, and go on, in shapes."""

_find_numbers: Final = re.compile(_NUMBERS.encode()).search
_find_account: Final = re.compile(f"{_ACCOUNT}(?<![a0]{_ACCOUNT}){_ACCOUNT_REST}".encode()).search
"""Not where a word goes on, as inside every long hash; a pattern that begins with a literal is fast."""


class Signs(NamedTuple):
    """What a text may hold, and what was made of it on the way."""

    lower: str
    shapes: bytes
    runs: list[tuple[int, int]]
    gated: Sequence[int]
    at: bool
    dashes: bool
    numbers: bool
    accounts: bool
    names: list[str]
    flags: bool
    escapes: bool


class Prefilter:
    """The engine `re`; immutable."""

    __slots__ = ("_gates", "_named", "_runs")

    def __init__(self, runs: Runs, gated: Gated) -> None:
        """Prepare the answer for these rows."""
        self._runs = runs
        self._gates = _by_sign({gate: rows for gate, rows in gated.by_gate.items() if gate != "name"})
        self._named = gated.by_gate.get("name", ())

    def __call__(self, text: str, *, every_run: bool = False) -> Signs | None:
        """What the ASCII or folded ``text`` may hold; ``None`` for nothing."""
        octets = text.encode("ascii", "replace")
        lower = text.lower()
        shapes = octets.translate(_SHAPES)
        classes = octets.translate(_CLASSES)
        at = "@" in text
        dashes = "----" in text
        flags = " -" in text
        escapes = "%" in text or "\\" in text or "&" in text
        names = _stems(lower)
        numbers = _find_numbers(shapes) is not None
        accounts = _find_account(shapes) is not None
        runs = self._spans(text, classes, every_run=every_run)
        gated = self._gated(text)
        if names:
            gated += [index for needle, index in self._named if needle in text]
        if not (names or runs or at or numbers or escapes or flags or dashes or accounts or gated):
            return None
        return Signs(lower, shapes, runs, gated, at, dashes, numbers, accounts, names, flags, escapes)

    def _spans(self, text: str, classes: bytes, *, every_run: bool) -> list[tuple[int, int]]:
        interesting = self._runs.interesting
        return [
            (start, end) for start, end in long_runs(classes) if every_run or interesting(text, start, end)
        ]

    def _gated(self, text: str) -> list[int]:
        return [
            index
            for sign, gates in self._gates
            if sign in text
            for gate, entries in gates
            if gate in text
            for needle, index in entries
            if needle in text
        ]


class AutomatonPrefilter(Prefilter):
    """The engine `re2`; immutable."""

    __slots__ = ("_always", "_match", "_match_names")

    def __init__(self, runs: Runs, gated: Gated) -> None:
        """Build the automaton. Raises ``ConfigurationError`` when `google-re2` is missing."""
        super().__init__(runs, gated)
        literals = {
            max(gate, needle, key=len)  # both stand in every match, and the longer one in less text
            for _, gates in self._gates
            for gate, entries in gates
            for needle, _ in entries
        }
        self._always = "" in literals
        self._match = _automaton(_questions(runs, sorted(literals)))
        # Apart from the others: an automaton has a state for each set of answers that it may have met.
        needles = [re.escape(needle) for needle, _ in self._named]
        self._match_names = _automaton([*(f"(?i:{stem})" for stem in STEMS), *needles])

    def __call__(self, text: str, *, every_run: bool = False) -> Signs | None:
        """The same answer, from one pass over ``text``."""
        octets = text.encode("ascii", "replace")
        said = self._match(octets) or ()  # the wrapper says None for an empty text
        if not said and not every_run and not self._always:
            return None
        named = self._match_names(octets) if _NAMES in said else ()
        names = [STEMS[number] for number in named if number < len(STEMS)]
        asked = every_run or _TOKENS in said
        runs = self._spans(text, octets.translate(_CLASSES), every_run=every_run) if asked else []
        gated = self._gated(text) if self._always or _GATES in said else []
        gated += [self._named[number - len(STEMS)][1] for number in named if number >= len(STEMS)]
        at, dashes, flags, escapes = _AT in said, _DASHES in said, _FLAGS in said, _ESCAPES in said
        numbers, accounts = _FIGURES in said, _IBANS in said
        if not (names or runs or at or numbers or escapes or flags or dashes or accounts or gated):
            return None
        shapes = octets.translate(_SHAPES) if numbers or accounts else b""
        return Signs(text.lower(), shapes, runs, gated, at, dashes, numbers, accounts, names, flags, escapes)


def prefilter(runs: Runs, gated: Gated, engine: Literal["re", "re2"]) -> Prefilter:
    """The prefilter of an engine."""
    return Prefilter(runs, gated) if engine == "re" else AutomatonPrefilter(runs, gated)


_Entries: TypeAlias = tuple[tuple[str, int], ...]
"""Needles, each with the number of its row."""


def _by_sign(by_gate: Mapping[str, _Entries]) -> tuple[tuple[str, tuple[tuple[str, _Entries], ...]], ...]:
    """The gates below the sign that each of their matches has, so that a sign is looked for once."""
    signs: dict[str, list[tuple[str, _Entries]]] = defaultdict(list)
    for gate, entries in by_gate.items():
        signs[_sign(gate, entries)].append((gate, entries))
    return tuple((sign, tuple(gates)) for sign, gates in signs.items())


def _sign(gate: str, entries: _Entries) -> str:
    """One character of every match that most text lacks: looking for one is fastest of all."""
    signs = set.intersection(*(set(gate + needle) for needle, _ in entries))
    return next((sign for sign in _RARE_FIRST if sign in signs), "")


def long_runs(classes: bytes) -> Iterator[tuple[int, int]]:
    """Every run of at least ``RUN`` token characters."""
    start = classes.find(_LONG)
    while start >= 0:
        end = classes.find(b" ", start)
        end = len(classes) if end < 0 else end
        yield start, end
        start = classes.find(_LONG, end)


def _stems(lower: str) -> list[str]:
    """Those of ``STEMS`` that occur: searched one by one, each is faster than one pattern for all."""
    return [stem for sought, stems in _SOUGHT if sought in lower for stem in stems if stem in lower]


_NAMES, _TOKENS, _GATES, _FIGURES, _IBANS, _AT, _DASHES, _FLAGS, _ESCAPES = range(9)


def _questions(runs: Runs, literals: list[str]) -> list[str]:
    """A pattern for each of the questions above, which answers it or errs towards yes."""
    anchors = [*map(re.escape, runs.literals), DECODABLE]
    beginning = f"(?:^|[^A-Za-z0-9])(?:{'|'.join(anchors)})[A-Za-z0-9_.~+=/:|$-]{{6}}"
    questions = {
        _NAMES: f"(?i:{'|'.join(STEMS)})",
        _TOKENS: "|".join([beginning, *map(re.escape, runs.needles)]),
        _GATES: "|".join(map(re.escape, literals)) or "@",
        _FIGURES: _spelled(_NUMBERS),
        _IBANS: f"(?:^|[^A-Za-z0-9]){_spelled(_ACCOUNT + _ACCOUNT_REST)}",
        _AT: "@",
        _DASHES: "----",
        _FLAGS: " -",
        _ESCAPES: r"[%\\&]",
    }
    return [questions[number] for number in sorted(questions)]


def _automaton(patterns: list[str]) -> Callable[[bytes], list[int]]:
    """A matcher that gives the indexes of the patterns that match, in one pass."""
    try:
        re2: Any = import_module("re2")
    except ImportError:
        msg = 'the engine "re2" needs google-re2: pip install "delegate-security[fast]"'
        raise ConfigurationError(msg, field="engine") from None
    automaton = re2.Set.SearchSet()
    for pattern in patterns:
        automaton.Add(pattern)
    automaton.Compile()
    return automaton.Match  # type: ignore[no-any-return]


def _spelled(shape: str) -> str:
    """A pattern over shapes as one over the text itself."""
    classes = {"[a0]": "[A-Za-z0-9]", "[^0]": "[^0-9]", "0": "[0-9]", "a": "[A-Za-z]"}
    return re.sub(r"\[a0\]|\[\^0\]|[0a]", lambda match: classes[match[0]], shape)
