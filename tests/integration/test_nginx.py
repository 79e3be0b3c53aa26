"""The arrangements of ``docs/proxies.md``: real clients, a real nginx, a real server, in each of them.

With the settings of the page honest requests pass, over HTTP/1.1 and HTTP/2. Without them they are refused,
by the code that the page gives, and ``delegate doctor`` names the change.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from delegate.cli.app import app
from delegate.errors import BY_CODE
from delegate.server.problem import public_refusal
from tests.support.front import BLOCKS, PAGE, Front, behind_nginx, nginx_lines, within_frame
from tests.support.nginx import make_certificate, needs_nginx

pytestmark = needs_nginx

BODY = b'{"cents":1250}'
ARRANGEMENTS = {
    "host-kept": ("/v1/orders", "/v1/orders"),
    "host-replaced": ("/v1/orders", "/v1/orders"),
    "prefix-removed": ("/api/v1/orders", "/v1/orders"),
    "prefix-added": ("/v1/orders", "/internal/v1/orders"),
    "header-added": ("/v1/orders", "/v1/orders"),
}
"""The path that the client signs, and the one that the application serves."""

WITHOUT = {
    "host-replaced": ("authority_rejected", '@authority: signed "{host}"', 'public_origin="{origin}"'),
    "prefix-removed": (
        "signature_invalid",
        '@path: signed "/api/v1/orders", arrived "/v1/orders"',
        "public_prefix='/api'",
    ),
    "prefix-added": (
        "signature_invalid",
        '@path: signed "/v1/orders", arrived "/internal/v1/orders"',
        "strip_prefix='/internal'",
    ),
    "header-added": ("header_not_covered", "header 'authorization' is present and not signed", "proxy_adds="),
}
"""Without the page's setting: the code, what ``doctor`` says was changed, and the setting that it names."""


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_honest_requests_pass(tmp_path: Path, name: str, http2: bool) -> None:  # noqa: FBT001
    signed, served = ARRANGEMENTS[name]
    with behind_nginx(tmp_path, nginx_lines(name), name) as front, front.client(http2=http2) as client:
        read = client.get(f"{signed}?dry=1&q=%2F%c3%a9")
        written = client.post(signed, content=BODY, headers={"content-type": "application/json"})
    assert [answer.status_code for answer in (read, written)] == [200, 200]
    assert read.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    seen, wrote = front.calls
    assert (seen["method"], seen["path"], seen["query"]) == ("GET", served, "dry=1&q=%2F%c3%a9")
    assert (wrote["method"], wrote["body"]) == ("POST", hashlib.sha256(BODY).hexdigest())
    assert seen["host"].encode() == front.host
    assert "authorization" not in seen["headers"]


@pytest.mark.parametrize("name", WITHOUT)
def test_without_the_setting_they_are_refused_by_name(tmp_path: Path, name: str) -> None:
    code, _, _ = WITHOUT[name]
    with behind_nginx(tmp_path, nginx_lines(name), {}) as front, front.client() as client:
        for answer in (client.get(ARRANGEMENTS[name][0]), client.post(ARRANGEMENTS[name][0], content=BODY)):
            told = public_refusal(BY_CODE[code]())
            assert (answer.status_code, answer.json()["code"]) == (told.status, told.code)
    assert not front.calls
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("name", WITHOUT)
def test_doctor_names_the_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    code, change, setting = WITHOUT[name]
    with behind_nginx(tmp_path, nginx_lines(name), {}, development=True) as front:
        told = doctor(front, tmp_path, monkeypatch, ARRANGEMENTS[name][0])
    assert told.exit_code == 1
    assert f"fail  signature: refused: {code}" in told.stdout
    names = {"host": front.host.decode(), "origin": front.origin}
    assert change.format(**names) in told.stdout
    assert setting.format(**names) in told.stdout


