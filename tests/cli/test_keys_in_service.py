"""Keys that come and go by command: rotation, retirement, repudiation, and the page that explains them."""

from __future__ import annotations

import logging
import re
import shlex
import signal
import threading
from typing import Any

import pytest

from delegate.cli.trust import add
from delegate.clock import Clock, read
from delegate.keys import KeyRecord, SigningKey, TrustStore, Usage
from delegate.limits import KEY_OVERLAP_DEFAULT
from tests.cli.conftest import HOLDER, ISSUER, WORKER, Desk, Ran
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "keys-in-service.md").read_text(encoding="utf-8")


def rotate(desk: Desk, *words: object, old: object = "issuer.pem") -> Ran:
    known = desk.path(old) if old == "issuer.pem" else old
    return desk.run(
        "key", "rotate", desk.path("next.pem"), "--old", known, "--trust", desk.path("trust.json"), *words
    )


def trust(desk: Desk, verb: str, *words: object) -> Ran:
    return desk.run("trust", verb, desk.path("trust.json"), *words)


def records(desk: Desk) -> list[KeyRecord]:
    (issuer,) = TrustStore.load(desk.path("trust.json")).snapshot
    return [*issuer.keys]


def code_of(ran: Ran) -> str:
    match = re.match(r"delegate: (\w+): ", ran.err)
    assert match, ran.err
    return match[1]


# --- rotation --------------------------------------------------------------------------------------


def test_a_rotation_trusts_the_new_key_beside_the_old_one(desk: Desk) -> None:
    before = read(Clock())
    ran = rotate(desk, "--json")
    assert (ran.code, ran.err) == (0, "")
    old, new = records(desk)
    key = SigningKey.load(desk.path("next.pem"))
    assert (old.key, old.status) == (ISSUER.public_key, "retired")
    assert (new.key, new.usages, new.status) == (key.public_key, old.usages, "active")
    assert before <= new.not_before <= read(Clock())
    assert old.retired_at == new.not_before + KEY_OVERLAP_DEFAULT
    assert (ran.json["key_id"], ran.json["old_key_id"]) == (key.key_id, ISSUER.key_id)
    assert (ran.json["not_before"], ran.json["old_retired_at"]) == (new.not_before, old.retired_at)
    assert desk.path("next.pem").stat().st_mode & 0o777 == 0o600
    for secret in key.__known_secrets__():
        assert secret.decode("latin-1") not in ran.out


def test_a_rotation_keeps_the_bounds_of_the_record(desk: Desk) -> None:
    words = ("--issuer", "acme", "--key", WORKER.public_key.text, "--usage", "request", "--agent", "cron")
    assert trust(desk, "add", *words).code == 0
    assert rotate(desk, "--retire-at", "+10m", "--alg", "p256", old=WORKER.key_id).code == 0
    issuing, old, new = records(desk)
    assert issuing.status == "active"
    assert (new.agent, new.usages, new.not_after) == ("cron", frozenset({Usage.REQUEST}), old.not_after)
    assert new.key.alg == "p256"
    assert old.retired_at == new.not_before + 600


@pytest.mark.parametrize(
    ("words", "old", "code", "exit_code"),
    [
        (("--retire-at", "1000000000"), "issuer.pem", "configuration", 2),
        ((), HOLDER.key_id, "key_unknown", 1),
        ((), HOLDER.public_key.text, "key_unknown", 1),
        ((), "nowhere.pem", "configuration", 2),
        (("--trust", "nowhere/trust.json"), "issuer.pem", "configuration", 2),
    ],
)
def test_a_rotation_that_is_refused_changes_nothing(
    desk: Desk, words: tuple[str, ...], old: str, code: str, exit_code: int
) -> None:
    before = desk.path("trust.json").read_bytes()
    ran = rotate(desk, *words, old=old)
    assert (ran.code, ran.out, code_of(ran)) == (exit_code, "", code)
    assert desk.path("trust.json").read_bytes() == before
    assert not desk.path("next.pem").exists()
    assert rotate(desk).code == 0


def test_a_rotation_overwrites_no_key_and_a_retired_key_has_no_second_successor(desk: Desk) -> None:
    assert rotate(desk).code == 0
    key, file = desk.path("next.pem").read_bytes(), desk.path("trust.json").read_bytes()
    again = rotate(desk, old=SigningKey.load(desk.path("next.pem")).key_id)
    assert (again.code, code_of(again)) == (2, "configuration")
    desk.path("next.pem").rename(desk.path("kept.pem"))
    third = rotate(desk)
    assert (third.code, code_of(third)) == (2, "configuration")
    assert "retired already" in third.err
    assert not desk.path("next.pem").exists()
    assert desk.path("trust.json").read_bytes() == file
    assert desk.path("kept.pem").read_bytes() == key


