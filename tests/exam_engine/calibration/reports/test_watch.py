"""What deserves attention in a bank, on plain rows."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from exam_engine.calibration.reports.watch import (
    BankItem,
    Calibrated,
    Concern,
    Known,
    drift_between,
    watch,
)

IDS = [UUID(int=number) for number in range(40)]
POINTS = [UUID(int=1000), UUID(int=1001), UUID(int=1002)]


def test_each_reason_finds_its_items() -> None:
    items = [
        BankItem(IDS[0], POINTS[0], 0),
        BankItem(IDS[1], POINTS[0], 9),
        BankItem(IDS[2], POINTS[0], 2),
        BankItem(IDS[3], POINTS[1], 2),
        BankItem(IDS[4], None, 2),
    ]
    known = {
        IDS[0]: Known(300, 0.5, 0.3),
        IDS[1]: Known(300, 0.5, -0.1),
        IDS[2]: Known(300, 0.5, None, key_suspect=True),
    }

    found = watch(items, POINTS, known, n_papers=10, drift=None)

    assert [one.subject for one in found[Concern.THIN] or []] == POINTS[1:]
    assert [one.subject for one in found[Concern.UNUSED] or []] == IDS[:1]
    assert [one.subject for one in found[Concern.OVERUSED] or []] == IDS[1:2]
    assert [one.subject for one in found[Concern.NEGATIVE] or []] == IDS[1:2]
    assert [one.subject for one in found[Concern.SUSPECT] or []] == IDS[2:3]
    assert [one.subject for one in found[Concern.UNKNOWN] or []] == IDS[3:5]
    assert found[Concern.DRIFTING] is None
    assert watch(items, POINTS, known, n_papers=4, drift=None)[Concern.OVERUSED] is None


def test_drift_is_rare_where_nothing_moved_and_found_where_something_did() -> None:
    """30 pairs of scales of 40 items with errors of 0.15; then one item moved by a logit."""
    rng = np.random.default_rng(8)
    false = missed = 0
    for _ in range(30):
        b = rng.normal(size=40)
        draw = [b + rng.normal(0, 0.15, 40) for _ in range(2)]
        old = Calibrated(
            "old", {one: (1.0, value, 0.15, 0.0) for one, value in zip(IDS, draw[0], strict=True)}
        )
        shifted = 0.4 + draw[1] + np.where(np.arange(40) == 7, 1.0, 0.0)
        new = Calibrated(
            "new", {one: (1.0, value, 0.15, 0.0) for one, value in zip(IDS, shifted, strict=True)}
        )
        drift = drift_between(new, old)
        assert drift is not None
        moved = {one.subject for one in drift.moved}
        missed += IDS[7] not in moved
        false += len(moved - {IDS[7]})

    assert missed <= 2
    assert false / (30 * 39) < 0.02


def test_scales_with_too_little_in_common_tell_nothing() -> None:
    one = Calibrated("a", dict.fromkeys(IDS[:4], (1.0, 0.0, 0.1, 0.0)))

    assert drift_between(one, one) is None
