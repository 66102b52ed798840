"""Draws a comparison as one SVG that needs nothing else: cost against waiting, both logarithmic, the frontier filled.

Two panels share the cost: the wait for the whole answer, and for its first token. Colours are of docs/DESIGN.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

import msgspec

from solvent.app.comparing import By, CompareBody, ComparedRow
from solvent.pages.estimates import number

Say = Callable[[str], str]
_PANELS: Final[tuple[By, ...]] = ("answer", "first token")
_WIDTH, _HEIGHT = 1120, 560
_LEFT, _TOP, _BOTTOM, _GAP, _RIGHT = 76, 88, 64, 48, 24
_PANEL_WIDTH: Final = (_WIDTH - _LEFT - _RIGHT - _GAP) / 2
_LINE_PX, _LETTER_PX = 15, 6.9
_SHIFTED_LINES_MAX = 2
_LABEL_LETTERS: Final = 34
_TICKS_MAX: Final = 5
_STYLE: Final = """
svg{color-scheme:light dark;background:#fff;font:12px/1 system-ui,"Noto Sans KR",sans-serif;--ink:#15171c;
--soft:#62666f;--line:#e5e5e1;--paper:#fff;--key:#1450c0}
@media(prefers-color-scheme:dark){svg{background:#141517;--ink:#eeeeec;--soft:#92969e;--line:#2a2c30;--paper:#141517;
--key:#86aeff}}
text{fill:var(--soft)}.title{fill:var(--ink);font-size:18px;font-weight:600}.key{fill:var(--ink)}
.halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--line)}.axis{stroke:var(--ink)}.span{stroke:var(--soft);opacity:.45}
.dot{fill:var(--paper);stroke:var(--soft);stroke-width:1.5}.best{fill:var(--key);stroke:var(--key)}
.front{fill:none;stroke:var(--key);stroke-width:1.5}.price{stroke:var(--soft);stroke-dasharray:4 4}
"""


class _Point(msgspec.Struct, frozen=True):
    """One row in one panel. Costs are whole units of the currency."""

    row: ComparedRow
    wait: float
    low: float
    high: float
    cost: float
    cost_low: float
    cost_high: float

    def is_best(self, by: By) -> bool:
        return by in self.row.best_by


class _Scale(msgspec.Struct, frozen=True):
    """A logarithmic axis from one place of the picture to another."""

    least: float
    most: float
    at: float
    to: float

    def place(self, value: float) -> float:
        share = math.log(value / self.least) / math.log(self.most / self.least)
        return self.at + share * (self.to - self.at)

    def ticks(self) -> list[float]:
        """1, 2 and 5 of each power of ten, or powers alone where those are too many."""
        powers = range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [d * 10.0**p for p in powers for d in digits if self.least <= d * 10.0**p <= self.most]
            if len(found) <= _TICKS_MAX:
                return found
        return found[:: -(-len(found) // _TICKS_MAX)]


def picture(found: CompareBody, say: Say, *, as_page: bool) -> str:
    """The whole file: an SVG, or a page that holds nothing but it."""
    drawn = _svg(found, say)
    if not as_page:
        return drawn
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{escape(say('picture_title'))}</title>"
    head += "<style>body{margin:0;color-scheme:light dark}svg{width:100%;min-width:760px;height:auto}</style>"
    return head + drawn


def _svg(found: CompareBody, say: Say) -> str:
    panels = {by: _points(found.rows, by) for by in _PANELS}
    prices = [row for row in found.rows if row.cost and row.kind == "api" and row.answer_s is None]
    costs = [c for points in panels.values() for p in points for c in (p.cost_low, p.cost_high)]
    costs += [float(row.cost) for row in prices]
    said = say("compared").format(
        read=found.input_tokens, written=found.output_tokens, busy=found.utilisation, token_ms=found.ms_per_token_max
    )
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(say('picture_title'))}. {escape(said)}</title><style>{_STYLE}</style>",
        _text(_LEFT, 30, say("picture_title"), "title"),
        _text(_LEFT, 52, said),
    ]
    if not any(panels.values()) or not all(cost > 0 for cost in costs):
        return "\n".join([*head, _text(_LEFT, _TOP + 40, say("picture_empty"), "key"), "</svg>"])
    up = _scale(costs, _HEIGHT - _BOTTOM, _TOP)
    parts = [_text(_LEFT, _TOP - 10, f"{say('picture_cost')}, {found.currency}", anchor="start")]
    for n, by in enumerate(_PANELS):
        parts += _panel(panels[by], by, prices, up, _LEFT + n * (_PANEL_WIDTH + _GAP), say)
    note = _text(_LEFT, _HEIGHT - 8, say("picture_note"))
    return "\n".join([*head, *parts, note, "</svg>"])


def _points(rows: Sequence[ComparedRow], by: By) -> list[_Point]:
    found = []
    for row in rows:
        wait = row.answer_s if by == "answer" else row.first_token_ms
        if not row.cost or not wait:
            continue
        low, high = (row.answer_s_low, row.answer_s_high) if by == "answer" else (wait, wait)
        costs = (float(text) for text in (row.cost, row.cost_low, row.cost_high))
        found.append(_Point(row, wait, low or wait, high or wait, *costs))
    return found


def _scale(values: Sequence[float], at: float, to: float) -> _Scale:
    """With a little air at both ends."""
    return _Scale(min(values) / 1.25, max(values) * 1.25, at, to)


def _panel(
    points: Sequence[_Point], by: By, prices: Sequence[ComparedRow], up: _Scale, left: float, say: Say
) -> list[str]:  # fmt: skip
    right, foot = left + _PANEL_WIDTH, _HEIGHT - _BOTTOM
    parts = []
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(_line(left, y, right, y, "grid"))
        if left == _LEFT:
            parts.append(_text(left - 8, y + 4, f"{tick:.6g}", anchor="end"))
    parts.append(_line(left, foot, right, foot, "axis"))
    parts.append(_text(right, foot + 36, say(f"picture_{by}"), anchor="end"))
    labels = _Labels(left, right)
    for row in prices:
        y = up.place(float(row.cost))
        parts.append(_line(left, y, right, y, "price"))
        parts.append(labels.put(left + 4, y - 6, row.on))
    if not points:
        return parts
    across = _scale([w for p in points for w in (p.low, p.high)], left, right)
    parts += [_text(across.place(tick), foot + 18, number(tick), anchor="middle") for tick in across.ticks()]
    best = sorted((p for p in points if p.is_best(by)), key=lambda p: p.wait)
    parts.append(_steps(best, across, up))
    for point in points:
        parts.append(_dot(point, by, across, up))
    named = best + [p for p in points if p.row.kind == "api" and not p.is_best(by)]
    parts += [labels.put(across.place(p.wait) + 9, up.place(p.cost) - 7, _name(p.row)) for p in named]
    return parts


def _steps(best: Sequence[_Point], across: _Scale, up: _Scale) -> str:
    """The frontier as what it is: to wait less, one pays the next point's price."""
    places = [(across.place(p.wait), up.place(p.cost)) for p in best]
    path = "".join(f"{'H' if n else 'M'}{x:.1f}{'V' if n else ' '}{y:.1f}" for n, (x, y) in enumerate(places))
    return f'<path class="front" d="{path}"/>'


def _dot(point: _Point, by: By, across: _Scale, up: _Scale) -> str:
    x, y = across.place(point.wait), up.place(point.cost)
    low, high = (
        (across.place(point.low), up.place(point.cost_low)),
        (across.place(point.high), up.place(point.cost_high)),
    )
    span = _line(*low, *high, "span") if point.is_best(by) else ""
    kind = "dot best" if point.is_best(by) else "dot"
    told = escape(f"{_name(point.row)}: {point.row.cost}, {number(point.wait)} {'s' if by == 'answer' else 'ms'}")
    return f'{span}<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{told}</title></circle>'


def _name(row: ComparedRow) -> str:
    if row.kind == "api":
        return row.on
    return f"{row.model.rpartition('/')[2]} {row.on} {row.precision} x{row.batch}"


class _Labels:
    """Puts labels where none is yet, a line or two further up where another is in the way, or not at all: each point
    tells its name to whoever points at it, and the table names all."""

    def __init__(self, left: float, right: float) -> None:
        self._left, self._right = left, right
        self._taken: list[tuple[float, float, float]] = []

    def put(self, x: float, y: float, text: str) -> str:
        """As near to there as it can be, within the panel."""
        short = text if len(text) <= _LABEL_LETTERS else text[: _LABEL_LETTERS - 1] + "…"
        wide = len(short) * _LETTER_PX
        x = max(self._left + 2, min(x, self._right - wide))
        for _ in range(_SHIFTED_LINES_MAX + 1):
            if not any(abs(y - v) < _LINE_PX and x < u + w and u < x + wide for u, v, w in self._taken):
                break
            y -= _LINE_PX
        else:
            return ""
        self._taken.append((x, y, wide))
        return _text(x, y, short, "key halo")


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


def _line(x: float, y: float, u: float, v: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}"/>'
