"""Every benchmark runs and gives the figures it promises; what they are is for `make bench` to say."""

from __future__ import annotations

import logging

import pytest

from benchmarks import canonical, verification


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
