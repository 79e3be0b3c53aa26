"""An issuer's key is changed under load: a real server, clients that never pause, and the command line.

The clock is moved by the test, a second at a time, and every client must be answered after each move. So
the whole life of a retired key passes in seconds, and an honest request that is lost is seen.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest
from typer.testing import CliRunner

from delegate.cli.app import app
from delegate.client.context import with_delegation
from delegate.client.httpx import SigningTransport
from delegate.clock import Clock, ManualClock
from delegate.errors import ConfigurationError
from delegate.identity import Identity
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.replay.memory import MemoryReplayStore
from delegate.scope import Scope
from delegate.server.asgi import DelegateMiddleware
from delegate.token import UnverifiedToken, issue
from delegate.verifier import Verifier
from tests.integration.test_uvicorn import PATIENCE, echo, listening, reading, running
from tests.support.world import ISSUER_KEY, SCOPE, WORKER_KEY, Agent

MAX_TTL: Final = 20
OVERLAP: Final = 6
CLIENTS: Final = 2
"""For each token."""


@dataclass(slots=True)
class Load:
    """Clients in threads of their own, and every answer that they got."""

    origin: str
    clock: ManualClock
    answers: dict[str, list[str]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def of(self, token: UnverifiedToken) -> Iterator[None]:
        """``CLIENTS`` more that send requests under ``token``, one after the other."""
        stop = threading.Event()
        names = [f"client {len(self.answers) + n}" for n in range(CLIENTS)]
        self.answers |= {name: [] for name in names}
        threads = [
            threading.Thread(target=self._send, args=(name, token, stop), daemon=True) for name in names
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE)
                assert not thread.is_alive()

    def once(self, token: UnverifiedToken) -> str:
        """The answer to one request."""
        with self._client() as api:
            return self._ask(api, token)

    def late(self, token: UnverifiedToken) -> str:
        """The answer to one request that an honest client would not send any more."""
        agent = Agent(key=WORKER_KEY, identity=Identity(agent="worker-agent"), token=token)
        headers = agent.sign("GET", "/v1/orders", origin=self.origin, now=self.clock.now())
        return code_of(httpx.get(f"{self.origin}/v1/orders", headers=headers, timeout=PATIENCE))

    def go_on(self) -> None:
        """Wait until each running client has sent a request from now on and heard the answer."""
        with self.changed:
            # The first may have been on its way already.
            wanted = {name: len(heard) + 2 for name, heard in self.answers.items()}
            assert self.changed.wait_for(
                lambda: all(len(self.answers[name]) >= count for name, count in wanted.items()), PATIENCE
            )

    def _send(self, name: str, token: UnverifiedToken, stop: threading.Event) -> None:
        with self._client() as api:
            while not stop.is_set():
                answer = self._ask(api, token)
                with self.changed:
                    self.answers[name].append(answer)
                    self.changed.notify_all()

    def _client(self) -> httpx.Client:
        transport = SigningTransport(httpx.HTTPTransport(), clock=self.clock)
        return httpx.Client(base_url=self.origin, transport=transport, timeout=PATIENCE)

    def _ask(self, api: httpx.Client, token: UnverifiedToken) -> str:
        with with_delegation(token, key=WORKER_KEY, identity=Identity(agent="worker-agent")):
            return code_of(api.get("/v1/orders"))


def code_of(answer: httpx.Response) -> str:
    return "accepted" if answer.status_code == 200 else str(answer.json()["code"])


@dataclass(frozen=True, slots=True)
class Service:
    """A server that is running, the trust file it reads, and the clock of all."""

    folder: Path
    trust: TrustStore
    clock: ManualClock
    load: Load

    def token(self, key: SigningKey) -> UnverifiedToken:
        return issue(
            key,
            issuer="acme",
            agent="worker-agent",
            holder=WORKER_KEY.public_key,
            scope=SCOPE,
            audience=[self.load.origin],
            expires_in=MAX_TTL,
            clock=self.clock,
        )

    def command(self, *words: object) -> None:
        """Change the trust file by command, then have the server read it."""
        ran = CliRunner().invoke(app, [str(word) for word in words])
        assert ran.exit_code == 0, ran.output
        self.trust.reload()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    ISSUER_KEY.save(tmp_path / "old.pem")
    clock = ManualClock(Clock().now() + 60)  # commands go by the system's clock, which stays behind this one
    with ExitStack() as stack:
        listener = stack.enter_context(listening())
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        record = KeyRecord(key=ISSUER_KEY.public_key, usages=frozenset({Usage.ISSUE}), not_before=0)
        issuer = Issuer(
            name="acme",
            ceiling=Scope.UNRESTRICTED,
            audiences=(origin,),
            max_depth=1,
            max_ttl=MAX_TTL,
            revocation="none",
            keys=(record,),
        )
        TrustStore([issuer]).save(tmp_path / "trust.json")
        trust = TrustStore.load(tmp_path / "trust.json")
        replay = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
        verifier = Verifier(trust=trust, origins=[origin], replay=replay, clock=clock)
        stack.enter_context(
            running(
                DelegateMiddleware(echo, verifier, action_for=reading, development=True),
                listener,
                "httptools",
            )
        )
        yield Service(tmp_path, trust, clock, Load(origin, clock))


@pytest.mark.slow
def test_d36_a_rotation_under_load_loses_no_honest_request(service: Service) -> None:
    """ "Retired at T: tokens with `iat < T` count until `T + max_ttl`" (section 3)."""
    load, clock = service.load, service.clock
    retired_at = clock.now() + OVERLAP
    with ExitStack() as honest:
        honest.enter_context(load.of(service.token(ISSUER_KEY)))
        load.go_on()
        trust, new = service.folder / "trust.json", service.folder / "new.pem"
        old = service.folder / "old.pem"
        service.command("key", "rotate", new, "--old", old, "--trust", trust, "--retire-at", retired_at)
        load.go_on()
        honest.enter_context(load.of(service.token(SigningKey.load(new))))
        while clock.now() < retired_at - 1:
            clock.advance(1)
            service.trust.reload()
            load.go_on()
        last = service.token(ISSUER_KEY)  # an issuer that has not heard of the new key yet
        honest.enter_context(load.of(last))
        load.go_on()
        clock.advance(1)
        assert load.once(service.token(ISSUER_KEY)) == "key_revoked"
        load.go_on()
    assert {answer for heard in load.answers.values() for answer in heard} == {"accepted"}
    clock.set(last.expires_at - 1)
    assert load.once(last) == "accepted"
    assert load.once(service.token(SigningKey.load(new))) == "accepted"
    clock.set(retired_at + MAX_TTL)
    assert load.late(last) == "key_revoked"
    assert load.once(service.token(SigningKey.load(new))) == "accepted"


def test_d36_a_repudiation_refuses_at_once_and_spares_the_other_key(service: Service) -> None:
    """ "Repudiated: refused at once in every role" (section 3)."""
    load = service.load
    trust, new = service.folder / "trust.json", service.folder / "new.pem"
    service.command("key", "rotate", new, "--old", service.folder / "old.pem", "--trust", trust)
    lost, kept = service.token(ISSUER_KEY), service.token(SigningKey.load(new))
    with load.of(kept):
        assert load.once(lost) == "accepted"
        service.command("trust", "repudiate", trust, ISSUER_KEY.key_id)
        assert load.once(lost) == "key_revoked"
        load.go_on()
    assert {answer for heard in load.answers.values() for answer in heard} == {"accepted"}


def test_a_broken_trust_file_under_load_leaves_the_last_good_one_in_force(service: Service) -> None:
    """ "`reload()` is atomic and keeps the last good" (section 3)."""
    load = service.load
    path = service.folder / "trust.json"
    good = path.read_bytes()
    with load.of(service.token(ISSUER_KEY)):
        for broken in (b"", good[:-10], b"{}", good.replace(b'"max_depth": 1', b'"max_depth": -1')):
            path.write_bytes(broken)
            with pytest.raises(ConfigurationError):
                service.trust.reload()
            load.go_on()
        path.write_bytes(good)
        service.trust.reload()
        load.go_on()
    assert {answer for heard in load.answers.values() for answer in heard} == {"accepted"}
