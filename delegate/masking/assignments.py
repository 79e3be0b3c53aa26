"""Key names with their values in running text: ``name = value`` in the many ways people write it.

One grammar serves environment files, YAML, JSON, INI, shell, command lines, SQL, query strings, headers, XML
and source code. A name is a run of word characters that holds one of the prefilter's ``STEMS`` and that
``key_names`` classifies; what follows it decides:

    close       quotes and brackets that end the name; a type between the name and the operator
    operator    = := => -> : ::= ?= += == != , ( { > or blanks, each with its own conditions
    value       quoted to the closing quote, or unquoted to the first delimiter

A value under a ``STRONG`` name is a secret unless it is a placeholder, a reference, or prose; under a
``WEAK`` one if it looks like a secret. The work is bounded: names are read at most ``_REACH`` characters
back, an unquoted value is read once for all names inside it, and a value is judged by its
beginning. No value crosses NUL.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from typing import Final

from delegate.masking.grammar import BARE, JOINED, OPERATOR, QUOTE, SAYS_MORE, VALUE_MAX
from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, classify, ends_in_secret, kind_of
from delegate.masking.secret_shape import (
    is_numbered,
    is_placeholder,
    is_reference,
    looks_random,
    looks_secret,
)
from delegate.masking.values import credentials, value_hit

__all__ = ["assignments"]

_REACH: Final = 64

_NAME: Final = string.ascii_letters + string.digits + "_.-"
_MACHINE_MADE: Final = 20
"""Characters that no word and no number of a record has."""

_NAME_TAIL: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_METHOD: Final = re.compile(r"\.(?:equals|equalsIgnoreCase|compareTo|eql)$")
"""A comparison that is a method of the name before it."""

_WORDS_BEFORE: Final = re.compile(r"[A-Za-z]{2,20}(?: [A-Za-z]{2,20})? $")

_PIECES: Final = 8
"""So many more may follow; without a bound, names inside of them would be read to the end again and again."""

_WORD_AFTER: Final = re.compile(r"[ \t]{1,4}[A-Za-z]{2,}")
_STATEMENT_AFTER: Final = re.compile(r"[ \t]{1,4}[-+*/|&%]?= ")

_MORE_CODE: Final = re.compile(r"[ \t]{1,4}(?:[A-Za-z]{2,}|[+%=][ \t])")
"""What goes on behind a variable: a word, or an operator that joins texts, or assigns."""

_GROUPED: Final = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}(?![A-Za-z0-9])")
"""A password for one application, as mail providers show it."""

_PROSE: Final = re.compile(r"[A-Za-z][A-Za-z']{0,40}[.!?]?")
_PUNCTUATION: Final = ".,:;!?)"

_HEADER: Final = re.compile(r"[^\"'`\r\n\x00\\]{1,8192}")
_SCHEMES: Final = frozenset({"bearer", "basic", "identified by"})
_CREDENTIAL: Final = re.compile(r"[ \t]{1,8}([A-Za-z0-9._~+/=:!@#$%^&*-]{8,8192})")
_IDENTIFIED: Final = re.compile(
    r"[ \t]{1,8}(?:PASSWORD |VALUES )?(?:([\"'])([^\"'\n\x00]{1,256})\1|([^\s;,\"'\x00]{4,128}))"
)
_GRANTS: Final = re.compile(r"(?i)\b(?:create|alter|grant)\b")
_STATEMENT: Final = 256
"""How far before ``identified by`` the word stands that begins its statement."""

_NAMING: Final = re.compile(r"(?i:name|key)=[\"']$")
"""How an attribute begins that gives an element the name of its text: ``<property name="...">``."""

_OPENS: Final = frozenset({"<", ":"})
_DOUBTFUL: Final = frozenset({"comma", "otherwise", "owned"})
"""Operators that often stand behind a name for other reasons: the value must look like a secret."""

_SAYING: Final = frozenset({"is", "blank", "owned"})
_NAMED_SO: Final = frozenset({"attribute", "part"})
"""Operators behind a name that is the ``name`` of something: of a ``<meta>``, of a part of a form."""

_TYPES: Final = ("Key", "Keys", "Token", "Tokens", "Type", "Types")

_SETS: Final = re.compile(r"(?:setenv|setx|set -\w*x) $|\bdefine\( ?[\"']$")
"""How a shell or PHP begins that sets a variable to what stands beside it."""

_QUOTES: Final = frozenset("\"'`")
_DOCUMENTS: Final = frozenset({'"""', "'''"})
_PROMPTING: Final = frozenset(":?")
"""How a text ends that asks for a secret: ``get_password("Password: ")``."""

