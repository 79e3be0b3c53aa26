"""``mask``: what comes out, what is said about it, and that nothing that was found is shown."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from delegate.cli import mask as command
from tests.cli.conftest import Desk
from tests.masking.samples import EMAIL, PASSWORD, TOKEN

SECRETS = (TOKEN, PASSWORD, EMAIL)
DOCUMENT = json.dumps(
    {"password": PASSWORD, "mails": [EMAIL, EMAIL], "n": [1, 2.50], "ü": "é"}, ensure_ascii=False
)
LINES = f'{{"a": 1}}\n{{"t": "{TOKEN}"}}\nno json {EMAIL}\n\n[1]'
TEXT = f"first\nmail {EMAIL}\ntoken {TOKEN}\nlast"


@pytest.fixture
def files(desk: Desk) -> Desk:
    desk.write("a.json", DOCUMENT)
    desk.write("a.jsonl", LINES)
    desk.write("a.log", TEXT)
    desk.write("clean.json", '{ "a" : [1.50,\n"x"] }\n')
    return desk


def test_documents(files: Desk) -> None:
    ran = files.run("mask", files.path("a.json"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "password": "[MASKED:password]",
        "mails": ["[MASKED:email]"] * 2,
        "n": [1, 2.5],
        "ü": "é",
    }
    assert "é" in ran.out


def test_what_is_clean_comes_out_as_it_went_in(files: Desk) -> None:
    assert files.run("mask", files.path("clean.json")).out == '{ "a" : [1.50,\n"x"] }\n'
    raw = b"caf\xe9 \xff\n" * 3
    out = files.path("out")
    files.run("mask", files.write("raw.txt", raw), "-o", out)
    assert out.read_bytes() == raw


def test_json_lines(files: Desk) -> None:
    ran = files.run("mask", files.path("a.jsonl"))
    assert ran.out == '{"a": 1}\n{"t": "[MASKED:github-token]"}\nno json [MASKED:email]\n\n[1]'
    ran = files.run("mask", files.path("a.jsonl"), "--check")
    assert (ran.code, ran.out) == (1, "/2/t: github-token\n/3: email\n")


def test_text_and_standard_input(files: Desk) -> None:
    expected = "first\nmail [MASKED:email]\ntoken [MASKED:github-token]\nlast"
    assert files.run("mask", files.path("a.log")).out == expected
    assert files.run("mask", "-", stdin=TEXT.encode()).out == expected
    assert (
        files.run("mask", "-", "--format", "json", stdin=DOCUMENT.encode()).json["password"]
        == "[MASKED:password]"
    )
    wide = "é" * 140_000 + f" {EMAIL}"
    assert files.run("mask", "-", stdin=wide.encode()).out == "é" * 140_000 + " [MASKED:email]"


def test_check_says_where_and_exits_1(files: Desk) -> None:
    ran = files.run("mask", files.path("a.json"), "--check")
    assert (ran.code, ran.out) == (1, "/password: password\n/mails/0: email\n/mails/1: email\n")
    ran = files.run("mask", files.path("clean.json"), "--check")
    assert (ran.code, ran.out) == (0, "nothing found\n")


def test_explain_names_the_rule_and_hides_the_value(files: Desk) -> None:
    ran = files.run(
        "mask", files.write("b.log", f"{EMAIL} {EMAIL}\n{TOKEN}\npassword={PASSWORD}\n"), "--explain"
    )
    assert ran.code == 0
    first, second, third = ran.out.splitlines()
    assert first == "/1: email (2 times), by rule email (it has its form); the value is hidden"
    assert second.startswith("/2: github-token, by rule github-token (")
    assert third.startswith("/3: password, by rule name-password (its key or name says so)")


def test_json_report(files: Desk) -> None:
    ran = files.run("mask", files.path("a.log"), "--json", "-o", files.path("out.log"))
    assert ran.json["format"] == "text"
    assert [finding["pointer"] for finding in ran.json["findings"]] == ["/2", "/3"]
    assert EMAIL not in files.path("out.log").read_text()


def test_nothing_that_was_found_is_shown(files: Desk) -> None:
    for name in ("a.json", "a.jsonl", "a.log"):
        for option in ("--check", "--explain", "--json"):
            ran = files.run("mask", files.path(name), option)
            assert not [secret for secret in SECRETS if secret in ran.out + ran.err]


def test_kinds_can_be_left(files: Desk) -> None:
    ran = files.run("mask", files.path("a.log"), "--off", "email")
    assert EMAIL in ran.out
    assert TOKEN not in ran.out
    assert files.run("mask", files.path("a.log"), "--off", "E Mail").code == 2


def test_the_output_file_is_new_and_private(files: Desk) -> None:
    out = files.path("out.json")
    ran = files.run("mask", files.path("a.json"), "-o", out)
    assert (ran.code, ran.out) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert PASSWORD not in out.read_text()
    again = files.run("mask", files.path("a.json"), "-o", out)
    assert again.code == 2


def test_what_cannot_be_read_is_refused(files: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.run("mask", files.path("missing.json")).code == 2
    for text in ("{", '{"a": 1, "a": 2}', "[" * 100_000):
        ran = files.run("mask", files.write("bad.json", text))
        assert (ran.code, ran.out) == (1, "")
        assert "malformed" in ran.err
    monkeypatch.setattr(command, "MASKING_FILE_MAX_BYTES", 4)
    assert "too_large" in files.run("mask", files.path("a.json")).err


def test_half_a_surrogate_pair_does_not_end_it(files: Desk) -> None:
    path = files.write("s.json", f'{{"a": "\\ud800", "m": "{EMAIL}", "e": "é"}}')
    assert "[MASKED:email]" in files.run("mask", path).out


def test_progress_is_shown_on_a_terminal(files: Desk) -> None:
    master, slave = os.openpty()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "delegate", "mask", str(files.path("a.log")), "--check"],
        {**os.environ, "TERM": "xterm", "PYTHONPATH": str(Path(command.__file__).parents[2])},
        file_actions=[(os.POSIX_SPAWN_DUP2, slave, 2), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status = os.waitpid(pid, 0)
    os.close(slave)
    shown = os.read(master, 65536)
    os.close(master)
    assert os.waitstatus_to_exitcode(status) == 1
    assert b"masking" in shown
