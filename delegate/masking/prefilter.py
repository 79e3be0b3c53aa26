"""The cheap pass: which finders could find anything in a text. Clean text ends here.

The answer may say yes where there is nothing, never no where there is something; so the finders decide, and
both engines, which answer differently often, lead to the same findings.

- ``re``: the text is turned into a string of classes by one table look-up a character, and a few substring
  searches over it answer everything: fifteen token characters in a row, groups of digits, signs.
- ``re2``: one pass of a `re2.Set`, an automaton over all literals at once, answers the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple

from delegate.errors import ConfigurationError
from delegate.masking.tokens import RUN, RUN_CHARACTERS, Needles, Prefixes

__all__ = ["Prefilter", "Signs", "runs"]

_STEMS: Final = ("pass", "pw", "secret", "token", "key", "auth", "cred", "sess", "cookie", "jwt", "earer", "basic", "cvv", "otp", "sid")
_COMMANDS: Final = (" -u", " --user", " -p", " -a ", " -w ", " --auth", " --proxy-user")


def _table(spared: bytes, letters: bool) -> bytes:
    kept = frozenset(RUN_CHARACTERS.encode())
    return bytes(
        (48 if chr(code).isdigit() else 97 if chr(code).isalpha() else code)
        if letters and code < 128
        else 120 if code in kept
        else 32
        for code in range(256)
    )


_CLASSES: Final = _table(b"", letters=False)
"""Token characters to ``x``, all others to a blank."""

_SHAPES: Final = _table(b"", letters=True)
"""Letters to ``a``, digits to ``0``, the rest of ASCII as it is."""

_LONG: Final = b"x" * RUN


class Signs(NamedTuple):
    """What a text may hold, and what was made of it on the way."""

    any: bool
    classes: bytes = b""
    lower: str = ""
    address: bool = False
    at: bool = False
    dashes: bool = False
    long_run: bool = False
    needles: frozenset[int] = frozenset()
    digits: bool = False
    ssn: bool = False
    iban: bool = False
    context: bool = False
    names: bool = False
    commands: bool = False
    escapes: bool = False


_CLEAN: Final = Signs(any=False)


class Prefilter:
    """One engine's answer; immutable."""

    __slots__ = ("_gates", "_set")

    def __init__(self, prefixes: Prefixes, needles: Needles, engine: Literal["re", "re2"]) -> None:
        """Prepare the answer for these rows."""
        self._gates = needles.by_gate
        self._set = None

    def __call__(self, text: str) -> Signs:
        """What ``text`` may hold."""
        octets = text.encode("ascii", "replace")
        classes = octets.translate(_CLASSES)
        shapes = octets.translate(_SHAPES)
        lower = text.lower()
        long_run = _LONG in classes
        signs = Signs(
            any=True,
            classes=classes,
            lower=lower,
            address="://" in text,
            at="@" in text,
            dashes="-----" in text,
            long_run=long_run,
            needles=self._needles(text),
            digits=b"000000000000" in shapes or b"0000 0000" in shapes or b"0000-0000" in shapes or b"0000.0000.0" in shapes,
            ssn=b"000-00-0000" in shapes or b"000.00.0000" in shapes,
            iban=long_run or b"aa00 " in shapes or b"aa00-" in shapes,
            context=b"00000" in shapes or b"0-0" in shapes or b"00 00" in shapes,
            names=any(stem in lower for stem in _STEMS),
            commands=" -" in text and any(flag in text for flag in _COMMANDS),
            escapes="%" in text or "\\" in text or "&" in text,
        )
        return signs

    def _needles(self, text: str) -> frozenset[int]:
        return frozenset(
            index for gate, entries in self._gates if gate in text for literal, index in entries if literal in text
        )


def runs(classes: bytes) -> Iterator[tuple[int, int]]:
    """Every long run of token characters."""
    start = classes.find(_LONG)
    while start >= 0:
        end = classes.find(b" ", start)
        end = len(classes) if end < 0 else end
        yield start, end
        start = classes.find(_LONG, end)
