"""A request as it arrived."""

from __future__ import annotations

from tests.support.wire import sign


def test_a_request_shows_neither_its_query_nor_its_headers() -> None:
    """They hold the nonce, the signature and the token."""
    request = sign().request()
    assert repr(request) == "Request(method='POST', path=b'/v1/orders')"
    assert request.query == b"dry=1"
    assert any(name == b"signature" for name, _ in request.headers)
