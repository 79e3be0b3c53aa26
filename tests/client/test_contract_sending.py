"""The contract of every signing end, second part: whether to sign, and with what; redirects; retries.

As in the first part, each test runs over every library against servers that keep what they get.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from functools import wraps
from typing import Any

import pytest

import delegate
from delegate import known_secrets
from delegate.client.context import with_delegation
from delegate.clock import Clock
from delegate.errors import (
    AudienceMismatchError,
    ConfigurationError,
    DelegateError,
    DelegationExpiredError,
    DelegationMissingError,
    DelegationNotYetValidError,
    OutOfScopeError,
    RedirectRefusedError,
    TargetRejectedError,
)
from delegate.keys import SigningKey
from delegate.limits import REDIRECTS_MAX, RETRIES_MAX, WINDOW_MAX
from delegate.scope import Action
from tests.client.conftest import Site
from tests.client.ends import End
from tests.client.support import NOW, OURS, READ_ONLY, WORKER_KEY, sub_token, token
from tests.client.wire import BREAK, Reply, WireServer, redirect

CHUNKS = [b"one,", b"", b"two"]
FOREIGN = "a host that gets no signature"

# --- whether to sign -------------------------------------------------------------------------------


def test_s162_other_hosts_get_none_of_our_headers(site: Site, other: WireServer) -> None:
    """ "Other hosts get none of our headers." """
    stale = [(name, "x") for name in OURS]
    with site.client() as api, site.entered():
        for origin in (other.origin, f"http://localhost:{other.port}"):
            api.request("POST", origin + "/", headers=[*stale, ("X-Mine", "1")], body=list(CHUNKS))
            assert not other.last.ours
            assert (other.last.headers["x-mine"], other.last.body) == ("1", b"one,two")
        api.request("GET", f"http://ada:hunter2@{other.authority}/")
        assert not other.last.ours
        api.request("GET", site.url())
    assert site.server.last.ours


def test_another_hosts_redirect_to_a_third_is_not_ours_to_judge(site: Site, other: WireServer) -> None:
    with WireServer(verify=False) as third, site.client() as api, site.entered():
        other.answers.append(redirect(307, f"{third.origin}/2"))
        assert api.request("POST", f"{other.origin}/1", body=b"body").status == 200
        assert (third.last.target, third.last.body, third.last.ours) == (b"/2", b"body", set())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_hosts_redirect_never_chooses_what_we_sign(
    site: Site, other: WireServer, status: int
) -> None:
    for settings in ({}, {"origins": [site.server.origin]}):
        other.answers.append(redirect(status, site.url("/v1/admin")))
        with (
            site.client(**settings) as api,
            site.entered(),
            pytest.raises(RedirectRefusedError, match=FOREIGN),
        ):
            api.request("POST", f"{other.origin}/1", body=b"x")
    assert not site.server.requests


def test_without_a_delegation_nothing_is_sent(site: Site, other: WireServer) -> None:
    """ "Where nothing is current, current_delegation() and the transport raise delegation_missing." """
    with site.client() as api:
        for url in (site.url(), other.origin):
            with pytest.raises(DelegationMissingError):
                api.request("GET", url)
        with site.entered():
            api.request("GET", site.url())
        with pytest.raises(DelegationMissingError):
            api.request("GET", site.url())
    assert (len(site.server.requests), len(other.requests)) == (1, 0)


def test_stated_origins_are_never_sent_to_unsigned_and_others_are(site: Site, other: WireServer) -> None:
    """ "A signing transport never sends unsigned to an origin it should sign for." """
    third = f"http://localhost:{site.server.port}"
    with site.client(origins=[site.server.origin, third]) as api:
        api.request("GET", other.origin)
        with pytest.raises(DelegationMissingError):
            api.request("GET", site.url())
        with site.entered():
            api.request("GET", site.url())
            with pytest.raises(AudienceMismatchError) as caught:
                api.request("GET", third + "/")
            api.request("GET", other.origin)
    assert caught.value.block == 0
    assert (len(site.server.requests), len(other.requests)) == (1, 2)
    assert not any(each.ours for each in other.requests)


def test_the_effective_audience_decides_not_that_of_one_block(site: Site, other: WireServer) -> None:
    key = SigningKey.generate()
    narrowed = delegate.attenuate(
        token(audience=sorted([site.server.origin, other.origin])),
        WORKER_KEY,
        agent="sub-agent",
        holder=key.public_key,
        audience=[site.server.origin],
        clock=site.server.clock,
    )
    with site.client() as api, with_delegation(narrowed, key=key):
        site.server.verify = False  # its ceiling does not allow the wider block 0
        api.request("GET", other.origin)
        api.request("GET", site.url())
    assert (other.last.ours, bool(site.server.last.ours)) == (set(), True)


@pytest.mark.parametrize("settings", [{}, {"origins": []}])
def test_who_outlives_a_delegation_sends_nothing(site: Site, settings: dict[str, Any]) -> None:
    """ "Leaving closes the handle, so a task that outlives it raises": a task, or a thread with ``bind``.

    With ``origins=[]`` its audience alone tells that the request was to be signed.
    """
    with site.client(**settings) as api:
        if site.end.asynchronous:
            with pytest.raises(DelegationMissingError, match="closed"):
                api.run(outliving_task(site, api))
        else:
            with ThreadPoolExecutor(1) as pool:
                with site.entered():
                    call = delegate.bind(lambda: api.request("GET", site.url()))
                    pool.submit(call).result()
                with pytest.raises(DelegationMissingError, match="closed"):
                    pool.submit(call).result()
    assert len(site.server.requests) == 1


async def outliving_task(site: Site, api: Any) -> None:
    sent, left = asyncio.Event(), asyncio.Event()

    async def worker() -> None:
        await api.send("GET", site.url())
        sent.set()
        await left.wait()
        await api.send("GET", site.url())

    with site.entered():
        task = asyncio.create_task(worker())
        await sent.wait()
    left.set()
    await task


def test_callers_at_once_each_sign_with_their_own_delegation(site: Site) -> None:
    """ "asyncio tasks ... inherit it": one client, two delegations, many requests under way at once."""
    chain, key = sub_token(audience=[site.server.origin])
    blocks: list[Callable[[], Any]] = [site.entered, lambda: with_delegation(chain, key=key)]

    def in_thread(number: int) -> None:
        with blocks[number % 2]():
            api.request("GET", site.url(f"/{number}"))

    async def in_task(number: int) -> None:
        with blocks[number % 2]():
            await asyncio.sleep(0)
            await api.send("GET", site.url(f"/{number}"))

    async def all_tasks() -> None:
        await asyncio.gather(*(in_task(number) for number in range(8)))

    with site.client() as api:
        if site.end.asynchronous:
            api.run(all_tasks())
        else:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(in_thread, range(8)))
    agents = {verified.envelope.path: verified.agent for verified in site.server.verified}
    assert agents == {f"/{number}": ("worker-agent", "sub-agent")[number % 2] for number in range(8)}


# --- checks of the own token -----------------------------------------------------------------------


def test_an_expired_token_is_not_sent(site: Site) -> None:
    with site.client() as api, site.entered(expires_in=600):
        site.server.clock.set(NOW + 599)
        api.request("GET", site.url())
        site.server.clock.set(NOW + 600)
        with pytest.raises(DelegationExpiredError) as caught:
            api.request("GET", site.url())
        site.server.clock.set(NOW - 6)
        with pytest.raises(DelegationNotYetValidError):
            api.request("GET", site.url())
    assert (caught.value.block, caught.value.executed) == (0, "no")
    assert len(site.server.requests) == 1


def test_the_body_of_a_request_that_is_refused_at_once_is_not_touched(site: Site) -> None:
    body = iter(CHUNKS)
    with site.client() as api, site.entered(expires_in=600):
        site.server.clock.set(NOW + 600)
        with pytest.raises(DelegationExpiredError):
            api.request("POST", site.url(), body=body)
    assert next(body) == b"one,"


def test_a_token_that_expires_while_the_body_is_read_is_not_sent(site: Site) -> None:
    def slow() -> Iterator[bytes]:
        yield b"x"
        site.server.clock.set(NOW + 600)

    with site.client() as api, site.entered(expires_in=600), pytest.raises(DelegationExpiredError):
        api.request("POST", site.url(), body=slow())
    assert not site.server.requests


def test_a_named_action_is_checked_against_every_block_before_sending(site: Site) -> None:
    """ "... and scope where the caller names the action (with delegate.action(...) or action_for=)." """
    with site.client() as api, site.entered():
        with delegate.action("refunds.create", operation="financial", risk="high"):
            api.request("POST", site.url())
            with (
                delegate.narrow(scope=READ_ONLY, clock=site.server.clock),
                pytest.raises(OutOfScopeError) as caught,
            ):
                api.request("POST", site.url())
        with delegate.narrow(scope=READ_ONLY, clock=site.server.clock):
            api.request("POST", site.url())  # where nothing is named, the server decides
    assert (caught.value.block, caught.value.executed, caught.value.field) == (1, "no", "tools")
    assert len(site.server.requests) == 2


def test_action_for_names_the_action_of_a_request(site: Site) -> None:
    def action_for(request: Any) -> Action | None:
        return Action("admin", operation="read", risk="low") if "/admin" in str(request.url) else None

    with site.client(action_for=action_for) as api, site.entered():
        api.request("GET", site.url())
        with pytest.raises(OutOfScopeError):
            api.request("GET", site.url("/admin"))
        with (
            delegate.action("orders.read", operation="read", risk="low"),
            pytest.raises(OutOfScopeError),
        ):
            api.request("GET", site.url("/admin"))  # both are asked
    assert len(site.server.requests) == 1


# --- hooks that fail -------------------------------------------------------------------------------


class Boom(Exception):  # noqa: N818 - what a hook raises is its own affair
    pass


def boom(*_: Any, **__: Any) -> Any:
    raise Boom


class BrokenClock(Clock):
    def now(self) -> int:
        raise Boom


class BrokenSigner:
    """A key that is out of order: a token of hardware that was unplugged."""

    public_key = WORKER_KEY.public_key
    sign = staticmethod(boom)


def broken_body() -> Iterator[bytes]:
    yield b"half"
    raise Boom


@pytest.mark.parametrize("hook", ["action_for", "clock", "signer", "body"])
def test_an_exception_in_any_hook_of_ours_sends_nothing(site: Site, hook: str) -> None:
    """Design rule 1: "an error, a time-out or doubt means no"."""
    hooks: dict[str, Any] = {"action_for": boom, "clock": BrokenClock()}
    settings = {hook: hooks[hook]} if hook in hooks else {}
    chain = token(audience=[site.server.origin])
    key: Any = BrokenSigner() if hook == "signer" else WORKER_KEY
    body = broken_body() if hook == "body" else b"whole"
    with site.client(**settings) as api, with_delegation(chain, key=key), pytest.raises(Boom):
        api.request("POST", site.url(), body=body)
    assert not site.server.requests


# --- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_s162_a_redirect_is_an_error(site: Site, other: WireServer, status: int) -> None:
    """ "Redirects are errors by default", whatever the client above would do."""
    with site.client() as api, site.entered():
        for location in ("/v2", f"{other.origin}/v1"):
            site.server.answers.append(redirect(status, location))
            with pytest.raises(RedirectRefusedError) as caught:
                api.request("POST", site.url("/v1"), body=b"x")
            assert caught.value.executed == "unknown"
    assert (len(site.server.requests), len(other.requests)) == (2, 0)


def test_what_only_looks_like_a_redirect_is_an_answer(site: Site) -> None:
    site.server.answers.extend([Reply(304), redirect(201, "/v1/orders/2"), Reply(307)])
    with site.client() as api, site.entered():
        assert [api.request("POST", site.url()).status for _ in range(3)] == [304, 201, 307]


@pytest.mark.parametrize("status", [307, 308])
def test_with_follow_same_origin_it_is_signed_again(site: Site, status: int) -> None:
    upper = f"HTTP://{site.server.authority}/v3/%c3%bc?"
    site.server.answers.extend([redirect(status, "v2?a=b#c"), redirect(status, upper)])
    with site.client(follow_same_origin=True) as api, site.entered():
        assert api.request("POST", site.url("/v1"), body=list(CHUNKS)).status == 200
    envelopes = [verified.envelope for verified in site.server.verified]
    assert [each.path + each.query for each in envelopes[:2]] == ["/v1?", "/v2?a=b"]
    assert envelopes[2].path.lower() == "/v3/%c3%bc"
    assert {sent.body for sent in site.server.requests} == {b"one,two"}
    assert {sent.method for sent in site.server.requests} == {"POST"}
    assert len({each.nonce for each in envelopes}) == 3


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (301, "/v2"),
        (302, "/v2"),
        (303, "/v2"),
        (307, "http://localhost:{port}/v1"),
        (307, "//localhost:{port}/v1"),
        (307, "https://127.0.0.1:{port}/v1"),
        (307, "http://127.0.0.1/v1"),
        (307, "http://127.0.0.1.:{port}/v1"),
        (307, "http://user@127.0.0.1:{port}/v1"),
        (307, "http://[bad/"),
        (307, "http://127.0.0.1:port/"),
        (308, "mailto:ada"),
    ],
)
def test_s162_follow_same_origin_follows_nothing_else(site: Site, status: int, location: str) -> None:
    port = site.server.port
    site.server.answers.append(redirect(status, location.format(port=port)))
    audience = sorted([site.server.origin, f"http://localhost:{port}"])
    site.server.verify = False  # its ceiling allows no other origin
    with (
        site.client(follow_same_origin=True) as api,
        site.entered(audience=audience),
        pytest.raises(RedirectRefusedError) as caught,
    ):
        api.request("GET", site.url("/v1"))
    assert caught.value.executed == "unknown"
    assert len(site.server.requests) == 1


def test_redirects_are_bounded(site: Site) -> None:
    site.server.answers.extend(redirect(307, f"/{number}") for number in range(REDIRECTS_MAX + 1))
    with site.client(follow_same_origin=True) as api, site.entered(), pytest.raises(RedirectRefusedError):
        api.request("GET", site.url("/v1"))
    assert len(site.server.requests) == 1 + REDIRECTS_MAX


def test_what_is_refused_after_sending_is_unknown_to_have_happened(site: Site) -> None:
    """ "What is not known to have happened is called unknown, never 'not executed'." """
    site.server.answers.append(redirect(307, "/a//b"))
    with (
        site.client(follow_same_origin=True) as api,
        site.entered(),
        pytest.raises(TargetRejectedError) as caught,
    ):
        api.request("POST", site.url("/v1"))
    assert caught.value.executed == "unknown"
    assert TargetRejectedError.executed == "no"


# --- retries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", []), ("HEAD", []), ("POST", [("Idempotency-Key", '"k-1"')])],
)
def test_s164_a_retry_is_signed_afresh_and_keeps_its_idempotency_key(
    site: Site, method: str, headers: list[tuple[str, str]]
) -> None:
    """ "A retry is signed afresh (new nonce) and keeps its idempotency key." """
    site.server.answers.extend([BREAK] * 3)
    with site.client(retries=3) as api, site.entered():
        assert api.request(method, site.url(), headers=headers, body=list(CHUNKS)).status == 200
    assert len({verified.envelope.nonce for verified in site.server.verified}) == 4
    keys = {sent.headers.get("idempotency-key") for sent in site.server.requests}
    assert keys == {dict(headers).get("Idempotency-Key")}
    assert {sent.body for sent in site.server.requests} == {b"one,two"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_else_is_tried_again(site: Site, method: str) -> None:
    """ "Automatic retry only for GET/HEAD, with an idempotency key, or on a signed refusal."

    The first request makes a connection that the second, which breaks, finds in use: the case in which
    libraries try again by themselves.
    """
    with site.client(retries=3) as api, site.entered():
        api.request(method, site.url())
        site.server.answers.append(BREAK)
        with pytest.raises(site.end.no_answer):
            api.request(method, site.url())
        assert len(site.server.requests) == 2
        for status in (401, 408, 429, 500, 503):
            site.server.answers.append(Reply(status, (("Retry-After", "0"),)))
            assert api.request(method, site.url()).status == status
    assert len(site.server.requests) == 7


def test_retries_are_off_by_default_and_counted(site: Site) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url())
        site.server.answers.append(BREAK)
        with pytest.raises(site.end.no_answer):
            api.request("GET", site.url())
    assert len(site.server.requests) == 2
    site.server.answers.extend([BREAK] * 3)
    with site.client(retries=2) as api, site.entered(), pytest.raises(site.end.no_answer):
        api.request("GET", site.url())
    assert len(site.server.requests) == 5


def in_own_context(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test that closes a block elsewhere where it disturbs nobody."""

    @wraps(test)
    def run_test(**fixtures: Any) -> None:
        copy_context().run(test, **fixtures)

    return run_test


