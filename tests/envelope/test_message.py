"""The typed view of what was signed."""

from __future__ import annotations

from tests.support.wire import NONCE, Server, sign, token


def test_the_view_of_a_request_shows_no_target_no_parameters_and_nothing_that_was_signed() -> None:
    """They hold the query, the nonce and the token."""
    envelope = Server().deliver(sign()).envelope
    assert NONCE in envelope.canonical_bytes.decode()
    assert envelope.delegation == token().text
    assert envelope.query == "?dry=1"
    assert repr(envelope) == (
        f"Envelope(identity={envelope.identity!r}, body_sha256={envelope.body_sha256!r})"
    )
