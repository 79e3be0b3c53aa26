"""Key names with their values in running text: ``name = value`` in the many ways people write it.

One grammar serves environment files, YAML, JSON, INI, shell, command lines, SQL, query strings, headers, XML
and source code. A name is a run of word characters that holds one of the prefilter's ``STEMS`` and that ``key_names``
classifies; what follows it decides:

    close       quotes and brackets that end the name; a type between the name and the operator
    operator    = := => -> : ::= ?= += == != , ( > or blanks, each with its own conditions
    value       quoted to the closing quote, or unquoted to the first delimiter

A value under a ``STRONG`` name is a secret unless it is a placeholder, a reference, or prose; under a
``WEAK`` one if it looks like a secret. Work is bounded: names are read at most ``_REACH`` characters back,
values at most ``_VALUE_MAX`` on, and the search goes on behind each name. No value crosses NUL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, classify, kind_of
from delegate.masking.prefilter import STEMS
from delegate.masking.secret_shape import is_placeholder, is_reference, looks_random, looks_secret

__all__ = ["assignments", "value_hit"]

_REACH: Final = 64
_VALUE_MAX: Final = 8192

_NAME_TAIL: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_NAME_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

_OPERATOR: Final = re.compile(
    r"(?P<close>\\{0,4}[\"'`]?[\])]{0,2})"
    r"(?:\[[0-9]{0,6}\])?"
    r"(?: {0,2}: {0,2}(?:str|string|String|&str|&'static str)(?= {0,4}=)| string(?= {0,4}=)|\?(?=:))?"
    r"(?:"
    r"(?P<assign>[ \t]{0,16}(?:={1,3}|!={1,2}|:{1,3}=|[?+.|&]{1,2}=|->|<-)>?[ \t]{0,16}(?:\r?\n[ \t]{1,32})?)"
    r"|(?P<colon>[ \t]{0,16}:[ \t]{0,16}(?:[>|][+-]?)?(?:\r?\n[ \t]{0,32})?)"
    r"|(?P<named>[\"'`]?[ \t]{0,8}[,;]?[ \t]{0,8}(?:\r?\n[ \t]{0,32}-?[ \t]{0,8})?[\"'`]?(?i:value|default|val|secretvalue)[\"'`]?[ \t]{0,8}[:=]{1,2}>?[ \t]{0,8})"
    r"|(?P<comma>[ \t]{0,8},[ \t]{0,8}(?=[\"'`]))"
    r"|(?P<call>\([ \t]{0,8}(?=[\"'`]))"
    r"|(?P<tag>(?:[ \t][A-Za-z:]{1,24}=\"[^\"<>\x00]{0,64}\"){0,3}>[ \t]{0,8}(?:\r?\n[ \t]{0,32})?)"
    r"|(?P<is>[ \t]{1,4}(?:is|was|are)[ \t:]{1,4})"
    r"|(?P<blank>[ \t]{1,8})"
    r")"
)
_BARE: Final = re.compile(r"(?:[^\s\"'`,;<>&\x00\\)]|&(?![A-Za-z0-9_.-]{1,48}=)|\\(?![nrt\"'])|\)(?=[^\s\"'`,;<>&\x00\\).]))" f"{{1,{_VALUE_MAX}}}")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[ \t]{1,4}(?=[^\s\"'`,;\x00]{6})")
_WORDS_AFTER: Final = re.compile(r"[ \t]{1,4}[A-Za-z]{2,}")
_PROSE: Final = re.compile(r"[A-Za-z][A-Za-z']*[.!?]?")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9._~+/=:!@#$%^&*-]{6,8192}")
_HEADER_REST: Final = re.compile(r"[^\"'`\r\n\x00\\]{1,8192}")


def assignments(text: str, lower: str) -> Iterator[Hit]:
    """The values of secret names in ``text``; ``lower`` is the same in lower case."""
    position = 0
    for start, stem in _stems(lower):
        if start < position:
            continue
        begin, position = _name(text, start, start + len(stem), position)
        hit = _scheme(text, start, start + len(stem), stem) if stem in _SCHEMES else None
        hit = hit or _named(text, begin, position)
        if hit:
            yield hit
            position = max(position, min(hit.end, position + _REACH))


def _stems(lower: str) -> list[tuple[int, str]]:
    """Where each stem occurs, in order: one search a stem is faster than one pattern for all."""
    places: list[tuple[int, str]] = []
    for stem in STEMS:
        place = lower.find(stem)
        while place >= 0:
            places.append((place, stem))
            place = lower.find(stem, place + len(stem))
    places.sort()
    return places


def _named(text: str, start: int, end: int) -> Hit | None:
    """The value of the name ``text[start:end]``, which may be the last of two or three words."""
    name = text[start:end]
    sure = classify(name)
    if sure is not KeyClass.STRONG:
        longer = _with_words_before(text, start, end)
        if longer is not None and classify(longer) is KeyClass.STRONG:
            sure, name = KeyClass.STRONG, longer
    if sure is KeyClass.NONE:
        return None
    return _value(text, start, end, name, sure) or _compared(text, start, name, sure)


_COMPARED: Final = re.compile(r"([\"'`])([^\"'`\n\x00]{4,256})\1 ?[!=]={1,2} ?$")


def _compared(text: str, end: int, name: str, sure: KeyClass) -> Hit | None:
    """The literal that a name is compared with, where the literal stands first (``"..." == password``)."""
    floor = max(0, end - 264)
    match = _COMPARED.search(text, floor, end) if text[end - 2 : end].rstrip().endswith("=") else None
    return value_hit(text, *match.span(2), name, sure, quoted=True) if match else None


def _name(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    """The run of name characters around ``text[start:end]``, at most ``_REACH`` on either side."""
    before = text[max(floor, start - _REACH) : start]
    begin = start - (len(before) - len(before.rstrip(_NAME_CHARACTERS)))
    tail = _NAME_TAIL.match(text, end)
    stop = tail.end() if tail else end
    while text[begin:begin + 1] in {"-", "."} and begin < start:
        begin += 1
    while stop > end and text[stop - 1] in ".-":
        stop -= 1
    return begin, stop


_SCHEMES: Final = frozenset({"bearer", "basic", "identified by"})
_BEFORE: Final = re.compile(r"[A-Za-z]{2,20}(?: [A-Za-z]{2,20})? $")


def _with_words_before(text: str, start: int, end: int) -> str | None:
    """The name with one or two words before it (``client secret``, ``AWS secret access key``)."""
    match = _BEFORE.search(text[max(0, start - 42) : start])
    return match[0] + text[start:end] if match else None


def _value(text: str, start: int, end: int, name: str, sure: KeyClass) -> Hit | None:
    operator = _OPERATOR.match(text, end)
    if operator is None:
        return None
    place = operator.end()
    how = operator.lastgroup or ""
    quote = _quote(text, place)
    if quote:
        begin = place + len(quote)
        stop = _closing(text, begin, quote)
        if how in {"comma", "is", "named"} and sure is KeyClass.STRONG and kind_of(name) != "password":
            sure = KeyClass.WEAK if how == "comma" else sure
        if how == "comma" and not looks_secret(text[begin:stop]):
            return None
        if how == "blank" and sure is not KeyClass.STRONG and text[start - 1 : start] != "-":
            return None
        return value_hit(text, begin, stop, name, sure, quoted=True)
    if how == "colon" and operator[0] == ":" and text[start - 1 : start] == ":":
        return None  # arn:aws:secretsmanager:...:secret:prod/db and its like
    if how in {"colon", "assign", "named"}:
        if kind_of(name) in {"authorization", "cookie"} and sure is KeyClass.STRONG:
            return _header(text, place, name)
        return _bare(text, place, name, sure, spaced=operator[0][-1:].isspace(), prose=how == "colon")
    if how == "tag" and text[start - 1 : start] in {"<", ":"}:
        stop = text.find("<", place, place + _VALUE_MAX)
        stop = place + len(text[place : stop if stop >= 0 else place + _VALUE_MAX].partition("\0")[0].rstrip())
        return value_hit(text, place, stop, name, sure, quoted=True)
    if how == "blank" and text[start - 1 : start] in {"-"} and text[end : end + 1] == " ":
        return _bare(text, place, name, sure, spaced=False, prose=False)
    if how in {"is", "blank"} and sure is KeyClass.STRONG:
        match = _BARE.match(text, place)
        if match and looks_random(match[0].rstrip(".,:;!?)")) and not is_reference(match[0]):
            return value_hit(text, place, place + len(match[0].rstrip(".,:;!?)")), name, KeyClass.WEAK, quoted=True)
    return None


def _quote(text: str, place: int) -> str:
    """The quote that opens at ``place``, with what may stand before it: escapes, ``@``, ``b``, ``f``, ``N``."""
    match = _QUOTE.match(text, place)
    return match[0] if match else ""


_QUOTE: Final = re.compile(r"[@bfruLN]?\\{0,4}(?:\"{3}|'{3}|[\"'`])")


def _closing(text: str, begin: int, quote: str) -> int:
    """Where the quoted value ends: its quote, unescaped; or the end of the line, or of what may be read."""
    mark = quote.lstrip("@bfruLN")
    limit = min(len(text), begin + _VALUE_MAX)
    nul = text.find("\0", begin, limit)
    limit = nul if nul >= 0 else limit
    place = text.find(mark, begin, limit)
    while place > begin and len(mark) == 1 and text[place - 1] == "\\" and text[place - 2] != "\\":
        place = text.find(mark, place + 1, limit)
    if place >= 0:
        return place
    line = text.find("\n", begin, limit)
    return line if line >= 0 else limit


def _bare(text: str, place: int, name: str, sure: KeyClass, *, spaced: bool, prose: bool) -> Hit | None:
    """An unquoted value; one that begins a sentence, or is code, is none."""
    match = _BARE.match(text, place)
    if match is None:
        return None
    value = match[0]
    end = match.end()
    if prose and spaced and _PROSE.fullmatch(value) and (value[-1] in ".!?" or _WORDS_AFTER.match(text, end)):
        return None
    if spaced and is_reference(value):
        return None
    if is_reference(value) and "(" in value:
        return None
    if value.endswith("}") and "{" not in value:
        end -= len(value) - len(value.rstrip("}"))
    scheme = _SCHEME.match(text, place) if sure is KeyClass.STRONG else None
    if scheme and value.lower() in {"bearer", "token", "basic"}:
        return _header(text, place, name)
    if spaced and not prose and value.isidentifier() and not looks_random(value) and ("_" in value or value.islower() and _WORDS_AFTER.match(text, end)):
        return None
    return value_hit(text, place, end, name, sure, quoted=False)


def _header(text: str, place: int, name: str) -> Hit | None:
    """The value of an ``Authorization`` or ``Cookie`` header: the rest of the line, without the scheme."""
    scheme = _SCHEME.match(text, place) if kind_of(name) != "cookie" else None
    begin = scheme.end() if scheme else place
    rest = _HEADER_REST.match(text, begin)
    if rest is None:
        return None
    value = rest[0].rstrip()
    if scheme is None and " " in value and kind_of(name) != "cookie":
        value = value.split(" ")[0]
    return value_hit(text, begin, begin + len(value), name, KeyClass.STRONG, quoted=True)


def _scheme(text: str, start: int, end: int, stem: str) -> Hit | None:
    """The credentials behind ``Bearer`` or ``Basic``, the password behind ``IDENTIFIED BY``."""
    if text[start - 1 : start].isalnum():
        return None
    blank = re.compile(r"[ \t]{1,8}(?:PASSWORD |WITH \w{1,32} (?:BY|AS) )?").match(text, end)
    if blank is None:
        return None
    place = blank.end()
    if stem == "identified by":
        quote = _quote(text, place)
        begin = place + len(quote)
        stop = _closing(text, begin, quote) if quote else begin + len(text[begin : begin + 128].split()[0:1] and text[begin : begin + 128].split()[0].rstrip(";,"))
        return value_hit(text, begin, stop, "password", KeyClass.STRONG, quoted=True)
    match = _CREDENTIAL.match(text, place)
    if match is None:
        return None
    value = match[0].rstrip(".,:;!?")
    if len(value) < 16 and not looks_secret(value) or not looks_random(value) and not looks_secret(value):
        return None
    return Hit(place, place + len(value), "authorization", f"scheme-{stem}", 55)


_MARKER: Final = re.compile(r"\[MASKED:[A-Za-z0-9_.-]{1,64}(?::[A-Za-z0-9_.-]{1,64})?\]|MASKED-[A-Za-z0-9_.-]{1,64}")


def value_hit(text: str, start: int, end: int, name: str, sure: KeyClass, *, quoted: bool) -> Hit | None:
    """The hit for ``text[start:end]`` under ``name``; ``None`` where the value is no secret."""
    value = text[start:end]
    stripped = value.strip()
    if not stripped or _MARKER.match(stripped):
        return None
    start += len(value) - len(value.lstrip())
    value = stripped
    if is_placeholder(value) or (not quoted and is_reference(value)):
        return None
    if sure is KeyClass.STRONG:
        shortest = 3 if kind_of(name) == "password" else 4
        if len(value) < shortest or value.lower() == name.lower():
            return None
    elif not looks_secret(value):
        return None
    return Hit(start, start + len(value), kind_of(name), f"name-{kind_of(name)}", 50 if sure is KeyClass.STRONG else 40)