def test_a_trust_file_that_cannot_be_written_leaves_no_key_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = desk.path("trust.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("delegate.keys.records_file.replace_file", full)
        ran = rotate(desk)
    assert (ran.code, code_of(ran)) == (2, "configuration")
    assert not desk.path("next.pem").exists()
    assert desk.path("trust.json").read_bytes() == before
    assert rotate(desk).code == 0


def test_two_commands_at_once_both_count(desk: Desk) -> None:
    keys = [SigningKey.generate().public_key for _ in range(8)]
    path = desk.path("trust.json")

    threads = [
        threading.Thread(target=add, args=(path,), kwargs={"issuer": "acme", "key": key.text}) for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {record.key for record in records(desk)} == {ISSUER.public_key, *keys}


# --- retirement ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "text", "file"])
def test_a_key_is_retired_by_any_of_its_names(desk: Desk, form: str) -> None:
    name = {"id": ISSUER.key_id, "text": ISSUER.public_key.text, "file": desk.path("issuer.pem")}[form]
    before = read(Clock())
    ran = trust(desk, "retire", name, "--json")
    assert (ran.code, ran.err) == (0, "")
    (record,) = records(desk)
    assert record.retired_at is not None
    assert before <= record.retired_at <= read(Clock())
    assert ran.json == {
        "key_id": ISSUER.key_id,
        "changed": True,
        "issuers": [
            {
                "issuer": "acme",
                "status": "retired",
                "retired_at": record.retired_at,
                "tokens_until": record.retired_at + 3600,
            }
        ],
    }


def test_a_retirement_moves_to_an_earlier_instant_and_never_to_a_later_one(desk: Desk) -> None:
    at = read(Clock()) + 1000
    assert trust(desk, "retire", ISSUER.key_id, "--at", at).code == 0
    again = trust(desk, "retire", ISSUER.key_id, "--at", at, "--json")
    assert (again.code, again.json["changed"]) == (0, False)
    later = trust(desk, "retire", ISSUER.key_id, "--at", at + 1)
    assert (later.code, code_of(later)) == (2, "configuration")
    assert records(desk)[0].retired_at == at
    assert trust(desk, "retire", ISSUER.key_id, "--at", at - 500).code == 0
    assert records(desk)[0].retired_at == at - 500
    assert trust(desk, "retire", ISSUER.key_id).code == 0
    ended = records(desk)[0].retired_at
    assert ended is not None
    assert ended < at - 500
    done = trust(desk, "retire", ISSUER.key_id)
    assert (done.code, records(desk)[0].retired_at) == (0, ended)
    assert "it was so before" in done.out


def test_no_key_is_retired_into_the_past_unless_somebody_says_so(desk: Desk) -> None:
    before = desk.path("trust.json").read_bytes()
    past = read(Clock()) - 60
    ran = trust(desk, "retire", ISSUER.key_id, "--at", past)
    assert (ran.code, code_of(ran)) == (2, "configuration")
    assert "--allow-past" in ran.err
    assert desk.path("trust.json").read_bytes() == before
    assert trust(desk, "retire", ISSUER.key_id, "--at", past, "--allow-past").code == 0
    assert records(desk)[0].retired_at == past


@pytest.mark.parametrize("when", ["tomorrow", "-1", "+", "+0s", "1.5", "999999999999", "+1w", ""])
def test_an_instant_that_is_none_is_wrong_usage(desk: Desk, when: str) -> None:
    before = desk.path("trust.json").read_bytes()
    ran = trust(desk, "retire", ISSUER.key_id, f"--at={when}")
    assert (ran.code, ran.out) == (2, "")
    assert desk.path("trust.json").read_bytes() == before


# --- repudiation -----------------------------------------------------------------------------------


def verdict(desk: Desk) -> str:
    words = ("--trust", desk.path("trust.json"), "--origin", "https://api.example.com")
    ran = desk.run("verify", desk.path("worker.dlg1"), *words)
    return "accepted" if ran.code == 0 else ran.out


def test_a_repudiated_key_is_refused_at_once_and_a_retired_one_is_not(desk: Desk) -> None:
    assert trust(desk, "retire", ISSUER.key_id, "--at", "+1h").code == 0
    assert verdict(desk) == "accepted"
    ran = trust(desk, "repudiate", ISSUER.key_id, "--json")
    expected: dict[str, Any] = {
        "key_id": ISSUER.key_id,
        "changed": True,
        "issuers": [{"issuer": "acme", "status": "repudiated"}],
    }
    assert (ran.code, ran.json) == (0, expected)
    assert "key_revoked" in verdict(desk)
    again = trust(desk, "repudiate", ISSUER.key_id, "--json")
    assert (again.code, again.json) == (0, expected | {"changed": False})
    retired = trust(desk, "retire", ISSUER.key_id, "--at", "+1h")
    assert (retired.code, code_of(retired)) == (2, "configuration")
    assert records(desk)[0].status == "repudiated"


@pytest.mark.parametrize("verb", ["retire", "repudiate"])
def test_a_key_that_nobody_has_is_unknown(desk: Desk, verb: str) -> None:
    before = desk.path("trust.json").read_bytes()
    for given in (HOLDER.key_id, HOLDER.public_key.text, desk.path("holder.pem")):
        ran = trust(desk, verb, given, "--json")
        assert (ran.code, ran.json["refusal"]["code"]) == (1, "key_unknown")
    assert desk.path("trust.json").read_bytes() == before
    assert desk.run("trust", verb, desk.path("nowhere.json"), ISSUER.key_id).code == 2


# --- the page --------------------------------------------------------------------------------------


def test_the_commands_of_the_page_run_in_their_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert len(commands) == 5
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "delegate"
        ran = desk.run(*words)
        assert (ran.code, ran.err) == (0, ""), command
    old, new = records(desk)
    assert (old.status, new.status) == ("repudiated", "retired")


def test_the_reload_of_the_page_takes_a_good_file_and_keeps_the_last_good_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(desk.folder)
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found
    before = signal.getsignal(signal.SIGHUP)
    try:
        names: dict[str, Any] = {}
        exec(compile(found[1], "docs/keys-in-service.md", "exec"), names)
        store: TrustStore = names["trust"]
        assert trust(desk, "repudiate", ISSUER.key_id).code == 0
        assert not store.snapshot.repudiated
        signal.raise_signal(signal.SIGHUP)
        assert store.snapshot.repudiated == {ISSUER.key_id}
        desk.write("trust.json", "{")
        with caplog.at_level(logging.ERROR):
            signal.raise_signal(signal.SIGHUP)
        assert store.snapshot.repudiated == {ISSUER.key_id}
        assert "was not loaded" in caplog.text
    finally:
        signal.signal(signal.SIGHUP, before)
