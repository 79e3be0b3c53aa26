"""``verify`` and ``explain``: the verdict is the exit code, and the same as a server's."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.cli.captured import parse_request
from delegate.clock import ManualClock
from delegate.encoding import b64url_encode
from delegate.envelope.sign import SignedRequest, sign_request
from delegate.errors import MalformedError
from delegate.identity import Identity
from delegate.scope import Scope
from delegate.token import issue
from tests.cli.conftest import HOLDER, ISSUER, ORIGIN, WORKER, Desk
from tests.support.revocation import signed_list

BODY = b'{"cents":1250}'


def judged(desk: Desk) -> tuple[object, ...]:
    return ("--trust", desk.path("trust.json"), "--origin", ORIGIN)


def signed(desk: Desk, now: int | None = None) -> SignedRequest:
    return sign_request(
        WORKER,
        method="POST",
        authority="api.example.com",
        path=b"/v1/refunds",
        query=b"dry=1",
        headers={"content-type": b"application/json"},
        body=BODY,
        identity=Identity(agent="worker"),
        token=desk.token.text,
        now=int(time.time()) if now is None else now,
    )


def captured(desk: Desk, *, body: bytes = BODY, line_end: bytes = b"\r\n", now: int | None = None) -> bytes:
    headers = {"host": b"api.example.com", "content-type": b"application/json"} | signed(desk, now).headers
    lines = [b"POST /v1/refunds?dry=1 HTTP/1.1", *(n.encode() + b": " + v for n, v in headers.items())]
    lines.append(b"Content-Length: %d" % len(body))
    return line_end.join([*lines, b"", b""]) + body


# --- tokens ----------------------------------------------------------------------------------------


def test_a_chain_that_holds(desk: Desk) -> None:
    ran = desk.run("verify", desk.path("worker.dlg1"), *judged(desk))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        "ok: the chain holds for worker, from acme, on behalf of user:alice, for another"
    )
    assert WORKER.key_id in ran.out
    drawn = desk.run("explain", desk.path("worker.dlg1"), *judged(desk))
    assert drawn.code == 0
    assert "UNVERIFIED" not in drawn.out
    shown = desk.run("verify", desk.path("worker.dlg1"), *judged(desk), "--json")
    assert (shown.code, shown.json["accepted"], shown.json["chain"]["verified"]) == (0, True, True)


def test_a_chain_for_another_origin(desk: Desk) -> None:
    words = (
        desk.path("worker.dlg1"),
        "--trust",
        desk.path("trust.json"),
        "--origin",
        "https://other.example",
    )
    ran = desk.run("verify", *words)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("refused at block 0: audience_mismatch\n  why  block 0 is for https://api")
    drawn = desk.run("explain", *words)
    assert drawn.code == 1
    assert "✗ block 0: audience_mismatch" in drawn.out
    assert all(line.startswith("UNVERIFIED") for line in drawn.out.splitlines())
    shown = desk.run("explain", *words, "--json")
    assert (shown.code, shown.json["accepted"]) == (1, False)
    assert shown.json["chain"]["refusal"]["block"] == 0


def test_a_chain_is_judged_at_any_instant(desk: Desk) -> None:
    first = desk.token.links[0]
    for now, code in (
        (first.block.issued_at - 6, "delegation_not_yet_valid"),
        (first.block.issued_at, None),
        (first.expires_at - 1, None),
        (first.expires_at, "delegation_expired"),
    ):
        ran = desk.run("verify", desk.path("root.dlg1"), *judged(desk), "--now", now, "--json")
        assert ran.code == (0 if code is None else 1)
        refusal = ran.json["chain"]["refusal"]
        assert (refusal and refusal["code"]) == code


def test_a_forged_block_is_named(desk: Desk) -> None:
    parts = desk.token.text.split(".")
    parts[4] = b64url_encode(bytes(64))
    desk.write("forged.dlg1", ".".join(parts))
    ran = desk.run("verify", desk.path("forged.dlg1"), *judged(desk))
    assert ran.code == 1
    assert ran.out.startswith("refused at block 1: delegation_signature_invalid")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"issuer": "other"}, "untrusted_root"),
        ({"further_hops": 3}, "widened"),
        ({"expires_in": 3601}, "widened"),
        ({"audience": [ORIGIN, "https://other.example"]}, "widened"),
    ],
)
def test_the_issuers_record_bounds_its_chains(desk: Desk, change: dict[str, object], code: str) -> None:
    arguments: dict[str, object] = {
        "issuer": "acme",
        "agent": "a",
        "holder": HOLDER.public_key,
        "scope": Scope(tools=["orders.read"]),
        "audience": [ORIGIN],
        "clock": ManualClock(int(time.time())),
    }
    good = issue(ISSUER, **arguments)  # type: ignore[arg-type]  # the arguments, as a table writes them
    bad = issue(ISSUER, **(arguments | change))  # type: ignore[arg-type]
    assert desk.run("verify", "-", *judged(desk), stdin=good.text.encode()).code == 0
    ran = desk.run("verify", "-", *judged(desk), stdin=bad.text.encode())
    assert ran.code == 1
    assert ran.out.startswith(f"refused at block 0: {code}\n")


def test_a_revocation_list_decides(desk: Desk) -> None:
    path = desk.path("acme.revoked")
    request = desk.write("request", captured(desk))
    judging = ("--trust", desk.demanding_trust(), "--origin", ORIGIN, "--json")
    for what in ((desk.path("worker.dlg1"),), ("--request", request)):
        without = desk.run("verify", *what, *judging)
        assert (without.code, without.json["accepted"]) == (1, False)
        assert "revocation_unavailable" in without.out
        path.write_bytes(signed_list(at=int(time.time())))
        assert desk.run("verify", *what, *judging, "--revocations", path).code == 0
        path.write_bytes(signed_list(at=int(time.time()), tokens=[desk.token.chain_id]))
        revoked = desk.run("explain", *what, *judging, "--revocations", path)
        assert (revoked.code, revoked.json["accepted"]) == (1, False)
        assert '"revoked"' in revoked.out


def test_a_list_that_is_refused_is_no_verdict_on_the_token(desk: Desk) -> None:
    forged = desk.write("acme.revoked", signed_list(at=int(time.time()), key=WORKER))
    words = (desk.path("worker.dlg1"), "--trust", desk.demanding_trust(), "--origin", ORIGIN)
    ran = desk.run("verify", *words, "--revocations", forged)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("delegate: key_unknown: ")
    absent = desk.run("verify", *words, "--revocations", desk.path("absent"))
    assert (absent.code, absent.out) == (2, "")


def test_a_list_is_judged_at_the_instant_that_is_asked_for(desk: Desk) -> None:
    issued = desk.token.links[0].block.issued_at
    path = desk.write("acme.revoked", signed_list(at=issued + 10))
    words = (desk.path("worker.dlg1"), "--trust", desk.demanding_trust(), "--origin", ORIGIN)
    for now, code in ((issued + 10, 0), (issued + 309, 0), (issued + 310, 1)):
        assert desk.run("verify", *words, "--revocations", path, "--now", now).code == code


def test_what_cannot_be_judged_is_exit_code_2(desk: Desk) -> None:
    token = desk.path("worker.dlg1")
    for words in (
        (token, "--trust", desk.path("absent.json"), "--origin", ORIGIN),
        (token, "--trust", desk.path("trust.json"), "--origin", "http://api.example.com"),
        (token, *judged(desk), "--request", token),
        judged(desk),
        (desk.path("absent.dlg1"), *judged(desk)),
    ):
        ran = desk.run("verify", *words)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("delegate: configuration: ")


# --- captured requests -----------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_captured_request_is_judged(desk: Desk, line_end: bytes) -> None:
    path = desk.write("request", captured(desk, line_end=line_end))
    ran = desk.run("verify", "--request", path, *judged(desk))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "would be accepted: worker asks on behalf of user:alice, under the authority of acme\n"
    drawn = desk.run("explain", "--request", path, *judged(desk))
    assert drawn.code == 0
    assert drawn.out.count("✓") == 10


def test_a_captured_request_that_was_changed(desk: Desk) -> None:
    path = desk.write("request", captured(desk, body=BODY.replace(b"1250", b"9250")))
    ran = desk.run("explain", "--request", path, *judged(desk))
    assert ran.code == 1
    assert ran.out.startswith("refused at step 9: digest_mismatch\n")
    shown = desk.run("verify", "--request", path, *judged(desk), "--json")
    assert (shown.code, shown.json["refusal"]["step"]) == (1, 9)
    assert desk.token.text not in ran.out + shown.out


def test_a_captured_request_is_judged_at_any_instant(desk: Desk) -> None:
    issued_at = desk.token.links[0].block.issued_at
    path = desk.write("request", captured(desk, now=issued_at + 100))
    for now, code in ((issued_at + 100, 0), (issued_at + 159, 0), (issued_at + 160, 1)):
        assert desk.run("verify", "--request", path, *judged(desk), "--now", now).code == code


def test_a_capture_of_parts(desk: Desk) -> None:
    request, body = parse_request(b"GET /a/b?c=%20 HTTP/1.1\r\nHost:  x \r\nX: \r\n\r\nrest\r\n\r\nof it")
    assert (request.method, request.path, request.query) == ("GET", b"/a/b", b"c=%20")
    assert list(request.headers) == [(b"Host", b"x"), (b"X", b"")]
    assert body == b"rest\r\n\r\nof it"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "line 1"),
        (b"GET / HTTP/2\r\n\r\n", "line 1"),
        (b"GET http://a/ HTTP/1.1\r\n\r\n", "line 1"),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", "line 2"),
        (b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "line 3"),
        (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", "line 2"),
        (b"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", "content-length"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "transfer-encoding"),
    ],
)
def test_what_is_no_request_is_refused(desk: Desk, data: bytes, field: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_request(data)
    assert caught.value.field == field
    ran = desk.run("verify", "--request", desk.write("request", data), *judged(desk))
    assert (ran.code, ran.out) == (1, "")


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"GET / HTTP/1.1\r\n" + tail))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    with suppress(MalformedError):
        parse_request(data)
