"""Key names with their values in running text: ``name = value`` in the many ways people write it.

One grammar serves environment files, YAML, JSON, INI, shell, command lines, SQL, query strings, headers, XML
and source code. A name is a run of word characters that holds one of the prefilter's ``STEMS`` and that
``key_names`` classifies; what follows it decides:

    close       quotes and brackets that end the name; a type between the name and the operator
    operator    = := => -> : ::= ?= += == != , ( > or blanks, each with its own conditions
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

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, classify, kind_of
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
_VALUE_MAX: Final = 8192

_NAME: Final = string.ascii_letters + string.digits + "_.-"
_MACHINE_MADE: Final = 20
"""Characters that no word and no number of a record has."""

_NAME_TAIL: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_METHOD: Final = re.compile(r"\.(?:equals|equalsIgnoreCase|compareTo|eql)$")
"""A comparison that is a method of the name before it."""

_WORDS_BEFORE: Final = re.compile(r"[A-Za-z]{2,20}(?: [A-Za-z]{2,20})? $")

_OPERATOR: Final = re.compile(
    r"\\{0,4}[\"'`]?[\])]{0,2}(?:\[[0-9]{0,6}\])?"
    r"(?: {0,2}: {0,2}(?:str|string|String|&str|&'static str)(?= {0,4}=)| string(?= {0,4}=)|\?(?=:))?"
    r"(?:"
    r"(?P<assign>[ \t]{0,16}(?:={1,3}|!={1,2}|:{1,3}=|[?+.|&]{1,2}=|->|<-)>?[ \t]{0,16}(?:\r?\n[ \t]{1,32})?)"
    r"|(?P<colon>[ \t]{0,16}:(?::(?=[ \t]))?[ \t]{0,16}(?:[>|][+-]?)?(?:\r?\n[ \t]{0,32})?)"
    r"|(?P<beside>[\"'`]?[ \t]{0,8}[,;{]?[ \t]{0,8}(?:\r?\n[ \t]{0,32}-?[ \t]{0,8})?"
    r"(?:(?:type|description|sensitive|nullable)[ \t]{0,16}=[^\n\x00]{0,120}\n[ \t]{0,16}){0,4}"
    r"[\"'`]?(?i:value|default|val|secretvalue)[\"'`]?[ \t]{0,8}[:=]{1,2}>?[ \t]{0,8})"
    r"|(?P<comma>[ \t]{0,8},[ \t]{0,8}(?=[\"'`]))"
    r"|(?P<otherwise>[ \t]{0,4}(?:\|\||\?\?)[ \t]{0,4}(?=[\"'`]))"
    r"|(?P<call>(?:\.(?:equals|equalsIgnoreCase|compareTo|eql))?\([ \t]{0,8}(?=[\"'`]))"
    r"|(?P<tag>(?:[ \t][A-Za-z:]{1,24}=\"[^\"<>\x00]{0,64}\"){0,3}>[ \t]{0,8}(?:\r?\n[ \t]{0,32})?"
    r"(?:<value>|<string>|<!\[CDATA\[)?)"
    r"|(?P<named></(?:key|name)>[ \t]{0,8}(?:\r?\n[ \t]{0,32})?<[A-Za-z]{1,16}>)"
    r"|(?P<is>[ \t]{1,4}(?:is|was|are)[ \t:]{1,4})"
    r"|(?P<blank>[ \t]{1,8}(?:[0-9] )?)"
    r")"
)
_QUOTE: Final = re.compile(r"[@bfruLN]?(\\{0,4}(?:\"{3}|'{3}|[\"'`]))")
_BARE: Final = re.compile(
    r"(?:[^\s\"'`,;<>&\x00\\)]|&(?![A-Za-z0-9_.-]{1,48}=)|\\(?![nrt\"'])|\)(?=[^\s\"'`,;<>&\x00\\).]))"
    f"{{1,{_VALUE_MAX}}}"
)
_WORD_AFTER: Final = re.compile(r"[ \t]{1,4}[A-Za-z]{2,}")
_MORE_CODE: Final = re.compile(r"[ \t]{1,4}(?:[A-Za-z]{2,}|[+%][ \t])")
"""What goes on behind a variable: a word, or an operator that joins texts."""

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
_DOUBTFUL: Final = frozenset({"comma", "otherwise"})
"""Operators that often stand behind a name for other reasons: the value must look like a secret."""

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
            if words and classify(words[0] + name) is KeyClass.STRONG:
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

    def _value(  # noqa: PLR0911 - a row of the grammar each
        self, start: int, end: int, name: str, sure: KeyClass
    ) -> Hit | None:
        operator = _OPERATOR.match(self._text, end)
        if operator is None:
            return None
        how, place = operator.lastgroup, operator.end()
        before = self._text[start - 1 : start]
        if how == "blank" and before == "-":
            how = "assign"  # --name value
        quote = _QUOTE.match(self._text, place)
        if quote:
            if how == "blank" and sure is KeyClass.WEAK:
                return None
            hit = self._quoted(quote, name, KeyClass.WEAK if how in _DOUBTFUL else sure)
            return None if hit and self._is_filled_in(hit, how) else hit
        if operator[0] == ":" == before:
            return None  # a:b:secret:c is one name, as in arn:aws:secretsmanager:...:secret:prod/db
        if how in {"tag", "named"}:
            return (
                self._element(place, name, sure, worded=before in _OPENS) if self._opens(start, how) else None
            )
        if how in {"is", "blank"}:
            return self._said(place, name) if sure is KeyClass.STRONG else self._followed(place, name)
        if sure is KeyClass.STRONG and kind_of(name) in {"authorization", "cookie"}:
            return self._header(place, name)
        spaced = operator[0][-1:].isspace() and operator.lastgroup != "blank"
        return self._bare(place, name, sure, spaced=spaced, prose=how == "colon")

    def _quoted(self, quote: re.Match[str], name: str, sure: KeyClass) -> Hit | None:
        return value_hit(self._text, quote.end(), self._closing(quote.end(), quote[1]), name, sure)

    def _is_filled_in(self, hit: Hit, how: str | None) -> bool:
        """Whether a quoted value only says where a secret goes: a prompt, a scheme with a template."""
        text = self._text
        return (how == "call" and text[hit.end - 1] in _PROMPTING) or (
            hit.kind == "authorization" and is_placeholder(text[credentials(text, hit.start) : hit.end])
        )

    def _closing(self, begin: int, mark: str) -> int:
        """Where a quoted value ends: its quote, unescaped; or the line; or what may be read."""
        text = self._text
        limit = min(len(text), begin + _VALUE_MAX)
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
            match = _BARE.match(self._text, place)
            if match is None:
                return ""
            self._bare_end = match.end()
        return self._text[place : self._bare_end]

    def _bare(self, place: int, name: str, sure: KeyClass, *, spaced: bool, prose: bool) -> Hit | None:
        """An unquoted value; one that begins a sentence, or is code, is none."""
        text, value = self._text, self._read(place)
        end = place + len(value)
        if value.lower() in {"bearer", "token", "basic"} and sure is KeyClass.STRONG:
            return self._header(place, name)
        if (
            prose
            and spaced
            and _PROSE.fullmatch(value)
            and (value[-1] in ".!?" or _WORD_AFTER.match(text, end))
        ):
            return None
        if spaced and not prose and _is_variable(value, more=_MORE_CODE.match(text, end) is not None):
            return None
        if not spaced and text[end : end + 1] in {",", ")"} and _is_variable(value, more=False):
            return None  # an argument: f(password=user_password, ...)
        end = place + len(_unclosed(value))
        return value_hit(text, place, end, name, sure, quoted=False)

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
        before = text[start - 1 : start]
        if how == "named":
            return before == ">"
        return before in _OPENS or _NAMING.search(text, max(0, start - 12), start) is not None

    def _element(self, place: int, name: str, sure: KeyClass, *, worded: bool) -> Hit | None:
        """The text of an XML element; a sentence only where the element itself is called a secret."""
        text = self._text
        stop = text.find("<", place, place + _VALUE_MAX)
        value = text[place : stop if stop >= 0 else place + _VALUE_MAX].partition("\0")[0].removesuffix("]]>")
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
            value = value.split(" ")[0]
            if is_reference(value[:_REACH]):
                return None
        return value_hit(self._text, begin, begin + len(value), name, KeyClass.STRONG)


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
