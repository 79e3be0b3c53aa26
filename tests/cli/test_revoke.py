"""``revoke``: a list that grows, counts up, is replaced whole, and that verifiers accept."""

from __future__ import annotations

import re
import stat
import threading
from pathlib import Path

import pytest

from delegate.clock import Clock, read
from delegate.keys import SigningKey
from delegate.revocation import MemoryVersions, RevocationList, Revocations
from tests.cli.conftest import HOLDER, ISSUER, WORKER, Desk, Ran
from tests.support.revocation import REVOKER, demanding

TOKEN_IDS = ("a" * 26, "b" * 25 + "a", "c" * 25 + "a")


def revoke(desk: Desk, *words: object) -> Ran:
    if not desk.path("revoker.pem").exists():
        REVOKER.save(desk.path("revoker.pem"))
    return desk.run("revoke", desk.path("acme.revoked"), "--issuer", "acme", *words)


def ours(desk: Desk, *words: object) -> Ran:
    return revoke(desk, "--key", desk.path("revoker.pem"), *words)


def on_file(desk: Desk, key: SigningKey = REVOKER) -> RevocationList:
    return RevocationList.read(desk.path("acme.revoked").read_bytes(), key.public_key)


def code_of(ran: Ran) -> str:
    match = re.match(r"delegate: (\w+): ", ran.err)
    assert match, ran.err
    return match[1]


def test_revoke_makes_a_list_that_verifiers_accept(desk: Desk) -> None:
    before = read(Clock())
    ran = ours(desk, "--token-id", desk.token.token_id, "--key-id", HOLDER.key_id)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("list 1 of issuer acme is in ")
    state = Revocations(demanding(), versions=MemoryVersions())
    state.accept(desk.path("acme.revoked").read_bytes())
    found = state.current("acme", now=read(Clock()))
    assert (found.version, found.tokens, found.keys) == (
        1,
        frozenset({desk.token.token_id}),
        frozenset({HOLDER.key_id}),
    )
    assert before <= found.issued_at <= read(Clock())
    assert found.next_update - found.issued_at == 300


def test_a_list_keeps_what_was_on_it_and_counts_up(desk: Desk) -> None:
    ours(desk, "--token-id", TOKEN_IDS[0], "--key-id", WORKER.key_id)
    ours(desk, "--token-id", TOKEN_IDS[1], "--token-id", TOKEN_IDS[2], "--token-id", TOKEN_IDS[0])
    ran = ours(desk, "--next-update", "2m", "--json")
    found = on_file(desk)
    assert (found.version, found.tokens, found.keys) == (
        3,
        frozenset(TOKEN_IDS),
        frozenset({WORKER.key_id}),
    )
    assert ran.json == {
        "issuer": "acme",
        "version": 3,
        "issued_at": found.issued_at,
        "next_update": found.issued_at + 120,
        "tokens": sorted(TOKEN_IDS),
        "keys": [WORKER.key_id],
    }


def test_the_file_is_replaced_whole_and_keeps_its_mode(desk: Desk) -> None:
    path = desk.path("acme.revoked")
    ours(desk)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o640)
    with path.open("rb") as opened:
        first = on_file(desk)
        ours(desk, "--token-id", TOKEN_IDS[0])
        assert RevocationList.read(opened.read(), REVOKER.public_key) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not [name for name in desk.folder.iterdir() if name.name.startswith(".")]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--token-id", "A" * 26), "malformed", 1),
        (("--key-id", "a" * 26), "malformed", 1),
        (("--version", 1), "configuration", 2),
    ],
)
def test_what_is_refused_leaves_the_list_as_it_was(
    desk: Desk, words: tuple[object, ...], code: str, exit_code: int
) -> None:
    ours(desk, "--token-id", TOKEN_IDS[0])
    before = desk.path("acme.revoked").read_bytes()
    ran = ours(desk, *words)
    assert (ran.code, code_of(ran)) == (exit_code, code)
    assert desk.path("acme.revoked").read_bytes() == before


def test_a_list_of_another_issuer_or_key_is_not_taken_over(desk: Desk) -> None:
    path = desk.path("acme.revoked")
    desk.write("acme.revoked", RevocationList.sign(REVOKER, issuer="other", version=1))
    ran = ours(desk)
    assert (ran.code, code_of(ran)) == (2, "configuration")
    desk.write("acme.revoked", RevocationList.sign(ISSUER, issuer="acme", version=4, tokens=[TOKEN_IDS[0]]))
    ran = ours(desk)
    assert (ran.code, code_of(ran)) == (1, "signature_invalid")
    assert ours(desk, "--previous-key", ISSUER.public_key.text).code == 0
    assert (on_file(desk).version, on_file(desk).tokens) == (5, frozenset({TOKEN_IDS[0]}))
    path.write_bytes(b"not a list")
    assert code_of(ours(desk)) == "malformed"


def test_a_lost_list_is_begun_again_under_a_higher_number(desk: Desk) -> None:
    assert ours(desk, "--version", 40).code == 0
    assert ours(desk).code == 0
    assert on_file(desk).version == 41


def test_a_folder_that_is_not_there(desk: Desk) -> None:
    ours(desk)
    ran = desk.run(
        *("revoke", desk.path("nowhere") / "l", "--issuer", "acme", "--key", desk.path("revoker.pem"))
    )
    assert (ran.code, code_of(ran)) == (2, "configuration")


def test_runs_at_once_lose_nothing(desk: Desk) -> None:
    """Two lists of one version would both be refused everywhere."""
    from delegate.cli.revocation import revoke as command  # noqa: PLC0415

    ours(desk)
    done: list[str] = []

    def run(token_id: str) -> None:
        command(
            Path(desk.path("acme.revoked")),
            key=desk.path("revoker.pem"),
            issuer="acme",
            token_id=[token_id],
        )
        done.append(token_id)

    threads = [threading.Thread(target=run, args=(token_id,)) for token_id in TOKEN_IDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(TOKEN_IDS)
    assert (on_file(desk).version, on_file(desk).tokens) == (4, frozenset(TOKEN_IDS))
