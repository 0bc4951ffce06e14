"""Charts as SVG made on the server: nothing to load, the same on paper, and each stands beside its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 560, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44


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
        body += f'<path class="series-{style}" d="M{path}"/>'
        legend.append(Markup('<span class="legend-{}">━ {}</span>').format(style, line.name))
    figure = _svg(body, title)
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(figure, Markup("　").join(legend))


def bar_chart(
    labels: Sequence[str], values: Sequence[float], *, title: str, x_label: str, y_label: str
) -> Markup:
    """Return one bar a label.

    Raises ValueError without any bar.
    """
    if not values:
        raise ValueError("a chart needs at least one bar")
    high = max([*values, 1e-9]) * 1.05
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
    return Markup("<figure>{}</figure>").format(_svg(body, title))