_COMPARED: Final = re.compile(r"([\"'`])([^\"'`\n\x00]{4,256})\1 ?[!=]={1,2}[ \n]?\Z")


def assignments(text: str, lower: str, stems: Sequence[str]) -> Iterator[Hit]:
    """The values of secret names in ``text``: ``lower`` is it in lower case, ``stems`` those in it."""
    reader = _Reader(text)
    position = 0
    for start, stem in _places(lower, stems):
        if start < position:
            continue
        begin, position = _name(text, start, start + len(stem), position)
        hit = _scheme(text, start, start + len(stem), stem) if stem in _SCHEMES else None
        hit = hit or reader.named(begin, position)
        if hit:
            yield hit
            position = max(position, min(hit.end, position + _REACH))


def _places(lower: str, stems: Sequence[str]) -> list[tuple[int, str]]:
    """Where each stem occurs, in order."""
    places: list[tuple[int, str]] = []
    for stem in stems:
        place = lower.find(stem)
        while place >= 0:
            places.append((place, stem))
            place = lower.find(stem, place + len(stem))
    places.sort()
    return places


def _name(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    """The run of name characters around ``text[start:end]``, at most ``_REACH`` on either side."""
    before = text[max(floor, start - _REACH) : start]
    head = before[len(before.rstrip(_NAME)) :].lstrip("-.")
    tail = _NAME_TAIL.match(text, end)
    after = _METHOD.sub("", tail[0].rstrip("-.")) if tail else ""
    return start - len(head), end + len(after)


def _scheme(text: str, start: int, end: int, stem: str) -> Hit | None:
    """The credentials behind ``Bearer`` or ``Basic``, the password behind ``IDENTIFIED BY``."""
    if text[start - 1 : start].isalnum():
        return None
    if stem == "identified by":
        certain = text[start:end].isupper() or _GRANTS.search(text, max(0, start - _STATEMENT), start)
        match = _IDENTIFIED.match(text, end)
        if match is None:
            return None
        span = match.span(2 if match[2] else 3)
        if not (certain or looks_secret(text[slice(*span)])):
            return None
        return value_hit(text, *span, "password", KeyClass.STRONG)
    match = _CREDENTIAL.match(text, end)
    value = match[1].rstrip(_PUNCTUATION) if match else ""
    if match is None or not looks_secret(value):
        return None
    return Hit(match.start(1), match.start(1) + len(value), "authorization", f"scheme-{stem}", 55)


class _Reader:
    """One text; it remembers where the unquoted value that was read last ends."""

    __slots__ = ("_bare_end", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._bare_end = 0

    def named(self, start: int, end: int) -> Hit | None:
        """The value of the name ``text[start:end]``, which may be the last of two or three words."""
        text = self._text
        name = text[start:end]
        sure = classify(name)
        if sure is not KeyClass.STRONG and text.startswith(" ", start - 1):
            words = _WORDS_BEFORE.search(text[max(0, start - 42) : start])
            if words and ends_in_secret(words[0] + name):
                sure, name = KeyClass.STRONG, words[0] + name
        if sure is KeyClass.NONE or text.endswith("[MASKED:", 0, start) or name.startswith("MASKED-"):
            return None
        return self._value(start, end, name, sure) or self._compared(start, name, sure)

    def _compared(self, end: int, name: str, sure: KeyClass) -> Hit | None:
        """The literal that a name is compared with, if the literal stands first (``"..." == password``)."""
        text = self._text
        if not text[end - 2 : end].rstrip().endswith("="):
            return None
        match = _COMPARED.search(text, max(0, end - 264), end)
        return value_hit(text, *match.span(2), name, sure) if match else None

    def _value(self, start: int, end: int, name: str, sure: KeyClass) -> Hit | None:
        operator = OPERATOR.match(self._text, end)
        if operator is None or self._is_other(operator, start, name):
            return None
        how, before = operator.lastgroup, self._text[start - 1 : start]
        if (how == "blank" and before == "-") or _SETS.search(self._text, max(0, start - 9), start):
            how = "assign"  # --name value, setenv NAME value, define('NAME', 'value')
        quote = QUOTE.match(self._text, operator.end())
        if quote is None:
            return self._unquoted(operator, how, start, name, sure)
        if (how == "blank" and sure is KeyClass.WEAK) or _is_no_value(before, operator[0], quote):
            return None
        hit = self._quoted(quote, name, KeyClass.WEAK if how in _DOUBTFUL else sure)
        return None if hit and self._is_filled_in(hit, how) else hit

    def _unquoted(
        self, operator: re.Match[str], how: str | None, start: int, name: str, sure: KeyClass
    ) -> Hit | None:
        place, before = operator.end(), self._text[start - 1 : start]
        if operator[0] == ":" == before:
            return None  # a:b:secret:c is one name, as in arn:aws:secretsmanager:...:secret:prod/db
        if how in {"tag", "named"}:
            opens = self._opens(start, how)
            return self._element(place, name, sure, worded=before in _OPENS) if opens else None
        if how in _SAYING:
            certain = sure is KeyClass.STRONG or how == "owned"
            return self._said(place, name) if certain else self._followed(place, name)
        if SAYS_MORE.match(self._text, place):
            return None
        if sure is KeyClass.STRONG and kind_of(name) in {"authorization", "cookie"}:
            return self._header(place, name)
        spaced = operator[0][-1:].isspace() and operator.lastgroup != "blank"
        prose = how == "colon" and operator[0][:1] not in {"'", '"'}
        return self._bare(place, name, sure, spaced=spaced, prose=prose)

    def _is_other(self, operator: re.Match[str], start: int, name: str) -> bool:
        """Whether the operator is none for this name, but a call, a function's head, the end of a line."""
        how, said = operator.lastgroup, operator[0]
        if how == "call":  # password.encode("...") encodes; set_password("...") is given one
            return classify(name.rpartition(".")[2]) is KeyClass.NONE
        if how in _NAMED_SO:
            return _NAMING.search(self._text, max(0, start - 12), start) is None
        if how == "colon" and said[:1] in _QUOTES and self._text.endswith("::", 0, start):
            return True  # "AWS::IAM::AccessKey": "..." tells of a type
        return ")" in said and ((how == "colon" and "\n" in said) or "->" in said)

    def _quoted(self, quote: re.Match[str], name: str, sure: KeyClass) -> Hit | None:
        end = self._closing(quote.end(), quote[1])
        if quote[0][0] == "f" and "{" in self._text[quote.end() : end]:
            return None  # a template
        hit = value_hit(self._text, quote.end(), end, name, sure)
        for _ in range(_PIECES):
            more = JOINED.match(self._text, end)
            if hit is None or more is None:
                break
            end = self._closing(more.end(), more[1])
            hit = hit._replace(end=end)
        return hit

    def _is_filled_in(self, hit: Hit, how: str | None) -> bool:
        """Whether a quoted value only says where a secret goes: a prompt, a scheme with a template."""
        text = self._text
        return (how == "call" and text[hit.end - 1] in _PROMPTING) or (
            hit.kind == "authorization" and is_placeholder(text[credentials(text, hit.start) : hit.end])
        )

    def _closing(self, begin: int, mark: str) -> int:
        """Where a quoted value ends: its quote, unescaped; or the line; or what may be read."""
        text = self._text
        limit = min(len(text), begin + VALUE_MAX)
        nul = text.find("\0", begin, limit)
        limit = nul if nul >= 0 else limit
        place = text.find(mark, begin, limit)
        while len(mark) == 1 and place > begin and text[place - 1] == "\\" and text[place - 2] != "\\":
            place = text.find(mark, place + 1, limit)
        if place < 0:
            place = text.find("\n", begin, limit)
        return place if place >= 0 else limit

    def _read(self, place: int) -> str:
        """The unquoted value at ``place``; the same characters end it, wherever in it a name begins."""
        if place >= self._bare_end:
            match = BARE.match(self._text, place)
            if match is None:
                return ""
            self._bare_end = match.end()
        return self._text[place : self._bare_end]

    def _bare(self, place: int, name: str, sure: KeyClass, *, spaced: bool, prose: bool) -> Hit | None:
        """An unquoted value; one that begins a sentence, or is code, is none."""
        value = self._read(place)
        if value.lower() in {"bearer", "token", "basic"} and sure is KeyClass.STRONG:
            return self._header(place, name)
        end = place + len(value)
        if self._is_prose(value, end) if prose and spaced else self._is_code(value, end, spaced=spaced):
            return None
        if kind_of(name) in {"key", "token"} and _is_word(value):
            return None
        grouped = _GROUPED.match(self._text, place) if not prose and kind_of(name) == "password" else None
        end = grouped.end() if grouped else place + len(_unclosed(value))
        return value_hit(self._text, place, end, name, sure, quoted=False)

    def _is_prose(self, value: str, end: int) -> bool:
        """Whether what stands behind a colon and a blank begins a sentence or a statement."""
        if value.isidentifier() and _STATEMENT_AFTER.match(self._text, end):
            return True
        return _PROSE.fullmatch(value) is not None and (
            value[-1] in ".!?" or _WORD_AFTER.match(self._text, end) is not None
        )

    def _is_code(self, value: str, end: int, *, spaced: bool) -> bool:
        """Whether an assigned value is a variable, or an argument: ``f(password=user_password, ...)``."""
        text = self._text
        if spaced:
            return _is_variable(value.rstrip(":"), more=_MORE_CODE.match(text, end) is not None)
        return text[end : end + 1] in {",", ")"} and _is_variable(value, more=False)

    def _said(self, place: int, name: str) -> Hit | None:
        """What a sentence says a secret is (``my password is ...``): only what looks like one."""
        value = self._read(place).rstrip(_PUNCTUATION)
        return (
            None
            if is_reference(value)
            else value_hit(self._text, place, place + len(value), name, KeyClass.WEAK)
        )

    def _followed(self, place: int, name: str) -> Hit | None:
        """What stands behind the bare word ``token``, as on a command line: only what a machine made."""
        value = self._read(place)
        if kind_of(name) != "token" or len(value) < _MACHINE_MADE or not looks_random(value):
            return None
        return value_hit(self._text, place, place + len(value), name, KeyClass.WEAK)

    def _opens(self, start: int, how: str) -> bool:
        """Whether the name is that of an element, or one that an element gives to its text."""
        text = self._text
        before = text[max(0, start - 3) : start]
        if how == "named":
            return before[-1:] == ">"
        if before[-1:] in _OPENS:
            return not before.endswith(("?<", "?P<"))  # (?P<password>...) names a group
        return _NAMING.search(text, max(0, start - 12), start) is not None

    def _element(self, place: int, name: str, sure: KeyClass, *, worded: bool) -> Hit | None:
        """The text of an XML element; a sentence only where the element itself is called a secret."""
        text = self._text
        stop = text.find("<", place, place + VALUE_MAX)
        value = text[place : stop if stop >= 0 else place + VALUE_MAX].partition("\0")[0].removesuffix("]]>")
        if not worded and " " in value.strip():
            return None
        return value_hit(text, place, place + len(value), name, sure)

    def _header(self, place: int, name: str) -> Hit | None:
        """The value of an ``Authorization`` or ``Cookie`` header: the rest of the line but the scheme."""
        cookie = kind_of(name) == "cookie"
        begin = place if cookie else credentials(self._text, place)
        rest = _HEADER.match(self._text, begin)
        value = rest[0].rstrip() if rest else ""
        if cookie and "=" not in value:
            return None
        if not cookie and begin == place:
            value = value.split(" ")[0].rstrip(",;")
            if is_reference(value[:_REACH]) or _is_variable(value.rstrip(")"), more=True):
                return None
        return value_hit(self._text, begin, begin + len(value), name, KeyClass.STRONG)


def _is_word(value: str) -> bool:
    """Whether ``value`` is a word, or a type that is named for what it holds: neither is a key."""
    if value.isalnum() and value.endswith(_TYPES):
        return True
    return value.isalpha() and not looks_random(value)


def _is_no_value(before: str, operator: str, quote: re.Match[str]) -> bool:
    """Whether a quote behind an operator begins no value.

    It may end what began before the name (``the "password:" prompt``), or begin the documentation of a
    function of that name, on the next line.
    """
    return (quote[0] == before and operator[:1] != before) or ("\n" in operator and quote[1] in _DOCUMENTS)


def _unclosed(value: str) -> str:
    """``value`` without what closes around it, as in ``def f(secret=None):`` and ``[&password=x]``."""
    value = value.removesuffix(":") if value.endswith("):") else value
    for opening, closing in ("{}", "[]", "()"):
        if opening not in value:
            value = value.rstrip(closing)
    return value


def _is_variable(value: str, *, more: bool) -> bool:
    """Whether an unquoted value reads as a name in a program: ``password = user_password``."""
    return (
        value.isidentifier()
        and not (looks_random(value) or is_numbered(value))
        and ("_" in value or (value.islower() and more))
    )
