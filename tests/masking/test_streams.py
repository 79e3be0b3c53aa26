"""Text of any length: what spans lines, chunks and windows is found as in one piece."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delegate.errors import MaskingBlockedError
from delegate.limits import MASKING_OVERLAP_CHARS, MASKING_WINDOW_CHARS
from delegate.masking import Masker, Policy, streams
from delegate.masking.documents import read_json
from delegate.masking.hits import Hit
from tests.masking.samples import EMAIL, MASKER, PASSWORD, TOKEN

LINE = "2026-11-20 11:34:56 INFO nothing to see here, move along\n"


def whole(*chunks: str, masker: Masker = MASKER) -> tuple[str, list[tuple[str, str]]]:
    parts = list(masker.mask_stream(chunks))
    return "".join(part.value for part in parts), [
        (finding.pointer, finding.kind) for part in parts for finding in part.findings
    ]


def test_a_clean_stream_comes_through_as_it_is() -> None:
    text = LINE * 10_000
    assert whole(text) == (text, [])
    assert whole() == ("", [])
    assert whole("", "") == ("", [])
    assert whole("x" * (3 * MASKING_WINDOW_CHARS))[0] == "x" * (3 * MASKING_WINDOW_CHARS)


def test_findings_name_the_line() -> None:
    text = LINE * 5000 + f"mail {EMAIL}\n" + LINE * 2 + f"{TOKEN} and {EMAIL}"
    assert whole(text)[1] == [("/5001", "email"), ("/5004", "github-token"), ("/5004", "email")]


@pytest.mark.parametrize("shift", [-2000, -100, -45, -41, -40, -20, -1, 0, 1, 60, MASKING_OVERLAP_CHARS])
def test_i3_a_secret_at_the_edge_of_a_window_is_found(shift: int) -> None:
    """'chunk overlap >= longest pattern' (row I3)"""
    for edge in (MASKING_WINDOW_CHARS, MASKING_WINDOW_CHARS - MASKING_OVERLAP_CHARS):
        for fill in ("x ", "word\n"):
            before = (fill * edge)[: edge + shift - 1] + " "
            text = before + TOKEN + " " + "y " * MASKING_WINDOW_CHARS
            out, found = whole(text)
            assert found == [(f"/{before.count(chr(10)) + 1}", "github-token")]
            assert out == text.replace(TOKEN, "[MASKED:github-token]")


def test_chunks_do_not_matter() -> None:
    text = LINE * 3 + f"password: {PASSWORD}\n" + LINE
    expected = whole(text)
    assert expected[1] == [("/4", "password")]
    for size in (1, 7, 64):
        assert whole(*(text[start : start + size] for start in range(0, len(text), size))) == expected


def test_a_name_may_stand_in_the_window_before_its_value() -> None:
    room = MASKING_WINDOW_CHARS - MASKING_OVERLAP_CHARS
    head = (LINE * 5000)[: room - len("password:\n") - 1] + "\n"
    assert PASSWORD not in whole(head + "password:\n  " + PASSWORD + "\n" + LINE * 2000)[0]


def test_a_secret_longer_than_the_overlap_is_not_cut() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7Vxu8kd3iNfA1\n" * 300
    key = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    out, _ = whole(LINE * 2100 + key + LINE * 3000)
    assert "MIIEvQ" not in out


def test_block_raises_when_it_comes_to_it() -> None:
    parts = Masker(Policy(mode="block")).mask_stream([LINE * 5000, EMAIL])
    next(parts)
    with pytest.raises(MaskingBlockedError):
        list(parts)


def test_a_failure_masks_the_window() -> None:
    def fails(text: str) -> Iterator[tuple[int, int, str]]:
        raise RuntimeError(text)

    assert whole(f"a {PASSWORD}", masker=Masker(Policy(recognizer=fails))) == (
        "[MASKED:error]",
        [("/1", "error")],
    )


# --- where a window is cut -------------------------------------------------------------------------


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 100 characters that overlap by 30, with 20 of what stands before."""
    monkeypatch.setattr(streams, "MASKING_WINDOW_CHARS", 100)
    monkeypatch.setattr(streams, "MASKING_OVERLAP_CHARS", 30)
    monkeypatch.setattr(streams, "MASKING_CONTEXT_CHARS", 20)


