"""Names beside their values: pairs, ``{name, value}``, flags, and assignments."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.masking.neighbours import Assigned, assignment, flagged, holds_pairs, pair_name, value_name
from tests.masking.samples import Text

TELLING = {"password", "token"}.__contains__


class Twice(tuple[object, ...]):
    __slots__ = ()


@pytest.mark.parametrize(
    ("values", "are"),
    [
        ([], False),
        ([("a", 1)], True),
        ([["a", 1], (b"b", 2)], True),
        ([("a", 1), ["b"]], False),
        ([("a", 1, 2)], False),
        ([(1, "a")], False),
        ([("a", 1), "bc"], False),
        (["ab"], False),
        ([Twice(("a", 1))], False),
        ([(Text("a"), 1)], False),
    ],
    ids=repr,
)
def test_what_holds_pairs_holds_nothing_else(values: list[object], *, are: bool) -> None:
    assert holds_pairs(values) is are


@pytest.mark.parametrize(("first", "name"), [("a", "a"), (b"a", "a"), (b"\xff", "\ufffd"), (7, "7")])
def test_the_name_in_a_pair(first: object, name: str) -> None:
    assert pair_name((first, "value")) == name


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"name": "password", "value": "x"}, "password"),
        ({"Value": "x", "KEY": "password"}, "password"),
        ({"name": 7, "key": "password", "value": "x"}, "password"),
        ({7: "password", "value": "x"}, None),
        ({"value": "x"}, None),
        ({"names": "password", "value": "x"}, None),
        ({Text("name"): "password"}, None),
        ({"name": Text("password")}, None),
    ],
    ids=repr,
)
def test_the_name_of_a_value_is_a_member_beside_it(record: dict[object, object], name: str | None) -> None:
    assert value_name([*record], [*record.values()]) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("password=x", Assigned("password", 9)),
        ("-password=x", Assigned("password", 10)),
        ("--token=\n", Assigned("token", 8)),
        ("---token=x", None),
        ("password=", None),
        ("colour=x", None),
        ("the password=x", None),
        ("password x", None),
    ],
)
def test_an_assignment(text: str, found: Assigned | None) -> None:
    assert assignment(text, TELLING) == found


PASSWORD = "password"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], {}),
        (["--password", "x"], {1: Assigned(PASSWORD, 0)}),
        (["-password", "x", "--token", "y", "z"], {1: Assigned(PASSWORD, 0), 3: Assigned("token", 0)}),
        (["--colour", "x"], {}),
        (["--password"], {}),
        (["--password", "-x"], {}),
        (["--password", 7], {}),
        (["--password", Text("x")], {}),
        ([7, "--password", "x"], {2: Assigned(PASSWORD, 0)}),
        ([Text("sshpass"), "-p", "x"], {}),
        (["a", Text("--password"), "x"], {}),
        (["a", "--password x", "y"], {}),
        (["a", "--password=x", "y"], {1: Assigned(PASSWORD, 11)}),
        (["sshpass", "-p", "x"], {2: Assigned(PASSWORD, 0)}),
        (["sshpass", "-P", "x"], {}),
        (["mysql", "-px", "-p", "y"], {1: Assigned(PASSWORD, 2)}),
        (["mysql", "-Px"], {}),
        (["C/bin/sshpass", "-p", "x"], {2: Assigned(PASSWORD, 0)}),
        (["other", "-p", "x", "-px", "-u", "a:b"], {}),
        (["docker", "-p", "x"], {}),
        (["docker", "login", "-p", "x"], {3: Assigned(PASSWORD, 0)}),
        (["docker", 7, Text("login"), "-p", "x"], {}),
        (["sshpass", "login", "-p", "x"], {3: Assigned(PASSWORD, 0)}),
        (["curl", "-u", "a:b"], {2: Assigned(PASSWORD, 2)}),
        (["curl", "-u", "a:b:c"], {2: Assigned(PASSWORD, 2)}),
        (["curl", "-u", ":b"], {2: Assigned(PASSWORD, 1)}),
        (["curl", "-u", "a:"], {2: Assigned(PASSWORD, 0)}),
        (["curl", "-u", "a"], {}),
        (["curl", "-ua:b"], {1: Assigned(PASSWORD, 4)}),
        (["curl", "-u:b"], {1: Assigned(PASSWORD, 3)}),
        (["curl", "-ua:"], {1: Assigned(PASSWORD, 2)}),
        (["curl", "-u"], {}),
        (["curl", "--user=a:b"], {1: Assigned(PASSWORD, 9)}),
        (["curl", "--user", "a:b"], {2: Assigned(PASSWORD, 2)}),
        (["curl", "--usera:b"], {}),
        (["curl", "--url", "a:b"], {}),
        (["wget", "-u", "a:b", "-ua:b"], {}),
    ],
    ids=repr,
)
def test_flags_and_their_values(values: list[Any], found: dict[int, Assigned]) -> None:
    assert flagged(values, TELLING) == found
