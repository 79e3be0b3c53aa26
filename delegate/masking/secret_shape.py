"""Whether a value looks like a secret that a machine made, a stand-in for one, or something else.

This is the only place where randomness is judged, and it is asked only where a key name or an assignment
gives the reason (``entropy=True`` of the scanner asks it elsewhere too). The rules are about shape, not about
a number: what random text has and names, words, paths, versions and sentences lack is letters and digits
mixed at every step, and runs of letters that nobody could say.
"""

# ruff: noqa: PLR2004 - each number is a threshold of one rule, named by the rule's own function

from __future__ import annotations

import re
from operator import add
from typing import Final

__all__ = [
    "is_numbered",
    "is_path",
    "is_placeholder",
    "is_reference",
    "looks_like_password",
    "looks_random",
    "looks_secret",
]

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_HEX: Final = re.compile(r"(?:0x)?[0-9A-Fa-f]{16,}")
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_VOWELS: Final = frozenset("aeiouyAEIOUY")
_RARE_TEXT = """
    aaehjoqxz bbdfghjkmnpqvwxz cbdfgjmnpqvwxz dbcfghjkmpqvwxz ejkz fbcdghjkmnpqvwxz gbcdfjkpqtvwxyz
    hbcdfghjkmnpqsvwxz ihijquwy jabcdfghijklmnpqrstvwxyz kabcdfghjkmnopqrtuvwxyz lbfghjkmnqrwxz
    mcdfghjknqrtvwxyz nbjmqrwxz oehjqyz pbcdfgjkmnqvwxz qabcdefghijklmnopqrstvwxyz rbhjqxz sbdgjqrvxz
    tbgjknqvxz uhjkquvwxyz vbcdfghjklmnpqrstuvwxyz wbcdfgjklmpqtuvwxyz xabdfghjklmnoqrsuvwxyz
    yabcdfghjkloqruvwxyz zbcdfghjklmnpqrstuvwxyz
"""
_RARE_PAIRS: Final = frozenset(entry[0] + second for entry in _RARE_TEXT.split() for second in entry[1:])
"""Pairs of letters that fewer than ten of the 5,700 commonest words of Python's own source code hold."""

_SEQUENCES: Final = ("abcdefghijklm", "0123456789abcdefghij", "01234567890123456789")
_PATH_TEXT: Final = r"[A-Za-z]:\\.*|~?(?:/[\w.@%+ -]{1,64}){2,32}/?"
_PATH: Final = re.compile(_PATH_TEXT)
_NOT_A_SECRET: Final = re.compile(
    r"[a-z][a-z0-9+.-]{1,16}://[^\s@]*"  # an address without userinfo
    rf"|{_PATH_TEXT}|\.{{1,2}}/.*"
    r"|\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]*)?"  # a date
    r"|v?\d{1,4}(?:[.-]\d{1,6}){1,4}(?:[-+.][A-Za-z0-9.-]*)?"  # a version
    r"|[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}"  # an e-mail address has a detector of its own
    r"|(?:[A-Za-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?::\d{1,5})?"  # a host
    r"|arn:[\w:/*.-]*"
)

_PLACEHOLDER: Final = re.compile(
    r"[\s*xX•.\-_#?=/\\|,:;~^'\"]*"  # stars, crosses, dots
    r"|(?i:null|none|nil|undefined|true|false|yes|no|on|off|empty|n/?a|tbd|todo|unset|default|redacted|masked|hidden"
    r"|removed|secret|secrets|password|passwd|pass|pwd|token|key|string|text|str|bytes|float|number|integer|boolean|bool|object"
    r"|array|required|optional|example|sample|dummy|placeholder|changeit|value|bearer|basic|apikey|test|private)"
    r"|\$\{.*\}|\$\(.*\)|\$\{\{.*\}\}|\{\{.*\}\}|\{[^{}\s]*\}|<[^<>]*>(?:[:/]<[^<>]*>){0,4}|\[[A-Za-z_ .-]*\]"
    r"|%{1,2}[^%\s]+%{1,2}|@[A-Za-z_]+@|__[A-Z_]+__"
    r"|\$\$?[A-Za-z_][\w.]*|\$\d|%[-+# ]?[a-zA-Z]|%\([a-z_]+\)s|#\{.*\}|&[a-z]+;|:[a-z_]+"
    r"|(?i:<?(?:your|my|the|insert|enter|add|put|replace|change)[-_ ][\w -]*>?)"
    r"|(?i:[\w-]*[-_](?:here|placeholder|goes_here))"
    r"|[A-Za-z_-]{1,24}(?:\.{3}|([A-Za-z0*])\1{7,})"  # sk-..., ghp_xxxxxxxxx
    ,
    re.DOTALL,
)  # fmt: skip
_FIELD: Final = re.compile(r"\{[A-Za-z_]+(?:[._][A-Za-z_]+)+(?:![rsa])?(?::[^{}]{0,16})?\}")
"""What a template fills in, by several words: ``{self.key_id}``."""

