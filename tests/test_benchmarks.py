"""Every benchmark runs and gives the figures it promises; what they are is for `make bench` to say.

The peers are installed in the benchmarks' environment only: here those that are there are run.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import (
    bounds,
    canonical,
    growth,
    maskers,
    masking,
    middleware,
    middleware_http,
    plots,
    request_peers,
    rounds,
    run,
    token_peers,
    traversal,
    verification,
)
from benchmarks.peers.found import found
from benchmarks.rounds import Candidate, Rounds, interleave
from tests.conftest import ROOT

LATEST = json.loads(run.LATEST.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A benchmark silences the library; other tests look into its logs, so the level is restored."""
    caplog.set_level(logging.CRITICAL, logger="delegate")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("ROUNDS", 1), ("BATCH", 2)):
        monkeypatch.setattr(rounds, name, number)
        monkeypatch.setattr(token_peers, name, number)
        monkeypatch.setattr(verification, name, 2)
    monkeypatch.setattr(request_peers, "BODY_ROUNDS", 1)
    monkeypatch.setattr(canonical, "ROUNDS", 1)
    monkeypatch.setattr(canonical, "ROUNDS_1M", 1)
    monkeypatch.setattr(canonical, "ROUND_SECONDS", 0.0)


def expected(*prefixes: str) -> set[str]:
    """The figures of the last full run that begin so, less those of peers that are not installed here."""
    every = {"http_message_signatures", "adcp", "pyjwt", "tenuo", "biscuit", "pymacaroons", "jcs"}
    absent = every - found(*every).keys()
    return {name for name in LATEST if name.startswith(prefixes) and not any(peer in name for peer in absent)}


# --- each module gives what the last full run gave -------------------------------------------------


def test_verification_runs() -> None:
    figures = verification.measure()
    assert {
        "verify_warm_vs_libsodium",
        "verify_cold_3_hops_vs_signatures",
        "sign_vs_libsodium",
    } <= figures.keys()
    assert all(figure > 0 for figure in figures.values())


def test_canonical_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = {name: value for name, value in canonical.DOCUMENTS.items() if not name.endswith("_1m")}
    monkeypatch.setattr(canonical, "DOCUMENTS", documents)
    figures = canonical.measure()
    assert figures.keys() == {
        name
        for name in expected("ascii_", "unicode_", "floats_", "block_", "canonical_")
        if "_1m_" not in name
    }
    assert all(figure > 0 for figure in figures.values())
    assert figures["canonical_speedup_vs_rfc8785_10k"] == figures["ascii_10k_times_rfc8785"]


def test_requests_run() -> None:
    figures = request_peers.measure()
    prefixes = ("verify_direct", "verify_speedup", "openssl", *request_peers.PEERS.values())
    assert expected(*prefixes) <= figures.keys() <= LATEST.keys()
    assert all(figure > 0 for figure in figures.values())
    assert "verify_speedup_vs_http_message_signatures_ceiling" in figures


def test_tokens_run() -> None:
    figures = token_peers.measure()
    assert expected("warm_", "cold_", "delegate_", "token_bytes") <= figures.keys() <= LATEST.keys()
    assert all(figure > 0 for figure in figures.values())


def test_a_hop_states_what_it_narrows_and_is_counted_in_characters_of_text() -> None:
    assert token_peers.bytes_per_narrowing_hop() == LATEST["token_bytes_per_narrowing_hop"]


def test_the_middleware_runs() -> None:
    figures = middleware.measure()
    over_http = {name for name in LATEST if "_http_" in name}
    assert figures.keys() == expected("middleware_", "asgi_", "buffering_") - over_http
    assert all(figures[name] > 0 for name in figures if name.endswith("_us"))


def test_the_middleware_runs_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware_http, "ROUNDS", 1)
    monkeypatch.setattr(middleware_http, "WAVES", 2)
    figures = middleware_http.measure()
    assert figures.keys() == expected("middleware_http_", "buffering_http_")
    assert all(figures[name] > 0 for name in figures if name.endswith(("_us", "_per_s")))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process to a core")
def test_the_generator_keeps_its_core_no_longer_than_it_measures() -> None:
    before = os.sched_getaffinity(0)
    with middleware_http._pinned({min(before)}):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("cores", [{3}, {2, 5}])
def test_server_and_generator_share_no_core_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch, cores: set[int]
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: cores, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _process, _cores: None, raising=False)
    assert middleware_http._cores() == (("2", {5}) if len(cores) == 2 else ("any", None))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", "the server answered HTTP/1.1 401"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", "the server closed the connection"),
        (b"", "the server closed the connection"),
    ],
)
def test_a_request_that_was_not_served_is_not_counted(sent: bytes, said: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(OSError, match=said):
            middleware_http._answer(ours)


def test_an_answer_may_come_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n", b"\r\nab", b"cd"):
            theirs.sendall(piece)
        assert middleware_http._answer(ours) == b"abcd"


def test_growth_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYS", "REVOKED", "NONCES"):
        monkeypatch.setattr(growth, name, 20)
    monkeypatch.setattr(growth, "REVOCATION_MAX_TOKENS", 8)
    figures = growth.measure()
    assert figures.keys() == expected("trusted_keys_", "revoked_ids_", "live_nonces_")
    assert all(figure > 0 for figure in figures.values())


def test_masking_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "ROUNDS", 1)
    monkeypatch.setattr(masking, "ROUND_SECONDS", 0.0)
    monkeypatch.setattr(masking, "HOSTILE_ROUNDS", 1)
    monkeypatch.setattr(masking, "FRAGMENTS", masking.FRAGMENTS[:2])
    monkeypatch.setattr(masking, "peers", dict)
    figures = masking.measure()
    assert {"masking_clean_1k_vs_traversal", "masking_clean_1k_fast_vs_traversal"} <= figures.keys()
    assert all(figure > 0 for figure in figures.values())


