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
_SHORTEST_PAIR: Final = 3
_PAIR: Final = re.compile(
    r"[ =]{0,4}((?P<quote>[\"']?)"
    r"(?P<user>\[MASKED:[^\s\"'\[\]\x00]{1,128}\]|[^\s\"':\x00]{0,128})(?P=quote)?:"
    r"(?P<password>'[^'\n\x00]{0,256}'|\"[^\"\n\x00]{0,256}\"|[^\s\"'\x00]{0,256})(?P=quote)?)"
)
_AFTER_PERCENT: Final = re.compile(r" ?[\"']?[^\s\"'%\x00]{1,64}%([^\s\"'\x00]{1,128})")
_WORD: Final = re.compile(r" ?[\"']?([^\s\"'\x00-]{1}[^\s\"'\x00]{2,127})")
_PAIR_FLAGS: Final = (" -u", " --user", " -a", " --auth", " --proxy-user", " -U")
_PAIR_COMMANDS: Final = ("curl", "http", "wget", "https ")
_SAMBA: Final = ("smbclient", "rpcclient", "smbmap", "net rpc")
_WORD_FLAGS: Final = {
    " -p": (
        *("mysql", "mysqldump", "mysqladmin", "mariadb", "sshpass", "mongo", "psexec", "evil-winrm"),
        *("docker login", "podman login", "buildah login", "registry login", "az login"),
        *("7z ", "useradd", "usermod"),
    ),
    " -P ": ("zip", "mosquitto_"),
    " -k ": ("openssl enc",),
    " -a ": ("redis-cli",),
    " -w ": ("ldapsearch", "ldapmodify", "ldapadd"),
    " --value": ("keyvault secret set", "SecureString"),
    " --body": ("gh secret set",),
}


def passwords_in_commands(text: str) -> Iterator[Hit]:
    """The values of flags that carry passwords for the command before them."""
    for flag in _PAIR_FLAGS:
        for place in _places(text, flag, _PAIR_COMMANDS):
            match = _PAIR.match(text, place)
            if match and len(match[1]) > _SHORTEST_PAIR:
                yield from _pair(match)
    for place in _places(text, " -U", _SAMBA):
        pair = _AFTER_PERCENT.match(text, place)
        if pair:
            yield Hit(*pair.span(1), "password", "command-user-flag", 50)
    for flag, commands in _WORD_FLAGS.items():
        for place in _places(text, flag, commands):
            word = _WORD.match(text, place)
            if word and not is_placeholder(word[1]):
                yield Hit(*word.span(1), "password", "command-flag", 50)


def _pair(match: re.Match[str]) -> Iterator[Hit]:
    """The password of ``user:password``; where there is none, the user may be the key."""
    user, password = match["user"], match["password"].strip("\"'")
    said = password or user
    if is_placeholder(said) or "MASKED" in said:
        return
    start = match.start("password" if password else "quote")
    yield Hit(start, match.end(1), "password", "command-user-flag", 50)


def _places(text: str, flag: str, commands: tuple[str, ...]) -> Iterator[int]:
    """Behind each ``flag`` that one of ``commands`` precedes in the same command."""
    place = text.find(flag)
    while place >= 0:
        floor = max(0, place - _REACH)
        floor = max(floor, text.rfind("\0", floor, place))
        if any(text.rfind(command, floor, place) >= 0 for command in commands):
            yield place + len(flag)
        place = text.find(flag, place + len(flag))
