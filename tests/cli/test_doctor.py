"""``doctor``: each check says ok, warn or fail, and a changed component is named."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from delegate.cli.compare import compare
from delegate.cli.probe import PROBE_BODY
from delegate.errors import DelegateError, OutOfScopeError
from delegate.keys import Issuer, KeyRecord, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.scope import Scope
from delegate.server.development import masked_base
from delegate.server.problem import public_refusal
from delegate.token import issue
from delegate.verifier import Request, Verifier
from tests.cli.conftest import HOLDER, ISSUER, ORIGIN, SCOPE, WORKER, Desk, Ran
from tests.support.revocation import signed_list

Headers = list[tuple[bytes, bytes]]


@dataclass
class Site:
    """A server on loopback that verifies what arrives; ``change`` stands for a proxy in front of it."""

    port: int = 0
    change: Callable[[str, Headers], tuple[str, Headers]] = lambda path, headers: (path, headers)
    change_body: Callable[[bytes], bytes] = lambda body: body
    development: bool = True
    clock_ahead: int = 0
    then: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    """The methods of the requests that were accepted."""
    make_store: Callable[[], MemoryReplayStore] = field(default_factory=lambda: kept(new_store()))
    """Gives the replay store for a request: the same for all, as it should be."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(
        self, method: str, path: str, headers: Headers, body: bytes
    ) -> tuple[int, Mapping[str, object]]:
        """The status and the problem document; an empty one when the request is accepted."""
        path, headers = self.change(path, headers)
        raw, _, query = path.encode().partition(b"?")
        acme = Issuer(
            name="acme",
            ceiling=Scope.UNRESTRICTED,
            audiences=(self.origin,),
            max_depth=2,
            revocation="none",
            keys=(KeyRecord(key=ISSUER.public_key, usages=frozenset({Usage.ISSUE}), not_before=0),),
        )
        door = Verifier(
            trust=TrustStore([acme]),
            origins=[self.origin],
            replay=self.make_store(),
            public_origin=self.origin,
        )
        request = Request(method=method, path=raw, query=query, headers=headers)
        try:
            door.verify(request, self.change_body(body))
            self.then()
        except DelegateError as error:
            base = masked_base(door, request) if self.development else None
            told = public_refusal(error, development=self.development, signature_base=base)
            return told.status, told.members
        self.ran.append(method)
        return 200, {}


def new_store() -> MemoryReplayStore:
    return MemoryReplayStore(single_process=True, assume_fresh=True)