def test_an_absent_peer_is_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> maskers.Masker:
        msg = "no such peer"
        raise ImportError(msg)

    monkeypatch.setattr(maskers, "PEERS", {"peer": absent})
    assert maskers.peers() == {}
    assert "peer is left out: no such peer" in capsys.readouterr().out


def test_the_baseline_sums_every_text() -> None:
    assert traversal.traverse({"ab": ["c", {"d": "ef"}], "g": 1}) == 7
    assert traversal.traverse(None) == 0


# --- how it is measured ----------------------------------------------------------------------------


def test_candidates_take_turns_and_see_each_item_once() -> None:
    made = iter(range(100))
    seen: list[tuple[str, int]] = []

    def candidate(name: str) -> Candidate:
        return Candidate(prepare=lambda: next(made), work=lambda item: seen.append((name, item)))

    pair = {name: candidate(name) for name in ("one", "other")}
    counted = interleave(pair, rounds=2, batch=3)
    one, other = ["one"] * 3, ["other"] * 3
    in_turns = one + other + other + one + one + other  # the first round warms up
    assert seen == list(zip(in_turns, range(18), strict=True))
    assert [len(times) for times in counted.times.values()] == [2, 2]


def test_ratios_are_taken_within_a_round() -> None:
    counted = Rounds({"slow": [30.0, 900.0, 40.0], "fast": [10.0, 300.0, 20.0], "unit": [5.0, 100.0, 10.0]})
    assert counted.us("slow") == 40.0
    assert counted.ratio("slow", "fast") == 3.0
    assert counted.added("slow", "fast", "unit") == 4.0


def test_a_peer_that_is_absent_is_named_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert found("nobody") == {}
    assert capsys.readouterr().err == "nobody is left out: No module named 'benchmarks.peers.nobody'\n"
    assert found("http_message_signatures").keys() == {"http_message_signatures"}
    assert capsys.readouterr().err == ""


# --- what is told ----------------------------------------------------------------------------------


def test_each_bound_is_of_a_figure() -> None:
    assert bounds.BOUNDS.keys() - LATEST.keys() == set()
    assert all(type(figure) in {int, float} for figure in LATEST.values())


def test_the_table_shows_bound_and_ceiling_beside_the_figure() -> None:
    name = "verify_speedup_vs_adcp"
    good, bad = (
        list(run.table({name: figure, f"{name}_ceiling": 6.0, "x_us": 1.0})) for figure in (2.2, 2.19)
    )
    assert [row.split() for row in good[1:]] == [
        [name, "2.20", "at", "least", "2.2", "6.00"],
        ["x_us", "1.00"],
    ]
    assert bad[1].split() == [name, "2.19", "at", "least", "2.2", "6.00", "missed"]
    most = list(run.table({"middleware_cpu_vs_libsodium": 1.81}))
    assert most[1].endswith("missed")


def run_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    fake = SimpleNamespace(measure=lambda: {"a_us": 1.23456})
    monkeypatch.setitem(sys.modules, "benchmarks.fake", fake)
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    run.main()


def test_a_pipe_gets_json_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with(monkeypatch, "--json", "fake")
    said = capsys.readouterr()
    assert json.loads(said.out) == {"a_us": 1.235}
    assert said.err == ""


def test_a_terminal_sees_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run_with(monkeypatch, "fake")
    said = capsys.readouterr()
    assert "1 of 1: fake" in said.err
    assert "a_us" in said.out


def test_a_whole_run_replaces_the_figures_and_a_part_of_one_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    latest, drawn = tmp_path / "latest.json", list[dict[str, float]]()
    monkeypatch.setattr(run, "LATEST", latest)
    monkeypatch.setattr(run, "MODULES", ("fake",))
    monkeypatch.setattr(plots, "write", drawn.append)
    run_with(monkeypatch, "fake")
    assert (latest.exists(), drawn) == (False, [])
    run_with(monkeypatch)
    assert (json.loads(latest.read_text(encoding="utf-8")), drawn) == ({"a_us": 1.235}, [{"a_us": 1.235}])


def test_two_figures_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="two benchmarks are named a_us"):
        run_with(monkeypatch, "fake", "fake")


def test_the_plots_in_the_docs_are_those_of_the_last_run() -> None:
    drawn = plots.plots(LATEST)
    assert drawn.keys() == {"cost-by-hops.svg", "cost-by-body.svg"}
    for name, plot in drawn.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == plot.svg()
        assert name in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def test_a_plot_has_no_line_for_a_peer_that_was_not_measured() -> None:
    without = {name: figure for name, figure in LATEST.items() if name != "tenuo_3_hops_us"}
    lines = plots.plots(without)["cost-by-hops.svg"].lines
    assert lines.keys() == plots.plots(LATEST)["cost-by-hops.svg"].lines.keys() - {"tenuo"}


def test_the_page_says_the_figures_of_the_last_run() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \| ([\d.]*) \|$", page, re.MULTILINE)
    said = {name: (figure, ceiling) for name, figure, ceiling in rows}
    bound = bounds.BOUNDS.keys() - {  # the first table gives these as ranges over many runs
        "verify_warm_vs_libsodium",
        "verify_cold_3_hops_vs_signatures",
        "sign_vs_libsodium",
    }
    assert said.keys() == bound | {"verify_speedup_vs_pyjwt_dpop"}
    for name, (figure, ceiling) in said.items():
        assert float(figure) == pytest.approx(LATEST[name], abs=0.006)
        assert bool(ceiling) == (f"{name}_ceiling" in LATEST)
        assert float(ceiling or 0) == pytest.approx(LATEST.get(f"{name}_ceiling", 0), abs=0.006)
