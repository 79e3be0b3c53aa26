"""Keys, trust files and tokens by command: what is written, with which mode, and what is never printed."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer import Exit

from delegate.cli.output import reported
from delegate.client.answers import ServerKeys
from delegate.errors import MalformedError
from delegate.keys import PublicKey, SigningKey, TrustStore
from delegate.scope import Scope
from delegate.token import KeyClaim, parse_unverified
from tests.cli.conftest import HOLDER, ISSUER, LESS, ORIGIN, SCOPE, WORKER, Desk
from tests.conftest import ROOT


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def code_of(err: str) -> str:
    match = re.match(r"delegate: (\w+): ", err)
    assert match, err
    return match[1]


# --- keys ------------------------------------------------------------------------------------------


def test_keygen_writes_a_private_file_and_prints_the_public_half(desk: Desk) -> None:
    ran = desk.run("keygen", desk.path("new.pem"), "--json")
    key = SigningKey.load(desk.path("new.pem"))
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["key_id"], ran.json["public_key"]) == (key.key_id, key.public_key.text)
    assert mode(desk.path("new.pem")) == 0o600
    assert PublicKey.from_jwk(ran.json["jwk"]) == key.public_key
    for secret in key.__known_secrets__():
        assert secret.decode("latin-1") not in ran.out


def test_keygen_never_overwrites(desk: Desk) -> None:
    before = desk.path("worker.pem").read_bytes()
    ran = desk.run("keygen", desk.path("worker.pem"))
    assert (ran.code, ran.out, code_of(ran.err)) == (2, "", "configuration")
    assert desk.path("worker.pem").read_bytes() == before


def test_keygen_encrypts_with_a_passphrase_from_a_file(desk: Desk) -> None:
    secret = desk.write("passphrase", "correct horse\n")
    secret.chmod(0o600)
    assert desk.run("keygen", desk.path("new.pem"), "--passphrase-file", secret).code == 0
    assert b"ENCRYPTED" in desk.path("new.pem").read_bytes()
    SigningKey.load(desk.path("new.pem"), "correct horse")
    assert desk.run("key", "show", desk.path("new.pem")).code == 2
    secret.chmod(0o644)
    ran = desk.run("keygen", desk.path("other.pem"), "--passphrase-file", secret)
    assert (ran.code, code_of(ran.err)) == (2, "key_unavailable")
    assert not desk.path("other.pem").exists()


def test_a_key_is_shown_in_each_of_its_forms(desk: Desk) -> None:
    key = WORKER.public_key
    jwk = desk.run("key", "show", desk.path("worker.pem"), "--jwk").out
    forms = [key.text, desk.path("worker.pem"), desk.write("jwk", jwk), desk.write("text", key.text + "\n")]
    for form in forms:
        ran = desk.run("key", "show", form, "--json")
        assert (ran.code, ran.json["key_id"]) == (0, key.key_id)
    ran = desk.run("key", "show", key.text)
    assert ran.out == f"key id      {key.key_id}\npublic key  {key.text}\n"


@pytest.mark.parametrize(
    ("given", "code", "exit_code"),
    [
        ("ed25519:AAAA", "malformed", 1),
        ("p256:AAAA", "malformed", 1),
        ("p256:" + "A" * 44, "malformed", 1),
        ("p256:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "key_weak", 1),
        ("rsa:AAAA", "alg_not_allowed", 1),
        ("ed25519:" + "A" * 43, "key_weak", 1),
        ("nowhere.pem", "configuration", 2),
    ],
)
def test_what_is_no_key_is_refused(desk: Desk, given: str, code: str, exit_code: int) -> None:
    ran = desk.run("key", "show", given)
    assert (ran.code, ran.out, code_of(ran.err)) == (exit_code, "", code)
    as_json = desk.run("key", "show", given, "--json")
    assert as_json.json["refusal"]["code"] == code


def test_a_key_file_open_to_others_is_refused(desk: Desk) -> None:
    desk.path("worker.pem").chmod(0o640)
    ran = desk.run("key", "show", desk.path("worker.pem"))
    assert (ran.code, code_of(ran.err)) == (2, "key_unavailable")
    assert "chmod 600" in ran.err


# --- trust -----------------------------------------------------------------------------------------


def test_trust_add_makes_a_file_that_loads(desk: Desk) -> None:
    path = desk.path("new.json")
    ran = desk.run(
        *("trust", "add", path, "--issuer", "acme", "--key", ISSUER.public_key.text, "--audience", ORIGIN),
        *("--ceiling", desk.path("scope.json"), "--max-depth", 1, "--max-ttl", "30m", "--revocation", "none"),
    )
    assert (ran.code, ran.err) == (0, "")
    (issuer,) = TrustStore.load(path).snapshot.issuers
    assert (issuer.ceiling, issuer.audiences, issuer.max_depth, issuer.max_ttl) == (SCOPE, (ORIGIN,), 1, 1800)
    assert [record.key for record in issuer.keys] == [ISSUER.public_key]
    assert mode(path) == 0o600


def test_trust_add_adds_a_key_to_a_known_issuer(desk: Desk) -> None:
    words = ("trust", "add", desk.path("trust.json"), "--issuer", "acme", "--key", desk.path("holder.pem"))
    ran = desk.run(*words, "--usage", "request", "--agent", "direct-agent", "--json")
    assert ran.code == 0
    (issuer,) = TrustStore.load(desk.path("trust.json")).snapshot.issuers
    assert [record.agent for record in issuer.keys] == [None, "direct-agent"]
    assert issuer.revocation == "none"
    assert issuer.ceiling == Scope.UNRESTRICTED
    before = desk.path("trust.json").read_bytes()
    again = desk.run(*words)
    assert (again.code, code_of(again.err)) == (2, "configuration")
    assert desk.path("trust.json").read_bytes() == before


def test_a_new_issuer_needs_its_bounds(desk: Desk) -> None:
    ran = desk.run("trust", "add", desk.path("trust.json"), "--issuer", "other", "--ceiling", "unrestricted")
    assert (ran.code, code_of(ran.err)) == (2, "configuration")
    assert "with --audience, --max-depth" in ran.err


def test_trust_server_writes_the_keys_that_sign_a_servers_answers(desk: Desk) -> None:
    path = desk.path("servers.json")
    for key in (ISSUER, HOLDER):
        ran = desk.run("trust", "server", path, "--origin", ORIGIN, "--key", key.public_key.text)
        assert (ran.code, f"{key.key_id} active: response" in ran.out) == (0, True)
    servers = ServerKeys.load(path)
    assert servers.origins == {ORIGIN}
    assert servers.key(ORIGIN, HOLDER.key_id, now=4_000_000_000) == HOLDER.public_key
    before = path.read_bytes()
    for origin, key in ((ORIGIN, HOLDER), ("api.example.com", WORKER)):
        refused = desk.run("trust", "server", path, "--origin", origin, "--key", key.public_key.text)
        assert (refused.code, path.read_bytes()) == (2, before)
    third = desk.run("trust", "server", path, "--origin", ORIGIN, "--key", WORKER.public_key.text, "--json")
    assert len(third.json["origins"][ORIGIN]) == 3


def test_trust_show_tells_what_is_trusted(desk: Desk) -> None:
    ran = desk.run("trust", "show", desk.path("trust.json"))
    assert ran.code == 0
    assert f"{ISSUER.key_id} active: issue" in ran.out
    assert "ceiling     unrestricted" in ran.out
    shown = desk.run("trust", "show", desk.path("trust.json"), "--json").json
    assert shown == json.loads(desk.path("trust.json").read_bytes())
    desk.write("trust.json", "{}")
    assert desk.run("trust", "show", desk.path("trust.json")).code == 2


# --- tokens ----------------------------------------------------------------------------------------


def issue_words(desk: Desk, *more: object) -> tuple[object, ...]:
    return (
        *("issue", "--key", desk.path("issuer.pem"), "--issuer", "acme", "--agent", "orchestrator"),
        *("--holder", HOLDER.public_key.text, "--scope", desk.path("scope.json"), "--audience", ORIGIN),
        *more,
    )


def test_issue_writes_a_token_that_verifies(desk: Desk) -> None:
    output = desk.path("new.dlg1")
    words = ("--expires-in", "10m", "--further-hops", 2, "--root", "user:alice", "--why", "nightly")
    ran = desk.run(*issue_words(desk, *words, "-o", output))
    token = parse_unverified(output.read_text().strip())
    assert (ran.code, ran.err) == (0, "")
    assert token.text not in ran.out
    assert mode(output) == 0o600
    first = token.links[0]
    assert (first.expires_at - first.block.issued_at, first.further_hops, first.block.why) == (
        600,
        2,
        "nightly",
    )
    assert (first.scope, token.root.principal, token.holder) == (SCOPE, "user:alice", HOLDER.public_key)
    assert desk.run("verify", output, "--trust", desk.path("trust.json"), "--origin", ORIGIN).code == 0
    again = desk.run(*issue_words(desk, "-o", output))
    assert (again.code, code_of(again.err)) == (2, "configuration")


def test_a_token_goes_to_standard_output_alone(desk: Desk) -> None:
    ran = desk.run(*issue_words(desk))
    assert (ran.code, ran.err) == (0, "")
    assert parse_unverified(ran.out.strip()).agent == "orchestrator"
    shown = desk.run(*issue_words(desk, "--json")).json
    assert parse_unverified(shown["token"]).token_id == shown["token_id"]


def test_attenuate_narrows_and_verifies(desk: Desk) -> None:
    ran = desk.run(
        *("attenuate", desk.path("root.dlg1"), "--key", desk.path("holder.pem"), "--agent", "sub"),
        *("--holder", desk.path("worker.pem"), "--scope", desk.path("less.json"), "--expires-in", "60"),
    )
    token = parse_unverified(ran.out.strip())
    assert (token.path, token.last.scope) == (("orchestrator", "sub"), LESS)
    assert token.expires_at - token.last.block.issued_at == 60
    verified = desk.run(
        "verify", "-", "--trust", desk.path("trust.json"), "--origin", ORIGIN, stdin=ran.out.encode()
    )
    assert verified.code == 0


def test_attenuate_refuses_what_a_verifier_would(desk: Desk) -> None:
    words = ("attenuate", desk.path("worker.dlg1"), "--key", desk.path("worker.pem"), "--agent", "sub")
    wide = desk.run(*words, "--holder", HOLDER.public_key.text, "--scope", desk.path("scope.json"))
    assert (wide.code, wide.out, code_of(wide.err)) == (1, "", "widened")
    deep = desk.run(*words, "--holder", HOLDER.public_key.text)
    assert (deep.code, code_of(deep.err)) == (1, "depth_exceeded")
    other = desk.run(
        *("attenuate", desk.path("root.dlg1"), "--key", desk.path("worker.pem"), "--agent", "sub"),
        *("--holder", HOLDER.public_key.text),
    )
    assert (other.code, code_of(other.err)) == (1, "holder_mismatch")


def test_attenuate_takes_a_key_claim(desk: Desk) -> None:
    challenge = KeyClaim.new_challenge()
    claim = KeyClaim.sign(WORKER, delegator="orchestrator", agent="sub", challenge=challenge)
    words = (
        *("attenuate", desk.path("root.dlg1"), "--key", desk.path("holder.pem"), "--agent", "sub"),
        *("--claim", desk.write("claim.json", claim)),
    )
    good = desk.run(*words, f"--challenge={challenge}")
    assert parse_unverified(good.out.strip()).holder == WORKER.public_key
    other = desk.run(*words, f"--challenge={KeyClaim.new_challenge()}")
    assert (other.code, code_of(other.err)) == (1, "holder_mismatch")
    none = desk.run(*words)
    assert (none.code, code_of(none.err)) == (2, "configuration")


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        ("[]", 1),
        ('{"tools": "all"}', 1),
        ('{"tools": [1]}', 1),
        ('{"tool": ["a"]}', 1),
        ('{"max_risk": "any"}', 1),
        ('{"resources": {"file": {"path": ["relative"]}}}', 1),
        ('{"\\u001b[31m": 1}', 1),
        ("{", 1),
    ],
)
def test_a_scope_file_that_is_none_is_refused(desk: Desk, text: str, exit_code: int) -> None:
    words = issue_words(desk)
    desk.write("scope.json", text)
    ran = desk.run(*words)
    assert (ran.code, ran.out) == (exit_code, "")
    assert code_of(ran.err) == "malformed"
    assert "\x1b" not in ran.err


def test_inspect_says_unverified_on_every_line(desk: Desk) -> None:
    ran = desk.run("inspect", desk.path("worker.dlg1"))
    assert ran.code == 0
    assert all(line.startswith("UNVERIFIED ") for line in ran.out.splitlines())
    piped = desk.run("inspect", "-", "--json", stdin=desk.path("worker.dlg1").read_bytes())
    assert piped.json["verified"] is False
    assert [block["agent"] for block in piped.json["blocks"]] == ["orchestrator", "worker"]
    assert desk.token.text not in ran.out + piped.out


def test_inspect_draws_an_svg(desk: Desk) -> None:
    path = desk.path("chain.svg")
    assert desk.run("inspect", desk.path("worker.dlg1"), "--svg", path).code == 0
    assert ET.parse(path).getroot().tag.endswith("svg")
    assert desk.run("inspect", desk.path("worker.dlg1"), "--svg", path).code == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "delegation_malformed"),
        (b"dlg1", "delegation_malformed"),
        (b"dlg2.AA.AA", "unsupported_version"),
        (b"\xff\x00\x1b[31m", "delegation_malformed"),
        (b"dlg1.\xe9.AA", "delegation_malformed"),
        (b"x" * 20_000, "too_large"),
    ],
)
def test_inspect_refuses_what_is_no_token(desk: Desk, data: bytes, code: str) -> None:
    ran = desk.run("inspect", "-", stdin=data)
    assert (ran.code, ran.out, code_of(ran.err)) == (1, "", code)


# --- usage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command",),
        ("keygen",),
        ("verify", "x"),
        ("inspect", "x", "--no-such-option"),
        ("inspect", "x", "--now", "soon"),
        ("attenuate", "x", "--key", "k", "--agent", "a", "--holder", "h", "--expires-in", "1 week"),
    ],
)
def test_wrong_usage_is_exit_code_2(desk: Desk, words: tuple[str, ...]) -> None:
    ran = desk.run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: " in ran.err


def test_a_pipe_gets_no_colour_and_a_poor_terminal_no_traceback(desk: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "delegate", "inspect", str(desk.path("worker.dlg1"))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    assert done.stdout.isascii()


def test_a_message_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    @reported
    def refuse(*, as_json: bool) -> None:
        msg = "a \x1b[2J b"
        raise MalformedError(msg)

    for as_json in (True, False):
        with pytest.raises(Exit) as caught:
            refuse(as_json=as_json)
        assert caught.value.exit_code == 1
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        assert r"a \x1b[2J b" in err
        assert bool(out) is as_json


def test_a_text_too_long_for_a_file_name_is_refused_as_a_key(desk: Desk) -> None:
    ran = desk.run("key", "show", "ed25519:" + "A" * 5000)
    assert (ran.code, "malformed" in ran.err) == (1, True)


# --- P-256 -----------------------------------------------------------------------------------------


def test_a_chain_of_p256_keys_from_keygen_to_verify(desk: Desk) -> None:
    keys = {}
    for name in ("ec-issuer", "ec-holder", "ec-worker"):
        made = desk.run("keygen", desk.path(f"{name}.pem"), "--alg", "p256", "--json")
        assert (made.code, made.json["public_key"].partition(":")[0]) == (0, "p256")
        assert made.json["jwk"]["crv"] == "P-256"
        keys[name] = made.json["public_key"]
        shown = desk.run("key", "show", desk.path(f"{name}.pem"), "--json").json
        assert shown == desk.run("key", "show", keys[name], "--json").json
    trust = desk.path("ec.json")
    added = desk.run(
        *("trust", "add", trust, "--issuer", "acme", "--key", keys["ec-issuer"], "--audience", ORIGIN),
        *("--ceiling", desk.path("scope.json"), "--max-depth", 1, "--revocation", "none"),
    )
    assert (added.code, added.err) == (0, "")
    root, worker = desk.path("ec-root.dlg1"), desk.path("ec-worker.dlg1")
    issued = desk.run(
        *("issue", "--key", desk.path("ec-issuer.pem"), "--issuer", "acme", "--agent", "orchestrator"),
        *("--holder", keys["ec-holder"], "--scope", desk.path("scope.json"), "--audience", ORIGIN),
        *("--further-hops", 1, "-o", root),
    )
    assert (issued.code, issued.err) == (0, "")
    narrowed = desk.run(
        *("attenuate", root, "--key", desk.path("ec-holder.pem"), "--agent", "worker"),
        *("--holder", desk.path("ec-worker.pem"), "--scope", desk.path("less.json"), "-o", worker),
    )
    assert (narrowed.code, narrowed.err) == (0, "")
    assert desk.run("inspect", worker).code == 0
    assert desk.run("verify", worker, "--trust", trust, "--origin", ORIGIN).code == 0
    other = desk.run("verify", worker, "--trust", desk.path("trust.json"), "--origin", ORIGIN)
    assert other.code == 1
    assert "untrusted_root" in other.out


def test_keygen_knows_two_algorithms(desk: Desk) -> None:
    assert desk.run("keygen", desk.path("new.pem"), "--alg", "ed25519", "--json").json["jwk"]["kty"] == "OKP"
    for alg in ("rsa", "P256", ""):
        ran = desk.run("keygen", desk.path("other.pem"), "--alg", alg)
        assert (ran.code, ran.out) == (2, "")
    assert not desk.path("other.pem").exists()
