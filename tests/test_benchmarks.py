"""Every benchmark runs and gives the figures it promises; what they are is for `make bench` to say."""

from __future__ import annotations

import logging

import pytest

from benchmarks import canonical, maskers, masking, traversal, verification


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A benchmark silences the library; other tests look into its logs, so the level is restored."""
    caplog.set_level(logging.CRITICAL, logger="delegate")


def test_verification_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "ROUNDS", 2)
    monkeypatch.setattr(verification, "BATCH", 2)
    figures = verification.measure()
    assert {
        "verify_warm_vs_libsodium",
        "verify_cold_3_hops_vs_signatures",
        "sign_vs_libsodium",
    } <= figures.keys()
    assert all(figure > 0 for figure in figures.values())


def test_canonical_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "ROUNDS", 1)
    monkeypatch.setattr(canonical, "ROUND_SECONDS", 0.0)
    assert all(figure > 0 for figure in canonical.measure().values())


def test_masking_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("delegate.masking.masker", reason="values are masked in a room that is not built yet")
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
