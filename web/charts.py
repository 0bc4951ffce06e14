"""Charts as SVG made on the server: nothing to load, the same on paper, and each stands beside its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 560, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44


_CSS = Path(__file__).parent / "static" / "css"
_LEGEND_LINE = 20
_STROKES = {"0": "━━", "1": "━ ━", "2": "┅┅", "3": "━ ·", "target": "╍╍"}
"""How each line is drawn, for legends: lines differ by more than their colour."""
_AGAIN = "━··"
"""From the fifth line on colours come again."""


@dataclass(frozen=True)
class Point:
    """One point of a scatter: where, what it is called, and whether it stands out."""

    x: float
    y: float
    name: str
    stands_out: bool = False


@dataclass(frozen=True)
class Interval:
    """A value with its lower and upper bound; bounds None where they are not known."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """One line: a name, its points, and whether it is the target the others are compared with."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    target: bool = False


def _ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    span = high - low or 1.0
    rough = span / wanted
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 10.0 ** -_leading_zeros(rough)
    step = next(m * power for m in (1, 2, 5, 10, 20, 50, 100) if m * power >= rough)
    first = -(-low // step) * step
    return [round(first + step * i, 10) for i in range(int((high - first) / step + 1e-9) + 1)]


def _leading_zeros(value: float) -> int:
    count = 0
    while value < 1 and count < 12:
        value, count = value * 10, count + 1
    return count


class _Frame:
    def __init__(self, x_low: float, x_high: float, y_low: float, y_high: float) -> None:
        self.x_low, self.x_span = x_low, (x_high - x_low) or 1.0
        self.y_low, self.y_span = y_low, (y_high - y_low) or 1.0

    def x(self, value: float) -> float:
        return _LEFT + (value - self.x_low) / self.x_span * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.y_low) / self.y_span * (_HEIGHT - _TOP - _BOTTOM)


def _axes(
    frame: _Frame, x_ticks: Sequence[float], y_ticks: Sequence[float], x_label: str, y_label: str
) -> str:
    bottom = _HEIGHT - _BOTTOM
    parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"/>']
    for tick in y_ticks:
        y = frame.y(tick)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts += [
        f'<text x="{frame.x(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        for tick in x_ticks
    ]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(
        f'<text transform="translate(14 {(_TOP + bottom) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_label)}</text>"
    )
    return "".join(parts)


def _svg(body: str, title: str) -> Markup:
    return Markup(  # noqa: S704  every text in it is escaped, the rest are numbers
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    x_label: str,
    y_label: str,
    y_low: float | None = 0.0,
    y_high: float | None = None,
) -> Markup:
    """Return lines over a common x axis, with a legend below.

    Raises ValueError without any point.
    """
    xs = [x for line in series for x in line.x]
    ys = [y for line in series for y in line.y]
    if not xs:
        raise ValueError("a chart needs at least one point")
    low = min(ys) if y_low is None else y_low
    high = max([*ys, low + 1e-9]) * (1.05 if y_high is None else 1) if y_high is None else y_high
    frame = _Frame(min(xs), max(xs), low, high)
    body = _axes(frame, _ticks(min(xs), max(xs), 6), _ticks(low, high), x_label, y_label)
    legend: list[Markup] = []
    number = 0
    for line in series:
        style = "target" if line.target else str(number % 4)
        number += not line.target
        path = "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
        again = " series-again" if not line.target and number > 4 else ""
        body += f'<path class="line series-{style}{again}" d="M{path}"/>'
        stroke = _AGAIN if again else _STROKES[style]
        legend.append(Markup('<span class="legend-{}">{} {}</span>').format(style, stroke, line.name))
    figure = _svg(body, title)
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(figure, Markup("　").join(legend))


