"""The names of the item response models. Their formulas stand in `irt.items` and, for calibration, `irt.families`."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Model(StrEnum):
    """An item response model."""

    RASCH = "rasch"
    ONE_PL = "1pl"
    TWO_PL = "2pl"
    THREE_PL = "3pl"
    FOUR_PL = "4pl"
    PCM = "pcm"
    GPCM = "gpcm"
    GRADED = "graded"
    NOMINAL = "nominal"