def kept(store: MemoryReplayStore) -> Callable[[], MemoryReplayStore]:
    return lambda: store


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
            made.asked.append("signed" if "Signature" in self.headers else "unsigned")
            received = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, problem = made.answer(self.command, self.path, headers, received)
            body = json.dumps(problem).encode()
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + made.clock_ahead, usegmt=True))
            self.send_header("Content-Type", "application/problem+json" if problem else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def visit(desk: Desk, site: Site, *more: object, path: str = "/v1/orders?dry=1") -> Ran:
    token = issue(
        ISSUER, issuer="acme", agent="worker", holder=WORKER.public_key, scope=SCOPE, audience=[site.origin]
    )
    desk.write("here.dlg1", token.text)
    words = ("--key", desk.path("worker.pem"), "--token", desk.path("here.dlg1"))
    return desk.run("doctor", f"{site.origin}{path}", *words, *more)


def statuses(ran: Ran) -> dict[str, str]:
    return {finding["check"]: finding["status"] for finding in ran.json["findings"]}


# --- servers ---------------------------------------------------------------------------------------


def test_all_is_well(desk: Desk, site: Site) -> None:
    ran = visit(desk, site, "--json")
    assert (ran.code, ran.err, ran.json["healthy"]) == (0, "", True)
    assert statuses(ran) == {"key": "ok", "token": "ok", "server": "ok", "clock": "ok", "signature": "ok"}
    assert site.asked == ["unsigned", "signed"]


def test_a_changed_header_is_named(desk: Desk, site: Site) -> None:
    def mesh(path: str, headers: Headers) -> tuple[str, Headers]:
        return path, [(n, b'"someone-else"' if n == b"agent-identity" else v) for n, v in headers]

    site.change = mesh
    ran = visit(desk, site)
    assert ran.code == 1
    assert "fail  signature: refused: identity_mismatch: " in ran.out
    assert """agent-identity: signed ""worker"", arrived ""someone-else"\"""" in ran.out


@pytest.mark.parametrize(
    ("arrives", "component", "hint"),
    [
        ("/orders?dry=1", "@path", "public_prefix='/v1'"),
        ("/api/v1/orders?dry=1", "@path", "strip_prefix='/api'"),
        ("/v1/%6frders?dry=1", "@path", "encodes it in its own way"),
        ("/v2/orders?dry=1", "@path", "hand it on as the client wrote it"),
        ("/v1/orders?dry=2", "@query", "rewrites the query"),
    ],
)
def test_a_changed_target_is_named(desk: Desk, site: Site, arrives: str, component: str, hint: str) -> None:
    site.change = lambda _, headers: (arrives, headers)
    ran = visit(desk, site)
    assert ran.code == 1
    assert "fail  signature: refused: signature_invalid" in ran.out
    assert f"{component}: signed " in ran.out
    assert hint in ran.out
    assert ran.out.count(": signed ") == 1
    site.development = False
    blind = visit(desk, site)
    assert blind.code == 1
    assert blind.out.count("not seen: ") == 2
    assert "fix: run the server in development mode" in blind.out
    assert ": signed " not in blind.out


def test_a_key_that_is_not_the_tokens_is_told_from_a_change(desk: Desk, site: Site) -> None:
    forged = b"dlg=:" + b"A" * 86 + b"==:"
    site.change = lambda path, headers: (path, [(n, forged if n == b"signature" else v) for n, v in headers])
    ran = visit(desk, site)
    assert ran.code == 1
    assert "nothing was changed on the way" in ran.out


def test_a_signature_that_verifies_is_well_even_where_the_action_is_not(desk: Desk, site: Site) -> None:
    def deny() -> None:
        raise OutOfScopeError

    site.then = deny
    ran = visit(desk, site)
    assert ran.code == 0
    assert "ok    signature: verifies; the request itself is refused: out_of_scope" in ran.out


@pytest.mark.parametrize(("ahead", "status", "code"), [(0, "ok", 0), (-15, "warn", 0), (120, "fail", 1)])
def test_clocks_are_compared(desk: Desk, site: Site, ahead: int, status: str, code: int) -> None:
    site.clock_ahead = ahead
    ran = visit(desk, site, "--json")
    assert (ran.code, statuses(ran)["clock"]) == (code, status)


def test_the_token_goes_to_its_audience_only(desk: Desk, site: Site) -> None:
    words = ("--key", desk.path("worker.pem"), "--token", desk.path("worker.dlg1"))
    ran = desk.run("doctor", f"{site.origin}/v1/orders", *words)
    assert ran.code == 1
    assert f"fail  audience: not sent: the token is for {ORIGIN}" in ran.out
    assert site.asked == ["unsigned"]


def test_a_path_that_lets_strangers_in_is_noticed(desk: Desk, site: Site) -> None:
    site.answer = lambda *_: (200, {})  # type: ignore[method-assign]  # an open server
    ran = visit(desk, site)
    assert ran.code == 0
    assert "warn  server: answers an unsigned request with 200" in ran.out


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://api.example.com/", "ftp://x/", "http://[/"])
def test_a_server_that_cannot_be_asked_is_a_finding(desk: Desk, url: str) -> None:
    ran = desk.run("doctor", url)
    assert ran.code == 1
    assert ran.out.startswith("fail  server: ")


def test_no_secret_is_printed(desk: Desk, site: Site) -> None:
    site.change = lambda _, headers: ("/elsewhere", headers)
    for more in ((), ("--json",)):
        ran = visit(desk, site, *more)
        token = desk.path("here.dlg1").read_text()
        assert token not in ran.out + ran.err
        assert not [part for part in token.split(".")[1:] if part in ran.out]
        assert "nonce=" not in ran.out


# --- bodies ----------------------------------------------------------------------------------------


def test_no_post_is_sent_unless_asked_for(desk: Desk, site: Site) -> None:
    assert visit(desk, site).code == 0
    assert site.ran == ["GET"]


@pytest.mark.parametrize("development", [True, False])
def test_a_body_that_arrives_is_seen_and_nothing_runs(desk: Desk, site: Site, development: bool) -> None:  # noqa: FBT001
    """'A POST is not [safe], so the one that is sent carries the nonce that the GET has used up'"""
    site.development = development
    ran = visit(desk, site, "--post", "--json")
    assert (ran.code, statuses(ran)["signature"], statuses(ran)["body"]) == (0, "ok", "ok")
    assert site.asked == ["unsigned", "signed", "signed", "signed"]
    assert site.ran == ["GET"]


@pytest.mark.parametrize("development", [True, False])
@pytest.mark.parametrize(("old", "new"), [(b"\r", b""), (PROBE_BODY, b""), (b"\xff", b"?")])
def test_a_changed_body_is_seen(desk: Desk, site: Site, old: bytes, new: bytes, development: bool) -> None:  # noqa: FBT001
    site.development = development
    site.change_body = lambda body: body.replace(old, new)
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert "fail  body: changed on the way: digest_mismatch" in ran.out
    assert "ok    signature: accepted" in ran.out
    assert site.ran == ["GET"]


def test_a_changed_header_of_a_body_is_named(desk: Desk, site: Site) -> None:
    def mesh(path: str, headers: Headers) -> tuple[str, Headers]:
        return path, [(n, b"text/plain" if n.lower() == b"content-type" else v) for n, v in headers]

    site.change = mesh
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert 'content-type: signed "application/vnd.delegate.probe", arrived "text/plain"' in ran.out


def test_no_post_is_sent_to_a_server_that_takes_a_nonce_twice(desk: Desk, site: Site) -> None:
    site.make_store = new_store  # as processes do that share none
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert "fail  replay: the same signed GET was accepted twice" in ran.out
    assert site.ran == ["GET", "GET"]


def test_a_nonce_that_counts_again_for_a_denied_request_is_a_finding(desk: Desk, site: Site) -> None:
    def deny() -> None:
        raise OutOfScopeError

    site.make_store, site.then = new_store, deny
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert "fail  replay: the same signed GET was accepted twice: the answer is 403" in ran.out
    assert len(site.asked) == 3


def test_no_post_is_sent_where_something_else_answers_the_second_get(desk: Desk, site: Site) -> None:
    answer = site.answer

    def sometimes(*request: Any) -> tuple[int, Mapping[str, object]]:
        return answer(*request) if len(site.asked) < 3 else (429, {})

    site.answer = sometimes  # type: ignore[method-assign, assignment]  # a limit on the rate, in front
    ran = visit(desk, site, "--post")
    assert ran.code == 0
    assert "warn  body: no POST was sent: the same GET, sent again, was answered with 429" in ran.out
    assert len(site.asked) == 3


def test_a_nonce_that_counts_again_for_a_post_is_a_finding(desk: Desk, site: Site) -> None:
    shared = new_store()
    site.make_store = lambda: new_store() if len(site.asked) == 4 else shared  # the POST meets another
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert "fail  replay: a POST with the GET's nonce was answered with 200" in ran.out


def test_no_post_is_sent_where_the_get_is_refused(desk: Desk, site: Site) -> None:
    site.change = lambda _, headers: ("/elsewhere", headers)
    ran = visit(desk, site, "--post")
    assert "warn  body: no POST was sent: the signed GET was refused" in ran.out
    assert site.asked == ["unsigned", "signed"]


def test_no_post_is_sent_where_nobody_verifies(desk: Desk, site: Site) -> None:
    site.answer = lambda *_: (200, {})  # type: ignore[method-assign]  # an open server
    ran = visit(desk, site, "--post")
    assert ran.code == 1
    assert "fail  replay: the same signed GET was accepted twice" in ran.out
    assert site.asked == ["unsigned", "signed", "signed"]


# --- files -----------------------------------------------------------------------------------------


def test_files_are_checked_without_a_server(desk: Desk) -> None:
    with SQLiteReplayStore(desk.path("replay.db")):
        pass
    words = ("--key", desk.path("worker.pem"), "--token", desk.path("worker.dlg1"))
    ran = desk.run(
        "doctor", *words, "--trust", desk.path("trust.json"), "--replay", desk.path("replay.db"), "--json"
    )
    assert ran.code == 0
    assert statuses(ran) == {
        "key": "ok",
        "token": "ok",
        "trust file": "warn",
        "chain": "ok",
        "replay store": "ok",
    }


def test_each_broken_file_is_found(desk: Desk) -> None:
    desk.path("worker.pem").chmod(0o644)
    desk.write("bad.json", "{}")
    desk.write("bad.db", b"not a database").chmod(0o600)
    desk.write("bad.dlg1", "dlg1")
    words = ("--key", desk.path("worker.pem"), "--token", desk.path("bad.dlg1"))
    ran = desk.run(
        "doctor", *words, "--trust", desk.path("bad.json"), "--replay", desk.path("bad.db"), "--json"
    )
    assert (ran.code, ran.json["healthy"]) == (1, False)
    assert statuses(ran) == {"key": "fail", "token": "fail", "trust file": "fail", "replay store": "fail"}


def test_a_token_of_another_key_is_found(desk: Desk) -> None:
    ran = desk.run("doctor", "--key", desk.path("holder.pem"), "--token", desk.path("worker.dlg1"))
    assert ran.code == 1
    assert f"its holder's key is {WORKER.key_id}, and --key is {HOLDER.key_id}" in ran.out


def test_an_absent_replay_store_is_left_to_the_server(desk: Desk) -> None:
    ran = desk.run("doctor", "--replay", desk.path("replay.db"))
    assert ran.code == 0
    assert ran.out.startswith("warn  replay store: there is no ")
    assert not desk.path("replay.db").exists()


def test_a_store_that_is_not_durable_is_looked_at_and_left_alone(desk: Desk) -> None:
    path = desk.path("replay.db")
    with SQLiteReplayStore(path, durable=False, assume_fresh=True):
        pass
    ran = desk.run("doctor", "--replay", path)
    assert (ran.code, ran.out) == (0, f"ok    replay store: {path} opens\n")


@pytest.mark.parametrize("words", [(), ("--post", "--key", "x"), ("--revocations", "x", "--key", "x")])
def test_what_has_nothing_to_look_at_is_wrong_usage(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run("doctor", *words).code == 2


def test_a_revocation_list_is_looked_at(desk: Desk) -> None:
    words = ("--token", desk.path("worker.dlg1"), "--trust", desk.demanding_trust(), "--json")
    without = desk.run("doctor", *words)
    assert (without.code, statuses(without)["chain"]) == (1, "fail")
    assert "revocation_unavailable" in without.out
    path = desk.write("acme.revoked", signed_list(at=int(time.time())))
    good = desk.run("doctor", *words, "--revocations", path)
    assert (good.code, statuses(good)["revocation list"], statuses(good)["chain"]) == (0, "ok", "ok")
    desk.write("acme.revoked", signed_list(at=int(time.time()), tokens=[desk.token.token_id]))
    revoked = desk.run("doctor", *words, "--revocations", path)
    assert (statuses(revoked)["revocation list"], statuses(revoked)["chain"]) == ("ok", "fail")
    assert "revoked: " in revoked.out
    desk.write("acme.revoked", signed_list(at=int(time.time()) - 301))
    old = desk.run("doctor", *words, "--revocations", path)
    assert (old.code, statuses(old)["revocation list"], statuses(old)["chain"]) == (1, "fail", "fail")


def test_a_chain_is_judged_at_the_url_it_is_for(desk: Desk, site: Site) -> None:
    words = ("--trust", desk.path("trust.json"), "--json")
    assert statuses(desk.run("doctor", "--token", desk.path("worker.dlg1"), *words))["chain"] == "ok"
    assert statuses(visit(desk, site, *words))["chain"] == "fail"  # the file trusts for another origin
    assert (
        statuses(desk.run("doctor", "ftp://x/", "--token", desk.path("worker.dlg1"), *words))["chain"]
        == "fail"
    )


# --- comparing -------------------------------------------------------------------------------------


def test_bases_are_compared_line_by_line() -> None:
    ours = (
        '"@method": GET\n"x": 1\n"delegation": t="dlg1.secret"\n"@signature-params": ();nonce="abc";keyid="k"'
    )
    assert compare(ours, ours.replace('"abc"', '"<masked>"').replace('t="dlg1.secret"', "<15 bytes>")) == ()
    changed = ours.replace("GET", "PUT").replace('"x": 1\n', "").replace("dlg1.secret", "dlg1.longer.one")
    differences = compare(ours, changed)
    assert [(each.component, each.signed, each.arrived) for each in differences] == [
        ("@method", "GET", "PUT"),
        ("x", "1", None),
        ("delegation", "<15 bytes>", "<19 bytes>"),
    ]
    assert differences[1].describe() == 'x: signed "1", arrived nothing'
    assert all(each.hint for each in differences)