def bar_chart(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    title: str,
    x_label: str,
    y_label: str,
    mark: float | None = None,
    mark_label: str = "",
) -> Markup:
    """Return one bar a label; ``mark`` is a line at that many bars from the left, such as a pass mark.

    Raises ValueError without any bar.
    """
    if not values:
        raise ValueError("a chart needs at least one bar")
    high = max([*values, 1e-9]) * (1.05 if mark is None else 1.15)  # room for the label of the mark
    frame = _Frame(0, len(values), 0, high)
    counts = all(value == int(value) for value in values)
    ticks = [tick for tick in _ticks(0, high) if not counts or tick == int(tick)]
    body = _axes(frame, [], ticks, x_label, y_label)
    width = (frame.x(1) - frame.x(0)) * 0.8
    every = max(1, len(labels) // 12)
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        x, y = frame.x(i + 0.5), frame.y(value)
        body += (
            f'<rect class="bar" x="{x - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{_HEIGHT - _BOTTOM - y:.1f}"><title>{escape(label)}: {value:g}</title></rect>'
        )
        if i % every == 0:
            body += (
                f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{escape(label)}</text>'
            )
    if mark is not None:
        body += _upright(frame.x(mark), mark_label)
    return Markup("<figure>{}</figure>").format(_svg(body, title))


def scatter_chart(
    points: Sequence[Point],
    *,
    title: str,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float] | None = None,
    level: float | None = None,
    diagonal: bool = False,
    legend: tuple[str, str] | None = None,
) -> Markup:
    """Return points; those that stand out have another shape and colour and their name beside them.

    ``level`` is a horizontal line, ``diagonal`` the line of equal values, ``legend`` names both kinds of points.

    Raises ValueError without any point.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    xs, ys = [point.x for point in points], [point.y for point in points]
    x_low, x_high = x_range or (min(xs), max(xs))
    y_low, y_high = min(ys), max(ys)
    if diagonal:
        x_low = y_low = min(x_low, y_low)
        x_high = y_high = max(x_high, y_high)
    else:
        y_low = min(y_low, 0.0 if level is None else level)
    room = 0.05 * ((y_high - y_low) or 1.0)
    y_low, y_high = y_low - room, y_high + room
    if diagonal:
        x_low, x_high = y_low, y_high
    frame = _Frame(x_low, x_high, y_low, y_high)
    body = _axes(frame, _ticks(x_low, x_high, 6), _ticks(y_low, y_high), x_label, y_label)
    if level is not None:
        body += f'<path class="series-target" d="M{_LEFT} {frame.y(level):.1f}H{_WIDTH - _RIGHT}"/>'
    if diagonal:
        ends = f"M{frame.x(x_low):.1f} {frame.y(y_low):.1f}L{frame.x(x_high):.1f} {frame.y(y_high):.1f}"
        body += f'<path class="series-target" d="{ends}"/>'
    for point in sorted(points, key=lambda point: point.stands_out):
        body += _dot(frame.x(point.x), frame.y(point.y), point)
    caption = Markup("")
    if legend:
        caption = Markup(
            '<figcaption><span class="legend-0">● {}</span>　<span class="legend-3">◆ {}</span></figcaption>'
        ).format(*legend)
    return Markup("<figure>{}{}</figure>").format(_svg(body, title), caption)


def interval_chart(
    intervals: Sequence[Interval], *, title: str, x_label: str, y_label: str, level: float | None = None
) -> Markup:
    """Return values with their bounds side by side, in the order given.

    Raises ValueError without any value.
    """
    if not intervals:
        raise ValueError("a chart needs at least one value")
    ends = [end for one in intervals for end in (one.value, one.low, one.high) if end is not None]
    ends += [] if level is None else [level]
    room = 0.08 * ((max(ends) - min(ends)) or 1.0)
    low, high = min(ends) - room, max(ends) + room
    frame = _Frame(0, len(intervals), low, high)
    body = _axes(frame, [], _ticks(low, high), x_label, y_label)
    if level is not None:
        body += f'<path class="series-target" d="M{_LEFT} {frame.y(level):.1f}H{_WIDTH - _RIGHT}"/>'
    every = max(1, len(intervals) // 8)
    for i, one in enumerate(intervals):
        x = frame.x(i + 0.5)
        if one.low is not None and one.high is not None:
            top, bottom = frame.y(one.high), frame.y(one.low)
            whisker = f"M{x:.1f} {top:.1f}V{bottom:.1f}M{x - 4:.1f} {top:.1f}h8M{x - 4:.1f} {bottom:.1f}h8"
            body += f'<path class="series-0" d="{whisker}"/>'
        body += _dot(x, frame.y(one.value), Point(one.value, one.value, one.name))
        if i % every == 0:
            body += (
                f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
                f"{escape(one.name[:12])}</text>"
            )
    return Markup("<figure>{}</figure>").format(_svg(body, title))


def seat_map(
    seats: Sequence[int],
    *,
    per_row: int,
    pairs: Sequence[tuple[int, int]],
    marked: Sequence[int] = (),
    title: str,
    front: str,
) -> Markup:
    """Return a room's seats in rows, those of ``pairs`` and ``marked`` standing out, pairs joined by lines.

    Raises ValueError without any seat.
    """
    if not seats:
        raise ValueError("a map needs at least one seat")
    out = {seat for pair in pairs for seat in pair} | set(marked)
    step = min(80.0, (_WIDTH - 20) / per_row)
    box_width, box_height = step * 0.8, 30.0
    rows = (max(seats) - 1) // per_row + 1
    height = int(30 + rows * 44)

    def middle(seat: int) -> tuple[float, float]:
        row, place = divmod(seat - 1, per_row)
        return 10 + step * (place + 0.5), 30 + 44 * row + 22.0

    body = f'<text x="{10 + step * per_row / 2:.1f}" y="18" text-anchor="middle">{escape(front)}</text>'
    for seat in seats:
        x, y = middle(seat)
        style = "seat-out" if seat in out else "seat-box"
        body += (
            f'<rect class="{style}" x="{x - box_width / 2:.1f}" y="{y - box_height / 2:.1f}" '
            f'width="{box_width:.1f}" height="{box_height:.1f}" rx="3"/>'
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{seat}</text>'
        )
    for one, other in pairs:
        (x1, y1), (x2, y2) = middle(one), middle(other)
        # From edge to edge, so that no line crosses a number: over a row, or down from one row to the next.
        half = box_height / 2 * (1 if y2 > y1 else -1)
        end = y2 - half if y1 != y2 else y2 + half
        bend = (y1 + y2) / 2 - (28 if y1 == y2 else 0)
        start = f"M{x1:.1f} {y1 + half:.1f}Q{(x1 + x2) / 2:.1f} {bend:.1f}"
        body += f'<path class="series-3" d="{start} {x2:.1f} {end:.1f}"/>'
    drawing = Markup(  # noqa: S704  every text in it is escaped, the rest are numbers
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )
    return Markup("<figure>{}</figure>").format(drawing)


def standalone(figure: str) -> str:
    """Return a chart as an SVG file: the style sheet's colours and the legend written into it."""
    inner = re.search(r"<svg[^>]*>(.*)</svg>", figure, re.DOTALL)
    if inner is None:
        raise ValueError("the figure holds no SVG")
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', figure)
    assert size is not None
    width, height = int(size[1]), int(size[2])
    names = re.findall(r'<span class="(legend-\w+)">(.*?)</span>', figure)
    lines = "".join(
        f'<text class="{style}" x="{_LEFT}" y="{height + _LEGEND_LINE * (at + 1) - 6}">{text}</text>'
        for at, (style, text) in enumerate(names)
    )
    full = height + _LEGEND_LINE * len(names)
    return (
        f'<svg class="chart" viewBox="0 0 {width} {full}" width="{width}" height="{full}" '
        f'xmlns="http://www.w3.org/2000/svg"><style>{_style()}</style>'
        f'<rect class="paper" width="{width}" height="{full}"/>{inner[1]}{lines}</svg>'
    )


