"""Panels: boxes with rows of text, drawn as Unicode text or as SVG. What they say is ``explain``'s business.

The rules: everything in a panel may have been written by a stranger, so nothing here trusts it. Characters
that do not print (controls, escapes, bidi and zero-width marks) are shown as escapes, so no text moves a
cursor or hides another; in SVG all text is escaped, and the drawing has no script, link or outside resource.
An unverified picture says so on *every line* of its text, and right across its drawing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["Panel", "draw_svg", "draw_text", "visible"]

UNVERIFIED: Final = "UNVERIFIED"

WIDTH_DEFAULT: Final = 88
_WIDTH_MIN: Final = 48
"""Narrower than this, a box would hold a label and no text."""

_LABEL_CELLS: Final = 15
_ARROW_INDENT: Final = 6
_BROKEN: Final = "\N{BALLOT X} "
_PADDING: Final = "  "
_MARK: Final = {False: "", True: f"{UNVERIFIED} "}

Style: TypeAlias = Literal["title", "row", "broken"]


class Line(NamedTuple):
    """One line of text as it will stand in the picture, already wrapped."""

    style: Style
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One box: a title, rows of (label, text), and why the chain broke here, if it did."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    broken: str | None = None

    def lines(self, cells: int) -> list[Line]:
        """What the box holds, wrapped to ``cells`` columns."""
        made = [Line("title", text) for text in _wrap(visible(self.title), cells)]
        for label, text in self.rows:
            for number, piece in enumerate(_wrap(visible(text), cells - _LABEL_CELLS)):
                made.append(Line("row", ("" if number else label).ljust(_LABEL_CELLS) + piece))
        return made + _broken_lines(self.broken, cells)


def visible(text: str) -> str:
    r"""``text`` with every character that does not print written as an escape such as ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def draw_text(
    head: Sequence[str],
    panels: Sequence[Panel],
    *,
    foot: str | None = None,
    unverified: bool,
    width: int = WIDTH_DEFAULT,
) -> str:
    """Boxes of plain Unicode, at most ``width`` columns wide (48 at least), without a line end at the end.

    ``foot`` is what broke outside of every box. With ``unverified`` each line begins with that word.
    """
    mark = _MARK[unverified]
    cells = max(width, _WIDTH_MIN) - len(mark)
    lines = [piece for text in head for piece in _wrap(visible(text), cells)]
    for number, panel in enumerate(panels):
        if number:
            lines.append(" " * _ARROW_INDENT + "\N{BLACK DOWN-POINTING TRIANGLE}")
        lines += _box(panel, cells)
    lines += [line.text for line in _broken_lines(foot, cells)]
    return "\n".join((mark + line).rstrip() for line in lines)


def _box(panel: Panel, cells: int) -> Iterator[str]:
    inner = cells - 4
    yield f"╭{'─' * (inner + 2)}╮"
    for line in panel.lines(inner):
        yield f"│ {line.text}{' ' * (inner - _cells(line.text))} │"
    yield f"╰{'─' * (inner + 2)}╯"


def _broken_lines(reason: str | None, cells: int) -> list[Line]:
    if reason is None:
        return []
    pieces = _wrap(visible(reason), cells - len(_BROKEN))
    return [Line("broken", (_PADDING if number else _BROKEN) + piece) for number, piece in enumerate(pieces)]


