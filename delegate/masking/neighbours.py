"""Names that stand beside their value, where no key does: pairs, ``{name, value}``, command lines.

    [["Authorization", "Bearer ..."], ...]        a list of pairs
    {"name": "Authorization", "value": "..."}      a name and a value as members of their own
    ["mysql", "--password", "..."]                 a flag and its value
    ["DB_PASSWORD=...", "--token=..."]             a name and its value in one text

Each function answers for one container which of its members is the value under which name. The rule that
makes a list of plain words safe: a pair counts only in a list that holds nothing else, a flag only when it
begins with a dash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

__all__ = [
    "KEY_PARTS",
    "KEY_TYPE",
    "VALUE_NAMES",
    "Assigned",
    "assignment",
    "flagged",
    "holds_pairs",
    "pair_name",
    "value_name",
]

KEY_TYPE: Final = "kty"
"""The member of a JSON Web Key by which it is known (RFC 7517 section 4.1)."""

KEY_PARTS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
"""Its members that are private or symmetric (RFC 7518 sections 6.2.2, 6.3.2 and 6.4)."""

VALUE_NAMES: Final = frozenset({"value", "values", "val", "v"})
"""Keys, in lower case, that say: this is the value, its name is a member beside it."""

_NAME_NAMES: Final = frozenset(
    {"name", "key", "header", "field", "variable", "param", "parameter", "property", "attribute", "id", "k"}
)
_ASSIGNMENT: Final = re.compile(r"-{0,2}([A-Za-z_][A-Za-z0-9_.-]{0,127})=(?=.)", re.DOTALL)
_FLAG: Final = re.compile(r"--?([A-Za-z][A-Za-z0-9_.-]{0,127})")
_PAIR: Final = 2

_LOGINS: Final = frozenset({"docker", "podman"})
"""Programs of which only ``login`` takes a password; elsewhere their ``-p`` is a port."""

_SHORT_FLAGS: Final = {
    "sshpass": frozenset({"-p"}),
    "redis-cli": frozenset({"-a", "--pass"}),
    "docker login": frozenset({"-p"}),
    "podman login": frozenset({"-p"}),
    "mongosh": frozenset({"-p"}),
}
_USER_FLAGS: Final = {
    "curl": frozenset({"-u", "--user", "-U", "--proxy-user"}),
    "wget": frozenset({"--user"}),
}
_ATTACHED: Final = {
    "mysql": "-p",
    "mysqldump": "-p",
    "mysqladmin": "-p",
    "mariadb": "-p",
    "sshpass": "-p",
}
"""Programs and the flag to which their password is written without a space."""

_PASSWORD: Final = "password"


class Assigned(NamedTuple):
    """A value that begins at ``offset`` of a text and stands under ``name``."""

    name: str
    offset: int


def holds_pairs(values: Sequence[object]) -> bool:
    """Whether every member is a list or tuple of two, the first of which is a text."""
    return bool(values) and all(
        type(value) in (list, tuple)
        and len(value) == _PAIR  # type: ignore[arg-type]  # a list or tuple
        and type(value[0]) in (str, bytes)  # type: ignore[index]  # the same
        for value in values
    )


def pair_name(values: Sequence[object]) -> str:
    """The name in a pair."""
    name = values[0]
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def value_name(names: Sequence[object], values: Sequence[object]) -> str | None:
    """The name that a ``{name, value}`` object gives to its value; ``None`` where it is none."""
    for name, value in zip(names, values, strict=True):
        if type(name) is str and type(value) is str and name.lower() in _NAME_NAMES:
            return value
    return None


def assignment(text: str, names: Callable[[str], object]) -> Assigned | None:
    """``NAME=value`` or ``--name=value``, where ``names`` says that the name means something."""
    match = _ASSIGNMENT.match(text)
    return Assigned(match[1], match.end()) if match and names(match[1]) else None


def flagged(values: Sequence[object], names: Callable[[str], object]) -> dict[int, Assigned]:
    """Which members of a command line are the value of a flag that means something, by index."""
    found: dict[int, Assigned] = {}
    program = _program(values)
    for index, text in enumerate(values):
        if type(text) is not str:
            continue
        here = assignment(text, names) or _attached(program, text)
        if here is not None:
            found[index] = here
        flag = _FLAG.fullmatch(text)
        if flag is None or index + 1 == len(values):
            continue
        after = values[index + 1]
        if type(after) is str and not after.startswith("-"):
            below = _separate(program, flag, after, names)
            if below is not None:
                found[index + 1] = below
    return found


def _program(values: Sequence[object]) -> str:
    """What a command line runs."""
    name = values[0].rpartition("/")[2] if values and type(values[0]) is str else ""
    logs_in = name in _LOGINS and any(type(each) is str and each == "login" for each in values)
    return f"{name} login" if logs_in else name


def _attached(program: str, text: str) -> Assigned | None:
    """A password that is written against its flag."""
    flag = _ATTACHED.get(program)
    if flag is not None and text.startswith(flag) and len(text) > len(flag):
        return Assigned(_PASSWORD, len(flag))
    for flag in _USER_FLAGS.get(program, ()):
        written = f"{flag}=" if flag.startswith("--") else flag
        if text.startswith(written):
            return _after_user(text, len(written))
    return None


def _separate(
    program: str, flag: re.Match[str], value: str, names: Callable[[str], object]
) -> Assigned | None:
    if flag[0] in _SHORT_FLAGS.get(program, ()):
        return Assigned(_PASSWORD, 0)
    if flag[0] in _USER_FLAGS.get(program, ()):
        return _after_user(value, 0)
    return Assigned(flag[1], 0) if names(flag[1]) else None


def _after_user(text: str, start: int) -> Assigned | None:
    """The password of ``user:password``; where there is none, the user may be the key."""
    colon = text.find(":", start)
    if colon < 0:
        return None
    return Assigned(_PASSWORD, start if colon + 1 == len(text) else colon + 1)