@cache
def _style() -> str:
    """Return the rules of charts with their colours, in the light scheme."""
    root = (_CSS / "base.css").read_text("utf-8").partition("}")[0]
    tokens = dict(re.findall(r"--([\w-]+): ([^;]+);", root))
    sheet = (_CSS / "components.css").read_text("utf-8")
    rules = re.findall(r"(\.(?:chart|series|legend)[^{}]*)\{([^{}]*)\}", sheet)
    kept = []
    for selector, body in rules:
        # A legend is coloured text on the page, and drawn text in the file.
        style = re.sub(r"(?<![\w-])color:", "fill:", body)
        plain = selector.strip().removeprefix(".chart ").strip()
        kept.append(f"{plain} {{{re.sub(r'var[(]--([^)]+)[)]', lambda found: tokens[found[1]], style)}}}")
    return "\n".join([*kept, f".paper {{ fill: {tokens['ground']}; }}"])


def _upright(x: float, label: str) -> str:
    return (
        f'<path class="series-target" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        f'<text x="{x + 4:.1f}" y="{_TOP + 10}">{escape(label)}</text>'
    )


def _dot(x: float, y: float, point: Point) -> str:
    title = f"<title>{escape(point.name)}</title>"
    if not point.stands_out:
        return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5">{title}</circle>'
    shape = f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"
    beside = f'x="{x - 7:.1f}" text-anchor="end"' if x > _WIDTH - 80 else f'x="{x + 7:.1f}"'
    return (
        f'<path class="dot-out" d="{shape}">{title}</path>'
        f'<text {beside} y="{y + 4:.1f}">{escape(point.name)}</text>'
    )