@in_own_context
def test_a_delegation_that_is_closed_between_two_tries_leaves_the_first_unknown(site: Site) -> None:
    block = ExitStack()
    site.server.arriving = block.close
    site.server.answers.append(BREAK)
    with site.client(retries=1) as api:
        block.enter_context(site.entered())
        with pytest.raises(DelegationMissingError, match="closed") as caught:
            api.request("GET", site.url())
    assert caught.value.executed == "unknown"
    assert len(site.server.requests) == 1


def test_a_token_that_expires_between_two_tries_leaves_the_first_unknown(site: Site) -> None:
    site.server.arriving = lambda: site.server.clock.set(NOW + 600)
    site.server.answers.append(BREAK)
    with site.client(retries=1) as api, site.entered(), pytest.raises(DelegationExpiredError) as caught:
        api.request("GET", site.url())
    assert caught.value.executed == "unknown"
    assert len(site.server.requests) == 1


def test_accept_signature_and_date_change_nothing(site: Site) -> None:
    """ "Accept-Signature and Date never change what the client does." """
    told = (("Accept-Signature", 'sig=("@path");created'), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"))
    site.server.answers.append(Reply(401, told))
    with site.client(retries=1) as api, site.entered():
        assert api.request("GET", site.url()).status == 401
        api.request("GET", site.url())
    first, second = (verified.envelope for verified in site.server.verified)
    assert (first.created, first.algorithm) == (second.created, second.algorithm)


# --- settings and secrets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lifetime", 0),
        ("lifetime", WINDOW_MAX + 1),
        ("lifetime", True),
        ("retries", -1),
        ("retries", RETRIES_MAX + 1),
        ("origins", ["https://api.example.com/"]),
        ("origins", ["http://api.example.com"]),
        ("cover", ["X-Tenant"]),
    ],
)
def test_settings_out_of_bounds_are_refused(end: End, field: str, value: Any) -> None:
    good: dict[str, Any] = {
        "lifetime": WINDOW_MAX,
        "retries": RETRIES_MAX,
        "origins": ["https://a.example"],
        "cover": ["x-a"],
    }
    with end.client(**good):
        pass
    bad: dict[str, Any] = {field: value}
    with pytest.raises(ConfigurationError) as caught, end.client(**bad):
        pytest.fail("made")  # pragma: no cover
    assert caught.value.field == field


