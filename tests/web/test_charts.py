"""Charts drawn on the server."""

from __future__ import annotations

import re

from web.charts import Series, line_chart


def test_eight_lines_differ_in_colour_or_stroke_also_in_the_legend() -> None:
    lines = [Series(f"第 {n} 套", (0.0, 1.0), (0.0, float(n))) for n in range(1, 9)]

    drawn = line_chart(lines, title="曲线", x_label="能力", y_label="得分")

    strokes = re.findall(r'class="line (series-[^"]+)"', drawn)
    legend = re.findall(r'<span class="(legend-\d)">(\S+(?: [━·]+)?) 第', drawn)
    assert len(set(strokes)) == len(set(legend)) == len(lines)