def hit(start: int, end: int) -> Hit:
    return Hit(start, end, "email", "x", 1)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("window", "hits", "cut"),
    [
        ("x" * 100, [], 70),
        ("x" * 60 + "\n" + "x" * 39, [], 61),
        ("x" * 69 + "\n" + "x" * 30, [], 70),
        ("x" * 70 + "\n" + "x" * 29, [], 70),
        ("\n" + "x" * 99, [], 1),
        ("x" * 100, [hit(60, 70), hit(70, 80)], 70),
        ("x" * 100, [hit(60, 71)], 60),
        ("x" * 100, [hit(69, 90)], 69),
        ("x" * 100, [hit(1, 90)], 1),
        ("x" * 100, [hit(0, 90)], 90),
        ("x" * 100, [hit(0, 100)], 100),
        ("x" * 60 + "\n" + "x" * 39, [hit(50, 62)], 50),
    ],
    ids=str,
)
def test_a_window_is_cut_behind_a_line_and_never_within_a_hit(window: str, hits: list[Hit], cut: int) -> None:
    assert streams._cut(window, hits) == cut


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("chars", [99, 100, 101, 170, 250])
def test_a_window_leaves_as_soon_as_it_is_full(chars: int) -> None:
    parts = [piece for piece, _ in streams.pieces(["y " * 200][0][:chars], MASKER._rules)]
    assert "".join(parts) == ("y " * 200)[:chars]
    whole_text = [piece for piece, _ in streams.pieces([("y " * 200)[:chars]], MASKER._rules)]
    assert "".join(whole_text) == ("y " * 200)[:chars]
    assert len(whole_text[0]) == (chars if chars < 100 else 70)
    assert len(parts[0]) == len(whole_text[0])


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("before", ["", "\n", "\n\n", "y\n", "y " * 20 + "\n\n" + "y " * 20 + "\n"])
def test_lines_are_counted_over_windows(before: str) -> None:
    text = f"{before}{'y ' * 100}{EMAIL}"
    assert whole(text)[1] == [(f"/{before.count(chr(10)) + 1}", "email")]


@pytest.mark.usefixtures("_small")
def test_what_stands_before_a_window_is_looked_at_again() -> None:
    asked: list[str] = []

    def recognizer(text: str) -> list[tuple[int, int, str]]:
        asked.append(text)
        return []

    text = " ".join(map(str, range(100)))[:200]
    rules = Masker(Policy(recognizer=recognizer))._rules
    assert "".join(piece for piece, _ in streams.pieces([text], rules)) == text
    assert asked == [text[:100], text[50:], text[150:]]


@pytest.mark.parametrize(
    ("before", "window", "hits"),
    [
        ("", f"{EMAIL} x", [(0, len(EMAIL))]),
        ("x ", f"{EMAIL} x", [(0, len(EMAIL))]),
        (EMAIL[:4], f"{EMAIL[4:]} x", [(0, len(EMAIL) - 4)]),
        (EMAIL, " x", []),
        (f"{EMAIL} ", "x", []),
        (EMAIL[:-1], f"{EMAIL[-1:]} x", [(0, 1)]),
    ],
)
def test_hits_are_placed_in_the_window(before: str, window: str, hits: list[tuple[int, int]]) -> None:
    assert [(each.start, each.end) for each in streams._hits(before, window, MASKER._rules)] == hits


def test_a_piece_keeps_its_end_and_says_its_lines() -> None:
    text = "ab\ncd\nef"
    hits = [hit(0, 1), hit(2, 3), hit(3, 4), hit(6, 8), hit(7, 9)]
    masked, seen = streams._piece(text, hits[:4], 7, MASKER._rules)
    assert masked == "MbMMd\nM".replace("M", "[MASKED:email]")
    assert [pointer for pointer, *_ in seen] == ["/7", "/7", "/8", "/9"]
    assert streams._piece(text, hits[4:], 1, MASKER._rules) == (text, [])


def test_documents_are_read_without_losing_a_member() -> None:
    assert read_json('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
    for text in ('{"a": 1, "a": 2}', "{", "[" * 100_000, b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - the message is that of the json module, mostly
            read_json(text)