def test_nothing_secret_is_in_errors_responses_and_reprs(site: Site) -> None:
    shown: list[str] = []
    third = f"http://localhost:{site.server.port}"
    with site.client(origins=[site.server.origin, third], follow_same_origin=True) as api:
        with site.entered() as handle:
            secrets = [handle.token.text, *(secret.decode("latin-1") for secret in known_secrets.values())]
            for url, headers in (
                (third, []),
                (site.url(), [("Host", "x")]),
                (site.url(), [("Cookie", "pass-w0rd-ä".encode())]),
                (site.url("/a//b"), []),
            ):
                with pytest.raises((DelegateError, *site.end.refusals)) as caught:
                    api.request("GET", url, headers=headers)
                if isinstance(caught.value, DelegateError):
                    shown += [str(caught.value), repr(caught.value)]
            site.server.answers.append(redirect(307, "https://other.example/pass-w0rd"))
            with pytest.raises(DelegateError) as caught:
                api.request("GET", site.url())
            shown.append(str(caught.value))
            site.server.answers.append(Reply(403))
            got = api.request("GET", site.url())
            with pytest.raises(Exception, match="403") as raised:
                got.response.raise_for_status()
            shown += [repr(got.response), str(raised.value), repr(raised.value)]
            sent = site.server.last.headers
            secrets += [
                "pass-w0rd",
                sent["signature"][5:-1],
                sent["signature-input"].split('nonce="')[1][:22],
            ]
        with pytest.raises(DelegateError) as caught:
            api.request("GET", site.url())
        shown.append(str(caught.value))
    assert len(shown) >= 11
    assert not [(text, secret) for text in shown for secret in secrets if secret in text]