_LONGEST_WORD: Final = 11
"""Letters of the longest of these words."""

_MARKERS: Final = re.compile(r"\[MASKED:[^\[\]\s]{1,256}\]|MASKED-[a-z0-9._-]{1,64}")
_REFERENCE: Final = re.compile(
    r"[A-Za-z_$@][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*|\[[^\]]{0,80}\]){1,8}\(?.*"  # a.b.c, a[b], a::b
    r"|[A-Za-z_$][\w$.:]*[(\[].*"  # a call, a type with its arguments
    r"|(?:new|await|async|function|lambda|return|if|not|typeof|this|self|str|int|process|import|require|env)"
    r"|[\[{(].*",
    re.DOTALL,
)


_PLAINLY_CODE: Final = re.compile(r"(?:self|this|cls)\.[A-Za-z_].*|[a-z_][a-z_.]*\(.*", re.DOTALL)
"""An attribute of the object itself, or a call of a name in small letters: code whatever the names are."""

_NUMBERED: Final = re.compile(r"[A-Za-z]{3,40}[0-9]{2,8}[._][A-Za-z0-9]{0,2}")
"""A word, its number, a mark, and hardly more: no attribute and no variable is called that."""


def is_placeholder(value: str) -> bool:
    """Whether ``value`` stands where a secret would: a template, a variable, stars, a marker."""
    if len(value) > _LONGEST_WORD and value.isalnum():
        return _one_character(value)  # every other stand-in is a word, or has a sign in it
    if "MASKED" in value and not _MARKERS.sub("", value).strip():
        return True
    return (_PLACEHOLDER.fullmatch(value) is not None and not _braced(value)) or _one_character(value)


def _braced(value: str) -> bool:
    """Whether the braces hold a value instead of naming a variable."""
    return value[:1] == "{" and looks_random(value) and _FIELD.fullmatch(value) is None


def is_reference(value: str) -> bool:
    """Whether an unquoted ``value`` is code that fetches a secret, not the secret."""
    if _REFERENCE.fullmatch(value) is None or is_numbered(value):
        return False
    return not looks_random(value) or _PLAINLY_CODE.fullmatch(value) is not None


def is_path(value: str) -> bool:
    """Whether an unquoted ``value`` is the absolute path of a file, in which the secret may be."""
    return _PATH.fullmatch(value) is not None and not looks_random(value)


def is_numbered(value: str) -> bool:
    """Whether ``value`` reads like ``river2024.x``: chosen by a person, though it has the form of code."""
    return _NUMBERED.fullmatch(value) is not None


def _one_character(value: str) -> bool:
    return len(set(value.lower())) < 3 and not value.isdigit()


def looks_secret(value: str) -> bool:
    """Whether ``value``, under an ambiguous name, is a secret: long enough, and of no other form."""
    if not 8 <= len(value) <= 4096 or not value.isprintable() or " " in value.strip():
        return False
    if is_placeholder(value) or _NOT_A_SECRET.fullmatch(value):
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value):
        return True
    if value.isdigit():
        return len(value) >= 14
    return looks_random(value)


def looks_like_password(value: str) -> bool:
    """Whether a person could have chosen ``value``: six characters or more, letters among others."""
    return (
        6 <= len(value) <= 128
        and value.isprintable()
        and not value.isalpha()
        and any(character.isalpha() for character in value)
        and any(not character.isalpha() and character not in "-_. " for character in value)
        and not is_placeholder(value)
        and _NOT_A_SECRET.fullmatch(value) is None
    )


def looks_random(value: str) -> bool:
    """Whether the letters and digits of ``value`` are mixed as no name, word or version mixes them."""
    lower = value.lower()
    if len(set(value)) < 5 or any(map(lower.__contains__, _SEQUENCES)):
        return False
    parts = _PARTS.findall(value)
    lengths = [*map(len, parts)]
    total = sum(lengths)
    if total < 6:
        return False
    if len(parts) == 1:
        return total >= 12 and not value.isdigit() and not _sayable(value)
    spoken = 0 if max(lengths) < 3 else sum([len(part) for part in parts if _sayable(part)])
    numbers = sum([len(part) for part in parts if part.isdigit()])
    if spoken >= 0.8 * (total - numbers):
        spoken += min(numbers, 4)  # words with a number: release2024
    return numbers < total and spoken < 0.6 * total and (len(parts) > 3 or len(value) >= 12)


def _sayable(part: str) -> bool:
    """Whether a run of letters could be a word: three or more, with a vowel, and hardly a rare pair."""
    if len(part) < 3 or len(part) > 20 or _VOWELS.isdisjoint(part):
        return False
    lower = part.lower()
    rare = sum(map(_RARE_PAIRS.__contains__, map(add, lower, lower[1:])))
    return rare * 5 <= len(part)