@pytest.mark.parametrize("name", WITHOUT)
def test_doctor_says_what_it_cannot_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with behind_nginx(tmp_path, nginx_lines(name), {}) as front:
        told = doctor(front, tmp_path, monkeypatch, ARRANGEMENTS[name][0])
    assert told.exit_code == 1
    if name == "host-replaced":  # strangers are told of this one
        assert f'public_origin="{front.origin}"' in told.stdout
    else:
        assert "not seen: whether a component was changed on the way" in told.stdout


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_doctor_finds_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with behind_nginx(tmp_path, nginx_lines(name), name) as front:
        told = doctor(front, tmp_path, monkeypatch, ARRANGEMENTS[name][0], "--post")
    assert told.exit_code == 0, told.stdout
    assert "ok    signature: accepted: the answer is 200" in told.stdout
    assert "ok    body: 256 bytes arrive unchanged" in told.stdout
    assert [call["method"] for call in front.calls] == ["GET"]


def doctor(front: Front, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str, *more: str) -> Any:
    """Run ``delegate doctor`` with a client's environment that trusts exactly nginx's certificate."""
    worker = front.world.worker
    assert worker.token is not None
    worker.key.save(folder / "worker.pem")
    (folder / "worker.dlg1").write_text(worker.token.text)
    monkeypatch.setenv("SSL_CERT_FILE", str(front.certificate))
    monkeypatch.setenv("NO_PROXY", "localhost")
    words = ("--key", str(folder / "worker.pem"), "--token", str(folder / "worker.dlg1"), *more)
    return CliRunner().invoke(app, ["doctor", f"{front.origin}{path}", *words])


# --- the page --------------------------------------------------------------------------------------


def test_every_block_of_the_page_is_used() -> None:
    assert {name for language, name in BLOCKS if language == "python"} == {
        f"proxy:{name}" for name in ARRANGEMENTS
    }
    assert {name for language, name in BLOCKS if language == "nginx"} == {
        "server",
        "proxy:prefix-removed-normalizing",
        *(f"proxy:{name}" for name in ARRANGEMENTS),
    }
    assert PAGE.count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize("column", ["prefix-removed", "prefix-removed-normalizing"])
def test_the_pages_table_of_paths_is_true(tmp_path: Path, column: str) -> None:
    rows = re.findall(r"^\| `(/api/\S+)` \| (accepted|refused) \| (accepted|refused) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    with behind_nginx(tmp_path, nginx_lines(column), "prefix-removed") as front:
        for path, *words in rows:
            outcome = front.send("GET", path, front.sign("GET", path)).outcome
            expected = words[column.endswith("normalizing")]
            assert outcome == ("accepted" if expected == "accepted" else "signature_invalid"), path


def test_two_settings_together(tmp_path: Path) -> None:
    location = (
        "location /api/ { proxy_pass http://127.0.0.1:8000/internal/; proxy_set_header Host $http_host; }"
    )
    settings = {"strip_prefix": "/internal", "public_prefix": "/api"}
    with behind_nginx(tmp_path, within_frame(location), settings) as front:
        reply = front.send("GET", "/api/v1/orders", front.sign("GET", "/api/v1/orders"))
        assert (reply.outcome, reply.details["path"]) == ("accepted", "/internal/v1/orders")
        past = front.send_past("GET", "/v1/orders", front.sign("GET", "/api/v1/orders"))
        assert past.outcome == "target_rejected"


# --- TLS -------------------------------------------------------------------------------------------


def test_a_client_that_trusts_another_certificate_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _ = make_certificate(tmp_path / "other", "localhost")
    with behind_nginx(tmp_path, nginx_lines("host-kept"), "host-kept") as front:
        front.certificate, right = other, front.certificate
        with front.client() as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.post("/v1/orders", content=BODY)
        with pytest.raises(ssl.SSLCertVerificationError):
            front.connect()
        front.certificate = right
        with front.client() as client:
            assert client.post("/v1/orders", content=BODY).status_code == 200
    assert len(front.calls) == 1
