"""Item parameters and results of the reference sets, as items of the kernel."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model

CASES = [
    ("lsat6", "Rasch"),
    ("lsat7", "Rasch"),
    ("lsat6", "2PL"),
    ("lsat7", "2PL"),
    ("lsat7", "3PLprior"),
    ("sim3pl", "2PL"),
    ("sim3pl", "3PLprior"),
    ("simmiss", "2PL"),
    ("simgpcm", "gpcm"),
    ("simgpcm", "graded"),
    ("verbagg3", "Rasch"),
    ("verbagg3", "gpcm"),
    ("verbagg3", "graded"),
]


@dataclass(frozen=True)
class Solution:
    """A reference set under a model.

    Attributes
    ----------
    responses : ndarray, shape (n_persons, n_items)
    items : Items
        From the exact solution.
    variance : float
        Of ability.
    exact : dict
        The exact solution.
    r : dict
        What R mirt 1.47 says of the same model.
    r_items, r_variance : Items, float
        From R's own, less exact, solution.
    """

    responses: FloatArray
    items: Items
    variance: float
    exact: dict[str, Any]
    r: dict[str, Any]
    r_items: Items
    r_variance: float


def read(folder: Path, name: str, model: str) -> Solution:
    """Read a reference set, or skip."""
    folder = folder / "psychometrics"
    if not folder.is_dir():
        pytest.skip(f"no psychometric references in {folder}")
    exact = json.loads((folder / "refs" / "exact" / f"{name}.{model}.json").read_text("utf-8"))
    r = json.loads((folder / "refs" / f"{name}.json").read_text("utf-8"))["models"][model]
    responses = np.genfromtxt(folder / f"{name}.csv", delimiter=",", skip_header=1)[:, : len(exact["K"])]
    vector = np.array(exact["params"])
    rasch = model == "Rasch"
    table = (vector[:-1] if rasch else vector).reshape(len(exact["K"]), -1)
    variance = float(np.exp(vector[-1])) if rasch else 1.0
    printed = r["coef_slope_intercept"]
    r_variance = float(printed["GroupPars"]["COV_11"][0])
    return Solution(
        responses,
        _items(model, table),
        variance,
        exact,
        r,
        _items(model, _printed(model, printed)),
        r_variance,
    )


def _printed(model: str, printed: dict[str, Any]) -> FloatArray:
    rows = []
    for item, values in printed.items():
        if item == "GroupPars":
            continue
        row = [] if model == "Rasch" else [values["a1"][0]]
        row += [values[name][0] for name in ("d", "d1", "d2", "d3") if name in values]
        rows.append(row + ([values["logit(g)"][0]] if model == "3PLprior" else []))
    return np.array(rows, dtype=np.float64)


def _items(model: str, table: FloatArray) -> Items:
    if model == "Rasch":
        items = Items.partial_credit(np.ones(len(table)), -np.diff(table, axis=1, prepend=0.0))
        return replace(items, models=(Model.PCM,) * len(items))
    a, d = table[:, 0], table[:, 1:]
    if model == "2PL":
        return Items.dichotomous(a, -d[:, 0] / a)
    if model == "3PLprior":
        return Items.dichotomous(a, -d[:, 0] / a, c=expit(d[:, 1]))
    if model == "gpcm":
        return Items.partial_credit(a, -np.diff(d, axis=1, prepend=0.0) / a[:, None])
    return Items.graded(a, -d / a[:, None])
