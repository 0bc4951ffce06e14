"""The ordered booklet of the bookmark method. No I/O."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray


def arrange(a: FloatArray, b: FloatArray, response_probability: float) -> tuple[list[int], list[float]]:
    """Return the items' indices in the order of the booklet, and the location of each page in logits."""
    locations = b + np.log(response_probability / (1 - response_probability)) / a
    order = np.argsort(locations, kind="stable")
    return [int(index) for index in order], [float(locations[index]) for index in order]