def _cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes: none for marks, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _wrap(text: str, cells: int) -> list[str]:
    """``text`` in lines of at most ``cells`` columns, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if _cells(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _break(word, cells)
        lines += full
    return [*lines, line]


def _break(word: str, cells: int) -> list[str]:
    """A word that may be too long for a line, in pieces that are not."""
    pieces = [""]
    for char in word:
        if _cells(pieces[-1] + char) > cells:
            pieces.append("")
        pieces[-1] += char
    return pieces


# --- SVG -------------------------------------------------------------------------------------------

_CHAR: Final = 7.8
"""Width of one column at 13 px in the monospaced fonts named below."""

_LINE: Final = 19
_MARGIN: Final = 16
_GAP: Final = 30
_COLUMNS: Final = 88
_BAND: Final = 28
_MARK_EVERY: Final = 400
"""Pixels between two watermarks: no part of a long chain is shown without one."""

_STYLE: Final = """\
svg{background:#ffffff}
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
text{fill:#1f2328;white-space:pre}
.title{font-weight:bold}
.broken{fill:#b3261e;font-weight:bold}
.box{fill:#f6f8fa;stroke:#8c959f}
.box.cut{stroke:#b3261e;stroke-width:2}
.arrow{stroke:#59636e;fill:#59636e}
.band{fill:#9a6700}
.label{fill:#ffffff;font-weight:bold}
.watermark{font-size:72px;font-weight:bold;fill:#9a6700;fill-opacity:.16;text-anchor:middle}
@media (prefers-color-scheme:dark){
svg{background:#0d1117}
text{fill:#e6edf3}
.broken{fill:#ff7b72}
.box{fill:#161b22;stroke:#6e7681}
.box.cut{stroke:#ff7b72}
.arrow{stroke:#9198a1;fill:#9198a1}
.band{fill:#d29922}
.label{fill:#0d1117}
.watermark{fill:#d29922;fill-opacity:.2}
}"""


def draw_svg(
    title: str,
    head: Sequence[str],
    panels: Sequence[Panel],
    *,
    foot: str | None = None,
    unverified: bool,
) -> str:
    """One self-contained SVG document, 750 px wide, for light and dark backgrounds.

    ``title`` is for screen readers, the rest as for ``draw_text``.
    """
    width = round(_COLUMNS * _CHAR) + 4 * _MARGIN
    parts: list[str] = []
    y = _MARGIN
    if unverified:
        parts.append(_band(width))
        y += _BAND
    y = _write(parts, [Line("row", piece) for text in head for piece in _wrap(visible(text), _COLUMNS)], y)
    for number, panel in enumerate(panels):
        y = _place(parts, panel, y + (_GAP if number else _MARGIN // 2), width, arrow=number > 0)
    y = _write(parts, _broken_lines(foot, _COLUMNS), y + _MARGIN // 2)
    height = y + _MARGIN
    if unverified:
        parts += [
            _watermark(width, y) for y in range(min(height // 2, _MARK_EVERY // 2), height, _MARK_EVERY)
        ]
    shown = escape(visible(title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{shown}">\n<title>{shown}</title>\n'
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _place(parts: list[str], panel: Panel, y: int, width: int, *, arrow: bool) -> int:
    """Draw one box with its top at ``y``; returns its bottom."""
    lines = panel.lines(_COLUMNS)
    height = len(lines) * _LINE + _MARGIN
    if arrow:
        x = width // 2
        parts.append(
            f'<path class="arrow" d="M{x} {y - _GAP + 4}V{y - 10}M{x - 5} {y - 12}h10l-5 8z"/>',
        )
    kind = "box" if panel.broken is None else "box cut"
    inner = width - 2 * _MARGIN
    parts.append(
        f'<rect class="{kind}" x="{_MARGIN}" y="{y}" width="{inner}" height="{height}" rx="6"/>',
    )
    _write(parts, lines, y + _MARGIN // 2)
    return y + height


def _write(parts: list[str], lines: Sequence[Line], y: int) -> int:
    """Write lines below ``y``; returns where the last one ends."""
    for number, line in enumerate(lines):
        baseline = y + number * _LINE + 14
        parts.append(
            f'<text class="{line.style}" x="{2 * _MARGIN}" y="{baseline}" xml:space="preserve">'
            f"{escape(line.text)}</text>",
        )
    return y + len(lines) * _LINE


def _band(width: int) -> str:
    return (
        f'<rect class="band" x="0" y="0" width="{width}" height="{_BAND}"/>'
        f'<text class="label" x="{2 * _MARGIN}" y="19">{UNVERIFIED}: every line is a claim</text>'
    )


def _watermark(width: int, y: int) -> str:
    x = width // 2
    return (
        f'<text class="watermark" aria-hidden="true" x="{x}" y="{y}" '
        f'transform="rotate(-20 {x} {y})">{UNVERIFIED}</text>'
    )
