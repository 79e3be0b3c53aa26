"""Passwords on command lines: ``curl -u user:password``, ``mysql -ppassword``, ``sshpass -p password``.

A flag means nothing without its command, so each is looked for from the flag back, on the same line, a
bounded way. Long flags that name what they carry (``--password x``) are ``assignments.py``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.secret_shape import is_placeholder

__all__ = ["passwords_in_commands"]

_REACH: Final = 512
_PAIR: Final = re.compile(r"[ =]{0,4}((?P<quote>[\"']?)[^\s\"':\x00]{0,128}(?P=quote)?:(?:'[^'\n\x00]{0,256}'|\"[^\"\n\x00]{0,256}\"|[^\s\"'\x00]{0,256})(?P=quote)?)")
_WORD: Final = re.compile(r" ?[\"']?([^\s\"'\x00-]{1}[^\s\"'\x00]{2,127})")
_PAIR_FLAGS: Final = (" -u", " --user", " -a", " --auth", " --proxy-user", " -U")
_PAIR_COMMANDS: Final = ("curl", "http", "wget", "https ")
_WORD_FLAGS: Final = {
    " -p": ("mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "mongo", "docker login", "psexec"),
    " -a ": ("redis-cli",),
    " -w ": ("ldapsearch", "ldapmodify", "ldapadd"),
}


def passwords_in_commands(text: str) -> Iterator[Hit]:
    """The values of flags that carry passwords for the command before them."""
    for flag in _PAIR_FLAGS:
        for place in _places(text, flag, _PAIR_COMMANDS):
            match = _PAIR.match(text, place)
            if match and len(match[1]) > 3:
                yield from _pair(text, match)
    for flag, commands in _WORD_FLAGS.items():
        for place in _places(text, flag, commands):
            word = _WORD.match(text, place)
            if word and not is_placeholder(word[1]):
                yield Hit(*word.span(1), "password", "command-flag", 50)


def _pair(text: str, match: re.Match[str]) -> Iterator[Hit]:
    user, _, password = match[1].strip("\"'").partition(":")
    if is_placeholder(password.strip("\"'")) and password.strip("\"'"):
        return
    if not password and not user:
        return
    start, end = match.span(1)
    if password.strip("\"'"):
        start += match[1].index(":") + 1
    yield Hit(start, end, "password", "command-user-flag", 50)


def _places(text: str, flag: str, commands: tuple[str, ...]) -> Iterator[int]:
    """Behind each ``flag`` that one of ``commands`` precedes in the same command."""
    place = text.find(flag)
    while place >= 0:
        floor = max(0, place - _REACH, text.rfind("\0", 0, place) + 1)
        if any(text.rfind(command, floor, place) >= 0 for command in commands):
            yield place + len(flag)
        place = text.find(flag, place + len(flag))
