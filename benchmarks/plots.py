"""Cost against chain length and against body size, drawn from the figures: two SVG files below ``docs/``.

Both axes are logarithmic, so that what costs twice as much lies the same distance higher everywhere; a chain
of n hops stands at n + 1, its number of blocks. ``python -m benchmarks.plots`` draws ``latest.json`` anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path
from typing import Final

from benchmarks.request_peers import BODY_BYTES
from benchmarks.request_peers import PEERS as REQUEST_PEERS
from benchmarks.token_peers import HOPS
from benchmarks.token_peers import PEERS as TOKEN_PEERS

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
LATEST: Final = Path(__file__).resolve().parent / "latest.json"

WIDTH: Final = 720
HEIGHT: Final = 420
LEFT: Final = 64
RIGHT: Final = 190
TOP: Final = 40
BOTTOM: Final = 48
COLOURS: Final = ("#1b6ca8", "#8ab6d6", "#c0392b", "#d68910", "#1e8449", "#7d3c98", "#707b7c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines over common places on the horizontal axis."""

    title: str
    across: str
    ticks: Mapping[str, float]
    """Label to place."""
    lines: Mapping[str, list[float]]
    """Name to microseconds, one for each tick."""

    def svg(self) -> str:
        """The picture."""
        return "\n".join(self._parts()) + "\n"

    def _parts(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12" fill="#333">'
        )
        yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        yield f'<text x="{LEFT}" y="22" font-size="15">{self.title}</text>'
        yield from self._axes()
        last = self._ends()
        for (name, values), colour in zip(self.lines.items(), COLOURS, strict=False):
            yield from self._line(name, values, colour, last[name])
        yield "</svg>"

    def _axes(self) -> Iterator[str]:
        low, high = self._decades()
        for power in range(low, high + 1):
            y = self._y(10**power)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,} µs</text>'
        for label, place in self.ticks.items():
            x = self._x(place)
            yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>'
            yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label}</text>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">{self.across}</text>'

    def _line(self, name: str, values: list[float], colour: str, label_at: float) -> Iterator[str]:
        points = [(self._x(x), self._y(y)) for x, y in zip(self.ticks.values(), values, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        yield f'<text x="{WIDTH - RIGHT + 12}" y="{label_at + 4:.1f}" fill="{colour}">{name}</text>'

    def _ends(self) -> dict[str, float]:
        """Where each name is written: beside its line's end, pushed down until it covers no other."""
        placed: dict[str, float] = {}
        lowest = float(TOP)
        for name, values in sorted(self.lines.items(), key=lambda line: -line[1][-1]):
            lowest = placed[name] = max(self._y(values[-1]), lowest)
            lowest += 15
        return placed

    def _decades(self) -> tuple[int, int]:
        every = [value for values in self.lines.values() for value in values]
        return floor(log10(min(every))), ceil(log10(max(every)))

    def _x(self, place: float) -> float:
        places = [log10(each) for each in self.ticks.values()]
        return LEFT + (log10(place) - places[0]) / (places[-1] - places[0]) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        low, high = self._decades()
        return HEIGHT - BOTTOM - (log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _lines(
    results: Mapping[str, float], names: Mapping[str, str], form: str, keys: Iterable[object]
) -> dict[str, list[float]]:
    """By name for people, the figures ``form`` of each key; a peer that was not measured has no line."""
    wanted = {said: [form.format(name=name, key=key) for key in keys] for name, said in names.items()}
    return {
        said: [results[figure] for figure in figures]
        for said, figures in wanted.items()
        if all(figure in results for figure in figures)
    }


def plots(results: Mapping[str, float]) -> dict[str, Plot]:
    """Name of the file to what it shows."""
    requests = {"verify_direct": "delegate"} | {
        name: name.replace("_", "-") for name in REQUEST_PEERS.values()
    }
    tokens = {"warm": "delegate, remembered", "cold": "delegate, cold"} | {name: name for name in TOKEN_PEERS}
    bare = {"libsodium": "bare signature"}
    return {
        "cost-by-hops.svg": Plot(
            title="CPU time to check a chain, a proof of possession and an action",
            across="hops after the issuer's grant",
            ticks={str(hops): hops + 1 for hops in HOPS},
            lines=_lines(results, tokens | bare, "{name}_{key}_hops_us", HOPS),
        ),
        "cost-by-body.svg": Plot(
            title="CPU time to verify a signed request without a token",
            across="bytes of body",
            ticks=BODY_BYTES,
            lines=_lines(results, requests | bare, "{name}_body_{key}_us", BODY_BYTES),
        ),
    }


def write(results: Mapping[str, float]) -> None:
    """Draw both into ``docs/``."""
    for name, plot in plots(results).items():
        (DOCS / name).write_text(plot.svg(), encoding="utf-8")


if __name__ == "__main__":
    write(json.loads(LATEST.read_text(encoding="utf-8")))
