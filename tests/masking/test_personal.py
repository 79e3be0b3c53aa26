"""Personal data: where each begins and ends, and what must not stand beside it."""

from __future__ import annotations

import pytest

from delegate.masking.text import TextScanner

SCANNER = TextScanner()


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.kind, text[hit.start : hit.end]) for hit in SCANNER.scan(text)]


# --- e-mail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.io", ["a@b.io"]),
        ("see a@b.io", ["a@b.io"]),
        ("a@b.io c@d.io,e@f.io", ["a@b.io", "c@d.io", "e@f.io"]),
        ("@b.io a@b.io", ["a@b.io"]),
        ("a@b c@d.io", ["c@d.io"]),
        ("name=a@b.io", ["a@b.io"]),
        ("x/y=z|q?r&a@b.io", ["a@b.io"]),
        ("=a@b.io", ["a@b.io"]),
        ("a=@b.io", []),
        ("..a@b.io", ["a@b.io"]),
        ("_a@b.io", ["_a@b.io"]),
        ("l" * 64 + "@b.io", ["l" * 64 + "@b.io"]),
        ("a@b.io is no ://", ["a@b.io"]),
        ("ftp://a@b.io", []),
        ("git@b.io:a/b", []),
        ("git@b.io/a", []),
        ("git@b.io a", ["git@b.io"]),
        ("svn@b.io:a", []),
        ("a@b.io:c", ["a@b.io"]),
    ],
)
def test_addresses(text: str, addresses: list[str]) -> None:
    assert found(text) == [("email", address) for address in addresses]


def test_of_a_local_part_that_is_too_long_the_end_is_masked() -> None:
    assert found("l" * 65 + "@b.io") == [("email", "l" * 64 + "@b.io")]
