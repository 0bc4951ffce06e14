"""Linking constants against solutions to a gradient below 1e-9, and equating against published tables.

Constants: `refs/linking_exact.json`, one set for a 2PL and one for a 3PL pair of forms with twelve common items,
41 nodes from −4 to 4. The references were solved far below their stated precision, so the tolerance is 1e-9, where
1e-4 would be asked. The Haebara objective differs by the factor 2 by definition: both scores of an item count here,
P(1) alone there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.curves import Direction, Grid
from exam_engine.psychometrics.linking.link import Linker, Method, link

N_COMMON = 12
FORMULAS = {"MM": Method.MEAN_MEAN, "MS": Method.MEAN_SIGMA, "MGM": Method.GEOMETRIC_MEAN}
CURVES = {"HB": (Method.HAEBARA, 2.0), "SL": (Method.STOCKING_LORD, 1.0)}
DIRECTIONS = {"one-sided": Direction.OLD, "symmetric": Direction.SYMMETRIC}
GRIDS = {"normal41": Grid.normal(), "uniform41": Grid.uniform()}


@pytest.fixture(params=["2pl", "3pl"])
def case(request: pytest.FixtureRequest, reference_data: Path) -> tuple[Items, Items, dict[str, Any]]:
    folder = reference_data / "psychometrics"
    if not folder.is_dir():
        pytest.skip(f"no psychometric references in {folder}")
    forms = []
    for form in "YX":
        path = folder / f"link_{request.param}_{form}.csv"
        table = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(1, 2, 3))[:N_COMMON]
        forms.append(Items.dichotomous(table[:, 0], table[:, 1], c=table[:, 2]))
    reference = json.loads((folder / "refs" / "linking_exact.json").read_text("utf-8"))[request.param]
    return forms[0], forms[1], reference


@pytest.mark.parametrize("name", FORMULAS)
def test_moments_agree(case, name: str) -> None:
    new, old, reference = case

    found = link(new, old, linker=Linker(FORMULAS[name])).transformation

    assert found.scale == pytest.approx(reference[name]["A"], abs=1e-12)
    assert found.shift == pytest.approx(reference[name]["B"], abs=1e-12)


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("grid", GRIDS)
def test_characteristic_curves_agree(case, name: str, direction: str, grid: str) -> None:
    new, old, reference = case
    method, factor = CURVES[name]
    expected = reference[f"{grid}_{direction}"][name]

    found = Linker(method, DIRECTIONS[direction], GRIDS[grid], GRIDS[grid]).fit(new, old)

    assert found.scale == pytest.approx(expected["A"], abs=1e-9)
    assert found.shift == pytest.approx(expected["B"], abs=1e-9)
    assert found.objective == pytest.approx(factor * expected["objective"], rel=1e-9)
    assert found.converged
